//! What is wrong with a policy, where, and what to do about it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::format;
use std::ops::Range;
use std::rc::Rc;
use std::string::{String, ToString};
use std::sync::Arc;
use std::vec::Vec;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use super::code::Severity;
pub use super::codes::Code;
use super::json::Json;

/// Diagnostics that are kept; the rest are counted.
const DIAGNOSTICS_MAX: usize = 1_000;
/// Mistakes that come with advice; a policy that has more has other worries.
const ADVISED_MAX: usize = 100;
/// Pairs of characters that are compared to find the name that was meant.
const COMPARED_MAX: usize = 2_000_000;
/// Bytes of a source line that is still worth showing.
const SHOWN_LINE_BYTES_MAX: usize = 1_000;

/// A text that diagnostics point into.
#[derive(Debug)]
pub(super) struct File {
    name: String,
    text: String,
    line_starts: Vec<usize>,
}

impl File {
    pub(super) fn new(name: &str, text: &str) -> Arc<File> {
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Arc::new(File { name: name.into(), text: text.into(), line_starts })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The line of a byte, from 1.
    pub(super) fn line_number(&self, at: usize) -> usize {
        self.line_of(at).0 + 1
    }

    /// The start of the character that a byte belongs to.
    fn character_at(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        (0..=at).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }

    /// Zero-based line of a byte, and the range of that line without its end.
    fn line_of(&self, at: usize) -> (usize, Range<usize>) {
        let line = self.line_starts.partition_point(|start| *start <= at) - 1;
        let start = self.line_starts[line];
        let next = self.line_starts.get(line + 1).map_or(self.text.len(), |next| next - 1);
        (line, start..next.max(start))
    }

    /// Line and column in characters of a byte, both from 1.
    fn place_of(&self, at: usize) -> (usize, usize) {
        let (line, range) = self.line_of(at);
        (line + 1, self.text[range.start..at].chars().count() + 1)
    }
}

/// One mistake in a policy, or one thing in it that nobody can have meant.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    code: Code,
    message: String,
    rule: String,
    help: Option<String>,
    file: Arc<File>,
    range: Range<usize>,
}

impl Diagnostic {
    /// The kind of mistake.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Whether it keeps the policy from compiling.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The file it is in.
    pub fn file(&self) -> &str {
        &self.file.name
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.file.place_of(self.range.start).0
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        self.file.place_of(self.range.start).1
    }

    /// Line and column of the first character after what is wrong.
    pub fn end(&self) -> (usize, usize) {
        self.file.place_of(self.range.end)
    }

    /// The path of what is wrong, such as `moments.low_balance.when`; empty for a whole file.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What to do about it, where there is advice.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    fn to_json(&self) -> Json {
        let (end_line, end_column) = self.end();
        Json::object([
            ("code", self.code.as_str().into()),
            ("severity", self.severity().word().into()),
            ("message", self.message.as_str().into()),
            ("file", self.file.name.as_str().into()),
            ("line", self.line().into()),
            ("column", self.column().into()),
            ("end_line", end_line.into()),
            ("end_column", end_column.into()),
            ("rule", self.rule.as_str().into()),
            ("help", self.help().into()),
        ])
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, shown) = self.file.line_of(self.range.start);
        let level = match self.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(&self.message).id(self.code.as_str());
        let mut report = if self.file.text.is_empty() {
            title.element(Origin::path(&self.file.name))
        } else if shown.len() <= SHOWN_LINE_BYTES_MAX {
            let start = self.range.start - shown.start;
            let end = self.range.end.clamp(self.range.start, shown.end) - shown.start;
            let mark = AnnotationKind::Primary.span(start..end).label(&self.rule);
            let snippet = Snippet::source(&self.file.text[shown]).line_start(line + 1);
            title.element(snippet.path(&self.file.name).annotation(mark))
        } else {
            let origin = Origin::path(&self.file.name).line(line + 1);
            title.element(origin.char_column(self.column()))
        };
        if let Some(help) = &self.help {
            report = report.element(Level::HELP.message(help));
        }
        write!(f, "{}", Renderer::plain().render(&[report]))
    }
}

/// Errors and warnings about a policy. Prints for people, as compilers do.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    left_out: usize,
}

impl Diagnostics {
    /// One mistake about a file as a whole, which whoever reads files has found: that it is not
    /// there.
    pub fn about_file(code: Code, file: &str, message: &str, help: Option<&str>) -> Diagnostics {
        let report = Report::new(File::new(file, ""));
        report.error(code, 0..0, "", message, help.map(String::from));
        Report::join([report])
    }

    /// Each of them, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A JSON array with an object for each, one a line: code, severity, message, file, line,
    /// column, end_line, end_column (in characters from 1; the end is the first place after it),
    /// rule and help (or null).
    pub fn to_json(&self) -> String {
        Json::list(self.list.iter().map(Diagnostic::to_json)).to_lines()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.list {
            writeln!(f, "{diagnostic}\n")?;
        }
        // What was left out came after as many of its kind: a policy has errors or warnings.
        let warnings = self.list.iter().filter(|d| d.severity() == Severity::Warning).count();
        let errors = self.list.len() - warnings;
        let (errors, warnings) = match errors {
            0 if warnings > 0 => (0, warnings + self.left_out),
            _ => (errors + self.left_out, warnings),
        };
        let count = |count: usize, word: &str| match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            _ => Some(format!("{count} {word}s")),
        };
        let counts: Vec<String> =
            [count(errors, "error"), count(warnings, "warning")].into_iter().flatten().collect();
        if counts.is_empty() {
            return Ok(());
        }
        write!(f, "{} in the policy", counts.join(" and "))?;
        let first = self.list.first().map(|diagnostic| diagnostic.code);
        first.map_or(Ok(()), |code| write!(f, "; `opportune explain-code {code}` says more"))?;
        writeln!(f)
    }
}

