//! Rules over one event, as far as the oracle knows them.

use toml::Value as Toml;

use super::facts::{Known, Plain};
use super::word;

/// Any of these, each of which is all of those.
pub struct Rule(Vec<Vec<Test>>);

/// A comparison of a field, or of the local hour, with a constant.
struct Test {
    field: String,
    sign: String,
    constant: String,
}

impl Rule {
    /// None if the oracle does not know it.
    pub fn read(feature: &Toml, key: &str) -> Option<Rule> {
        let all = |text: &str| text.split(" && ").map(Test::read).collect();
        let rule = word(feature, key)
            .map_or(Some(vec![Vec::new()]), |rule| rule.split(" || ").map(all).collect());
        rule.map(Rule)
    }

    pub fn holds(&self, known: &Known) -> bool {
        self.0.iter().any(|all| all.iter().all(|test| test.holds(known)))
    }
}

impl Test {
    fn read(text: &str) -> Option<Test> {
        let mut words = text.split_whitespace();
        let field = words.next()?.strip_prefix("event.")?;
        if field.contains('.') && field != HOUR {
            return None;
        }
        let (sign, constant) = (words.next().unwrap_or("=="), words.next().unwrap_or("true"));
        let constant = constant.trim_matches('\'').to_owned();
        Some(Test { field: field.to_owned(), sign: sign.to_owned(), constant })
    }

    /// A field that is missing makes no test hold.
    fn holds(&self, known: &Known) -> bool {
        let found = match self.field.as_str() {
            HOUR => Some(Plain::Int(known.clock.hour.into())),
            field => known.fact.field(field),
        };
        let Some(found) = found else { return false };
        let number = || self.constant.parse::<f64>().expect("a number");
        match (self.sign.as_str(), found) {
            ("==", Plain::Word(found)) => found == self.constant,
            ("==", Plain::Bool(found)) => found.to_string() == self.constant,
            (">", found) => found.number() > number(),
            (">=", found) => found.number() >= number(),
            ("<", found) => found.number() < number(),
            (sign, found) => panic!("the oracle does not know {found:?} {sign}"),
        }
    }
}

/// The hour of the event on the clock of its zone.
const HOUR: &str = "time.getHours()";
