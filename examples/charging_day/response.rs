//! How subscribers answer offers: a stated model, not a finding.
//!
//! Whether an offer is delivered, seen and accepted, and what an acceptance
//! brings, is drawn from the decision's identifier, so the same decision has the
//! same answer in every run. The only number an experiment should find is the
//! extra recharge money; `effect` scales exactly that and nothing else.

use super::population::{Device, Subscriber};
use super::rng::Rng;

/// Acceptance given that the offer is seen, when it does not fit the moment.
pub const ACCEPT_SHARE: [(Offer, f64); 8] = [
    (Offer::RechargeIncentive, 0.11),
    (Offer::DataBundle, 0.09),
    (Offer::VoiceBundle, 0.06),
    (Offer::InternationalPack, 0.05),
    (Offer::RoamingPass, 0.12),
    (Offer::AirtimeLoan, 0.18),
    (Offer::Tip, 0.30),
    (Offer::Recovery, 0.30),
];
/// Factor on acceptance when the offer fits what the subscriber is doing.
pub const INTENT_MATCH_FACTOR: f64 = 1.6;
/// The price at which the shares above hold. Acceptance falls with the square root of the price,
/// which needs no more than IEEE 754 guarantees, and cheap things do not sell without end.
pub const PRICE_REFERENCE_MICROS: f64 = 3e6;
pub const PRICE_FACTOR_MAX: f64 = 1.25;
/// Share of those who saw the offer and did not accept who say no.
pub const REJECT_SHARE: f64 = 0.25;

/// Share of accepted recharge incentives that only advance or replace a
/// recharge which would have come anyway, and so bring nothing.
pub const INCENTIVE_CANNIBALISED_SHARE: f64 = 0.30;
/// Share of accepted bundles paid by a recharge of their price made for the
/// purpose; the others are paid from the balance and bring nothing.
pub const BUNDLE_RECHARGED_SHARE: f64 = 0.60;

const SECOND_MS: f64 = 1_000.0;
/// Mean wait from seeing an offer to answering it.
const ANSWER_MEAN_MS: f64 = 240.0 * SECOND_MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    RechargeIncentive,
    DataBundle,
    VoiceBundle,
    InternationalPack,
    RoamingPass,
    /// Brings nothing: it is repaid from a recharge that comes anyway.
    AirtimeLoan,
    /// Advice. Accepting means following it; it brings nothing.
    Tip,
    /// An apology or a fix. It keeps a customer, not within the day.
    Recovery,
}

impl Offer {
    fn accept_share(self) -> f64 {
        let of_offer = ACCEPT_SHARE.iter().find(|entry| entry.0 == self);
        of_offer.map_or(0.0, |entry| entry.1)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Sms,
    Ussd,
    App,
    Email,
}

/// How a channel carries a message.
struct Carriage {
    delivered_share: f64,
    delivery_mean_ms: f64,
    seen_share: f64,
    seen_mean_ms: f64,
}

impl Channel {
    /// USSD pops up at once or not at all; e-mail waits for the evening.
    const fn carriage(self) -> Carriage {
        let (delivered_share, delivery_s, seen_share, seen_s) = match self {
            Self::Sms => (0.96, 4.0, 0.80, 300.0),
            Self::Ussd => (0.90, 1.0, 0.95, 5.0),
            Self::App => (0.92, 2.0, 0.60, 600.0),
            Self::Email => (0.97, 30.0, 0.22, 10_800.0),
        };
        Carriage {
            delivered_share,
            delivery_mean_ms: delivery_s * SECOND_MS,
            seen_share,
            seen_mean_ms: seen_s * SECOND_MS,
        }
    }
}

/// What was offered, and in which circumstances.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offered {
    pub offer: Offer,
    pub channel: Channel,
    /// The offer fits what the subscriber was doing at that moment.
    pub intent_match: bool,
    /// What it costs, in micro-dollars; 0 for what is not sold.
    pub price_micros: i64,
    /// Midnight UTC of the date.
    pub day_start_ms: i64,
    pub decision_id: u64,
    /// Its place among the decision's offers.
    pub slot: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Undelivered,
    /// Delivered, and not looked at.
    Delivered,
    /// Seen, and not answered.
    Ignored,
    Rejected,
    Accepted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    pub outcome: Outcome,
    /// From the offer to its delivery, to its being seen and to the answer, each
    /// present when it came to that and not earlier than the one before.
    pub delivered_after_ms: Option<i64>,
    pub seen_after_ms: Option<i64>,
    pub answered_after_ms: Option<i64>,
    /// Recharge money, at the time of the answer, that would not have come
    /// without the offer.
    pub extra_recharge_micros: i64,
}

