//! When and how much a subscriber recharges: purchase rhythms of real customers.
//!
//! Each rhythm is one customer of the CDNOW sample with at least two purchase
//! days. His dollar amounts are kept as they are; only time is compressed.

use super::rng::Rng;

/// CDNOW gaps are months and prepaid recharge gaps are days, so one week of
/// CDNOW stands for one day of recharging.
pub const CDNOW_DAYS_PER_DAY: i64 = 7;

/// Shortest gap between two recharges. Customers who bought twice within days
/// and then never again would otherwise recharge daily for ever; with this floor
/// the population recharges about once a week.
pub const GAP_MIN_MS: i64 = 2 * DAY_MS;

pub const DAY_MS: i64 = 86_400_000;
pub const MICROS_PER_DOLLAR: i64 = 1_000_000;
const MICROS_PER_CENT: i64 = MICROS_PER_DOLLAR / 100;

const CDNOW_CSV: &str = include_str!("data/cdnow_sample.csv");

/// A repeating sequence of recharges.
///
/// The customer's observed gaps are followed by one gap of their mean length,
/// and then the sequence starts again. The long silence after a customer's last
/// purchase is left out: in prepaid that is a lost SIM, not a subscriber.
#[derive(Clone, Debug, PartialEq)]
pub struct Rhythm {
    /// Offset of each recharge from the start of the cycle, with its amount.
    recharges: Vec<(i64, i64)>,
    cycle_ms: i64,
    /// Where in the cycle the Unix epoch falls.
    phase_ms: i64,
}

impl Rhythm {
    fn from_purchases(purchases: &[(i64, i64)]) -> Option<Self> {
        if purchases.len() < 2 {
            return None;
        }
        let mut at_ms = 0;
        let mut recharges = vec![(0, purchases[0].1)];
        for pair in purchases.windows(2) {
            let gap_ms = (pair[1].0 - pair[0].0) * DAY_MS / CDNOW_DAYS_PER_DAY;
            at_ms += gap_ms.max(GAP_MIN_MS);
            recharges.push((at_ms, pair[1].1));
        }
        let cycle_ms = at_ms + at_ms / (purchases.len() as i64 - 1);
        Some(Self { recharges, cycle_ms, phase_ms: 0 })
    }

    /// The same rhythm begun at a random point of its cycle, so that the day of
    /// the example is no special day in anybody's cycle.
    pub fn begun_anywhere(&self, rng: &mut Rng) -> Self {
        Self { phase_ms: rng.between(0, self.cycle_ms), ..self.clone() }
    }

    pub fn recharges_per_day(&self) -> f64 {
        self.recharges.len() as f64 * DAY_MS as f64 / self.cycle_ms as f64
    }

    pub fn mean_amount_micros(&self) -> i64 {
        let total: i64 = self.recharges.iter().map(|recharge| recharge.1).sum();
        total / self.recharges.len() as i64
    }

    /// What the rhythm brings in on an average day.
    pub fn revenue_per_day_micros(&self) -> f64 {
        self.mean_amount_micros() as f64 * self.recharges_per_day()
    }

    /// The amount recharged on the day that starts here, if any. There is never
    /// a second one, because no gap is shorter than a day.
    pub fn recharge_on(&self, day_start_ms: i64) -> Option<i64> {
        let (wait_ms, amount_micros) = self.next_from(day_start_ms);
        (wait_ms < DAY_MS).then_some(amount_micros)
    }

    /// The amount of the first recharge on or after the day that starts here.
    pub fn next_amount_micros(&self, day_start_ms: i64) -> i64 {
        self.next_from(day_start_ms).1
    }

    /// How fast the money of the running recharge is used up by the next one, in
    /// units of the rhythm's average; over a whole cycle its mean is 1.
    pub fn pace(&self, day_start_ms: i64) -> f64 {
        let (wait_ms, _) = self.next_from(day_start_ms);
        let (age_ms, amount_micros) = self.running(day_start_ms);
        let per_day_micros = amount_micros as f64 * DAY_MS as f64 / (age_ms + wait_ms) as f64;
        per_day_micros / self.revenue_per_day_micros()
    }

