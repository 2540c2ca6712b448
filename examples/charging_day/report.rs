//! What the day came to, for people.

use opportune::{Arm, OutcomeKind, PermanentId, Policy, Stage};

use super::book::{Book, Comparison, LineRow};
use super::figures::Figures;
use super::host::Host;
use super::text::{Text, dollars, grouped, micros, percent};

/// A difference of so many standard errors is found four times in five at the 5 % level.
const DETECTABLE_ERRORS: f64 = 2.8;

/// A rate of fewer offers than this says nothing.
const RATE_OFFERS_MIN: u64 = 30;

pub fn text(host: &Host, book: &Book, figures: &Figures) -> String {
    let mut out = Text::default();
    head(&mut out, host, book, figures);
    moments(&mut out, &host.policy, book);
    offers(&mut out, &host.policy, book);
    no_offer(&mut out, book);
    revenue(&mut out, book);
    speed(&mut out, host, figures);
    out.into_string()
}

fn head(out: &mut Text, host: &Host, book: &Book, figures: &Figures) {
    let policy = &host.policy;
    let subscribers = book.lines.len() as u64;
    let control = book.of_arm(Arm::Control).count() as u64;
    let bytes = policy.profile_bytes() as u64;
    out.line(format_args!(
        "A charging day: {} prepaid subscribers, Tuesday 3 March 2026, seed {}, effect {}",
        grouped(subscribers),
        figures.seed,
        figures.effect
    ));
    out.line("");
    out.fact("policy", format_args!("{} version {}", policy.name(), policy.version()));
    out.fact(
        "subscribers",
        format_args!(
            "{} treated, {} control ({:.1} %)",
            grouped(subscribers - control),
            grouped(control),
            percent(control, subscribers)
        ),
    );
    out.fact(
        "profiles",
        format_args!(
            "{} bytes each, {:.1} MB in all",
            grouped(bytes),
            (bytes * subscribers) as f64 / 1e6
        ),
    );
    out.fact(
        "messages",
        format_args!(
            "{} ({:.1} a subscriber), of them {} sent again and recognised, {} ticks",
            grouped(book.messages),
            book.messages as f64 / subscribers as f64,
            grouped(book.repeated),
            grouped(book.ticks)
        ),
    );
    out.fact(
        "recharges",
        format_args!(
            "{} of {:.2} dollars on average",
            grouped(book.recharges),
            dollars(book.recharged_micros() as f64 / book.recharges.max(1) as f64)
        ),
    );
    out.fact("refused sessions", format_args!("{} (balance too low)", grouped(book.refused)));
    out.fact(
        "learning",
        format_args!("{} snapshots published, one an hour", host.snapshots_published()),
    );
    out.fact("leases", format_args!("{} grants", host.leases_granted));
    for (name, used, all) in host.budgets() {
        out.fact(name, format_args!("{used} reserved or spent of {all}"));
    }
}

fn moments(out: &mut Text, policy: &Policy, book: &Book) {
    out.head("moments raised", "intent", ["count", "% of messages"]);
    let row = |out: &mut Text, name: &str, intent: &str, count: u64| {
        let share = format!("{:.2}", percent(count, book.messages));
        out.row(name, intent, &[grouped(count), share]);
    };
    for (&(intent, moment), &count) in &book.moments {
        row(out, name(policy, moment), name(policy, intent), count);
    }
    row(out, "messages with a moment", "", book.decisions);
    let share = |arm: Arm| {
        let sum = |count: fn(&LineRow) -> u64| book.of_arm(arm).map(count).sum();
        percent(sum(|line| line.decisions), sum(|line| line.messages))
    };
    out.line(format_args!(
        "  treated {:.1} %, control {:.1} %: an offer made silences its moment for a while",
        share(Arm::Treated),
        share(Arm::Control)
    ));
}

