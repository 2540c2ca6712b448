//! A certificate in words.

use core::fmt;

use super::{Certificate, ProfileCost, Steps};
use crate::policy::Holder;

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.profile)?;
        if let Some(account) = &self.account {
            writeln!(f, "{account}")?;
        }
        writeln!(f, "{}", self.steps)?;
        writeln!(f, "a decision: {} bytes, none of them on the heap", self.decision_bytes)?;
        writeln!(
            f,
            "{} programs, {} operations, {} distinct predicates; artifact of {} bytes",
            self.programs, self.operations, self.predicates, self.artifact_bytes
        )?;
        writeln!(
            f,
            "loaded: {} bytes, {} of them the index (by {} sources, with {} patches and {} bounds)",
            self.loaded_bytes,
            self.index.bytes,
            self.index.sources,
            self.index.patches,
            self.index.bounds
        )?;
        write!(f, "limits, the nearest first:")?;
        for near in &self.limits {
            let (whole, part) = (near.permille() / 10, near.permille() % 10);
            let used = near.used;
            write!(f, "\n  {whole:>3}.{part} %  {used} of {} {}", near.limit, near.what)?;
        }
        Ok(())
    }
}

impl fmt::Display for ProfileCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.features.iter().map(|(_, bytes)| bytes).sum::<usize>();
        let features = slots + self.padding;
        if self.holder == Holder::Account {
            return write!(
                f,
                "an account: {} bytes ({} header, {} sessions, {features} features)",
                self.total, self.header, self.sessions,
            );
        }
        write!(
            f,
            "a subscriber: {} bytes ({} header, {} sessions, {} moments, {} patterns, {} contacts, {} open offers, {} features)",
            self.total,
            self.header,
            self.sessions,
            self.moments,
            self.patterns,
            self.contacts,
            self.open_offers,
            features,
        )
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "steps at most: update {} ({} an event), classify {}, allocate {}, decide {}",
            self.update, self.event, self.classify, self.allocate, self.decide
        )?;
        match self.migrate {
            0 => Ok(()),
            steps => write!(f, ", and {steps} to migrate an older profile"),
        }
    }
}
