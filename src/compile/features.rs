//! `[features]`: what is folded from events, and what is derived.

use std::format;
use std::string::ToString;
use std::vec::Vec;

use super::Build;
use super::derived::Derivation;
use super::diagnostic::Code;
use super::model;
use super::schema::exported;
use super::scope::View;
use super::section::Section;
use super::source::Item;
use super::types::{BOOL, INT, TIMESTAMP, Ty};
use crate::base::limits::{FEATURES_MAX, WINDOW_BUCKETS_MAX, WINDOW_MS_MAX};
use crate::expr::{Program, Type};
use crate::policy::{FeatureKind, Fold, FoldStep, Window};

/// Buckets of a window that does not say how many.
const BUCKETS_DEFAULT: u16 = 12;

const SOURCES: [(&str, Fold); 6] = [
    ("count", Fold::Count),
    ("sum", Fold::Sum),
    ("min", Fold::Min),
    ("max", Fold::Max),
    ("last", Fold::Last),
    ("last_time", Fold::LastTime),
];

/// An event that feeds a feature, and the field that is folded.
type Feed = (usize, Option<u16>);

impl Build<'_> {
    pub(super) fn features(&mut self, root: &Section<'_>) {
        let limit = FEATURES_MAX.saturating_sub(self.scope.features.len());
        let mut derivations = Vec::new();
        for item in self.entries(root, "features", limit, "features besides the attributes") {
            let Some(section) = item.section(&model::FEATURE) else { continue };
            exported(&section);
            match section.get("expr") {
                Some(expr) => derivations.extend(self.declare_derived(&item, &section, expr)),
                None => self.aggregate(&item, &section),
            }
        }
        derivations.extend(self.segments(root));
        derivations.extend(self.models(root));
        let lifecycles = self.declare_lifecycles(root);
        self.derive(derivations);
        self.transitions(lifecycles);
    }

    /// A segment is a derived feature that is true or false: its name can be used in every rule.
    fn segments<'s>(&mut self, root: &Section<'s>) -> Vec<Derivation<'s>> {
        let limit = FEATURES_MAX.saturating_sub(self.scope.features.len());
        let entries = self.entries(root, "segments", limit, "segments besides the features");
        entries.iter().filter_map(|item| self.segment(item)).collect()
    }

    fn segment<'s>(&mut self, item: &Item<'s>) -> Option<Derivation<'s>> {
        let expr = item.section(&model::SEGMENT)?.get("when")?;
        let nothing = Program { start: 0, len: 0 };
        let position =
            self.declare_feature(item, item.name, None, FeatureKind::Derived(nothing))?;
        Some(Derivation::feature(item.name, position, expr, Some(BOOL)))
    }

    fn declare_derived<'s>(
        &mut self,
        item: &Item<'s>,
        section: &Section<'s>,
        expr: Item<'s>,
    ) -> Option<Derivation<'s>> {
        let others = SOURCES.iter().map(|(key, _)| *key).chain(["where", "window", "buckets"]);
        for other in others.filter_map(|key| section.get(key)) {
            let message = format!("`expr` and `{}` exclude one another", other.name);
            other.name_error(Code::Conflict, message, None);
        }
        let nothing = Program { start: 0, len: 0 };
        let position =
            self.declare_feature(item, item.name, None, FeatureKind::Derived(nothing))?;
        Some(Derivation::feature(item.name, position, expr, None))
    }

    fn aggregate(&mut self, item: &Item<'_>, section: &Section<'_>) {
        let sources: Vec<(Item<'_>, Fold)> =
            SOURCES.iter().filter_map(|(key, fold)| Some((section.get(key)?, *fold))).collect();
        let [(source, fold)] = sources.as_slice() else {
            let keys = SOURCES.map(|(key, _)| key).join(", ");
            let message = format!("give exactly one of {keys}, expr");
            item.error(Code::Conflict, message, None);
            self.declare_feature(item, item.name, None, FeatureKind::Attribute);
            return;
        };
        if matches!(fold, Fold::Last | Fold::LastTime)
            && let Some(window) = section.get("window")
        {
            let message = format!("`{}` has no `window`", source.name);
            let help = "the latest is kept for ever: compare its time with `now`".to_string();
            window.name_error(Code::Conflict, message, help);
        }
        let window = window(section);
        let feeds = self.feeds(source, *fold);
        let ty = feeds.as_ref().map(|(_, ty)| *ty);
        let kind = FeatureKind::Aggregate { fold: *fold, window };
        let Some(position) = self.declare_feature(item, item.name, ty, kind) else { return };
        for (event, field) in feeds.map(|(feeds, _)| feeds).unwrap_or_default() {
            let filter = section.get("where").and_then(|rule| self.filter(&rule, event));
            let step = FoldStep { feature: position as u16, field, filter };
            self.tables.events[event].folds.push(step);
        }
    }

    fn filter(&mut self, rule: &Item<'_>, event: usize) -> Option<Program> {
        let view = View::of_events(&self.scope, &[event], false);
        self.program(rule, BOOL, &view)
    }

    /// What feeds a feature, and the type that it takes from that.
    fn feeds(&self, source: &Item<'_>, fold: Fold) -> Option<(Vec<Feed>, Ty)> {
        let mut feeds: Vec<Feed> = Vec::new();
        let mut whole: Option<Ty> = None;
        let mut sound = true;
        for item in source.one_or_more()? {
            let Some((feed, ty)) = self.feed(&item, fold) else {
                sound = false;
                continue;
            };
            if feeds.contains(&feed) {
                item.error(Code::Duplicate, "this source is given twice", None);
            }
            if whole.is_some_and(|whole| whole != ty) {
                item.error(Code::Type, "all sources must have one type", None);
                sound = false;
            }
            whole = Some(ty);
            feeds.push(feed);
        }
        Some((feeds, whole.filter(|_| sound)?))
    }

    fn feed(&self, item: &Item<'_>, fold: Fold) -> Option<(Feed, Ty)> {
        let of_events = match fold {
            Fold::Count => Some(INT),
            Fold::LastTime => Some(TIMESTAMP),
            Fold::Sum | Fold::Min | Fold::Max | Fold::Last => None,
        };
        if let Some(ty) = of_events {
            let event = self.scope.events.find(item, item.text()?, "event")?;
            return Some(((event, None), ty));
        }
        let (event, field, ty) = self.event_field(item)?;
        if !can_fold(fold, ty) {
            let message = format!("{} values have no {}", ty.word(), item_word(fold));
            item.error(Code::Type, message, None);
            return None;
        }
        Some(((event, Some(field)), ty))
    }
}

