//! Cases of the conformance suite of CEL: each gives the specified result, or is refused when it
//! is compiled. The command and a test run them.

use opportune::compile::{Constant, Expression};
use serde_json::Value as Json;

/// How many cases ended how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub passed: usize,
    pub refused: usize,
    pub wrong: usize,
    /// Of those that passed, how many the operations of the data plane gave the same result.
    pub data_plane: usize,
}

/// How a case ended.
#[derive(Debug)]
pub enum End {
    Passed { data_plane: bool },
    Refused(String),
    Wrong(String),
}

/// One case, in protobuf's JSON form.
pub struct Case(Json);

/// The cases of a file.
pub fn cases(text: &[u8]) -> serde_json::Result<Vec<Case>> {
    let cases: Vec<Json> = serde_json::from_slice(text)?;
    Ok(cases.into_iter().map(Case).collect())
}

impl Counts {
    pub fn add(&mut self, end: &End) {
        match end {
            End::Passed { data_plane } => {
                self.passed += 1;
                self.data_plane += usize::from(*data_plane);
            }
            End::Refused(_) => self.refused += 1,
            End::Wrong(_) => self.wrong += 1,
        }
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Counts>>(counts: I) -> Counts {
        counts.fold(Counts::default(), |sum, one| Counts {
            passed: sum.passed + one.passed,
            refused: sum.refused + one.refused,
            wrong: sum.wrong + one.wrong,
            data_plane: sum.data_plane + one.data_plane,
        })
    }
}

impl Case {
    /// The file and the section of the suite.
    pub fn section(&self) -> &str {
        self.0["path"].as_str().unwrap_or("")
    }

    /// The expression.
    pub fn text(&self) -> &str {
        self.0["expr"].as_str().unwrap_or("")
    }

    /// Compiles, folds and runs it.
    pub fn run(&self) -> End {
        let case = &self.0;
        let inputs = match inputs_of(&case["bindings"]) {
            Some(inputs) => inputs,
            None => return End::Refused("a binding of a type that policies do not have".into()),
        };
        let expression = Expression {
            text: self.text(),
            inputs: &inputs,
            container: case["container"].as_str().unwrap_or(""),
            checked: case["disableCheck"] != true,
        };
        let evaluated = match expression.evaluate() {
            Ok(evaluated) => evaluated,
            Err(diagnostics) => {
                let first = diagnostics.iter().next();
                return End::Refused(
                    first.map_or(String::new(), |first| first.message().to_owned()),
                );
            }
        };
        if case["checkOnly"] == true {
            return End::Refused("only the type is specified, which is not compared".into());
        }
        let same = |value: &Constant, wanted: &Option<Constant>| {
            wanted.as_ref().is_some_and(|wanted| identical(value, wanted))
        };
        let expected = expected(case);
        let (as_expected, data_plane) = match &expected {
            None => (evaluated.folded.is_err(), evaluated.run == Some(None)),
            Some(wanted) => (
                evaluated.folded.as_ref().is_ok_and(|value| same(value, wanted)),
                matches!(&evaluated.run, Some(Some(value)) if same(value, wanted)),
            ),
        };
        if as_expected {
            End::Passed { data_plane }
        } else {
            End::Wrong(format!("{:?} instead of {expected:?}", evaluated.folded))
        }
    }
}

/// What a case specifies: none for an error; a value, or none for one that we do not have.
fn expected(case: &Json) -> Option<Option<Constant>> {
    if !case["evalError"].is_null() {
        return None;
    }
    let value =
        if case["value"].is_null() { &case["typedResult"]["result"] } else { &case["value"] };
    // A case without an expectation holds.
    Some(if value.is_null() { Some(Constant::Bool(true)) } else { constant(value) })
}

/// The same value of the same type: maps without order, NaN the same as itself.
fn identical(left: &Constant, right: &Constant) -> bool {
    use Constant::{Double, List, Map};
    match (left, right) {
        (Double(left), Double(right)) => left == right || (left.is_nan() && right.is_nan()),
        (List(left), List(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| identical(l, r))
        }
        (Map(left), Map(right)) => {
            let pair = |(key, value): &(Constant, Constant)| {
                right.iter().any(|(k, v)| identical(key, k) && identical(value, v))
            };
            left.len() == right.len() && left.iter().all(pair)
        }
        _ => left == right,
    }
}

fn inputs_of(bindings: &Json) -> Option<Vec<(String, Constant)>> {
    let Some(bindings) = bindings.as_object() else { return Some(Vec::new()) };
    bindings.iter().map(|(name, bound)| Some((name.clone(), constant(&bound["value"])?))).collect()
}

/// A value in protobuf's JSON form; none for messages and the like.
fn constant(value: &Json) -> Option<Constant> {
    let (kind, value) = value.as_object()?.iter().next()?;
    let text = || value.as_str().map(str::to_owned);
    Some(match kind.as_str() {
        "nullValue" => Constant::Null,
        "boolValue" => Constant::Bool(value.as_bool()?),
        "int64Value" => Constant::Int(text()?.parse().ok()?),
        "uint64Value" => Constant::Uint(text()?.parse().ok()?),
        "doubleValue" => Constant::Double(double(value)?),
        "stringValue" => Constant::Text(text()?),
        "bytesValue" => literal(&format!("base64.decode('{}')", value.as_str()?))?,
        "typeValue" => Constant::Type(text()?),
        "listValue" => Constant::List(items(&value["values"], constant)?),
        "mapValue" => Constant::Map(items(&value["entries"], |entry| {
            Some((constant(&entry["key"])?, constant(&entry["value"])?))
        })?),
        "objectValue" => time(value)?,
        _ => return None,
    })
}

fn items<T>(values: &Json, one: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    values.as_array().map_or(Some(Vec::new()), |values| values.iter().map(one).collect())
}

fn double(value: &Json) -> Option<f64> {
    match value.as_str() {
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some("NaN") => Some(f64::NAN),
        _ => value.as_f64(),
    }
}

/// Timestamps and durations, the two messages that have a type here.
fn time(value: &Json) -> Option<Constant> {
    let text = value["value"].as_str()?;
    match value["@type"].as_str()? {
        "type.googleapis.com/google.protobuf.Duration" => literal(&format!("duration('{text}')")),
        "type.googleapis.com/google.protobuf.Timestamp" => literal(&format!("timestamp('{text}')")),
        _ => None,
    }
}

/// The value of an expression that names one.
fn literal(text: &str) -> Option<Constant> {
    let expression = Expression { text, inputs: &[], container: "", checked: true };
    expression.evaluate().ok()?.folded.ok()
}
