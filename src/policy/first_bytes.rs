//! Where what messages touch lies in the profiles of the ready policy.

#[cfg(test)]
mod tests {
    use super::super::layout::{CALLS_BYTES, Layout, SESSION_BYTES, patterns_bytes};
    use crate::base::ids::EventId;
    use crate::base::limits::SESSIONS;
    use crate::compile::{Source, compile};
    use crate::policy::Policy;

    fn ready() -> Policy {
        let policy = include_bytes!("../../examples/policies/ready.toml");
        let events = include_bytes!("../../examples/policies/events.toml");
        let ids = include_str!("../../examples/policies/ready.ids");
        let sources = [
            Source { name: "ready.toml", bytes: policy },
            Source { name: "events.toml", bytes: events },
        ];
        compile(&sources, ids).unwrap().policy
    }

    /// Where what a feature keeps ends.
    fn end(policy: &Policy, position: usize) -> usize {
        let feature = &policy.tables.features[position];
        policy.layout.features[position] as usize + Layout::feature_bytes(feature)
    }

    /// What every message touches lies within the first 512 bytes, and what messages about usage
    /// feed not far beyond: `docs/profile.md` says how far.
    #[test]
    fn what_every_message_touches_comes_first() {
        let policy = ready();
        let Layout { sessions, calls, patterns, .. } = policy.layout;
        let tables = &policy.tables;
        let stages = tables.lifecycles.iter().map(|one| end(&policy, one.feature.into()));
        let ends = [
            sessions + SESSIONS * SESSION_BYTES,
            calls + CALLS_BYTES,
            patterns + patterns_bytes(tables.patterns.len()),
        ];
        assert!(ends.into_iter().chain(stages).all(|end| end <= 512));
        let fed = ["balance_change", "sms_sent", "data_session", "call_end"].map(|name| {
            let id: EventId = policy.id(name).unwrap();
            let kind = &tables.events[policy.event_position(id).unwrap()];
            let ends = kind.folds.iter().map(|step| end(&policy, step.feature.into()));
            ends.max().unwrap()
        });
        assert_eq!(fed, [284, 700, 700, 700]);
    }
}
