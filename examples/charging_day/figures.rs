//! What is measured around the day, and the one JSON object that says it all to a script.

use std::time::Instant;

use super::book::Book;
use super::host::Host;
use super::rhythm::MICROS_PER_DOLLAR;

pub const PERCENTILES: [(&str, f64); 5] =
    [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9), ("p99.99", 99.99)];

#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub seed: u64,
    pub effect: f64,
    /// Through the whole host: charging, queue, store, decisions and outcomes.
    pub messages_per_s: f64,
    pub timer_ns: u64,
    pub digest: u64,
}

/// What reading the clock twice takes, the median of many times.
pub fn timer_ns() -> u64 {
    const TIMES: usize = 10_001;
    let mut took: Vec<u64> = (0..TIMES)
        .map(|_| {
            let begun = Instant::now();
            begun.elapsed().as_nanos() as u64
        })
        .collect();
    took.sort_unstable();
    took[TIMES / 2]
}

/// One flat object on one line.
pub fn json(host: &Host, book: &Book, figures: &Figures) -> String {
    let latency = &host.latency;
    let lift = book.since_moment().lift();
    let dollars = |micros: Option<f64>| match micros {
        Some(micros) => format!("{:.6}", micros / MICROS_PER_DOLLAR as f64),
        None => "null".into(),
    };
    let mut fields = vec![
        ("subscribers", book.lines.len().to_string()),
        ("seed", figures.seed.to_string()),
        ("effect", figures.effect.to_string()),
        ("messages", book.messages.to_string()),
        ("repeated", book.repeated.to_string()),
        ("moments", book.moments_raised().to_string()),
        ("decisions", book.decisions.to_string()),
        ("offers", book.offers().to_string()),
        ("accepted", book.accepted().to_string()),
        ("no_offer", book.no_offer().to_string()),
        ("messages_per_s", format!("{:.0}", figures.messages_per_s)),
        ("decides_per_s", format!("{:.0}", latency.per_second())),
    ];
    let keys = ["ns_p50", "ns_p90", "ns_p99", "ns_p999", "ns_p9999"];
    for (key, (_, percentile)) in keys.into_iter().zip(PERCENTILES) {
        fields.push((key, latency.percentile(percentile).to_string()));
    }
    fields.extend([
        ("ns_max", latency.max_ns().to_string()),
        ("ns_timer", figures.timer_ns.to_string()),
        ("profile_bytes", host.policy.profile_bytes().to_string()),
        ("lift", dollars(lift.map(|lift| lift.difference))),
        ("lift_low", dollars(lift.map(|lift| lift.low))),
        ("lift_high", dollars(lift.map(|lift| lift.high))),
        ("digest", format!("\"{:016x}\"", figures.digest)),
    ]);
    let fields: Vec<String> =
        fields.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}
