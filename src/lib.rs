//! Real-time customer decisioning inside a telecom's own charging process.
//!
//! A charging system sees every event of every subscriber as it happens: the balance about to run
//! out, the third top-up that failed, the phone attaching abroad. opportune is called there,
//! inline, on the thread that rates the event. An event comes in, the subscriber's profile is
//! updated, the moment is classified, and the next best offer on the best channel comes out, or
//! none, with the reason.
//!
//! It is a few pure functions over bytes that the host owns. It does no I/O, reads no clock, starts
//! no thread, takes no lock, keeps no global state, and on the data plane allocates nothing.
//!
//! ```text
//!  policy text ──compile──▶ Policy          what is worth an answer, what can be offered, to whom
//!                             │
//!  message ──▶ update ──▶ classify ──▶ allocate ──▶ Decision     (decide: all three in one pass)
//!                │            │            │
//!           profile bytes     │            ├── Snapshot   learned propensities, prices, switches
//!        (beside the balance) ▼            └── Lease      what this node may spend
//!                          Moments
//!  Outcome ──▶ settle ──▶ profile bytes, Lease, Delta
//!  Deltas ──merge──▶ Delta ──advance──▶ the next Snapshot
//! ```
//!
//! # Words
//!
//! A *subscriber* is the line that is decided for. An *event* is a timestamped fact, a *message*
//! one unit of the charging protocol with its events. *Features* are typed values in the
//! *profile*: attributes that were told, aggregates folded from events, and what is derived from
//! them. A *moment* is a situation that is true now, with an *intent*: what the subscriber wants.
//! *Offers* answer moments; they belong to groups, and groups to *issues*, which say what the
//! business is after. A *treatment* is an offer on a channel. Every candidate passes the same
//! [stages](Stage): eligibility, applicability, suitability, suppression, the control group,
//! consent, quiet hours, caps, budget. Only then is it scored: propensity x context weight x value
//! x lever, less what it costs. *Nothing* is a decision too, and has a reason.
//!
//! # An example
//!
//! ```
//! # #[cfg(feature = "compiler")] {
//! use opportune::compile::{Source, compile};
//! use opportune::*;
//!
//! // The control plane: compile a policy, once.
//! let text = include_bytes!("../examples/policies/prepaid.toml");
//! let ids = include_str!("../examples/policies/policy.ids");
//! let compiled = compile(&[Source { name: "prepaid.toml", bytes: text }], ids)?;
//! let policy = compiled.policy;
//! let snapshot = Snapshot::initial(&policy);
//!
//! // Names are resolved once; the numbers never change their meaning.
//! let roaming_attach = policy.id::<EventId>("roaming_attach").unwrap();
//! let country = policy.id::<FieldId>("roaming_attach.country").unwrap();
//!
//! // What one thread owns: a lease to spend, a delta to report, scratch to work in.
//! let mut local = Local::new(&policy, Origin { node: 1, epoch: 1, sequence: 1 });
//! local.lease.grant(&policy, policy.id("sms_gateway").unwrap(), 1_000);
//!
//! // A profile is bytes, stored next to the balance.
//! let subscriber = b"+99955500001";
//! let mut profile = new_profile(&policy, subscriber)?;
//! let known = |name, value| Dated::new(policy.id(name).unwrap(), 1_772_500_000_000, value);
//! let dated = [known("balance", Value::Money(12 * MICROS)), known("consent_sms", Value::Bool(true))];
//! let bytes = ProfileBytes::in_place(&mut profile);
//! backfill(&policy, bytes, subscriber, &dated, 1_772_500_000_000, &mut local.scratch)?;
//!
//! // The data plane: a phone attaches abroad.
//! let now_ms = 1_772_568_000_000;
//! let fields = [Field { id: country, value: Value::Text(b"MX") }];
//! let events = [Event { kind: roaming_attach, time_ms: now_ms, fields: &fields }];
//! let message =
//!     Message { subscriber, session: b"sess;42", number: 1, now_ms, zone: None, account: None, events: &events };
//! let shared = Shared { policy: &policy, snapshot: &snapshot };
//! let decision = decide(
//!     shared,
//!     ProfileBytes::in_place(&mut profile),
//!     &message,
//!     &Context::default(),
//!     &mut local,
//! )?;
//! match decision.offers.first() {
//!     Some(offered) => assert_eq!(policy.name_of(offered.offer), Some("roam_day_pass")),
//!     None => assert_eq!(decision.arm, Some(Arm::Control), "nothing: {}", decision.furthest.words()),
//! }
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it refuses
//!
//! It does not read or write files, sockets or clocks, deliver messages, keep subscribers, or
//! schedule anything: a host does. Bad input is a typed [`Error`] and changes nothing.
//!
//! # Features
//!
//! - `std` (default): errors of the compiler and the C ABI need it; the data plane does not.
//! - `json` (default): profiles as JSON, [`export_profile`] and [`import_profile`], and
//!   explanations, [`Explanation::to_json`].
//! - `compiler` (default): policy text to [`Policy`], in [`compile`](mod@compile).
//! - `capi`: the C ABI of `include/opportune.h`; needs `compiler`.

#![cfg_attr(not(test), no_std)]
#![deny(unsafe_code)]
#![warn(missing_docs, missing_debug_implementations)]

/// The README's example is compiled and run like any other.
#[cfg(all(doctest, feature = "compiler"))]
#[doc = include_str!("../README.md")]
struct Readme;

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod base;
mod call;
mod certificate;
#[cfg(feature = "compiler")]
pub mod compile;
mod decision;
mod error;
mod expr;
#[cfg(feature = "capi")]
#[allow(unsafe_code)]
mod ffi;
mod learning;
mod model;
mod moment;
mod policy;
#[cfg(feature = "json")]
mod portable;
mod profile;
pub mod record;
mod snapshot;

// The public interface is:
pub use base::hash::hash_bytes;
pub use base::ids::{
    BudgetId, ChannelId, ContentId, EventId, FeatureId, FieldId, GroupId, IntentId, IssueId,
    MemberId, MomentId, Namespace, OfferId, ParameterId, PatternId, PermanentId, SourceId,
    TreatmentId,
};
pub use base::limits;
pub use base::money::MICROS;
pub use call::{
    Local, Question, Scratch, Shared, Updated, allocate, backfill, classify, decide, eligible,
    erase, explain, init_account, init_profile, migrate, new_account, new_profile, open_offers,
    profile_health, profile_revision, read_feature, settle, tick, update,
};
pub use certificate::{Certificate, Nearness, ProfileCost, Steps};
pub use decision::{
    Change, Context, Decision, Explanation, Fate, Lookup, Offered, Outcome, OutcomeKind, RuleOwner,
    Settled, Settlement, ShadowOffer, Stage,
};
pub use error::Error;
pub use expr::Type;
pub use learning::{Lift, Sample, advance};
pub use moment::{ConditionFate, MomentFate, MomentVerdict, Moments, PatternState, RaisedMoment};
pub use policy::{
    Arm, ArtifactError, Assignment, FeatureChange, Holder, IndexSize, Migration, OfferKind,
    OfferPlace, Policy, SuccessionError,
};
#[cfg(feature = "json")]
pub use portable::{ImportError, ImportProblem, export_profile, import_profile};
pub use profile::{
    Dated, Event, Field, Message, OfferState, OpenOffer, Parameter, ProfileBytes, ProfileHealth,
    Value,
};
pub use snapshot::{Delta, Lease, Origin, Snapshot, Switches};
