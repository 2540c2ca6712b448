//! Deciding: of all that could be offered in the moments raised, the best on the best channel,
//! or nothing; and what follows from the answer.
//!
//! Every candidate passes the same stages in the same order ([`Stage`]) and falls out at the
//! first that refuses it. Consent, quiet hours, caps and suppression come before any score, so
//! they cannot be traded against value.

mod allocate;
mod apply;
mod arbitration;
mod arms;
mod change;
mod contact;
mod continuing;
mod eligible;
mod gates;
mod interaction;
mod outcome;
mod pauses;
mod room;
mod search;
mod shadow;
mod stage;
mod trace;
mod words;
mod workspace;

pub(crate) use allocate::{Inputs, allocate};
pub(crate) use apply::apply;
pub use change::Change;
pub use eligible::Lookup;
pub(crate) use eligible::eligible;
pub(crate) use interaction::Told;
pub use outcome::{Outcome, OutcomeKind, Settled, Settlement};
pub(crate) use outcome::{release, settle, sweep_expired};
pub use shadow::ShadowOffer;
pub use stage::Stage;
pub(crate) use trace::{Explaining, NoTrace, Trace};
pub use trace::{Explanation, Fate, RuleOwner};
pub(crate) use workspace::Workspace;

use smallvec::SmallVec;

use crate::base::ids::{ChannelId, ContentId, MomentId, OfferId, TreatmentId};
use crate::base::limits::{DECISION_ARMS_MAX, DECISION_OFFERS_MAX, OFFER_PARAMETERS_MAX};
use crate::moment::Moments;
use crate::policy::{Arm, Assignment};
use crate::profile::Parameter;

/// What the caller asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// Inbound: the channel that the subscriber is using and that asks. Such an answer is no
    /// contact: consent to be contacted, quiet hours and caps do not bind it. None for outbound.
    pub channel: Option<ChannelId>,
    /// Inbound: how many offers the channel has room for, at most
    /// [`DECISION_OFFERS_MAX`](crate::limits::DECISION_OFFERS_MAX). Outbound makes at most one.
    pub slots: u8,
    /// Replaces the seed of draws, which otherwise follows the message, so that a repeated
    /// message decides alike.
    pub seed: Option<u64>,
}

/// The answer to a message: offers in order, or none with the reason.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Stands for this decision in outcomes, logs and open offers: the same for every
    /// transmission of the message.
    pub id: u64,
    /// The message had been decided before: nothing has changed, nothing is offered again.
    pub repeated: bool,
    /// The revision of the profile that the call wrote (or kept, if repeated).
    pub revision: u64,
    /// The moments that the message raised or found active, first by priority.
    pub moments: Moments,
    /// What to offer: to a channel that asks first what is open for the subscriber already, then
    /// what is new, best first, then what fills the places that are left.
    pub offers: SmallVec<[Offered; DECISION_OFFERS_MAX]>,
    /// What would have been offered, but is in shadow ([`Switches`](crate::Switches)): nothing to
    /// deliver.
    pub shadows: SmallVec<[ShadowOffer; DECISION_OFFERS_MAX]>,
    /// The subscriber is one of the policy's `test_subscribers`: quiet hours, caps, control groups
    /// and budgets did not bind it (consent did), nothing was taken from the lease, and nothing of
    /// it enters a delta.
    pub test: bool,
    /// The furthest stage that any candidate reached: [`Stage::Offered`] when there are offers,
    /// else why there are none.
    pub furthest: Stage,
    /// How many candidates fell out at each stage, by [`Stage`] number.
    pub stages: [u32; Stage::COUNT],
    /// The subscriber's arm of the universal control group experiment; none when no moment was
    /// raised, and the arms are treated alike.
    pub arm: Option<Arm>,
    /// The subscriber's arms of the experiments, and of the control groups of issues and groups,
    /// that the offers answering these moments read: all whose arm can have changed this decision,
    /// whether or not it did, in the order of the policy; when a channel asks, which any offer may
    /// answer, of all experiments. The moments themselves read no arm, so
    /// decisions that list an experiment are comparable between its arms.
    pub arms: SmallVec<[Assignment; DECISION_ARMS_MAX]>,
    /// When to call [`tick`](crate::tick) for this subscriber, unless a message comes before that,
    /// in milliseconds since the Unix epoch: a pattern waits for something not to happen, a moment
    /// is `due`, or an offer waits for the end of quiet hours and its moment lasts until then. It
    /// stands in place of what earlier decisions said; a time that has come stays until the tick.
    /// Zero: no need.
    pub next_call_ms: i64,
    /// A budget of the lease is nearly used up: ask for more.
    pub lease_low: bool,
}

impl Decision {
    /// Nothing raised, nothing offered.
    #[inline(always)]
    pub(crate) fn nothing() -> Decision {
        Decision {
            id: 0,
            repeated: false,
            revision: 0,
            moments: SmallVec::new(),
            offers: SmallVec::new(),
            shadows: SmallVec::new(),
            test: false,
            furthest: Stage::NoMoment,
            stages: [0; Stage::COUNT],
            arm: None,
            arms: SmallVec::new(),
            next_call_ms: 0,
            lease_low: false,
        }
    }
}

/// An offer that a decision makes, or goes on with.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// The decision that made it, which outcomes name: this one; or, in the answer to a channel that
    /// asks, the earlier one that made an offer which is open still.
    pub decision: u64,
    /// Its place among the offers of the decision that made it, which outcomes name.
    pub slot: u8,
    /// What is offered.
    pub offer: OfferId,
    /// In which form.
    pub treatment: TreatmentId,
    /// Where.
    pub channel: ChannelId,
    /// Which text or picture says it.
    pub content: ContentId,
    /// The moment that it answers; none for one that fills a place that is left.
    pub moment: Option<MomentId>,
    /// Values for the content, in the order of the policy.
    pub parameters: SmallVec<[Parameter; OFFER_PARAMETERS_MAX]>,
    /// Expected value in micro-units of money; what offers are ranked by.
    pub score: f64,
    /// The probability that it is accepted, as the snapshot knows it.
    pub propensity: f64,
    /// The probability with which this offer was chosen for its place, given the places before.
    pub probability: f64,
    /// Until when it can be taken, in milliseconds since the Unix epoch.
    pub expires_ms: i64,
}
