//! Derived features and the inputs of models: in which order they can be typed, and circles among
//! them.

use std::collections::HashMap;
use std::format;
use std::vec;
use std::vec::Vec;

use super::Build;
use super::cel::Parsed;
use super::check::Checker;
use super::diagnostic::Code;
use super::lower::{lower_item, parse_item};
use super::models::Draft;
use super::scope::View;
use super::source::Item;
use super::types::Ty;
use crate::base::limits::DERIVED_DEPTH_MAX;
use crate::expr::Program;
use crate::policy::{FeatureKind, ModelInput};

/// Features that have been declared, and what they are computed from.
pub(super) struct Derivation<'a> {
    /// Those that are known when this is.
    pub(super) names: Vec<&'a str>,
    pub(super) exprs: Vec<Item<'a>>,
    pub(super) becomes: Becomes<'a>,
}

/// What expressions become.
pub(super) enum Becomes<'a> {
    /// A derived feature, of this type if one is wanted.
    Feature { position: usize, wanted: Option<Ty> },
    /// The inputs of a model.
    Model(Draft<'a>),
}

impl<'a> Derivation<'a> {
    /// A feature that is computed when it is read.
    pub(super) fn feature(
        name: &'a str,
        position: usize,
        expr: Item<'a>,
        wanted: Option<Ty>,
    ) -> Derivation<'a> {
        let becomes = Becomes::Feature { position, wanted };
        Derivation { names: vec![name], exprs: vec![expr], becomes }
    }
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
    /// By derivation, its expressions.
    parsed: Vec<Vec<Option<Parsed>>>,
    by_name: HashMap<&'a str, usize>,
    progress: Vec<Progress>,
    /// The chain that is being followed.
    path: Vec<usize>,
}

impl Build<'_> {
    /// Types and lowers derived features and the inputs of models.
    pub(super) fn derive(&mut self, derivations: Vec<Derivation<'_>>) {
        let named = derivations.iter().enumerate();
        let named = named.flat_map(|(at, d)| d.names.iter().map(move |name| (*name, at)));
        let mut walk = Walk {
            parsed: derivations.iter().map(|d| d.exprs.iter().map(parse_item).collect()).collect(),
            by_name: named.collect(),
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
        let Some(first) = walk.derivations[at].exprs.first() else { return depth };
        if first.within(depth, DERIVED_DEPTH_MAX, "derived features in a chain") {
            self.lower_derivation(walk, at);
        }
        depth
    }

    fn lower_derivation(&mut self, walk: &Walk<'_>, at: usize) {
        let derivation = &walk.derivations[at];
        let wanted = match derivation.becomes {
            Becomes::Feature { wanted, .. } => wanted,
            Becomes::Model(_) => None,
        };
        let pairs = derivation.exprs.iter().zip(&walk.parsed[at]);
        let lowered = pairs.map(|(item, parsed)| self.lowered(item, parsed.as_ref()?, wanted));
        let lowered: Vec<Option<(Program, Ty)>> = lowered.collect();
        let Some(lowered) = lowered.into_iter().collect::<Option<Vec<_>>>() else { return };
        match &derivation.becomes {
            Becomes::Feature { position, .. } => {
                let Some((program, ty)) = lowered.first().copied() else { return };
                let members = self.members_of(Some(ty));
                self.scope.feature_types[*position] = Some(ty);
                let feature = &mut self.tables.features[*position];
                (feature.ty, feature.members) = (ty.plain(), members);
                feature.kind = FeatureKind::Derived(program);
            }
            Becomes::Model(draft) => {
                let input =
                    |(program, ty): (Program, Ty)| (ModelInput { program, ty: ty.plain() }, ty);
                self.finish_model(draft, lowered.into_iter().map(input).collect());
            }
        }
    }

    /// The program of an expression and its type.
    fn lowered(
        &mut self,
        item: &Item<'_>,
        parsed: &Parsed,
        wanted: Option<Ty>,
    ) -> Option<(Program, Ty)> {
        let node = Checker::new(&self.scope, &View::PROFILE, item, parsed).root(wanted)?;
        let ops = lower_item(item, &node)?;
        Some((self.place(item, &ops)?, node.ty))
    }
}

impl Walk<'_> {
    /// The derivations that a derivation reads.
    fn reads(&self, at: usize) -> Vec<usize> {
        let names = self.parsed[at].iter().flatten().flat_map(Parsed::names);
        names.filter_map(|name| self.by_name.get(name).copied()).collect()
    }

    fn report_cycle(&self, at: usize) {
        let start = self.path.iter().position(|open| *open == at).unwrap_or(0);
        let circle = self.path[start..].iter().chain([&at]);
        let name = |at: &usize| self.derivations[*at].names.first().copied().unwrap_or_default();
        let names: Vec<&str> = circle.map(name).collect();
        let message =
            format!("derived features read one another in a circle: {}", names.join(" -> "));
        if let Some(expr) = self.derivations[at].exprs.first() {
            expr.error(Code::Cycle, message, None);
        }
    }
}
