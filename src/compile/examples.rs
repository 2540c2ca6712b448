//! The longer examples of the pages in `codes.rs` and `warnings.rs`.

/// Of OPP0904.
pub(super) const SHADOWED: &str = r#"
[offers.pass]
group = "sales.data"
kind = "sale"
moments = ["thanks"]
value = "2.50"
[offers.poor]
group = "sales.data"
kind = "sale"
moments = ["thanks"]
value = "2.00"
eligible = "recharged > 5.00"
[offers.poor.treatments.sms]
content = "poor_sms"
propensity = 0.05
"#;

/// Of OPP0907.
pub(super) const IDLE_CAP: &str = r#"
[[contact.caps]]
at_most = 12
within = "30d"
of = "all"
[[contact.caps]]
at_most = 20
within = "7d"
of = { channel = "sms" }
"#;

/// Of OPP0920.
pub(super) const UNREACHABLE_STAGE: &str = r#"
[lifecycles.stage]
stages = ["new", "active", "gone"]
export = true
[[lifecycles.stage.transitions]]
from = "new"
to = "active"
when = "recharged > 0.00"
"#;
