//! The policy as bytes: compiled once, loaded where there is no compiler.
//!
//! An envelope (magic, version, checksum), then sections (number, length, bytes) in ascending
//! order. Sections of tables are flat little-endian values, read by [`Encoded`] rows that stand
//! beside one another as their structs do in `policy`; the descriptive sections of names and
//! texts are for hosts and people, and a build without `std` passes over the names. What was read is believed only
//! after it was checked: `check` and its neighbours hold it to everything that the compiler
//! guarantees. The byte table for people is `docs/artifact.md`.
//!
//! [`Encoded`]: crate::base::encoding::Encoded

mod catalogue;
mod check;
mod contact;
mod error;
mod experiments;
mod interactions;
mod lifecycles;
mod models;
#[cfg_attr(not(feature = "std"), path = "no_names.rs")]
mod names;
mod patterns;
mod predecessors;
mod schema;
mod sections;
mod sources;
mod texts;
mod wordings;
mod zones;

use alloc::vec::Vec;

pub use error::ArtifactError;

use super::{MigrationProgram, Names, Policy, Tables, Texts, Wordings, exits};
use crate::base::encoding::Encoded;
use crate::base::envelope::Envelope;
use crate::base::limits::{ARTIFACT_BYTES_MAX, PROFILE_BYTES_MAX};
use check::ensure;
use sections::Sections;

/// The version grows with every change of the sections, whatever the library's own version.
const ENVELOPE: Envelope = Envelope { magic: *b"OPPA", version: 3 };

impl Policy {
    /// The policy as an artifact: versioned, checksummed bytes that [`from_bytes`] reads, with
    /// or without the compiler. Equal policies give equal bytes. Allocates.
    ///
    /// Without the feature `std` the names are left out.
    ///
    /// [`from_bytes`]: Policy::from_bytes
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut sections = Sections::default();
        sections::write(&self.tables, &mut sections);
        names::append(&self.tables.names, &mut sections);
        texts::append(&self.tables.texts, &mut sections);
        wordings::append(&self.tables.wordings, &mut sections);
        ENVELOPE.seal(sections.bytes())
    }

    /// Bytes that the policy keeps on the heap once it is loaded, without the allocator's own.
    pub(crate) fn heap_bytes(&self) -> usize {
        let Policy { layout, account, index, tables, .. } = self;
        sections::heap_bytes(tables)
            + tables.names.heap_bytes()
            + tables.texts.heap_bytes()
            + tables.wordings.heap_bytes()
            + index.size().bytes
            + layout.features.heap_bytes()
            + account.as_ref().map_or(0, |account| account.features.heap_bytes())
            + self.touched.heap_bytes()
            + exits::heap_bytes(&self.exits)
            + self.migrations.iter().map(MigrationProgram::heap_bytes).sum::<usize>()
            + self.exposures.heap_bytes()
            + self.position_bytes()
    }

    /// Whether bytes begin as an artifact does, of whatever version.
    pub fn is_artifact(bytes: &[u8]) -> bool {
        bytes.starts_with(&ENVELOPE.magic)
    }

    /// Loads an artifact. The policy decides as the one that was written, to the bit. Allocates at
    /// most [`ARTIFACT_MEMORY_FACTOR`](crate::limits::ARTIFACT_MEMORY_FACTOR) times the bytes.
    ///
    /// Without the feature `std` the names are passed over: `id`, `name_of` and `names` find
    /// nothing, and a host keeps the numbers that it resolved elsewhere.
    ///
    /// # Errors
    /// What is wrong with the bytes. Whatever they are, this neither panics nor believes them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Policy, ArtifactError> {
        if bytes.len() > ARTIFACT_BYTES_MAX {
            return Err(ArtifactError::Size);
        }
        let body = ENVELOPE.open(bytes)?;
        let (tables, descriptions) = sections::read(body)?;
        check::tables(&tables)?;
        check::unique_ids(&tables)?;
        let names = descriptions.names.map_or(Ok(Names::default()), names::read)?;
        let texts = descriptions.texts.map_or(Ok(Texts::default()), texts::read)?;
        let wordings = descriptions.wordings.map_or(Ok(Wordings::default()), wordings::read)?;
        let policy = Policy::new(Tables { names, texts, wordings, ..tables });
        let fits = policy.profile_bytes() <= PROFILE_BYTES_MAX;
        ensure(fits, "profiles are larger than the limit")?;
        let fits = policy.account_bytes() <= PROFILE_BYTES_MAX;
        ensure(fits, "profiles of accounts are larger than the limit")?;
        Ok(policy)
    }
}

