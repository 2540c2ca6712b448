//! The compiled policy: immutable, shared between threads, the only thing that knows what the
//! bytes of a profile mean.
//!
//! [`Tables`] is what the compiler produces. [`Policy`] adds what is derived from it when it is
//! loaded: the profile layout, the index over rules, and the indices from permanent ids to table
//! positions.

mod aggregate;
mod artifact;
mod catalogue;
mod contact;
mod exits;
mod experiments;
#[cfg(all(test, feature = "compiler"))]
mod first_bytes;
mod index;
mod interaction;
mod layout;
mod lifecycles;
mod migration;
mod models;
mod names;
mod pattern;
mod period;
mod predecessor;
mod report;
mod schema;
mod source;
mod texts;
mod touch;
mod wording;
mod zones;

use alloc::string::String;
use alloc::vec::Vec;

pub(crate) use aggregate::{
    Aggregate, BillDay, CalendarUnit, Fold, Quantile, RING_HEAD_BYTES, Window,
};
pub use artifact::ArtifactError;
pub use catalogue::OfferKind;
pub(crate) use catalogue::{
    Budget, Channel, Draw, Group, Issue, Offer, ParameterSpec, Rules, Treatment,
};
pub(crate) use contact::{
    Cap, CapScope, Contact, Control, KindSet, Pause, QuietHours, Suppression,
};
pub(crate) use exits::{Exit, Exits};
pub use experiments::{Arm, Assignment};
pub(crate) use experiments::{ArmRange, Experiment, LayerPart, Withheld, at_once};
pub use index::IndexSize;
pub(crate) use index::{Change, Index, IndexTier, Probe, Word, changes};
#[cfg(feature = "compiler")]
pub(crate) use interaction::INTERACTION;
pub(crate) use interaction::{InteractionField, InteractionStep, Interactions};
pub(crate) use layout::{
    CALLS_BYTES, CONTACT_BYTES, DUE_TIMES, FORMAT_VERSION, Layout, MOMENT_BYTES, NEXT_CALLS_BYTES,
    OPEN_OFFER_BYTES, PATTERN_BYTES, PATTERNS_HEAD_BYTES, SESSION_BYTES, header, patterns_bytes,
};
pub(crate) use lifecycles::{Lifecycle, Transition};
pub(crate) use migration::{Conversion, MigrationProgram, Move, RingMove};
pub(crate) use models::{
    Answer, Bgnbd, Logistic, Model, ModelInput, ModelOutput, Scoring, Term, Weights,
};
pub(crate) use names::Names;
pub(crate) use pattern::{Listen, Pattern, Shape};
pub(crate) use period::Period;
pub use predecessor::SuccessionError;
pub(crate) use predecessor::{GoneName, Predecessor};
#[cfg(any(feature = "compiler", feature = "json"))]
pub(crate) use report::describe;
pub use report::{FeatureChange, Migration};
pub use schema::Holder;
pub(crate) use schema::{EventKind, Feature, FeatureKind, FieldSpec, FoldStep, Moment};
pub(crate) use source::{DataSource, DataSources};
pub(crate) use texts::{Text, Texts};
pub(crate) use touch::Concerns;
use touch::Touched;
pub(crate) use wording::{Condition, Wording, Wordings};
pub(crate) use zones::{Zone, Zones};

use crate::base::hash::{hash_bytes, hash_words};
use crate::base::ids::{
    ChannelId, ContentId, EventId, FeatureId, FieldId, GroupId, IssueId, MomentId, OfferId,
    PermanentId, TreatmentId,
};
use crate::base::simd::CpuLevel;
use crate::expr::{Op, Program, Type};

