//! The append-only table of permanent numbers, `policy.ids`.
//!
//! One line a name: namespace word, number, name. Numbers are for ever: a name that is no longer
//! used keeps its line, and a new name gets a number above all that its namespace has handed out.

use std::collections::{BTreeSet, HashMap};
use std::format;
use std::ops::Range;
use std::string::{String, ToString};
use std::vec::Vec;

use super::diagnostic::{Code, Report, did_you_mean};
use crate::base::ids::{Namespace, PermanentId};
use crate::base::limits::ID_NUMBER_MAX;

const HEADER: &str = "# Permanent numbers of the policy's names. Append-only: keep this file beside \
the policy,\n# commit it with every change, and never edit or reorder its lines.\n";

/// Numbers by name, old and new.
#[derive(Debug)]
pub(super) struct Ids {
    numbers: HashMap<(Namespace, String), u32>,
    highest: HashMap<Namespace, u32>,
    used: BTreeSet<(Namespace, u32, String)>,
    text: String,
}

impl Ids {
    /// Reads the table; mistakes are recorded.
    pub(super) fn parse(text: &str, report: &Report) -> Ids {
        let mut ids = Ids {
            numbers: HashMap::new(),
            highest: HashMap::new(),
            used: BTreeSet::new(),
            text: if text.is_empty() { HEADER.into() } else { text.into() },
        };
        if !ids.text.ends_with('\n') {
            ids.text.push('\n');
        }
        let mut lines = Lines { report, by_name: HashMap::new(), by_number: HashMap::new() };
        let mut start = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let range = start..start + line.trim_end().len();
            start += line.len();
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                ids.line(index + 1, line, range, &mut lines);
            }
        }
        ids
    }

    fn line(&mut self, line: usize, text: &str, range: Range<usize>, lines: &mut Lines<'_>) {
        match entry(text) {
            Err((message, word)) => {
                let known = Namespace::ALL.map(Namespace::word);
                let help = lines.report.advise(|| did_you_mean(word?, known));
                lines.report.error(Code::IdLine, range, text, message, help);
            }
            Ok((namespace, number, name)) => {
                if lines.admit(line, namespace, number, name, range) {
                    self.insert(namespace, number, name);
                }
            }
        }
    }

    fn insert(&mut self, namespace: Namespace, number: u32, name: &str) {
        self.numbers.insert((namespace, name.into()), number);
        let highest = self.highest.entry(namespace).or_default();
        *highest = number.max(*highest);
    }

    /// The number of a name; a new name gets the next.
    pub(super) fn number(&mut self, namespace: Namespace, name: &str) -> u32 {
        let number = match self.numbers.get(&(namespace, name.to_string())) {
            Some(number) => *number,
            None => {
                let number = self.highest.get(&namespace).map_or(1, |highest| highest + 1);
                self.insert(namespace, number, name);
                self.text.push_str(&format!("{} {number} {name}\n", namespace.word()));
                number
            }
        };
        self.used.insert((namespace, number, name.into()));
        number
    }

    /// The permanent id of a name.
    pub(super) fn id<I: PermanentId>(&mut self, name: &str) -> I {
        I::from_number(self.number(I::NAMESPACE, name))
    }

    /// The id of a name that has one.
    pub(super) fn known<I: PermanentId>(&self, name: &str) -> Option<I> {
        self.numbers.get(&(I::NAMESPACE, name.to_string())).copied().map(I::from_number)
    }

    /// The name of an id in use.
    pub(super) fn name_of<I: PermanentId>(&self, id: I) -> Option<&str> {
        let wanted = (I::NAMESPACE, id.number());
        let from = (wanted.0, wanted.1, String::new());
        let (namespace, number, name) = self.used.range(from..).next()?;
        (wanted == (*namespace, *number)).then_some(name)
    }

    /// Whether a number was handed out that tables cannot be indexed by.
    pub(super) fn exhausted(&self) -> bool {
        self.highest.values().any(|highest| *highest > ID_NUMBER_MAX)
    }

    /// The new text of the table, and the names in use now.
    pub(super) fn finish(self) -> (String, Vec<(Namespace, u32, String)>) {
        (self.text, self.used.into_iter().collect())
    }
}

/// Which line said what, to name both lines of a conflict.
struct Lines<'a> {
    report: &'a Report,
    by_name: HashMap<(Namespace, String), usize>,
    by_number: HashMap<(Namespace, u32), usize>,
}