    /// The last recharge before the day that starts here: the start of its day
    /// and its amount.
    pub fn last_before(&self, day_start_ms: i64) -> (i64, i64) {
        let (age_ms, amount_micros) = self.running(day_start_ms);
        let days = (age_ms + DAY_MS - 1) / DAY_MS;
        (day_start_ms - days * DAY_MS, amount_micros)
    }

    /// The age and the amount of the last recharge before the given time.
    fn running(&self, time_ms: i64) -> (i64, i64) {
        let at_ms = self.position(time_ms);
        let earlier = self.recharges.iter().rev().find(|recharge| recharge.0 < at_ms);
        match earlier {
            Some(recharge) => (at_ms - recharge.0, recharge.1),
            None => {
                let last = self.recharges[self.recharges.len() - 1];
                (at_ms + self.cycle_ms - last.0, last.1)
            }
        }
    }

    fn next_from(&self, at_ms: i64) -> (i64, i64) {
        let position_ms = self.position(at_ms);
        self.recharges
            .iter()
            .find(|recharge| recharge.0 >= position_ms)
            .map(|recharge| (recharge.0 - position_ms, recharge.1))
            .unwrap_or((self.cycle_ms - position_ms, self.recharges[0].1))
    }

    fn position(&self, at_ms: i64) -> i64 {
        (at_ms + self.phase_ms).rem_euclid(self.cycle_ms)
    }
}

/// The rhythms of all repeat customers of the sample, in the file's order.
///
/// # Panics
/// When the embedded file is not what `data/reduce.py` writes.
pub fn rhythms() -> Vec<Rhythm> {
    let mut purchases: Vec<(&str, i64, i64)> = CDNOW_CSV.lines().skip(1).map(purchase).collect();
    // A few orders in the sample cost nothing; nobody recharges nothing.
    purchases.retain(|purchase| purchase.2 > 0);
    purchases
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|of_one| {
            let dated: Vec<(i64, i64)> = of_one.iter().map(|p| (p.1, p.2)).collect();
            Rhythm::from_purchases(&dated)
        })
        .collect()
}

/// `customer,yyyymmdd,dollars` as (customer, day number, micro-dollars).
fn purchase(line: &str) -> (&str, i64, i64) {
    let fields: Vec<&str> = line.split(',').collect();
    let [customer, date, dollars] = fields[..] else {
        panic!("cdnow_sample.csv: three columns expected: {line}");
    };
    let number = |text: &str| text.parse::<i64>().expect("cdnow_sample.csv: a number");
    let (whole, cents) = dollars.split_once('.').expect("cdnow_sample.csv: dollars.cents");
    let amount = number(whole) * MICROS_PER_DOLLAR + number(cents) * MICROS_PER_CENT;
    let day = day_number(number(&date[..4]), number(&date[4..6]), number(&date[6..]));
    (customer, day, amount)
}

/// Days since 1970-01-01 in the Gregorian calendar, counting years from March
/// so that the leap day comes last.
pub const fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_numbers_match_known_dates() {
        assert_eq!(day_number(1970, 1, 1), 0);
        assert_eq!(day_number(2000, 2, 29), 11_016);
        assert_eq!(day_number(2026, 3, 3), 20_515);
    }

    #[test]
    fn stepping_day_by_day_meets_every_recharge_once() {
        let mut rng = Rng::keyed(3, &[]);
        for rhythm in rhythms().iter().step_by(40) {
            let rhythm = rhythm.begun_anywhere(&mut rng);
            let mut last = None;
            let mut met = 0;
            const DAYS: i64 = 2_000;
            for day in 0..DAYS {
                let start_ms = day * DAY_MS;
                if let Some(last) = last {
                    assert_eq!(rhythm.last_before(start_ms), last);
                }
                if let Some(amount) = rhythm.recharge_on(start_ms) {
                    assert_eq!(amount, rhythm.next_amount_micros(start_ms));
                    last = Some((start_ms, amount));
                    met += 1;
                }
            }
            let expected = rhythm.recharges_per_day() * DAYS as f64;
            let one_cycle = rhythm.recharges.len() as f64;
            assert!((f64::from(met) - expected).abs() <= one_cycle, "{met} {expected}");
        }
    }
}
