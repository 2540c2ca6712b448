//! What subscribers make of offers: the model's answers become outcomes, and what was accepted
//! becomes further messages.

use opportune::{Offered, Outcome, OutcomeKind, Settled};

use super::day::Day;
use super::inputs::Draft;
use super::ocs::Rated;
use super::offers::Terms;
use super::queue::{Made, What};
use super::response::{self, respond};

/// From the answer to an offer to the recharge for it, and from there to its fulfilment.
const RECHARGE_AFTER_MS: i64 = 1_000;
const FULFIL_AFTER_MS: i64 = 3_000;

impl Day<'_> {
    /// Asks the response model, and schedules what it says.
    pub(super) fn respond(&mut self, subscriber: usize, at_ms: i64, made: Made, offered: &Offered) {
        let terms = self.offers.terms(offered);
        let put = response::Offered {
            offer: terms.offer,
            channel: terms.channel,
            intent_match: terms.fits,
            price_micros: terms.price_micros,
            day_start_ms: self.start_ms,
            decision_id: made.decision,
            slot: made.slot,
        };
        let response = respond(&self.subscribers[subscriber], &put, self.effect);
        let mut schedule = |after_ms: Option<i64>, what: What| {
            if let Some(after_ms) = after_ms {
                self.queue.schedule(at_ms + after_ms, subscriber, what);
            }
        };
        schedule(response.delivered_after_ms, What::Outcome(made, OutcomeKind::Delivered));
        schedule(response.seen_after_ms, What::Outcome(made, OutcomeKind::Seen));
        let answer = if response.outcome == response::Outcome::Accepted {
            What::Accept { made, terms, extra_micros: response.extra_recharge_micros }
        } else {
            What::Outcome(made, OutcomeKind::Rejected)
        };
        schedule(response.answered_after_ms, answer);
    }

    pub(super) fn settle(
        &mut self,
        subscriber: usize,
        now_ms: i64,
        Made { decision, slot }: Made,
        kind: OutcomeKind,
    ) -> Result<bool, String> {
        let key = self.subscribers[subscriber].key.as_bytes();
        let outcome = Outcome { subscriber: key, decision, slot, kind, now_ms };
        let settled = self.host.settle(subscriber, &outcome)?;
        self.book.outcome(kind, settled);
        Ok(matches!(settled, Settled::Credited { .. }))
    }

    /// An offer that has expired, or was crowded out, cannot be taken any more.
    pub(super) fn accept(
        &mut self,
        subscriber: usize,
        at_ms: i64,
        made: Made,
        mut terms: Terms,
        extra_micros: i64,
    ) -> Result<(), String> {
        if !self.settle(subscriber, at_ms, made, OutcomeKind::Accepted)? {
            return Ok(());
        }
        if extra_micros > 0 {
            let recharge = What::ExtraRecharge { amount_micros: extra_micros };
            self.queue.schedule(at_ms + RECHARGE_AFTER_MS, subscriber, recharge);
        } else if terms.offer == response::Offer::RechargeIncentive {
            // No recharge, no bonus.
            terms.credit_micros = 0;
        }
        let fulfil = What::Fulfil { made, terms };
        self.queue.schedule(at_ms + FULFIL_AFTER_MS, subscriber, fulfil);
        Ok(())
    }

    /// Takes the price from the balance or credits a loan or a bonus, and reports the balance. A
    /// bundle that the balance does not cover fails.
    pub(super) fn fulfil(
        &mut self,
        subscriber: usize,
        at_ms: i64,
        made: Made,
        Terms { price_micros, credit_micros, .. }: Terms,
    ) -> Result<(), String> {
        let account = &mut self.lines[subscriber].account;
        let paid = !matches!(account.charge(price_micros), Rated::Refused { .. });
        account.recharge(credit_micros);
        let balance_micros = account.balance_micros;
        let (kind, fact) = if paid {
            (OutcomeKind::Fulfilled, self.inputs.balance(at_ms, balance_micros))
        } else {
            (OutcomeKind::Failed, self.inputs.fulfilment_failed(at_ms))
        };
        self.settle(subscriber, at_ms, made, kind)?;
        if paid && price_micros == 0 && credit_micros == 0 {
            return Ok(());
        }
        let key = &self.subscribers[subscriber].key;
        let line = &mut self.lines[subscriber];
        line.sessions += 1;
        let session = format!("{};{key};{}", self.start_ms, line.sessions);
        let draft = Draft { session, number: 0, facts: vec![fact], inbound: None };
        self.send_or_lose(subscriber, at_ms, draft)
    }
}