impl Lines<'_> {
    fn admit(
        &mut self,
        line: usize,
        namespace: Namespace,
        number: u32,
        name: &str,
        range: Range<usize>,
    ) -> bool {
        let word = namespace.word();
        let by_name = *self.by_name.entry((namespace, name.into())).or_insert(line);
        let by_number = *self.by_number.entry((namespace, number)).or_insert(line);
        let message = if by_number != line {
            format!("lines {by_number} and {line} both use {word} number {number}")
        } else if by_name != line {
            format!("lines {by_name} and {line} both number the {word} `{name}`")
        } else {
            return true;
        };
        let help =
            "a number keeps its one name for ever: restore the line that was committed first";
        self.report.error(Code::IdConflict, range, name, message, help.to_string());
        false
    }
}

/// New names that a message lists: more would scroll away what to do about them.
const NEW_NAMES_SHOWN: usize = 10;

/// The lines of a table that an older one does not have.
pub(super) fn added<'a>(before: &str, after: &'a str) -> Vec<&'a str> {
    let known: BTreeSet<&str> = before.lines().map(str::trim).collect();
    let is_new = |line: &&str| !line.is_empty() && !line.starts_with('#') && !known.contains(line);
    after.lines().map(str::trim).filter(is_new).collect()
}

/// That names have no number, if there are any.
pub(super) fn unnumbered(new: &[&str]) -> Option<String> {
    let name =
        |line: &&str| entry(line).ok().map(|(word, _, name)| format!("{} {name}", word.word()));
    let mut shown: Vec<String> = new.iter().take(NEW_NAMES_SHOWN).filter_map(name).collect();
    match new.len().saturating_sub(NEW_NAMES_SHOWN) {
        0 => {}
        more => shown.push(format!("and {more} more")),
    }
    let names =
        if new.len() == 1 { "1 name has".into() } else { format!("{} names have", new.len()) };
    (!new.is_empty()).then(|| format!("{names} no permanent number: {}", shown.join(", ")))
}

pub(super) type Entry<'a> = (Namespace, u32, &'a str);

/// Reads a line. Otherwise what is wrong, and the word that should be a namespace, if it is that.
pub(super) fn entry(text: &str) -> Result<Entry<'_>, (String, Option<&str>)> {
    let form = || ("expected `<namespace> <number> <name>`".to_string(), None);
    let (word, rest) = text.split_once(' ').ok_or_else(form)?;
    let (number, name) = rest.split_once(' ').ok_or_else(form)?;
    let Some(namespace) = Namespace::ALL.into_iter().find(|known| known.word() == word) else {
        return Err((format!("`{word}` is not a namespace"), Some(word)));
    };
    let in_range = |number: &u32| (1..=ID_NUMBER_MAX).contains(number);
    let Some(number) = number.parse().ok().filter(in_range) else {
        return Err((format!("`{number}` is not a number from 1 to {ID_NUMBER_MAX}"), None));
    };
    if name.is_empty() || name != name.trim() {
        return Err(form());
    }
    Ok((namespace, number, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::{MemberId, OfferId};
    use crate::compile::diagnostic::File;

    fn read(text: &str) -> (Ids, Report) {
        let report = Report::new(File::new("policy.ids", text));
        (Ids::parse(text, &report), report)
    }

    #[test]
    fn numbers_are_kept_and_continued() {
        let (mut ids, report) = read("# old\noffer 7 b\n\nmember 2 zone.America/New_York");
        assert!(report.is_empty());
        assert_eq!(ids.id::<OfferId>("a"), OfferId(8));
        assert_eq!(ids.id::<OfferId>("b"), OfferId(7));
        assert_eq!(ids.id::<MemberId>("zone.America/New_York"), MemberId(2));
        let (text, used) = ids.finish();
        assert_eq!(text, "# old\noffer 7 b\n\nmember 2 zone.America/New_York\noffer 8 a\n");
        assert_eq!(used.len(), 3);
    }

    #[test]
    fn conflicts_name_both_lines() {
        for (text, message) in [
            ("offer 1 a\noffer 1 b", "lines 1 and 2 both use offer number 1"),
            ("offer 1 a\noffer 2 a", "lines 1 and 2 both number the offer `a`"),
            ("ofer 1 a", "`ofer` is not a namespace"),
            ("offer 0 a", "`0` is not a number from 1 to 16777215"),
            ("offer 1", "expected `<namespace> <number> <name>`"),
        ] {
            let (_, report) = read(text);
            let all = Report::join([report]);
            assert_eq!(all.iter().map(|d| d.message()).collect::<Vec<_>>(), [message]);
        }
        // One number in two namespaces is no conflict.
        assert!(read("offer 1 a\nmoment 1 a").1.is_empty());
    }
}
