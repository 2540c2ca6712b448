//! What was offered and what became of it, told to the profile as events: so features, patterns,
//! lifecycles and moments can be made of them as of what the charging system reports.

use smallvec::SmallVec;

use super::pauses;
use crate::base::ids::{ChannelId, MemberId, MomentId, OfferId};
use crate::base::limits::{DECISION_OFFERS_MAX, OPEN_OFFERS};
use crate::moment::{self, Moments, NoWatch};
use crate::policy::{Holder, InteractionField, InteractionStep, Policy};
use crate::profile::{self, Contact, Entry, Event, Events, Features, Field, Memo, Message, Value};
use crate::snapshot::Delta;

/// How many there can be in one call: every open offer expires, or makes room, and new ones are
/// made.
const TOLD_MAX: usize = OPEN_OFFERS + 2 * DECISION_OFFERS_MAX;

/// A subscriber and an offer met.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interaction {
    pub(crate) step: InteractionStep,
    pub(crate) offer: OfferId,
    pub(crate) channel: ChannelId,
    /// The moment that the offer answers, if any.
    pub(crate) moment: Option<MomentId>,
    /// Whether a channel had asked.
    pub(crate) inbound: bool,
    pub(crate) time_ms: i64,
}

impl Interaction {
    /// What became of an open offer.
    pub(super) fn of(entry: Entry, bytes: &[u8], step: InteractionStep, time_ms: i64) -> Self {
        Interaction {
            step,
            offer: entry.offer(bytes),
            channel: entry.channel(bytes),
            moment: entry.moment(bytes),
            inbound: entry.inbound(bytes),
            time_ms,
        }
    }
}

/// The interactions of one call.
#[derive(Debug)]
pub(crate) struct Told<'e> {
    /// Where their events are taken.
    events: &'e mut Events,
    list: SmallVec<[Interaction; TOLD_MAX]>,
}

impl<'e> Told<'e> {
    pub(crate) fn new(events: &'e mut Events) -> Told<'e> {
        Told { events, list: SmallVec::new() }
    }

    /// Takes an interaction into the profile at once: what pauses remember, and the features that it
    /// is folded into. So rules that are asked from here on
    /// know of it, and keeps it for what follows from it. O(features that it feeds); a policy that
    /// does not name interactions pays a look.
    pub(super) fn fold(&mut self, policy: &Policy, bytes: &mut [u8], interaction: Interaction) {
        let Interaction { step, offer, channel, moment, time_ms, .. } = interaction;
        let position = policy.offer_position(offer);
        let kind = position.and_then(|at| policy.tables.offers.get(at)).map(|offer| offer.kind);
        let intent = policy.intent_of(moment);
        let outcome = Contact { time_ms, offer, channel, intent, kind, step: Some(step) };
        pauses::remember(policy, bytes, outcome);
        if policy.tables.interactions.is_none() || self.list.len() == TOLD_MAX {
            return;
        }
        with_message(policy, interaction, interaction.time_ms, |message| {
            if self.take(policy, message) {
                profile::fold_message(policy, Holder::Line, bytes, message, self.events);
            }
        });
        self.list.push(interaction);
    }

    /// An event that the library makes is one that its kind takes.
    fn take(&mut self, policy: &Policy, message: &Message) -> bool {
        let taken = self.events.take(policy, message);
        debug_assert!(taken.is_ok(), "{taken:?}");
        taken.is_ok()
    }

    /// Whether anything was folded.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What follows from the interactions of a call, once its own decision is made: patterns move
    /// on, and moments that are raised become active, for a tick at `now` to answer.
    pub(crate) fn follow(
        mut self,
        policy: &Policy,
        bytes: &mut [u8],
        memo: &mut Memo,
        now_ms: i64,
        delta: &mut Delta,
    ) {
        for interaction in core::mem::take(&mut self.list) {
            with_message(policy, interaction, now_ms, |message| {
                if !self.take(policy, message) {
                    return;
                }
                memo.forget_read();
                let before = moment::completed(policy, bytes);
                moment::observe(policy, bytes, memo, message, self.events);
                let mut features = Features::resumed(policy, bytes, memo, now_ms, None);
                let mut raised = Moments::new();
                moment::classify(&mut features, message, self.events, &mut NoWatch, &mut raised);
                for raised in raised.iter().filter(|raised| !raised.earlier) {
                    super::apply::count_moment(policy, raised, delta);
                    super::apply::raise(policy, bytes, raised);
                    moment::wait_until_ms(policy, bytes, now_ms);
                }
                moment::set_completed(policy, bytes, before);
                let due = moment::concerns_due(policy, message);
                if due != 0 {
                    moment::plan(policy, bytes, memo, message, due);
                }
            });
        }
    }
}

/// Runs a step on the message that an interaction is.
fn with_message(
    policy: &Policy,
    interaction: Interaction,
    now_ms: i64,
    step: impl FnOnce(&Message),
) {
    let Some(all) = &policy.tables.interactions else { return };
    let Some(kind) = policy.tables.events.last() else { return };
    let offer_position = policy.offer_position(interaction.offer);
    let offer = offer_position.and_then(|position| policy.tables.offers.get(position));
    let group = offer.map(|offer| usize::from(offer.group));
    let issue = group.and_then(|position| policy.tables.groups.get(position));
    let member = |members: &[MemberId], at: Option<usize>| {
        at.and_then(|at| members.get(at)).map(|member| Value::Member(*member))
    };
    use InteractionField as Of;
    let values: [(Of, Option<Value<'_>>); InteractionField::COUNT] = [
        (Of::Step, member(&all.steps, Some(interaction.step as usize - 1))),
        (Of::Kind, member(&all.kinds, offer.map(|offer| offer.kind as usize - 1))),
        (Of::Issue, member(&all.issues, issue.map(|group| usize::from(group.issue)))),
        (Of::Group, member(&all.groups, group)),
        (Of::Offer, member(&all.offers, offer_position)),
        (Of::Channel, member(&all.channels, policy.channel_position(interaction.channel))),
        (
            Of::Intent,
            member(
                &all.intents,
                interaction.moment.and_then(|moment| policy.moment_position(moment)),
            ),
        ),
        (Of::Inbound, Some(Value::Bool(interaction.inbound))),
    ];
    let fields: SmallVec<[Field<'_>; InteractionField::COUNT]> = values
        .into_iter()
        .filter_map(|(field, value)| {
            Some(Field { id: kind.fields.get(field as usize)?.id, value: value? })
        })
        .collect();
    let events = [Event { kind: all.event, time_ms: interaction.time_ms, fields: &fields }];
    let now_ms = now_ms.max(interaction.time_ms);
    step(&Message {
        subscriber: &[],
        session: &[],
        number: 0,
        now_ms,
        zone: None,
        account: None,
        events: &events,
    });
}
