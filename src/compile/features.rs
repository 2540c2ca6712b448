//! `[features]`: what is folded from events, and what is derived.

use std::format;
use std::string::ToString;
use std::vec::Vec;

use super::Build;
use super::derived::Derivation;
use super::diagnostic::Code;
use super::model;
use super::schema::{exported, holder};
use super::scope::View;
use super::section::Section;
use super::source::Item;
use super::types::{BOOL, INT, Ty};
use super::windows;
use crate::base::limits::{DISTINCT_REGISTERS, FEATURES_MAX, QUANTILE_BINS_MAX};
use crate::expr::{Program, Type};
use crate::policy::{Aggregate, FeatureKind, Fold, FoldStep, Quantile};

/// The keys of which a feature has one, and what they keep. Where a fold has numbers of its own
/// they are read beside it.
const SOURCES: [(&str, Fold); 14] = [
    ("count", Fold::Count),
    ("sum", Fold::Sum),
    ("min", Fold::Min),
    ("max", Fold::Max),
    ("mean", Fold::Mean),
    ("share", Fold::Share { amounts: false }),
    ("last", Fold::Last),
    ("first", Fold::First),
    ("last_time", Fold::LastTime),
    ("first_time", Fold::FirstTime),
    ("distinct", Fold::Distinct { registers: REGISTERS_DEFAULT }),
    ("quantile", Fold::Quantile(NO_QUANTILE)),
    ("active", Fold::Active),
    ("streak", Fold::Streak),
];

/// Registers of a count of different values that does not say how many.
const REGISTERS_DEFAULT: u16 = 64;

/// What stands in the place of a quantile until its keys are read.
const NO_QUANTILE: Quantile = Quantile { at_millionths: 1, least: 1.0, ratio_ln: 1.0, bins: 1 };

/// Keys beside a source, and the source that they stand beside.
const BESIDE: [(&str, &str); 5] = [
    ("of", "share"),
    ("registers", "distinct"),
    ("at", "quantile"),
    ("between", "quantile"),
    ("error", "quantile"),
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
        let sources = SOURCES.iter().map(|(key, _)| *key);
        let others = sources.chain(["where"]).chain(windows::KEYS);
        let others = others.chain(BESIDE.iter().map(|(key, _)| *key)).chain(["profile"]);
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
            self.declare_feature(
                item,
                item.name,
                None,
                FeatureKind::Attribute { expires_ms: None },
            );
            return;
        };
        for (key, beside) in BESIDE.iter().filter(|(_, beside)| *beside != source.name) {
            if let Some(key) = section.get(key) {
                let message = format!("`{}` stands beside `{beside}`", key.name);
                key.name_error(Code::Conflict, message, None);
            }
        }
        let holder = holder(section);
        let window = self.window(section, fold, holder);
        let feeds = self.feeds(source, *fold);
        let value = feeds.as_ref().map(|(_, ty)| *ty);
        let fold = self.whole_fold(section, *fold, &feeds);
        let plain = value.map_or(Type::Int, Ty::plain);
        let aggregate = Aggregate { fold, value: plain, window };
        // Of an enumeration the members are kept as they are.
        let result = value.map(|value| match aggregate.result() {
            Type::Member => value,
            result => Ty::Plain(result),
        });
        let kind = FeatureKind::Aggregate(aggregate);
        let Some(position) = self.declare_feature(item, item.name, result, kind) else { return };
        self.tables.features[position].holder = holder;
        let part = match fold {
            Fold::Share { .. } => section.require("of"),
            _ => None,
        };
        for (event, field) in feeds.map(|(feeds, _)| feeds).unwrap_or_default() {
            let filter = section.get("where").and_then(|rule| self.filter(&rule, event));
            let part = part.as_ref().and_then(|rule| self.filter(rule, event));
            let step = FoldStep { feature: position as u16, field, filter, part };
            self.fold(event, step);
        }
    }

    /// A fold with the numbers that stand beside it.
    fn whole_fold(
        &self,
        section: &Section<'_>,
        fold: Fold,
        feeds: &Option<(Vec<Feed>, Ty)>,
    ) -> Fold {
        match fold {
            Fold::Share { .. } => {
                let of_fields = feeds.as_ref().and_then(|(feeds, _)| feeds.first()?.1);
                Fold::Share { amounts: of_fields.is_some() }
            }
            Fold::Distinct { .. } => {
                let registers = section.get("registers").and_then(|item| registers(&item));
                Fold::Distinct { registers: registers.unwrap_or(REGISTERS_DEFAULT) }
            }
            Fold::Quantile(_) => Fold::Quantile(quantile(section).unwrap_or(NO_QUANTILE)),
            fold => fold,
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
            // A share is of events or of a field.
            Fold::Share { .. } => !item.text()?.contains('.'),
            Fold::Count | Fold::LastTime | Fold::FirstTime | Fold::Active | Fold::Streak => true,
            _ => false,
        };
        if of_events {
            let event = self.scope.events.find(item, item.text()?, "event")?;
            return Some(((event, None), INT));
        }
        let (event, field, ty) = self.event_field(item)?;
        let fold = match fold {
            Fold::Share { .. } => Fold::Share { amounts: true },
            fold => fold,
        };
        if !fold.takes(ty.plain()) {
            let message = format!("{} values have no {}", ty.word(), item_word(fold));
            item.error(Code::Type, message, None);
            return None;
        }
        Some(((event, Some(field)), ty))
    }
}