/// What the compiler produces. Positions in these lists are the dense indices that tables refer
/// to one another by; every entry carries its permanent id.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    /// The policy's own name.
    pub(crate) name: String,
    /// The version that its author gave it.
    pub(crate) version: u32,
    /// Digest of everything that the policy was compiled from.
    pub(crate) fingerprint: u64,
    /// Seeds decision ids and draws.
    pub(crate) salt: u64,
    /// ISO 4217 code.
    pub(crate) currency: String,
    pub(crate) zones: Zones,
    pub(crate) sources: DataSources,
    pub(crate) events: Vec<EventKind>,
    /// What the last kind of event is made of, if it is the library's own.
    pub(crate) interactions: Option<Interactions>,
    pub(crate) features: Vec<Feature>,
    pub(crate) models: Vec<Model>,
    pub(crate) lifecycles: Vec<Lifecycle>,
    pub(crate) experiments: Vec<Experiment>,
    pub(crate) moments: Vec<Moment>,
    pub(crate) patterns: Vec<Pattern>,
    /// Offers by moment: `Moment::offers` is a range of this list of offer positions.
    pub(crate) moment_offers: Vec<u32>,
    /// Positions of the offers that fill places which are left.
    pub(crate) fallbacks: Vec<u32>,
    pub(crate) issues: Vec<Issue>,
    pub(crate) groups: Vec<Group>,
    pub(crate) offers: Vec<Offer>,
    /// Grouped by offer: `Offer::treatments` is a range of this list.
    pub(crate) treatments: Vec<Treatment>,
    pub(crate) channels: Vec<Channel>,
    pub(crate) budgets: Vec<Budget>,
    pub(crate) contact: Contact,
    pub(crate) control: Control,
    pub(crate) exploration: Exploration,
    /// Below this score, in micro-units, nothing is offered.
    pub(crate) score_micros_min: f64,
    /// The one pool of operations that every program is a run of.
    pub(crate) code: Vec<Op>,
    pub(crate) names: Names,
    pub(crate) texts: Texts,
    pub(crate) wordings: Wordings,
    /// Hashes of the keys of subscribers that are the operator's own, ascending.
    pub(crate) test_subscribers: Vec<u64>,
    /// Older layouts whose profiles are migrated.
    pub(crate) predecessors: Vec<Predecessor>,
}

/// Epsilon-greedy over the best few: the best keeps `1 - epsilon + epsilon / m`, each other of
/// the top `m` gets `epsilon / m`, so every probability is known in closed form.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Exploration {
    /// 0 (never explore) to 1.
    pub(crate) epsilon: f64,
    /// How many of the best candidates may be drawn.
    pub(crate) top: u8,
}

/// Where an offer stands in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferPlace {
    /// What it is, as far as contact rules care.
    pub kind: OfferKind,
    /// The group it belongs to.
    pub group: GroupId,
    /// The issue that the group belongs to.
    pub issue: IssueId,
    /// The feature that measures the issue's goal, if it has one.
    pub goal: Option<FeatureId>,
}

/// A compiled policy. Immutable; share it by reference or in an `Arc`.
#[derive(Debug)]
pub struct Policy {
    pub(crate) tables: Tables,
    pub(crate) layout: Layout,
    /// How profiles of accounts lie, if the policy keeps anything of them.
    pub(crate) account: Option<Layout>,
    pub(crate) index: Index,
    pub(crate) cpu: CpuLevel,
    pub(crate) touched: Touched,
    /// By lifecycle.
    pub(crate) exits: Vec<Vec<Exits>>,
    /// One bit a feature: whether its value can change when a lifecycle moves on.
    pub(crate) lifecycle_dependents: Vec<u64>,
    /// By moment, a bit for each experiment that matters to the offers that answer it; empty without
    /// experiments.
    pub(crate) exposures: Vec<u64>,
    /// Ascending by the hash of the older layout.
    migrations: Vec<MigrationProgram>,
    event_positions: IdIndex,
    feature_positions: IdIndex,
    offer_positions: IdIndex,
    treatment_positions: IdIndex,
    channel_positions: IdIndex,
    moment_positions: IdIndex,
}

/// From permanent ids to positions in a table.
///
/// Numbers are handed out one after the other, so nearly all are small and a list finds them. A
/// table of ids may still name a number in the millions; a list that long would cost more memory
/// than the policy, so such numbers are searched for.
#[derive(Debug)]
struct IdIndex {
    /// By number.
    near: Vec<u32>,
    /// (number, position), ascending: the numbers beyond the list.
    far: Vec<(u32, u32)>,
}

impl IdIndex {
    const NONE: u32 = u32::MAX;
    /// Length of the list for each id that it is for: names may come and go, numbers do not.
    const NEAR_PER_ID: usize = 4;

    fn new(ids: impl ExactSizeIterator<Item = u32> + Clone) -> Self {
        let highest = ids.clone().max().map_or(0, |id| id as usize + 1);
        let mut near = alloc::vec![Self::NONE; highest.min(Self::NEAR_PER_ID * ids.len())];
        let mut far = Vec::new();
        for (position, id) in ids.enumerate() {
            match near.get_mut(id as usize) {
                Some(slot) => *slot = position as u32,
                None => far.push((id, position as u32)),
            }
        }
        far.sort_unstable();
        IdIndex { near, far }
    }

    #[inline]
    fn position(&self, id: u32) -> Option<usize> {
        match self.near.get(id as usize) {
            Some(&position) => (position != Self::NONE).then_some(position as usize),
            None => {
                let found = self.far.binary_search_by_key(&id, |(number, _)| *number).ok()?;
                Some(self.far[found].1 as usize)
            }
        }
    }
}