fn item_word(fold: Fold) -> &'static str {
    SOURCES.iter().find(|(_, known)| *known == fold).map_or("", |(word, _)| word)
}

fn can_fold(fold: Fold, ty: Ty) -> bool {
    match (fold, ty.plain()) {
        (Fold::Sum, Type::Int | Type::Double | Type::Money | Type::Duration) => true,
        (Fold::Sum, _) => false,
        (Fold::Min | Fold::Max, Type::Bool | Type::Member | Type::Text) => false,
        _ => true,
    }
}

fn window(section: &Section<'_>) -> Window {
    let (window, buckets) = (section.get("window"), section.get("buckets"));
    if let (None, Some(buckets)) = (&window, &buckets) {
        buckets.name_error(Code::Conflict, "`buckets` divide a `window`, which is absent", None);
    }
    let limit = WINDOW_BUCKETS_MAX as i64 + 1;
    let count = buckets.map(|buckets| buckets.integer_in(1..limit));
    let (Some(window), Some(count)) = (window, count.unwrap_or(Some(BUCKETS_DEFAULT.into())))
    else {
        return Window::Lifetime;
    };
    let Some(window_ms) = window.duration_ms() else { return Window::Lifetime };
    if !(1..=WINDOW_MS_MAX).contains(&window_ms) {
        let days = WINDOW_MS_MAX / crate::base::civil::DAY_MS;
        window.error(
            Code::Limit,
            format!("a window is longer than nothing and at most {days}d"),
            None,
        );
    } else if window_ms % count != 0 {
        let help = "choose a number of buckets that does".to_string();
        let message = format!("{count} buckets do not divide the window evenly");
        window.error(Code::Value, message, help);
    }
    Window::Rolling { bucket_ms: (window_ms / count).max(1), buckets: count as u16 }
}
