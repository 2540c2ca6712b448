//! The stages that a candidate passes before it is scored.

use alloc::vec::Vec;

use super::contact::{CapUse, Touch};
use super::pauses::Pauses;
use super::shadow::in_shadow;
use super::{Context, Decision, Inputs, RuleOwner, Stage};
use crate::base::ids::{IntentId, MemberId};
use crate::base::steps::step;
use crate::expr::{Environment, Program, holds};
use crate::policy::{
    Arm, Channel, Contact, Draw, Group, Issue, KindSet, Offer, OfferKind, QuietHours, Rules,
    Treatment,
};
use crate::profile::{Features, OpenOffers};
use crate::snapshot::Lease;

/// Room for one decision's intermediate answers, sized for a policy.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answers {
    /// By issue and tier of rules: what it said, if asked.
    issues: Vec<[Answer; 3]>,
    /// The same by group.
    groups: Vec<[Answer; 3]>,
    /// By channel: whether it reaches the subscriber, then whether consent is given.
    channels: Vec<[Answer; 2]>,
    /// By offer: the last decision that looked at it, so that an offer that answers two moments
    /// is looked at once.
    seen: Vec<u32>,
    decision: u32,
    caps: CapUse,
    pauses: Pauses,
}

/// The answer of a rule that several offers share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Answer {
    #[default]
    NotAsked,
    Holds,
    Fails,
}

impl Answers {
    pub(crate) fn new(policy: &crate::policy::Policy) -> Answers {
        let tables = &policy.tables;
        Answers {
            issues: alloc::vec![Default::default(); tables.issues.len()],
            groups: alloc::vec![Default::default(); tables.groups.len()],
            channels: alloc::vec![Default::default(); tables.channels.len()],
            seen: alloc::vec![0; tables.offers.len()],
            decision: 0,
            caps: CapUse::new(policy),
            pauses: Pauses::new(policy),
        }
    }

    pub(crate) fn fits(&self, policy: &crate::policy::Policy) -> bool {
        self.issues.len() == policy.tables.issues.len()
            && self.groups.len() == policy.tables.groups.len()
            && self.channels.len() == policy.tables.channels.len()
            && self.seen.len() == policy.tables.offers.len()
            && self.caps.fits(policy)
            && self.pauses.fits(policy)
    }

    /// Forgets the last decision.
    fn begin(&mut self) {
        self.issues.fill(Default::default());
        self.groups.fill(Default::default());
        self.channels.fill(Default::default());
        self.caps.begin();
        self.pauses.begin();
        self.decision = self.decision.wrapping_add(1);
        if self.decision == 0 {
            self.seen.fill(0);
            self.decision = 1;
        }
    }
}

/// The gates of one decision.
pub(crate) struct Gates<'a, 'f> {
    pub(crate) features: &'a mut Features<'f>,
    pub(crate) inputs: &'a Inputs<'a>,
    arm: Arm,
    context: &'a Context,
    lease: &'a Lease,
    workspace: &'a mut Answers,
    /// Kinds that are silenced now; worked out when first asked.
    suppressed: Option<KindSet>,
    /// How long quiet hours still last, if it is quiet.
    quiet_ms: Option<i64>,
}

impl<'a, 'f> Gates<'a, 'f> {
    pub(crate) fn new(
        features: &'a mut Features<'f>,
        inputs: &'a Inputs<'a>,
        arm: Arm,
        context: &'a Context,
        lease: &'a Lease,
        workspace: &'a mut Answers,
    ) -> Self {
        workspace.begin();
        let quiet = inputs.policy.tables.contact.quiet;
        let quiet = quiet.filter(|_| !inputs.test);
        let quiet_ms =
            quiet.and_then(|quiet| quiet.remaining_ms(features.local(inputs.now_ms).ms_of_day()));
        Gates { features, inputs, arm, context, lease, workspace, suppressed: None, quiet_ms }
    }

    /// Whether this decision has not looked at the offer yet.
    pub(crate) fn first_look(&mut self, offer: u32) -> bool {
        match self.workspace.seen.get_mut(offer as usize) {
            Some(seen) if *seen != self.workspace.decision => {
                *seen = self.workspace.decision;
                true
            }
            _ => false,
        }
    }