fn offers(out: &mut Text, policy: &Policy, book: &Book) {
    out.head("offers made", "channel", ["made", "accepted", "rate"]);
    let row = |out: &mut Text, offer: &str, channel: &str, made: u64, accepted: u64| {
        let rate = match made {
            0..RATE_OFFERS_MIN => "-".into(),
            _ => format!("{:.1} %", percent(accepted, made)),
        };
        out.row(offer, channel, &[grouped(made), grouped(accepted), rate]);
    };
    let mut rows: Vec<_> = book.treatments.values().collect();
    rows.sort_by_key(|row| (row.offer, row.channel));
    for treatment in rows {
        let (offer, channel) = (name(policy, treatment.offer), name(policy, treatment.channel));
        row(out, offer, channel, treatment.made, treatment.accepted);
    }
    row(out, "in all", "", book.offers(), book.accepted());
    let of = |kind: OutcomeKind| grouped(book.outcomes[kind as usize]);
    out.line("");
    let per_line = |count: fn(&LineRow) -> u64| {
        let counts: Vec<u64> = book.of_arm(Arm::Treated).map(count).collect();
        let mean = counts.iter().sum::<u64>() as f64 / counts.len().max(1) as f64;
        format!("{mean:.2} on average, {} at most", counts.iter().max().unwrap_or(&0))
    };
    out.fact(
        "contacts",
        format_args!(
            "{} for a treated subscriber, service included",
            per_line(|line| line.contacts)
        ),
    );
    out.fact("shown on request", format_args!("{} (in the app)", per_line(|line| line.shown)));
    out.fact(
        "outcomes",
        format_args!(
            "{} delivered, {} seen, {} rejected, {} came too late",
            of(OutcomeKind::Delivered),
            of(OutcomeKind::Seen),
            of(OutcomeKind::Rejected),
            grouped(book.late)
        ),
    );
    out.fact(
        "fulfilment",
        format_args!(
            "{} fulfilled, {} failed",
            of(OutcomeKind::Fulfilled),
            of(OutcomeKind::Failed)
        ),
    );
}

fn no_offer(out: &mut Text, book: &Book) {
    out.head("no offer, because", "", ["decisions", "% of them"]);
    let row = |out: &mut Text, words: &str, count: u64| {
        out.row(words, "", &[grouped(count), format!("{:.1}", percent(count, book.decisions))]);
    };
    for stage in Stage::ALL {
        let count = book.no_offer[stage as usize];
        if count > 0 {
            row(out, stage.words(), count);
        }
    }
    row(out, "in all", book.no_offer());
    out.line("");
    let silent = book.messages - book.decisions - book.repeated;
    out.fact("no moment", format_args!("{} messages", grouped(silent)));
    out.fact("repeated", format_args!("{} messages", grouped(book.repeated)));
}

fn revenue(out: &mut Text, book: &Book) {
    out.line("");
    out.line("revenue: money recharged, US dollars a subscriber, treated less control");
    let measure = book.since_moment();
    comparison(out, "those with a moment, from their first one on", &measure);
    comparison(out, "all subscribers, the whole day", &book.whole_day());
    if let Some(lift) = measure.lift() {
        let error = (lift.high - lift.low) / 2.0 / NORMAL_QUANTILE_975;
        out.line(format_args!(
            "  {} subscribers and one day show only a lift of about {:.2} dollars or more.",
            grouped(book.lines.len() as u64),
            dollars(DETECTABLE_ERRORS * error)
        ));
    }
    out.line("  Amounts are the CD buyers' own, above what prepaid subscribers recharge: read the lift in");
    out.line("  percent. What incentives cost is not deducted.");
}

/// Half the width of a 95 % interval, in standard errors.
const NORMAL_QUANTILE_975: f64 = 1.96;

fn comparison(out: &mut Text, what: &str, compared: &Comparison) {
    let arm = |sample: &opportune::Sample| {
        format!("{:.2} ({})", dollars(sample.mean()), grouped(sample.count()))
    };
    out.line(format_args!(
        "  {what}: treated {}, control {}",
        arm(&compared.treated),
        arm(&compared.control)
    ));
    match compared.lift() {
        Some(lift) => out.line(format_args!(
            "    lift {:+.2} ({:+.1} %), 95 % interval {:+.2} to {:+.2}",
            dollars(lift.difference),
            100.0 * lift.relative.unwrap_or(0.0),
            dollars(lift.low),
            dollars(lift.high)
        )),
        None => out.line("    an arm is too small to compare"),
    }
}

fn speed(out: &mut Text, host: &Host, figures: &Figures) {
    let latency = &host.latency;
    out.line("");
    out.fact(
        "speed",
        format_args!(
            "{} messages a second through the whole host, {} through decide alone, one thread",
            grouped(figures.messages_per_s as u64),
            grouped(latency.per_second() as u64)
        ),
    );
    for (label, percentile) in super::figures::PERCENTILES {
        out.fact(label, micros(latency.percentile(percentile)));
    }
    out.fact("max", micros(latency.max_ns()));
    out.fact(
        "",
        format_args!("for one call of decide, the timer's own {} ns included", figures.timer_ns),
    );
    out.line("");
    out.fact("digest", format_args!("{:016x} of all decisions and profiles", figures.digest));
}

fn name<I: PermanentId>(policy: &Policy, id: I) -> &str {
    policy.name_of(id).unwrap_or("?")
}
