//! Messages for the ready policy: kinds of event, what they carry, and how many features they feed.

use std::collections::{BTreeSet, HashMap};

use opportune::{EventId, Field, FieldId, MICROS, Policy, Value};
use toml::{Table, Value as Toml};

/// A kind of event, with what it carries.
#[derive(Clone, Copy)]
pub enum Kind {
    Call,
    Sms,
    Video,
    Web,
    Recharge,
    Balance,
    LowBalance,
    Referral,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Call => "call_end",
            Kind::Sms => "sms_sent",
            Kind::Video | Kind::Web => "data_session",
            Kind::Recharge => "recharge",
            Kind::Balance | Kind::LowBalance => "balance_change",
            Kind::Referral => "referral",
        }
    }
}

/// An event but for its time.
pub struct Prepared {
    pub kind: EventId,
    pub fields: Vec<Field<'static>>,
}

pub fn prepared(policy: &Policy, kind: Kind) -> Prepared {
    let app = |app: &str| {
        Value::Member(policy.id(&format!("data_session.app.{app}")).expect("a class of apps"))
    };
    let money = |cents: i64| Value::Money(cents * MICROS / 100);
    let session = |megabytes, class: &str| {
        vec![("megabytes", Value::Double(megabytes)), ("app", app(class)), ("charge", money(4))]
    };
    let fields = match kind {
        Kind::Call => vec![
            ("minutes", Value::Double(3.5)),
            ("charge", money(33)),
            ("international", Value::Bool(false)),
        ],
        Kind::Sms => vec![("charge", money(5))],
        Kind::Video => session(0.4, "video"),
        Kind::Web => session(0.1, "web"),
        Kind::Recharge => vec![("amount", money(1_000))],
        // Nobody spends so much that this is gone in a day.
        Kind::Balance => vec![("balance", money(10_000_000))],
        Kind::LowBalance => vec![("balance", money(5))],
        Kind::Referral => vec![],
    };
    let name = kind.name();
    let field = |(field, value): (&str, Value<'static>)| {
        let id: Option<FieldId> = policy.id(&format!("{name}.{field}"));
        Field { id: id.unwrap_or_else(|| panic!("no field {name}.{field}")), value }
    };
    let kind = policy.id(name).unwrap_or_else(|| panic!("no event {name}"));
    Prepared { kind, fields: fields.into_iter().map(field).collect() }
}

/// How many features each kind of event feeds.
pub struct Touched(HashMap<String, usize>);

impl Touched {
    /// From the policy's text: the library tells nobody.
    pub fn read(policy: &str) -> Touched {
        let text: Table = policy.parse().expect("TOML");
        let mut counts = HashMap::new();
        for section in ["features", "attributes"] {
            for feature in text[section].as_table().expect("a section").values() {
                let of = feature.as_table().expect("a feature").iter();
                let lists =
                    of.filter(|(key, _)| !["expr", "where", "values"].contains(&key.as_str()));
                let mut kinds = BTreeSet::new();
                lists.for_each(|(_, value)| words(value, &mut kinds));
                kinds.into_iter().for_each(|kind| *counts.entry(kind).or_default() += 1);
            }
        }
        Touched(counts)
    }

    /// What a message feeds, with those features whose filter then declines.
    pub fn by(&self, message: &[Kind]) -> usize {
        message.iter().map(|kind| self.0.get(kind.name()).copied().unwrap_or(0)).sum()
    }
}

/// The kinds of event that a key of a feature names, as `event` or `event.field`.
fn words(value: &Toml, kinds: &mut BTreeSet<String>) {
    match value {
        Toml::String(text) => {
            kinds.insert(text.split('.').next().unwrap_or_default().to_owned());
        }
        Toml::Array(list) => list.iter().for_each(|value| words(value, kinds)),
        _ => {}
    }
}
