//! The JSON Schema that editors complete from agrees with what the compiler takes.

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::{Map, Value};

fn validator() -> Validator {
    let text = opportune::compile::json_schema();
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    jsonschema::draft7::meta::validate(&schema).expect("a schema of draft 7");
    jsonschema::draft7::new(&schema).expect("a schema")
}

/// TOML as the editors' plug-ins hand it to a validator: dates are text.
fn json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(value) => value.into(),
        toml::Value::Float(value) => value.into(),
        toml::Value::Boolean(value) => value.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json).collect(),
        toml::Value::Table(table) => {
            let entries = table.into_iter().map(|(name, value)| (name, json(value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
    }
}

fn parsed(text: &str) -> Value {
    json(toml::Value::Table(text.parse().expect("TOML")))
}

fn shipped() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policies");
    let files =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")).collect()
}

#[test]
fn shipped_policies_are_valid() {
    let validator = validator();
    let files = shipped();
    assert!(files.len() >= 2);
    for path in files {
        let instance = parsed(&std::fs::read_to_string(&path).expect("text"));
        let errors: Vec<String> = validator
            .iter_errors(&instance)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", path.display());
    }
}

#[test]
fn mistakes_that_an_editor_can_see() {
    let validator = validator();
    for (text, valid) in [
        ("[moments.low]\non = 'x'\nwhen = 'true'\nintent = 'buy'", true),
        ("[moments.low]\non = []\nwhen = 'true'\nintent = 'buy'", false),
        ("[moments.low]\non = 'x'\nwhen = 'true'\nintent = 'buy'\nsnoze = '1h'", false),
        ("[moments.low]\non = 'x'\nwhen = 'true'\nintent = 'buy'\nsnooze = '1 h'", false),
        ("[moments.low]\non = 'x'\nwhen = 'true'", false),
        ("[moments.low]\npattern = 'p'\nintent = 'buy'", true),
        ("[patterns.p]\nsequence = ['a', { event = 'b', where = 'true' }]\nwithin = '1h'", true),
        ("[patterns.p]\nsequence = ['a', { where = 'true' }]\nwithin = '1h'", false),
        ("[patterns.p]\nrepeat = 'a'\ntimes = 1", false),
        ("[moments.'low balance']\non = 'x'\nwhen = 'true'\nintent = 'buy'", false),
        ("[channels.sms]\ntext_max = 160", true),
        ("[channels.sms]\ntext_max = 0", false),
        ("[channels.sms]\nalphabet = \"gsm\"", true),
        ("[channels.sms]\nalphabet = \"ascii\"", false),
        ("[channels.sms]\ncost = 1", false),
        ("[policy]\nlanguages = ['en', 'pt-BR']", true),
        ("[policy]\nsalt = 'x'", false),
        ("[offers.pass.treatments.sms]\ncontent = 'x'\npropensity = 0.1", true),
        ("[offers.pass]\nvalue = '1'", false),
        ("[content.pass]\nen = 'text'", true),
        ("[content.pass]\nen = 1", false),
        ("[events.call]\nminutes = 'double'\napp = { type = 'enum', values = ['a'] }", true),
        ("[events.call]\nminutes = 'minutes'", false),
        ("[issues.sales]\nfrom = 2026-01-01\n[issues.sales.groups.data]", true),
        ("sections = 1", false),
        ("\"$schema\" = 'policy.schema.json'", true),
    ] {
        assert_eq!(validator.is_valid(&parsed(text)), valid, "{text}");
    }
}
