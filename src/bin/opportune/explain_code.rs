//! `opportune explain-code`.

use clap::Args;
use opportune::compile::Code;

/// Print what a code means, text that has its mistake, and how to mend it.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune explain-code OPP0901
  opportune explain-code          (lists every code)")]
pub struct Options {
    /// The code, as printed in brackets (OPP0901), or its number. Without it, all codes are listed.
    code: Option<String>,
}

impl Options {
    pub fn run(self) -> Result<String, String> {
        let Some(text) = self.code else { return Ok(list()) };
        match Code::from_text(&text) {
            Some(code) => Ok(code.page().to_string()),
            None => {
                Err(format!("error: `{text}` is not a code; `opportune explain-code` lists all"))
            }
        }
    }
}

fn list() -> String {
    let line =
        |code: &Code| format!("{code}  {:7}  {}", code.severity().word(), code.page().title.trim());
    Code::ALL.iter().map(line).collect::<Vec<_>>().join("\n")
}
