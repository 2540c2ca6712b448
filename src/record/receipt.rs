//! Receipts: which inputs a decision was made from, in few bytes, so that it can be made again and
//! an input that is not the right one is named.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::decision_bytes::write_decision;
use super::message_bytes::{write_context, write_message};
use super::sink::Digest;
use crate::base::bytes::{Reader, write_u32, write_u64};
use crate::base::checksum::crc32c_portable;
use crate::base::hash::hash_bytes;
use crate::call::{Local, Shared, decide};
use crate::decision::{Context, Decision};
use crate::error::Error;
use crate::profile::{Message, ProfileBytes};
use crate::snapshot::Lease;

const MAGIC: u32 = u32::from_le_bytes(*b"OPPT");
const VERSION: u32 = 1;
/// Where the checksum is: after magic and version, and eleven words.
const SUM: usize = 8 + 8 * 11;
const BYTES: usize = SUM + 4;

/// Digests of what a decision is about to be made from.
///
/// Taken before the call, since the call writes the profile and spends the lease:
///
/// ```text
/// let inputs = Inputs::of(shared, profile, message, context, &local.lease);
/// let decision = decide(shared, .., message, context, local)?;
/// let receipt = inputs.receipt(&decision);
/// ```
///
/// Digests are XXH64: they tell whether inputs are the same, not whether somebody forged them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inputs {
    policy: u64,
    snapshot: u64,
    lease: u64,
    profile: u64,
    /// Zero without one.
    account: u64,
    message: u64,
    context: u64,
    now_ms: i64,
    seed: Option<u64>,
}

impl Inputs {
    /// Of the inputs of one [`decide`](crate::decide), before it is called. O(bytes of the profiles
    /// and the message + budgets); does not allocate.
    pub fn of(
        shared: Shared,
        profile: &[u8],
        message: &Message,
        context: &Context,
        lease: &Lease,
    ) -> Inputs {
        let mut said = Digest::default();
        // The time of the call is named by itself.
        write_message(&mut said, &Message { now_ms: 0, ..*message });
        let mut asked = Digest::default();
        write_context(&mut asked, context);
        Inputs {
            policy: shared.policy.fingerprint(),
            snapshot: shared.snapshot.digest(),
            lease: lease.digest(),
            profile: hash_bytes(0, profile),
            account: message.account.map_or(0, |account| hash_bytes(0, account)),
            message: said.0,
            context: asked.0,
            now_ms: message.now_ms,
            seed: context.seed,
        }
    }

    /// The receipt of the decision that was made from them. Does not allocate.
    pub fn receipt(self, decision: &Decision) -> Receipt {
        let mut made = Digest::default();
        write_decision(&mut made, decision);
        let seed = self.seed.unwrap_or(decision.id);
        Receipt { inputs: Inputs { seed: Some(seed), ..self }, decision: decision.id, made: made.0 }
    }
}

/// What a decision was made from, and what it came to: kept beside the decision, it shows later
/// that the same inputs still give the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// With the seed that was in force.
    inputs: Inputs,
    decision: u64,
    made: u64,
}

impl Receipt {
    /// How many bytes a receipt takes.
    pub const BYTES: usize = BYTES;

    /// The id of the decision.
    pub fn decision(&self) -> u64 {
        self.decision
    }