    /// When quiet hours end, if it is quiet; zero otherwise.
    pub(crate) fn quiet_until_ms(&self) -> i64 {
        let now_ms = self.inputs.now_ms;
        self.quiet_ms.map_or(0, |remaining| {
            let end_ms = now_ms.saturating_add(remaining);
            // The local clock may change in between.
            let ahead_ms = |utc_ms| self.features.local(utc_ms).ahead_ms(utc_ms);
            end_ms.saturating_add(ahead_ms(now_ms) - ahead_ms(end_ms))
        })
    }

    /// The stages of an offer's switches, dates and rules: the first that refuses it. What the
    /// index answers, one by one.
    pub(crate) fn rules(&mut self, offer: &Offer) -> Result<(), Stage> {
        self.switched_on(offer)?;
        if !offer.period.contains(self.inputs.now_ms) {
            return Err(Stage::NotValid);
        }
        match Tier::ALL.into_iter().find(|tier| !self.allows(offer, *tier)) {
            Some(tier) => Err(tier.stage()),
            None => Ok(()),
        }
    }

    fn switched_on(&self, offer: &Offer) -> Result<(), Stage> {
        let (_, issue) = self.place(offer).ok_or(Stage::SwitchedOff)?;
        let switches = self.inputs.snapshot.switches();
        let off =
            switches.offers_off.contains(&offer.id) || switches.issues_off.contains(&issue.id);
        if off { Err(Stage::SwitchedOff) } else { Ok(()) }
    }

    /// The stages that hold for an offer which is open already: its rules were asked when it was
    /// made.
    pub(super) fn still_made(&mut self, offer: &Offer, touch: &Touch) -> Result<(), Stage> {
        self.switched_on(offer)?;
        if in_shadow(self.inputs, offer) {
            return Err(Stage::SwitchedOff);
        }
        if self.suppressed(offer.kind) {
            return Err(Stage::Suppressed);
        }
        self.not_paused(touch)?;
        if self.controlled(offer) { Err(Stage::InControl) } else { Ok(()) }
    }

    fn not_paused(&mut self, touch: &Touch) -> Result<(), Stage> {
        let Inputs { policy, now_ms, test, .. } = *self.inputs;
        if test {
            return Ok(());
        }
        let bytes = self.features.bytes();
        self.workspace.pauses.stop(policy, bytes, now_ms, touch, Stage::Paused)
    }

    /// Whether the subscriber is in a control group that the offer is kept from.
    fn controlled(&mut self, offer: &Offer) -> bool {
        let exempt = self.inputs.policy.tables.control.exempt;
        let control = self.arm == Arm::Control && !self.inputs.test && !exempt.contains(offer.kind);
        control || self.withheld(offer)
    }

    fn place(&self, offer: &Offer) -> Option<(&'a Group, &'a Issue)> {
        let tables = &self.inputs.policy.tables;
        let group = tables.groups.get(usize::from(offer.group))?;
        Some((group, tables.issues.get(usize::from(group.issue))?))
    }

    /// Whether the rules of a tier hold, those of issue and group included.
    pub(super) fn allows(&mut self, offer: &Offer, tier: Tier) -> bool {
        self.place(offer).is_some_and(|(group, issue)| {
            self.issue_rule(group.issue, &issue.rules, tier)
                && self.group_rule(offer.group, &group.rules, tier)
                && self.rule(tier.of(&offer.rules))
        })
    }

    /// The rules of all tiers that an offer is under, those of issue and group included.
    pub(super) fn programs(&self, offer: &Offer) -> impl Iterator<Item = Program> + use<> {
        let (group, issue) =
            self.place(offer).map(|(group, issue)| (group.rules, issue.rules)).unzip();
        let all = [issue.unwrap_or_default(), group.unwrap_or_default(), offer.rules];
        all.into_iter().flat_map(|rules| Tier::ALL.map(|tier| tier.of(&rules))).flatten()
    }

