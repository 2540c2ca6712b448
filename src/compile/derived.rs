//! Derived features: in which order they can be typed, and circles among them.

use std::collections::HashMap;
use std::format;
use std::vec;
use std::vec::Vec;

use super::Build;
use super::cel::Parsed;
use super::check::Checker;
use super::diagnostic::Code;
use super::lower::{lower_item, parse_item};
use super::scope::View;
use super::source::Item;
use super::types::Ty;
use crate::base::limits::DERIVED_DEPTH_MAX;
use crate::policy::FeatureKind;

/// A derived feature that has been declared.
pub(super) struct Derivation<'a> {
    pub(super) name: &'a str,
    pub(super) position: usize,
    pub(super) expr: Item<'a>,
    /// The type that it must have; none for any.
    pub(super) wanted: Option<Ty>,
}

/// How far the walk has come with a derivation.
#[derive(Clone, Copy)]
enum Progress {
    Untouched,
    /// It waits for what it reads.
    Open,
    /// Done, with the length of its longest chain.
    Done(usize),
}

/// The walk over derivations, each after those it reads.
struct Walk<'a> {
    derivations: Vec<Derivation<'a>>,
    parsed: Vec<Option<Parsed>>,
    by_name: HashMap<&'a str, usize>,
    progress: Vec<Progress>,
    /// The chain that is being followed.
    path: Vec<usize>,
}

impl Build<'_> {
    /// Types and lowers derived features.
    pub(super) fn derive(&mut self, derivations: Vec<Derivation<'_>>) {
        let mut walk = Walk {
            parsed: derivations.iter().map(|derivation| parse_item(&derivation.expr)).collect(),
            by_name: derivations.iter().enumerate().map(|(at, d)| (d.name, at)).collect(),
            progress: vec![Progress::Untouched; derivations.len()],
            path: Vec::new(),
            derivations,
        };
        for at in 0..walk.derivations.len() {
            self.visit(&mut walk, at);
        }
    }

    /// The length of the chain that ends in this derivation.
    fn visit(&mut self, walk: &mut Walk<'_>, at: usize) -> usize {
        match walk.progress[at] {
            Progress::Done(depth) => return depth,
            Progress::Open => {
                walk.report_cycle(at);
                return 0;
            }
            Progress::Untouched => walk.progress[at] = Progress::Open,
        }
        let mut depth = 1;
        // Beyond the limit nothing is followed, which also bounds this recursion.
        if walk.path.len() <= DERIVED_DEPTH_MAX {
            walk.path.push(at);
            for read in walk.reads(at) {
                depth = depth.max(self.visit(walk, read) + 1);
            }
            walk.path.pop();
        }
        walk.progress[at] = Progress::Done(depth);
        let expr = &walk.derivations[at].expr;
        if expr.within(depth, DERIVED_DEPTH_MAX, "derived features in a chain") {
            self.lower_derived(walk, at);
        }
        depth
    }

    fn lower_derived(&mut self, walk: &Walk<'_>, at: usize) {
        let derivation = &walk.derivations[at];
        let Some(parsed) = &walk.parsed[at] else { return };
        let item = &derivation.expr;
        let checker = Checker::new(&self.scope, &View::PROFILE, item, parsed);
        let Some(node) = checker.root(derivation.wanted) else { return };
        let Some(ops) = lower_item(item, &node) else { return };
        let Some(program) = self.place(item, &ops) else { return };
        let members = self.members_of(Some(node.ty));
        self.scope.feature_types[derivation.position] = Some(node.ty);
        let feature = &mut self.tables.features[derivation.position];
        (feature.ty, feature.members) = (node.ty.plain(), members);
        feature.kind = FeatureKind::Derived(program);
    }
}

impl Walk<'_> {
    /// The derivations that a derivation reads.
    fn reads(&self, at: usize) -> Vec<usize> {
        let names = self.parsed[at].as_ref().map_or_else(Vec::new, Parsed::names);
        names.iter().filter_map(|name| self.by_name.get(name).copied()).collect()
    }

    fn report_cycle(&self, at: usize) {
        let start = self.path.iter().position(|open| *open == at).unwrap_or(0);
        let circle = self.path[start..].iter().chain([&at]);
        let names: Vec<&str> = circle.map(|at| self.derivations[*at].name).collect();
        let message =
            format!("derived features read one another in a circle: {}", names.join(" -> "));
        self.derivations[at].expr.error(Code::Cycle, message, None);
    }
}