/// These run in every build, also in one that has neither compiler nor names.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::{EventId, FeatureId, MemberId};
    use crate::expr::{Op, Program, Type};
    use crate::policy::{
        Aggregate, Answer, Bgnbd, Cap, CapScope, Contact, EventKind, Exploration, Feature,
        FeatureKind, Fold, FoldStep, Holder, KindSet, Lifecycle, Model, ModelInput, ModelOutput,
        Period, Scoring, Transition, Window,
    };

    /// The least that passes, and a derived feature that reads another.
    fn least() -> Tables {
        let derived = |number, start| Feature {
            id: FeatureId(number),
            ty: Type::Bool,
            kind: FeatureKind::Derived(Program { start, len: 1 }),
            members: Vec::new(),
            holder: Holder::Line,
        };
        let exempt = KindSet::default();
        let period = Period::ALWAYS;
        let caps = Vec::from([Cap {
            scope: CapScope::All,
            limit: 3,
            window_ms: 1_000,
            per: None,
            period,
            exempt,
        }]);
        Tables {
            name: "least".into(),
            currency: "USD".into(),
            exploration: Exploration { epsilon: 0.0, top: 1 },
            features: Vec::from([derived(1, 0), derived(16_000_000, 1)]),
            contact: Contact { caps, ..Contact::default() },
            code: Vec::from([Op::Constant(1), Op::Feature(0)]),
            ..Tables::default()
        }
    }

    /// The second feature is what BG/NBD says of the first.
    fn modelled(tables: &mut Tables) {
        let input = ModelInput { program: Program { start: 0, len: 1 }, ty: Type::Double };
        let output = ModelOutput { feature: 1, answer: Answer::Alive };
        let bgnbd = Bgnbd { r: 1.0, alpha: 1.0, a: 1.0, b: 1.0, unit_ms: 1_000 };
        tables.models.push(Model {
            scoring: Scoring::Bgnbd(bgnbd),
            inputs: alloc::vec![input; 3],
            outputs: alloc::vec![output],
        });
        tables.features[1].kind = FeatureKind::Output { model: 0 };
        tables.features[1].ty = Type::Double;
    }

    /// The first feature is the stage of a lifecycle.
    fn staged(tables: &mut Tables) {
        let (first, to) = (MemberId(1), MemberId(2));
        let when = Program { start: 0, len: 1 };
        let transitions = alloc::vec![Transition { from: alloc::vec![first], to, when }];
        tables.lifecycles.push(Lifecycle { feature: 0, first, transitions });
        let kind = FeatureKind::Stage { lifecycle: 0 };
        let members = alloc::vec![first, to];
        let (id, ty, holder) = (FeatureId(1), Type::Member, Holder::Line);
        tables.features[0] = Feature { id, ty, kind, members, holder };
    }

    #[test]
    fn models_and_lifecycles_are_loaded() {
        for change in [modelled, staged] {
            let mut tables = least();
            change(&mut tables);
            let policy = Policy::new(tables);
            let loaded = Policy::from_bytes(&policy.to_bytes()).unwrap();
            assert_eq!(loaded.to_bytes(), policy.to_bytes());
        }
    }

    /// A kind of event that is folded so into a line's profile.
    fn folding(fold: FoldStep) -> EventKind {
        EventKind {
            id: EventId(1),
            fields: Vec::new(),
            zone: None,
            source: None,
            folds: Vec::from([fold]),
            account_folds: Vec::new(),
            moments: Vec::new(),
            patterns: Vec::new(),
        }
    }

    fn refused(change: impl FnOnce(&mut Tables)) -> &'static str {
        let mut tables = least();
        change(&mut tables);
        match Policy::from_bytes(&Policy::new(tables).to_bytes()) {
            Err(ArtifactError::Unsound { what }) => what,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_least_is_loaded() {
        let policy = Policy::new(least());
        let loaded = Policy::from_bytes(&policy.to_bytes()).unwrap();
        assert_eq!(loaded.to_bytes(), policy.to_bytes());
        assert_eq!(loaded.layout.hash, policy.layout.hash);
        // A number in the millions is found without a list in the millions.
        assert_eq!(loaded.feature_position(FeatureId(16_000_000)), Some(1));
        assert_eq!(loaded.feature_position(FeatureId(15_999_999)), None);
        assert!(policy.to_bytes().len() < 320);
    }

    #[test]
    fn what_no_compiler_writes_is_refused_by_what_is_wrong() {
        let program = |start, len| FeatureKind::Derived(Program { start, len });
        for (expected, change) in [
            ("derived features in too long a chain", {
                (|tables| tables.code[0] = Op::Feature(1)) as fn(&mut Tables)
            }),
            ("derived features in too long a chain", |tables| tables.code[0] = Op::Feature(0)),
            ("a program reads what it may not", |tables| tables.code[0] = Op::Feature(2)),
            ("a program reads what it may not", |tables| tables.code[0] = Op::EventTime),
            ("one number for two things of a kind", |tables| tables.features[1].id = FeatureId(1)),
            ("there is no cap", |tables| tables.contact.caps.clear()),
            ("the mandatory cap is not the first", |tables| {
                tables.contact.caps[0].scope = CapScope::EachOffer;
            }),
            ("the mandatory cap is not the first", |tables| tables.contact.caps[0].limit = 65),
            ("the mandatory cap is not the first", |tables| {
                let longer = Cap { window_ms: 1_001, ..tables.contact.caps[0] };
                tables.contact.caps.push(longer);
            }),
            ("the mandatory cap is not the first", |tables| {
                tables.contact.caps[0].period.until_ms = 1;
            }),
            ("something ends before it begins", |tables| {
                let period = Period { from_ms: 1, until_ms: 1 };
                tables.contact.caps.push(Cap { period, ..tables.contact.caps[0] });
            }),
            ("ranges do not end with their list", |tables| tables.moment_offers.push(0)),
            ("an event is folded into what cannot take it", |tables| {
                let fold = FoldStep { feature: 0, field: None, filter: None, part: None };
                tables.events.push(folding(fold));
            }),
            ("an account holds what only a line can", |tables| {
                tables.features[0].holder = Holder::Account;
            }),
            ("an event is folded into another profile", |tables| {
                let kept =
                    Aggregate { fold: Fold::Count, value: Type::Int, window: Window::Lifetime };
                tables.features[1].kind = FeatureKind::Aggregate(kept);
                tables.features[1].ty = Type::Int;
                tables.features[1].holder = Holder::Account;
                tables.events.push(folding(FoldStep {
                    feature: 1,
                    field: None,
                    filter: None,
                    part: None,
                }));
            }),
            ("a feature is the output of no model", |tables| {
                tables.features[0].kind = FeatureKind::Output { model: 0 };
            }),
            ("an output of a model is not its feature", |tables| {
                modelled(tables);
                tables.models[0].outputs[0].feature = 0;
            }),
            ("a model has no outputs, or too many", |tables| {
                modelled(tables);
                tables.models[0].outputs.clear();
                tables.features[1].kind = FeatureKind::Attribute { expires_ms: None };
            }),
            ("a model is asked what it cannot answer", |tables| {
                modelled(tables);
                tables.models[0].outputs[0].answer = Answer::Probability;
            }),
            ("a model is asked what it cannot answer", |tables| {
                modelled(tables);
                // More terms than a call may take.
                let within_ms = 1_000_000_000;
                tables.models[0].outputs[0].answer = Answer::Expected { within_ms };
            }),
            ("a model has not the inputs that it needs", |tables| {
                modelled(tables);
                tables.models[0].inputs.pop();
            }),
            ("parameters of a model are out of range", |tables| {
                modelled(tables);
                let bgnbd = Bgnbd { r: 1.0, alpha: 0.0, a: 1.0, b: 1.0, unit_ms: 1_000 };
                tables.models[0].scoring = Scoring::Bgnbd(bgnbd);
            }),
            ("derived features in too long a chain", |tables| {
                modelled(tables);
                tables.code[0] = Op::Feature(1);
            }),
            ("a feature is the stage of no lifecycle", |tables| {
                staged(tables);
                tables.lifecycles.clear();
            }),
            ("the stage of a lifecycle is not its feature", |tables| {
                staged(tables);
                let second = tables.lifecycles[0].clone();
                tables.lifecycles.push(second);
            }),
            ("a lifecycle has a stage that is not there", |tables| {
                staged(tables);
                tables.lifecycles[0].transitions[0].to = MemberId(9);
            }),
            ("a program reads what it may not", |tables| {
                staged(tables);
                tables.code[0] = Op::EventTime;
                tables.features[1].kind = FeatureKind::Attribute { expires_ms: None };
            }),
            ("a feature is the time of no stage", |tables| {
                tables.features[1].kind = FeatureKind::Since { stage: 0 };
            }),
            ("exploration is out of range", |tables| tables.exploration.top = 0),
            ("the currency is no code of ISO 4217", |tables| tables.currency = "usd".into()),
        ] {
            assert_eq!(refused(change), expected);
        }
        for kind in [program(0, 0), program(1, 2), program(u32::MAX, 1)] {
            let what = refused(|tables| tables.features[0].kind = kind);
            assert_eq!(what, "a program is empty or has too many operations");
        }
    }
}