fn item_word(fold: Fold) -> &'static str {
    let same = |known: &Fold| core::mem::discriminant(known) == core::mem::discriminant(&fold);
    SOURCES.iter().find(|(_, known)| same(known)).map_or("", |(word, _)| word)
}

fn registers(item: &Item<'_>) -> Option<u16> {
    let wanted = item.integer()?;
    let found = DISTINCT_REGISTERS.into_iter().find(|known| i64::from(*known) == wanted);
    if found.is_none() {
        let known = DISTINCT_REGISTERS.map(|known| known.to_string()).join(", ");
        item.error(Code::Value, format!("{wanted} is not one of {known}"), None);
    }
    found
}

/// A quantile by its `at`, the range that it is `between`, and the relative `error` allowed.
fn quantile(section: &Section<'_>) -> Option<Quantile> {
    let at = section.require("at").and_then(|item| Some((item.share()?, item)));
    let between = section.require("between");
    let error = section.require("error").and_then(|item| Some((item.share()?, item)));
    let (least, most) = range(&between?)?;
    let ((at, at_item), (error, error_item)) = (at?, error?);
    let at_millionths = libm::rint(at * 1e6) as u32;
    if at_millionths == 0 {
        at_item.error(Code::Value, "`at` is a share of the values above 0", None);
        return None;
    }
    if !(error > 0.0 && error < 1.0) {
        error_item.error(Code::Value, "`error` is above 0 and below 1", None);
        return None;
    }
    // In a bin whose ends have the ratio (1 + error) / (1 - error), one point is within the error
    // of all others.
    let ratio_ln = libm::log((1.0 + error) / (1.0 - error));
    let bins = libm::ceil(libm::log(most / least) / ratio_ln).max(1.0);
    if bins > QUANTILE_BINS_MAX as f64 {
        let message = format!(
            "{bins} bins for this range and error, but at most {QUANTILE_BINS_MAX} are allowed"
        );
        let help = "allow a larger error, or declare a shorter range".to_string();
        error_item.error(Code::Limit, message, help);
        return None;
    }
    Some(Quantile { at_millionths, least, ratio_ln, bins: bins as u8 })
}

/// Two ends, both above zero.
fn range(item: &Item<'_>) -> Option<(f64, f64)> {
    let ends: Option<Vec<f64>> = item.list()?.iter().map(Item::number).collect();
    match ends?.as_slice() {
        [least, most] if 0.0 < *least && least < most => Some((*least, *most)),
        _ => {
            let message = "a range is two numbers above zero, the smaller first";
            item.error(Code::Value, message, None);
            None
        }
    }
}