impl Policy {
    pub(crate) fn new(tables: Tables) -> Policy {
        let (layout, account) = (Layout::line(&tables), Layout::account(&tables));
        Policy {
            migrations: predecessor::programs(&tables, &layout, account.as_ref()),
            exits: exits::all(&tables, &layout),
            layout,
            account,
            index: Index::build(&tables),
            cpu: CpuLevel::detect(),
            touched: Touched::new(&tables),
            lifecycle_dependents: lifecycles::dependents(&tables),
            exposures: experiments::exposures(&tables),
            event_positions: IdIndex::new(tables.events.iter().map(|e| e.id.0)),
            feature_positions: IdIndex::new(tables.features.iter().map(|f| f.id.0)),
            offer_positions: IdIndex::new(tables.offers.iter().map(|o| o.id.0)),
            treatment_positions: IdIndex::new(tables.treatments.iter().map(|t| t.id.0)),
            channel_positions: IdIndex::new(tables.channels.iter().map(|c| c.id.0)),
            moment_positions: IdIndex::new(tables.moments.iter().map(|m| m.id.0)),
            tables,
        }
    }

    /// Bytes of the lists that find positions by id.
    fn position_bytes(&self) -> usize {
        let lists = [
            &self.event_positions,
            &self.feature_positions,
            &self.offer_positions,
            &self.treatment_positions,
            &self.channel_positions,
            &self.moment_positions,
        ];
        let bytes = |list: &IdIndex| size_of_val(&*list.near) + size_of_val(&*list.far);
        lists.into_iter().map(bytes).sum()
    }

    /// The policy's name.
    pub fn name(&self) -> &str {
        &self.tables.name
    }

    /// The version that its author gave it.
    pub fn version(&self) -> u32 {
        self.tables.version
    }

    /// A digest of everything the policy was compiled from: equal text, equal fingerprint.
    pub fn fingerprint(&self) -> u64 {
        self.tables.fingerprint
    }

    /// ISO 4217 code of the currency that all money is in.
    pub fn currency(&self) -> &str {
        &self.tables.currency
    }

    /// Builds the index over the rules of offers once more, and gives its size: what loading the
    /// policy costs. O(offers x bins of a feature); allocates.
    pub fn index_size(&self) -> IndexSize {
        Index::build(&self.tables).size()
    }

    /// The permanent id of a name, for example `policy.id::<OfferId>("data_1gb")`. Fields,
    /// members, groups and treatments are named with what they belong to: `call_end.minutes`,
    /// `tariff.gold`, `sales.data`, `data_1gb.sms`. Resolve names once, at start-up.
    pub fn id<I: PermanentId>(&self, name: &str) -> Option<I> {
        self.tables.names.number(I::NAMESPACE, name).map(I::from_number)
    }

    /// The name of a permanent id.
    pub fn name_of<I: PermanentId>(&self, id: I) -> Option<&str> {
        self.tables.names.name(I::NAMESPACE, id.number())
    }

    /// All names of one namespace with their ids, by id.
    pub fn names<I: PermanentId>(&self) -> impl Iterator<Item = (I, &str)> {
        self.tables.names.all(I::NAMESPACE).map(|(number, name)| (I::from_number(number), name))
    }

    /// What a treatment says in a language, such as `en`: the text that its policy declares in
    /// `[content]`, with placeholders such as `{price}` for the parameters that go out with the
    /// offer; `{{` and `}}` stand for brackets. None where the policy has no such text.
    ///
    /// The compiler has held it against the `text_max` of the channels that carry it, in
    /// characters, with every value at its longest as a host would show it: whole numbers with a
    /// separator between thousands; money the same, with two decimals (six where it needs them)
    /// and a space and the code of the currency; `true` or `false`; `2026-01-31 21:00`;
    /// `36500d 23h 59m 59s`; doubles with all their digits. A value that is a constant of the
    /// policy counts as long as it is.
    pub fn content(&self, id: ContentId, language: &str) -> Option<&str> {
        self.tables.texts.text(id, language)
    }

    /// Whether this is one of the policy's `test_subscribers`: people of the operator's own, whom no
    /// cap, quiet hour, control group or budget stops, who are never counted, and who
    /// try out what others do not see yet. O(log of their number).
    pub fn is_test_subscriber(&self, subscriber: &[u8]) -> bool {
        self.is_test(self.subscriber_hash(subscriber))
    }

    /// The same by the hash of the key.
    pub(crate) fn is_test(&self, subscriber: u64) -> bool {
        self.tables.test_subscribers.binary_search(&subscriber).is_ok()
    }

