//! Profiles as JSON, and explanations: for support, for a subscriber who asks what is known of them, and back.
//!
//! Every piece of a profile has a form for people, and is read back from it when it is written; a
//! piece that would not come back as it was is written as its bytes. So what is imported is what
//! was exported, byte for byte, whatever a profile holds. The format is in `docs/profile.md`.

mod error;
mod explanation;
mod export;
mod import;
mod periods;
mod pieces;
mod situations;
mod slots;
mod units;

pub use error::{ImportError, ImportProblem};
pub use export::export_profile;
pub use import::import_profile;

use alloc::format;
use alloc::string::{String, ToString};

use crate::base::ids::PermanentId;
use crate::policy::{Feature, Layout, Moment, Pattern, Policy, Predecessor};

/// What the word under `format` is.
const FORMAT: &str = "opportune profile 1";

/// What the bytes of a profile are of: the policy's own layout, or one that it succeeds.
#[derive(Clone, Copy)]
struct Shape<'p> {
    policy: &'p Policy,
    older: Option<&'p Predecessor>,
    features: &'p [Feature],
    moments: &'p [Moment],
    patterns: &'p [Pattern],
    layout: &'p Layout,
}

impl<'p> Shape<'p> {
    /// The policy's own.
    fn own(policy: &'p Policy) -> Shape<'p> {
        let (features, moments) = (&policy.tables.features, &policy.tables.moments);
        let (patterns, layout) = (&policy.tables.patterns, &policy.layout);
        Shape { policy, older: None, features, moments, patterns, layout }
    }

    fn of(policy: &'p Policy, layout: u64) -> Option<Shape<'p>> {
        if layout == policy.layout.hash {
            return Some(Shape::own(policy));
        }
        if let Some(layout) = policy.account.as_ref().filter(|account| account.hash == layout) {
            let (features, moments, patterns) = (&policy.tables.features, &[], &[]);
            return Some(Shape { policy, older: None, features, moments, patterns, layout });
        }
        let older = policy.predecessor(layout)?;
        let layout = &policy.migration(layout)?.from;
        let (features, moments, patterns) = (&older.features, &older.moments, &older.patterns);
        Some(Shape { policy, older: Some(older), features, moments, patterns, layout })
    }

    /// The name of a number, or `#` and the number if it has none.
    fn name<I: PermanentId>(&self, id: I) -> String {
        let gone = || self.older.and_then(|older| older.gone_name(I::NAMESPACE, id.number()));
        let name = self.policy.name_of(id).or_else(gone);
        name.map_or_else(|| format!("#{}", id.number()), ToString::to_string)
    }

    /// The number of what [`name`](Self::name) gives.
    fn id<I: PermanentId>(&self, name: &str) -> Option<I> {
        if let Some(number) = name.strip_prefix('#') {
            return number.parse().ok().map(I::from_number);
        }
        let gone = || self.older.and_then(|older| older.gone_number(I::NAMESPACE, name));
        self.policy.id(name).or_else(|| gone().map(I::from_number))
    }
}
