//! The smallest online charging system that can run out of money.

use super::event::Event;
use super::population::Subscriber;
use super::rhythm::DAY_MS;

/// No account starts below this: it would have been topped up or abandoned.
pub const OPENING_BALANCE_MIN_MICROS: i64 = 100_000;

/// A prepaid balance, never below zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub balance_micros: i64,
}

/// What charging made of an event. The balance is the one after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rated {
    Charged {
        charge_micros: i64,
        balance_micros: i64,
    },
    /// The charge exceeds the balance: no service, and nothing is deducted.
    Refused {
        charge_micros: i64,
        balance_micros: i64,
    },
    Recharged {
        amount_micros: i64,
        balance_micros: i64,
    },
    /// Not an event of charging.
    Free,
}

impl Account {
    /// The account as the rhythm alone implies it: the last recharge, less what
    /// has been spent since at the pace that makes it last until the next.
    pub fn opening(subscriber: &Subscriber, day_start_ms: i64) -> Self {
        let (recharged_ms, amount_micros) = subscriber.rhythm.last_before(day_start_ms);
        let days = (day_start_ms - recharged_ms) as f64 / DAY_MS as f64;
        let pace = subscriber.rhythm.pace(day_start_ms);
        let spent_micros = (subscriber.rates.micros_per_day() * pace * days) as i64;
        Self { balance_micros: (amount_micros - spent_micros).max(OPENING_BALANCE_MIN_MICROS) }
    }

    pub fn rate(&mut self, event: &Event) -> Rated {
        match *event {
            Event::Call { charge_micros, .. }
            | Event::Sms { charge_micros }
            | Event::Data { charge_micros, .. } => self.charge(charge_micros),
            Event::RechargeIntent { amount_micros } => self.recharge(amount_micros),
            _ => Rated::Free,
        }
    }

    pub fn charge(&mut self, charge_micros: i64) -> Rated {
        if charge_micros > self.balance_micros {
            return Rated::Refused { charge_micros, balance_micros: self.balance_micros };
        }
        self.balance_micros -= charge_micros;
        Rated::Charged { charge_micros, balance_micros: self.balance_micros }
    }

    pub fn recharge(&mut self, amount_micros: i64) -> Rated {
        self.balance_micros += amount_micros;
        Rated::Recharged { amount_micros, balance_micros: self.balance_micros }
    }
}