/// The answer to an offer.
///
/// `effect` in `[0, 1]` is the share of the extra money that is real. At 0 the
/// subscriber answers as ever, and every acceptance is cannibalised: offers then
/// change nothing, which is the check that an experiment finds nothing.
pub fn respond(subscriber: &Subscriber, offered: &Offered, effect: f64) -> Response {
    let mut rng = Rng::keyed(
        subscriber.seed,
        &[STREAM_RESPONSE, offered.decision_id, u64::from(offered.slot)],
    );
    let carriage = offered.channel.carriage();
    let mut response = Response {
        outcome: Outcome::Undelivered,
        delivered_after_ms: None,
        seen_after_ms: None,
        answered_after_ms: None,
        extra_recharge_micros: 0,
    };

    let reachable = offered.channel != Channel::App || subscriber.device == Device::Smartphone;
    if !rng.chance(carriage.delivered_share) || !reachable {
        return response;
    }
    let delivered_ms = rng.exponential(carriage.delivery_mean_ms) as i64;
    response.outcome = Outcome::Delivered;
    response.delivered_after_ms = Some(delivered_ms);

    if !rng.chance(carriage.seen_share) {
        return response;
    }
    let seen_ms = delivered_ms + rng.exponential(carriage.seen_mean_ms) as i64;
    response.outcome = Outcome::Ignored;
    response.seen_after_ms = Some(seen_ms);

    let fit = if offered.intent_match { INTENT_MATCH_FACTOR } else { 1.0 };
    let accepted = rng.chance(offered.offer.accept_share() * fit * price_factor(offered));
    if !accepted && !rng.chance(REJECT_SHARE) {
        return response;
    }
    response.outcome = if accepted { Outcome::Accepted } else { Outcome::Rejected };
    response.answered_after_ms = Some(seen_ms + rng.exponential(ANSWER_MEAN_MS) as i64);
    if accepted {
        response.extra_recharge_micros = extra_micros(subscriber, offered, effect, &mut rng);
    }
    response
}

const STREAM_RESPONSE: u64 = 3;

fn price_factor(offered: &Offered) -> f64 {
    if offered.price_micros == 0 {
        return 1.0;
    }
    (PRICE_REFERENCE_MICROS / offered.price_micros as f64).sqrt().min(PRICE_FACTOR_MAX)
}

fn extra_micros(subscriber: &Subscriber, offered: &Offered, effect: f64, rng: &mut Rng) -> i64 {
    let (share, amount_micros) = match offered.offer {
        Offer::RechargeIncentive => (
            1.0 - INCENTIVE_CANNIBALISED_SHARE,
            subscriber.rhythm.next_amount_micros(offered.day_start_ms),
        ),
        Offer::DataBundle | Offer::VoiceBundle | Offer::InternationalPack | Offer::RoamingPass => {
            (BUNDLE_RECHARGED_SHARE, offered.price_micros)
        }
        Offer::AirtimeLoan | Offer::Tip | Offer::Recovery => (0.0, 0),
    };
    if rng.chance(share * effect) { amount_micros } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::population::population;
    use super::*;

    #[test]
    fn effect_changes_the_money_and_nothing_else() {
        let mut money = [0, 0];
        for (decision_id, subscriber) in population(11, 1).iter().enumerate() {
            let offered = Offered {
                offer: Offer::RechargeIncentive,
                channel: [Channel::Sms, Channel::Ussd, Channel::App, Channel::Email]
                    [decision_id % 4],
                intent_match: true,
                price_micros: 0,
                day_start_ms: 0,
                decision_id: decision_id as u64,
                slot: 0,
            };
            let with = respond(subscriber, &offered, 1.0);
            let without = respond(subscriber, &offered, 0.0);
            assert_eq!(Response { extra_recharge_micros: 0, ..with }, without);
            assert!(with.delivered_after_ms <= with.seen_after_ms.or(with.delivered_after_ms));
            assert!(with.seen_after_ms <= with.answered_after_ms.or(with.seen_after_ms));
            money[0] += without.extra_recharge_micros;
            money[1] += with.extra_recharge_micros;
        }
        assert_eq!(money[0], 0);
        assert!(money[1] > 0);
    }
}
