//! The JSON Schema of policies, from the model that the readers use.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::json::Json;
use super::model::{Form, ROOT, Record};
use crate::base::limits::KEY_BYTES_MAX;

/// The JSON Schema (draft 7, which editors know) of a file of a policy, be it TOML or JSON. A
/// file may be a part of a policy, so no section is required.
pub fn json_schema() -> String {
    let mut fields = vec![
        ("$schema", Json::from("http://json-schema.org/draft-07/schema#")),
        ("title", Json::from("opportune policy")),
    ];
    fields.extend(record(&ROOT).into_iter().filter(|(name, _)| *name != "required"));
    // So that an editor finds this schema; it says nothing of the policy.
    fields.push((
        "patternProperties",
        Json::object([(r"^\$schema$", Json::object([("type", Json::from("string"))]))]),
    ));
    format!("{}\n", Json::object(fields))
}

type Fields = Vec<(&'static str, Json)>;

fn record(record: &Record) -> Fields {
    let properties = record.keys.iter().map(|key| {
        let mut fields = vec![("description", Json::from(key.doc))];
        // What a table says of itself is said of its key already.
        fields.extend(form(&key.form).into_iter().filter(|(name, _)| *name != "description"));
        (key.name, Json::object(fields))
    });
    let mut fields = vec![
        ("description", Json::from(record.doc)),
        ("type", Json::from("object")),
        ("properties", Json::object(properties)),
        ("additionalProperties", Json::Bool(false)),
    ];
    let required: Vec<_> = record.keys.iter().filter(|key| key.required).collect();
    let required = || Json::list(required.iter().map(|key| key.name));
    let additions: Vec<_> =
        record.keys.iter().filter(|key| key.addition).map(|key| key.name).collect();
    if additions.is_empty() {
        fields.push(("required", required()));
    } else {
        // A file that only adds to what another one defines.
        let adds = Json::object(vec![("enum", Json::list(additions))]);
        let whole = Json::object(vec![("required", required())]);
        let part = Json::object(vec![("propertyNames", adds), ("minProperties", Json::Int(1))]);
        fields.push(("anyOf", Json::List(vec![whole, part])));
    }
    fields
}

fn form(of: &Form) -> Fields {
    let plain = |name| vec![("type", Json::from(name))];
    let pattern = |pattern| vec![("type", Json::from("string")), ("pattern", Json::from(pattern))];
    match of {
        Form::Text | Form::Instant => plain("string"),
        Form::Expression => vec![("type", Json::from("string")), ("minLength", Json::Int(1))],
        Form::Word => pattern("^[!-~]+$"),
        Form::Amount => pattern(r"^-?[0-9]+(\.[0-9]{0,6})?$"),
        Form::Length => pattern("^([0-9]+(ms|w|d|h|m|s))+$"),
        Form::Clock => pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$"),
        Form::Bool => plain("boolean"),
        Form::Number => plain("number"),
        Form::Share => bounded("number", 0, 1),
        Form::Whole { min: i64::MIN, max: i64::MAX } => plain("integer"),
        Form::Whole { min, max } => bounded("integer", *min, *max),
        Form::Choice(words) => vec![("type", Json::from("string")), ("enum", Json::list(words()))],
        Form::List(item) => {
            vec![("type", Json::from("array")), ("items", Json::object(form(item)))]
        }
        Form::OneOrMore(item) => {
            let mut list = form(&Form::List(item));
            list.push(("minItems", Json::Int(1)));
            vec![("anyOf", Json::List(vec![Json::object(form(item)), Json::object(list)]))]
        }
        Form::Named(item) => named("^[A-Za-z][A-Za-z0-9_]*$", form(item)),
        Form::Translations => named("^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$", form(&Form::Text)),
        Form::Table(table) => record(table),
        Form::Either(forms) => {
            vec![("anyOf", Json::List(forms.iter().map(|one| Json::object(form(one))).collect()))]
        }
    }
}

fn bounded(name: &'static str, min: i64, max: i64) -> Fields {
    vec![("type", Json::from(name)), ("minimum", Json::Int(min)), ("maximum", Json::Int(max))]
}

/// A table whose keys have this form.
fn named(keys: &'static str, item: Fields) -> Fields {
    let longest = Json::Int(KEY_BYTES_MAX as i64);
    let keys = Json::object(vec![("pattern", Json::from(keys)), ("maxLength", longest)]);
    let entries = Json::object(item);
    vec![("type", Json::from("object")), ("propertyNames", keys), ("additionalProperties", entries)]
}
