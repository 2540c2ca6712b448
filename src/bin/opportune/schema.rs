//! `opportune schema`.

use clap::Args;

/// Print the JSON Schema of policies, from which editors complete and check them.
#[derive(Args)]
#[command(after_help = "Examples:
  opportune schema > policy.schema.json

Then let an editor know of it: a first line `#:schema policy.schema.json` in TOML (taplo, Even
Better TOML), or an entry of json.schemas in VS Code for JSON.")]
pub struct Options {}

impl Options {
    pub fn run(self) -> Result<String, String> {
        Ok(opportune::compile::json_schema().trim_end().to_owned())
    }
}
