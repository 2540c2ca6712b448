//! The JSON Schema of policies, from the model that the readers use.

use std::format;
use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::json_value::Json;
use super::model::{Form, ROOT, Record};
use crate::base::limits::KEY_BYTES_MAX;

/// The JSON Schema (draft 7, which editors know) of a file of a policy, be it TOML or JSON. A
/// file may be a part of a policy, so no section is required.
pub fn json_schema() -> String {
    let mut fields = vec![
        ("$schema", text("http://json-schema.org/draft-07/schema#")),
        ("title", text("opportune policy")),
    ];
    fields.extend(record(&ROOT).into_iter().filter(|(name, _)| *name != "required"));
    format!("{}\n", Json::Object(owned(fields)))
}

type Fields = Vec<(&'static str, Json)>;

fn owned(fields: Fields) -> Vec<(String, Json)> {
    fields.into_iter().map(|(name, value)| (name.to_string(), value)).collect()
}

fn text(text: &str) -> Json {
    Json::Text(text.to_string())
}

fn texts(words: impl IntoIterator<Item = &'static str>) -> Json {
    Json::List(words.into_iter().map(text).collect())
}

fn object(fields: Fields) -> Json {
    Json::Object(owned(fields))
}

fn record(record: &Record) -> Fields {
    let properties = record.keys.iter().map(|key| {
        let mut fields = vec![("description", text(key.doc))];
        // What a table says of itself is said of its key already.
        fields.extend(form(&key.form).into_iter().filter(|(name, _)| *name != "description"));
        (key.name.to_string(), object(fields))
    });
    let mut fields = vec![
        ("description", text(record.doc)),
        ("type", text("object")),
        ("properties", Json::Object(properties.collect())),
        ("additionalProperties", Json::Bool(false)),
    ];
    let required: Vec<_> = record.keys.iter().filter(|key| key.required).collect();
    let required = || texts(required.iter().map(|key| key.name));
    let additions: Vec<_> =
        record.keys.iter().filter(|key| key.addition).map(|key| key.name).collect();
    if additions.is_empty() {
        fields.push(("required", required()));
    } else {
        // A file that only adds to what another one defines.
        let adds = object(vec![("enum", texts(additions))]);
        let whole = object(vec![("required", required())]);
        let part = object(vec![("propertyNames", adds), ("minProperties", Json::Int(1))]);
        fields.push(("anyOf", Json::List(vec![whole, part])));
    }
    fields
}

fn form(of: &Form) -> Fields {
    let plain = |name| vec![("type", text(name))];
    let pattern = |pattern| vec![("type", text("string")), ("pattern", text(pattern))];
    match of {
        Form::Text | Form::Instant => plain("string"),
        Form::Expression => vec![("type", text("string")), ("minLength", Json::Int(1))],
        Form::Word => pattern("^[!-~]+$"),
        Form::Amount => pattern(r"^-?[0-9]+(\.[0-9]{0,6})?$"),
        Form::Length => pattern("^([0-9]+(ms|w|d|h|m|s))+$"),
        Form::Clock => pattern("^([01][0-9]|2[0-3]):[0-5][0-9]$"),
        Form::Bool => plain("boolean"),
        Form::Number => plain("number"),
        Form::Share => bounded("number", 0, 1),
        Form::Whole { min: i64::MIN, max: i64::MAX } => plain("integer"),
        Form::Whole { min, max } => bounded("integer", *min, *max),
        Form::Choice(words) => vec![("type", text("string")), ("enum", texts(words()))],
        Form::List(item) => vec![("type", text("array")), ("items", object(form(item)))],
        Form::OneOrMore(item) => {
            let mut list = form(&Form::List(item));
            list.push(("minItems", Json::Int(1)));
            vec![("anyOf", Json::List(vec![object(form(item)), object(list)]))]
        }
        Form::Named(item) => named("^[A-Za-z][A-Za-z0-9_]*$", form(item)),
        Form::Translations => named("^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$", form(&Form::Text)),
        Form::Table(table) => record(table),
        Form::Either(forms) => {
            vec![("anyOf", Json::List(forms.iter().map(|one| object(form(one))).collect()))]
        }
    }
}

fn bounded(name: &'static str, min: i64, max: i64) -> Fields {
    vec![("type", text(name)), ("minimum", Json::Int(min)), ("maximum", Json::Int(max))]
}

/// A table whose keys have this form.
fn named(keys: &'static str, item: Fields) -> Fields {
    let longest = Json::Int(KEY_BYTES_MAX as i64);
    let keys = object(vec![("pattern", text(keys)), ("maxLength", longest)]);
    let entries = object(item);
    vec![("type", text("object")), ("propertyNames", keys), ("additionalProperties", entries)]
}