    /// The type of a feature.
    pub fn feature_type(&self, id: FeatureId) -> Option<Type> {
        self.feature_position(id).map(|position| self.tables.features[position].ty)
    }

    /// The type of a field of an event kind.
    pub fn field_type(&self, id: FieldId) -> Option<Type> {
        let mut fields = self.tables.events.iter().flat_map(|event| &event.fields);
        fields.find(|field| field.id == id).map(|field| field.ty)
    }

    /// Where an offer stands in the catalogue.
    pub fn place_of_offer(&self, id: OfferId) -> Option<OfferPlace> {
        let offer = &self.tables.offers[self.offer_position(id)?];
        let group = &self.tables.groups[usize::from(offer.group)];
        let issue = &self.tables.issues[usize::from(group.issue)];
        Some(OfferPlace {
            kind: offer.kind,
            group: group.id,
            issue: issue.id,
            goal: issue.goal.map(|goal| self.tables.features[usize::from(goal)].id),
        })
    }

    /// The offer and the channel of a treatment.
    pub fn place_of_treatment(&self, id: TreatmentId) -> Option<(OfferId, ChannelId)> {
        let treatment = &self.tables.treatments[self.treatment_position(id)?];
        let offer = &self.tables.offers[treatment.offer as usize];
        Some((offer.id, self.tables.channels[usize::from(treatment.channel)].id))
    }

    /// The hash that stands for a subscriber key in profiles and logs.
    pub fn subscriber_hash(&self, subscriber: &[u8]) -> u64 {
        // Zero marks memory that is no profile.
        hash_bytes(self.tables.salt, subscriber).max(1)
    }

    /// The id of the decision that answers a message: the same for every transmission of it.
    pub(crate) fn decision_id(&self, subscriber: u64, message: u64) -> u64 {
        hash_words(self.tables.salt, [subscriber, message]).max(1)
    }

    /// A digest of what an offer promises and draws in this treatment. An open offer that was made
    /// on other terms, under an earlier policy, is not settled on today's.
    pub(crate) fn terms(&self, treatment: usize) -> u32 {
        let Some(treatment) = self.tables.treatments.get(treatment) else { return 0 };
        let offer = self.tables.offers.get(treatment.offer as usize);
        let parameters = offer.map_or(&[][..], |offer| &offer.parameters);
        let hash = parameters.iter().fold(self.tables.salt, |hash, parameter| {
            hash_words(hash, [u64::from(parameter.id.0)])
        });
        let drawn = |draw: &Draw| {
            let budget = self.tables.budgets.get(usize::from(draw.budget));
            let (id, refundable) = budget.map_or((0, false), |b| (b.id.0, b.refundable));
            [u64::from(id), u64::from(refundable), draw.amount as u64]
        };
        treatment.draws.iter().fold(hash, |hash, draw| hash_words(hash, drawn(draw))) as u32
    }

    pub(crate) fn code(&self, program: Program) -> &[Op] {
        program.of(&self.tables.code)
    }

    /// How profiles of an older layout become this policy's, if it succeeds that layout.
    pub(crate) fn migration(&self, layout: u64) -> Option<&MigrationProgram> {
        let found = self.migrations.binary_search_by_key(&layout, |program| program.from.hash);
        self.migrations.get(found.ok()?)
    }

    /// The largest number of steps of the migrations that a call may run: of a line's profile and of
    /// its account's.
    pub(crate) fn migration_steps(&self) -> u64 {
        let of = |holder: Holder| {
            let programs = self.migrations.iter().filter(move |it| it.from.holder == holder);
            programs.map(MigrationProgram::steps).max().unwrap_or(0)
        };
        of(Holder::Line) + of(Holder::Account)
    }

    pub(crate) fn event_position(&self, id: EventId) -> Option<usize> {
        self.event_positions.position(id.0)
    }

    pub(crate) fn feature_position(&self, id: FeatureId) -> Option<usize> {
        self.feature_positions.position(id.0)
    }

    pub(crate) fn offer_position(&self, id: OfferId) -> Option<usize> {
        self.offer_positions.position(id.0)
    }

    pub(crate) fn treatment_position(&self, id: TreatmentId) -> Option<usize> {
        self.treatment_positions.position(id.0)
    }

    pub(crate) fn moment_position(&self, id: MomentId) -> Option<usize> {
        self.moment_positions.position(id.0)
    }

    pub(crate) fn channel_position(&self, id: ChannelId) -> Option<usize> {
        self.channel_positions.position(id.0)
    }
}

const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<Policy>();
};