    /// Whose rule it is that refuses an offer at a stage of rules, for explanations.
    pub(super) fn refused_by(&mut self, offer: &Offer, stage: Stage) -> Option<RuleOwner> {
        let tier = Tier::ALL.into_iter().find(|tier| tier.stage() == stage)?;
        let (group, issue) = self.place(offer)?;
        if !self.issue_rule(group.issue, &issue.rules, tier) {
            return Some(RuleOwner::Issue(issue.id));
        }
        if !self.group_rule(offer.group, &group.rules, tier) {
            return Some(RuleOwner::Group(group.id));
        }
        Some(RuleOwner::Offer(offer.id))
    }

    /// The other stages that hold for an offer on any channel, in answer to a moment with this
    /// intent; what it is to contact rules.
    pub(crate) fn offer(
        &mut self,
        position: u32,
        offer: &Offer,
        intent: IntentId,
    ) -> Result<Touch, Stage> {
        let policy = self.inputs.policy;
        let touch = Touch::at(policy, position as usize, intent);
        if self.suppressed(offer.kind) {
            return Err(Stage::Suppressed);
        }
        self.not_paused(&touch)?;
        let (bytes, now_ms) = (self.features.bytes(), self.inputs.now_ms);
        if self.controlled(offer) {
            return Err(Stage::InControl);
        }
        let mut open = OpenOffers::of(policy).used(bytes);
        if open.any(|open| open.offer(bytes) == offer.id && open.expires_ms(bytes) > now_ms) {
            return Err(Stage::AlreadyOpen);
        }
        if !self.inputs.test {
            self.workspace.pauses.stop(policy, bytes, now_ms, &touch, Stage::Excluded)?;
        }
        Ok(touch)
    }

    /// Whether the offer is kept from the subscriber to measure what its group or issue is worth.
    fn withheld(&mut self, offer: &Offer) -> bool {
        if self.inputs.test {
            return false;
        }
        let Some((group, issue)) = self.place(offer) else { return false };
        [issue.control, group.control].into_iter().flatten().any(|withheld| {
            let arm = self.features.feature(withheld.feature);
            withheld.stops(arm.bits().map(|bits| MemberId(bits as u32)), offer.kind)
        })
    }

    /// The stages of a treatment: its dates, its channel, what it draws.
    pub(crate) fn treatment(
        &mut self,
        treatment: &Treatment,
        channel: &Channel,
        touch: Touch,
    ) -> Result<(), Stage> {
        self.shown(treatment, channel, touch)?;
        self.budget(&treatment.draws)
    }

    /// The same but for what it draws.
    pub(super) fn shown(
        &mut self,
        treatment: &Treatment,
        channel: &Channel,
        touch: Touch,
    ) -> Result<(), Stage> {
        // Whoever could only be reached by it cannot be reached now.
        if !treatment.period.contains(self.inputs.now_ms) {
            return Err(Stage::Unreachable);
        }
        self.channel(channel, Touch { channel: treatment.channel, ..touch })
    }

    fn channel(&mut self, channel: &Channel, touch: Touch) -> Result<(), Stage> {
        let position = touch.channel;
        let inbound = match self.context.channel {
            Some(asking) if asking != channel.id => return Err(Stage::Unreachable),
            asking => asking.is_some(),
        };
        let off = self.inputs.snapshot.switches().channels_off.contains(&channel.id);
        if off || !self.channel_rule(position, 0, channel.reach) {
            return Err(Stage::Unreachable);
        }
        if inbound {
            return Ok(());
        }
        if !self.channel_rule(position, 1, channel.consent) {
            return Err(Stage::NoConsent);
        }
        let Contact { quiet, .. } = &self.inputs.policy.tables.contact;
        if self.quiet_ms.is_some() && channel.quiet && !quiet_exempts(quiet, touch.kind) {
            return Err(Stage::QuietHours);
        }
        if self.inputs.test {
            return Ok(());
        }
        let (policy, now_ms) = (self.inputs.policy, self.inputs.now_ms);
        let caps = &mut self.workspace.caps;
        caps.count(policy, self.features, now_ms);
        if caps.capped(policy, now_ms, &touch) {
            return Err(Stage::ContactCap);
        }
        Ok(())
    }

