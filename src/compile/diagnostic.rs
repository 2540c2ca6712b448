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

/// Diagnostics that are kept; the rest are counted.
const DIAGNOSTICS_MAX: usize = 1_000;
/// Bytes of a source line that is still worth showing.
const SHOWN_LINE_BYTES_MAX: usize = 1_000;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What kind of mistake a diagnostic is about. Stable: a code never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// The code as printed, such as `OPP0401`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The text is not UTF-8.
    Encoding = "OPP0101";
    /// No source, or two of one name.
    Sources = "OPP0102";
    /// The text is not TOML, or not JSON.
    Syntax = "OPP0103";
    /// Files that a text includes are missing, or include one another in a circle.
    Include = "OPP0104";
    /// A line of the id table is malformed.
    IdLine = "OPP0201";
    /// The id table gives one number to two names, or two numbers to one name.
    IdConflict = "OPP0202";
    /// A key that this section does not have.
    UnknownKey = "OPP0301";
    /// A key that this section must have.
    MissingKey = "OPP0302";
    /// A value of another TOML type than its key takes.
    ValueType = "OPP0303";
    /// A value that its key cannot take.
    Value = "OPP0304";
    /// A name with characters that names cannot have, or one that is reserved.
    Name = "OPP0305";
    /// A name that is given twice.
    Duplicate = "OPP0306";
    /// Keys that exclude one another, or that need one another.
    Conflict = "OPP0307";
    /// A name that nothing in the policy has.
    UnknownName = "OPP0401";
    /// A member that the enumeration does not have.
    UnknownMember = "OPP0402";
    /// A field that an event kind does not have.
    UnknownField = "OPP0403";
    /// A placeholder of a text that no parameter of the offer can fill.
    Placeholder = "OPP0404";
    /// The text of an expression is not CEL.
    ExpressionSyntax = "OPP0501";
    /// A construct of CEL that policies do not have.
    Unsupported = "OPP0502";
    /// Operands or a result of the wrong type.
    Type = "OPP0503";
    /// A rule reads something that it may not read in its place.
    Scope = "OPP0504";
    /// Derived features that read one another in a circle.
    Cycle = "OPP0505";
    /// A named limit is exceeded.
    Limit = "OPP0601";
    /// The mandatory contact cap is missing, given twice or not the longest.
    MandatoryCap = "OPP0701";
    /// A text can be longer than its channel carries.
    TextLength = "OPP0702";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
}

/// One mistake in a policy.
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
        self.file.line_number(self.range.start)
    }

    /// The column in characters, from 1.
    pub fn column(&self) -> usize {
        let (_, line) = self.file.line_of(self.range.start);
        self.file.text[line.start..self.range.start].chars().count() + 1
    }

    /// The path of what is wrong, such as `moments.low_balance.when`; empty for a whole file.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// What to do about it, where there is advice.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, shown) = self.file.line_of(self.range.start);
        let title = Level::ERROR.primary_title(&self.message).id(self.code.as_str());
        let mut report = if shown.len() <= SHOWN_LINE_BYTES_MAX {
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

/// Everything that is wrong with a policy; never empty. Prints for people, as compilers do.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    left_out: usize,
}

impl Diagnostics {
    /// Each mistake, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.list {
            writeln!(f, "{diagnostic}\n")?;
        }
        let count = self.list.len() + self.left_out;
        writeln!(f, "{count} {} in the policy", if count == 1 { "error" } else { "errors" })
    }
}

impl std::error::Error for Diagnostics {}

/// Collects the mistakes of one file.
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

    /// Records a mistake at `range` of the text.
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

    pub(super) fn is_empty(&self) -> bool {
        self.list.borrow().is_empty()
    }

    /// Advice that is dear to find: not sought for mistakes that will only be counted.
    pub(super) fn advise(&self, find: impl FnOnce() -> Option<String>) -> Option<String> {
        if self.kept.get() < DIAGNOSTICS_MAX { find() } else { None }
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

/// "did you mean ...?", when a known name is close enough to be what was meant.
pub(super) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let edits_max = (name.chars().count() / 3).clamp(1, 3);
    known
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
            text.contains("help: look") && text.ends_with("2 errors in the policy\n"),
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
}
