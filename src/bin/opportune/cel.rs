//! `opportune cel`: the conformance suite of the Common Expression Language.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::conformance::{Case, Counts, End, cases};

/// Wrong cases that are shown.
const WRONG_SHOWN_MAX: usize = 20;

/// Run the conformance suite of the Common Expression Language: for those who change the compiler, not
/// for those who write policies.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune cel --cases tests/data/cel-conformance.json
  opportune cel --cases tests/data/cel-conformance.json --json")]
pub struct Options {
    /// The cases: a JSON array of cel-spec's test cases in protobuf's JSON form.
    #[arg(long)]
    cases: PathBuf,
    /// Print the counts as JSON.
    #[arg(long)]
    json: bool,
    /// List the cases that are refused, and why.
    #[arg(long)]
    refused: bool,
}

impl Options {
    /// Runs the file of cases.
    pub fn run(self) -> Result<String, String> {
        let unusable =
            |error: &dyn std::fmt::Display| format!("error: {}: {error}", self.cases.display());
        let text = std::fs::read(&self.cases).map_err(|error| unusable(&error))?;
        let mut sections: BTreeMap<String, Counts> = BTreeMap::new();
        let (mut wrong, mut refused) = (Vec::new(), Vec::new());
        for case in cases(&text).map_err(|error| unusable(&error))? {
            let end = case.run();
            sections.entry(case.section().into()).or_default().add(&end);
            match end {
                End::Wrong(what) => wrong.push(note(&case, "wrong", &what)),
                End::Refused(why) => refused.push(note(&case, "refused", &why)),
                End::Passed { .. } => {}
            }
        }
        wrong.truncate(WRONG_SHOWN_MAX);
        if self.refused {
            wrong.append(&mut refused);
        }
        let total = sections.values().copied().sum();
        Ok(if self.json { as_json(total) } else { table(&sections, total) + &wrong.join("\n") })
    }
}

fn note(case: &Case, end: &str, what: &str) -> String {
    format!("  {end}: {}: {}\n    {what}", case.section(), case.text())
}

fn as_json(counts: Counts) -> String {
    let Counts { passed, refused, wrong, data_plane } = counts;
    format!(
        "{{\"passed\":{passed},\"refused\":{refused},\"wrong\":{wrong},\"data_plane\":{data_plane}}}"
    )
}

fn table(sections: &BTreeMap<String, Counts>, total: Counts) -> String {
    let mut text =
        format!("{:<44}{:>8}{:>9}{:>7}{:>12}\n", "", "passed", "refused", "wrong", "data plane");
    let total = ("all", &total);
    for (name, counts) in
        sections.iter().map(|(name, counts)| (name.as_str(), counts)).chain([total])
    {
        let Counts { passed, refused, wrong, data_plane } = counts;
        text += &format!("{name:<44}{passed:>8}{refused:>9}{wrong:>7}{data_plane:>12}\n");
    }
    text
}