    /// The time of the call, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.inputs.now_ms
    }

    /// The seed of the decision's draws.
    pub fn seed(&self) -> u64 {
        self.inputs.seed.unwrap_or(self.decision)
    }

    /// Which of these inputs are not those of the receipt, in the order of [`Input`].
    pub fn differences(&self, inputs: &Inputs) -> impl Iterator<Item = Input> {
        let Inputs { policy, snapshot, lease, profile, account, message, context, now_ms, seed: _ } =
            self.inputs;
        [
            (Input::Policy, policy == inputs.policy),
            (Input::Snapshot, snapshot == inputs.snapshot),
            (Input::Lease, lease == inputs.lease),
            (Input::Profile, profile == inputs.profile),
            (Input::Account, account == inputs.account),
            (Input::Message, message == inputs.message),
            (Input::Context, context == inputs.context),
            (Input::Now, now_ms == inputs.now_ms),
        ]
        .into_iter()
        .filter(|(_, same)| !same)
        .map(|(input, _)| input)
    }

    /// Makes the decision again, on copies, and shows that it is the same to the bit. Allocates.
    ///
    /// # Errors
    /// [`NotReproduced::Differs`] names the inputs that are not those of the
    /// receipt.
    pub fn replay(
        &self,
        shared: Shared,
        profile: &[u8],
        message: &Message,
        context: &Context,
        local: &Local,
    ) -> Result<Decision, NotReproduced> {
        let inputs = Inputs::of(shared, profile, message, context, &local.lease);
        let differences: Vec<Input> = self.differences(&inputs).collect();
        if !differences.is_empty() {
            return Err(NotReproduced::Differs(differences));
        }
        let mut written = alloc::vec![0; shared.policy.profile_bytes()];
        let bytes = ProfileBytes::apart(profile, &mut written);
        let decision = decide(shared, bytes, message, context, &mut local.clone())
            .map_err(NotReproduced::Refused)?;
        if inputs.receipt(&decision) == *self {
            Ok(decision)
        } else {
            Err(NotReproduced::Otherwise(Box::new(decision)))
        }
    }

    /// As bytes: magic, version, words in the order of `docs/log-record.md`, checksum.
    pub fn to_bytes(&self) -> [u8; BYTES] {
        let Inputs { policy, snapshot, lease, profile, account, message, context, now_ms, .. } =
            self.inputs;
        let words = [
            u64::from(VERSION) << 32 | u64::from(MAGIC),
            policy,
            snapshot,
            lease,
            profile,
            account,
            message,
            context,
            self.seed(),
            now_ms as u64,
            self.decision,
            self.made,
        ];
        let mut out = [0; BYTES];
        for (place, word) in words.into_iter().enumerate() {
            write_u64(&mut out, 8 * place, word);
        }
        let sum = crc32c_portable(0, &out[..SUM]);
        write_u32(&mut out, SUM, sum);
        out
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// [`Error::Malformed`]: cut, changed, or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Receipt, Error> {
        let read = || {
            let mut body = Reader::new(bytes.get(..SUM)?);
            let sum = Reader::new(bytes.get(SUM..)?).u32()?;
            let sound = bytes.len() == BYTES
                && crc32c_portable(0, &bytes[..SUM]) == sum
                && body.u32()? == MAGIC
                && body.u32()? == VERSION;
            sound.then_some(())?;
            let inputs = Inputs {
                policy: body.u64()?,
                snapshot: body.u64()?,
                lease: body.u64()?,
                profile: body.u64()?,
                account: body.u64()?,
                message: body.u64()?,
                context: body.u64()?,
                seed: Some(body.u64()?),
                now_ms: body.i64()?,
            };
            Some(Receipt { inputs, decision: body.u64()?, made: body.u64()? })
        };
        read().ok_or(Error::Malformed)
    }
}

/// Lower-case hexadecimal of the bytes.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An input of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The policy: its fingerprint is another.
    Policy,
    /// The snapshot.
    Snapshot,
    /// What the lease had left.
    Lease,
    /// The profile before the call.
    Profile,
    /// The account's profile that was read beside it.
    Account,
    /// The message: subscriber, session, number, zone or events.
    Message,
    /// What the caller asked for.
    Context,
    /// The time of the call.
    Now,
}

impl Input {
    /// What it is called.
    pub fn words(self) -> &'static str {
        match self {
            Input::Policy => "policy",
            Input::Snapshot => "snapshot",
            Input::Lease => "lease",
            Input::Profile => "profile",
            Input::Account => "account",
            Input::Message => "message",
            Input::Context => "context",
            Input::Now => "time of the call",
        }
    }
}

/// Why a decision was not reproduced.
#[derive(Clone, Debug, PartialEq)]
pub enum NotReproduced {
    /// These inputs are not those of the receipt.
    Differs(Vec<Input>),
    /// The call was refused.
    Refused(Error),
    /// From the same inputs something else came out: this library decides otherwise than the one
    /// that wrote the receipt.
    Otherwise(Box<Decision>),
}

impl fmt::Display for NotReproduced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotReproduced::Differs(inputs) => {
                f.write_str("not the inputs of the receipt:")?;
                inputs.iter().enumerate().try_for_each(|(place, input)| {
                    let comma = if place == 0 { "" } else { "," };
                    write!(f, "{comma} {}", input.words())
                })
            }
            NotReproduced::Refused(error) => error.fmt(f),
            NotReproduced::Otherwise(_) => f.write_str(
                "the same inputs come to another decision: the library is of another version",
            ),
        }
    }
}

impl core::error::Error for NotReproduced {}