    /// Whether the budgets that a treatment draws on are in force, and the lease covers it.
    fn budget(&self, draws: &[Draw]) -> Result<(), Stage> {
        let Inputs { policy, now_ms, .. } = *self.inputs;
        let in_force = draws.iter().all(|draw| {
            let budget = policy.tables.budgets.get(usize::from(draw.budget));
            budget.is_some_and(|budget| budget.period.contains(now_ms))
        });
        let covered = in_force && (self.inputs.test || self.lease.covers(draws, [].iter()));
        if covered { Ok(()) } else { Err(Stage::NoBudget) }
    }

    /// Whether the lease covers a treatment beside what the decision makes already.
    pub(super) fn covered_beside(&self, treatment: u32, decision: &Decision) -> bool {
        let policy = self.inputs.policy;
        let draws = |at: usize| policy.tables.treatments.get(at).map_or(&[][..], |t| &t.draws);
        let made = decision.offers.iter().filter(|offered| offered.decision == decision.id);
        let taken = made.filter_map(|offered| policy.treatment_position(offered.treatment));
        self.inputs.test || self.lease.covers(draws(treatment as usize), taken.flat_map(draws))
    }

    fn rule(&mut self, program: Option<Program>) -> bool {
        program.is_none_or(|program| holds(self.inputs.policy.code(program), self.features))
    }

    fn issue_rule(&mut self, position: u16, rules: &Rules, tier: Tier) -> bool {
        let at = usize::from(position);
        self.once(|answers| Some(&mut answers.issues.get_mut(at)?[tier as usize]), tier.of(rules))
    }

    fn group_rule(&mut self, position: u16, rules: &Rules, tier: Tier) -> bool {
        let at = usize::from(position);
        self.once(|answers| Some(&mut answers.groups.get_mut(at)?[tier as usize]), tier.of(rules))
    }

    fn channel_rule(&mut self, position: u16, which: usize, program: Option<Program>) -> bool {
        let at = usize::from(position);
        self.once(|answers| Some(&mut answers.channels.get_mut(at)?[which]), program)
    }

    /// A rule that several offers share, asked at most once a decision; `place` is where its
    /// answer is kept.
    fn once(
        &mut self,
        place: impl Fn(&mut Answers) -> Option<&mut Answer>,
        program: Option<Program>,
    ) -> bool {
        match place(self.workspace) {
            Some(Answer::Holds) => return true,
            Some(Answer::Fails) => return false,
            Some(Answer::NotAsked) | None => {}
        }
        let holds = self.rule(program);
        if let Some(kept) = place(self.workspace) {
            *kept = if holds { Answer::Holds } else { Answer::Fails };
        }
        holds
    }

    fn suppressed(&mut self, kind: OfferKind) -> bool {
        let silenced = match self.suppressed {
            Some(silenced) => silenced,
            None => {
                let silenced = self.silenced();
                *self.suppressed.insert(silenced)
            }
        };
        silenced.contains(kind)
    }

    /// Kinds that some suppression that holds now does not exempt.
    fn silenced(&mut self) -> KindSet {
        let mut silenced = KindSet::default();
        for suppression in &self.inputs.policy.tables.contact.suppressions {
            step(1);
            if self.rule(Some(suppression.when)) {
                let kinds = OfferKind::ALL.into_iter();
                silenced = kinds
                    .filter(|kind| silenced.contains(*kind) || !suppression.exempt.contains(*kind))
                    .collect();
            }
        }
        silenced
    }
}

fn quiet_exempts(quiet: &Option<QuietHours>, kind: Option<OfferKind>) -> bool {
    quiet.zip(kind).is_some_and(|(quiet, kind)| quiet.exempt.contains(kind))
}

/// The three tiers of rules, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    Eligible,
    Applicable,
    Suitable,
}

impl Tier {
    const ALL: [Tier; 3] = [Tier::Eligible, Tier::Applicable, Tier::Suitable];

    fn of(self, rules: &Rules) -> Option<Program> {
        match self {
            Tier::Eligible => rules.eligible,
            Tier::Applicable => rules.applicable,
            Tier::Suitable => rules.suitable,
        }
    }

    fn stage(self) -> Stage {
        match self {
            Tier::Eligible => Stage::NotEligible,
            Tier::Applicable => Stage::NotApplicable,
            Tier::Suitable => Stage::NotSuitable,
        }
    }
}