impl std::error::Error for Diagnostics {}

/// Collects the mistakes and the warnings of one file.
#[derive(Debug)]
pub(super) struct Report {
    file: Arc<File>,
    list: RefCell<Vec<Diagnostic>>,
    left_out: Cell<usize>,
    /// Mistakes that are kept in all files of the policy.
    kept: Rc<Cell<usize>>,
}

impl Report {
    pub(super) fn new(file: Arc<File>) -> Report {
        Report { file, list: RefCell::default(), left_out: Cell::default(), kept: Rc::default() }
    }

    /// The report of another file of the same policy.
    pub(super) fn beside(&self, file: Arc<File>) -> Report {
        Report { kept: self.kept.clone(), ..Report::new(file) }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn shared_file(&self) -> Arc<File> {
        self.file.clone()
    }

    /// Records a mistake, or what its code calls a warning, at `range` of the text.
    pub(super) fn error(
        &self,
        code: Code,
        range: Range<usize>,
        rule: &str,
        message: impl Into<String>,
        help: impl Into<Option<String>>,
    ) {
        if self.kept.get() == DIAGNOSTICS_MAX {
            self.left_out.set(self.left_out.get() + 1);
            return;
        }
        self.kept.set(self.kept.get() + 1);
        let start = self.file.character_at(range.start);
        let range = start..self.file.character_at(range.end).max(start);
        let (message, help, rule) = (message.into(), help.into(), rule.to_string());
        let file = self.file.clone();
        self.list.borrow_mut().push(Diagnostic { code, message, rule, help, file, range });
    }

    /// Whether no mistake was recorded; warnings are none.
    pub(super) fn is_empty(&self) -> bool {
        self.list.borrow().iter().all(|diagnostic| diagnostic.severity() != Severity::Error)
    }

    /// Advice, which is dear to find where there are thousands of names: for the first mistakes.
    pub(super) fn advise(&self, find: impl FnOnce() -> Option<String>) -> Option<String> {
        if self.kept.get() < ADVISED_MAX { find() } else { None }
    }

    /// The mistakes of several files, in order of file and text.
    pub(super) fn join(reports: impl IntoIterator<Item = Report>) -> Diagnostics {
        let mut all = Diagnostics { list: Vec::new(), left_out: 0 };
        for report in reports {
            all.left_out += report.left_out.get();
            let mut list = report.list.into_inner();
            list.sort_by_key(|diagnostic| diagnostic.range.start);
            // A filter is read once for each event that it filters.
            list.dedup_by(|a, b| a.range == b.range && a.message == b.message);
            all.list.append(&mut list);
        }
        all
    }
}

/// "did you mean ...?", when a known name is close enough to be what was meant, and there are not
/// too many to look at.
pub(super) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let length = name.chars().count();
    let edits_max = (length / 3).clamp(1, 3);
    // An edit changes the length by one at most.
    let near = |candidate: &&str| candidate.chars().count().abs_diff(length) <= edits_max;
    let candidates: Vec<&str> = known.into_iter().filter(near).collect();
    if candidates.len().saturating_mul(length).saturating_mul(length) > COMPARED_MAX {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= edits_max)
        .min()
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_lines_and_characters() {
        let report = Report::new(File::new("p.toml", "a = 1\né = x\n"));
        report.error(Code::Value, 11..12, "é", "wrong", None);
        report.error(Code::Value, 13..13, "", "end", "look".to_string());
        let all = Report::join([report]);
        let places: Vec<_> = all.iter().map(|d| (d.line(), d.column())).collect();
        assert_eq!(places, [(2, 5), (3, 1)]);
        let text = all.to_string();
        assert!(text.contains("error[OPP0304]: wrong\n --> p.toml:2:5"), "{text}");
        assert!(
            text.contains("help: look")
                && text.ends_with(
                    "2 errors in the policy; `opportune explain-code OPP0304` says more\n"
                ),
            "{text}"
        );
    }

    #[test]
    fn nearest_names() {
        let known = ["low_balance", "recharged", "balance"];
        assert_eq!(
            did_you_mean("low_balence", known).as_deref(),
            Some("did you mean `low_balance`?")
        );
        assert_eq!(did_you_mean("unhappy", known), None);
        // Transposed letters are one edit.
        assert_eq!(did_you_mean("balnace", known).as_deref(), Some("did you mean `balance`?"));
    }

    #[test]
    fn advice_has_an_end() {
        // So many names as long as this one are not compared; a few are, and short ones.
        let long = "x".repeat(200);
        let nearly = "x".repeat(199);
        assert!(did_you_mean(&long, [nearly.as_str(); 10]).is_some());
        assert_eq!(did_you_mean(&long, [nearly.as_str(); 100]), None);
        assert!(did_you_mean(&long, (0..100).map(|_| "x").chain([nearly.as_str()])).is_some());
        let report = Report::new(File::new("p.toml", ""));
        for _ in 0..ADVISED_MAX {
            assert!(report.advise(|| Some(String::new())).is_some());
            report.error(Code::Value, 0..0, "", "wrong", None);
        }
        assert_eq!(report.advise(|| panic!("sought all the same")), None);
    }
}
