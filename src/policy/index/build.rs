//! Building: formulas of all offers, bins within the budget, then rows.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::axis::Axis;
use super::decompile::{NOW, decompile};
use super::formula::{Formula, Term};
use super::layer::Layer;
use super::order::{Order, WordSets, answers};
use super::set::Set;
use super::{Index, IndexTier, Tier};
use crate::base::limits::{
    INDEX_BINS_MAX, INDEX_CANDIDATES_MIN, INDEX_PATCHES_PER_OFFER_MAX, INDEX_RANGES_PER_OFFER_MAX,
    INDEX_ROW_BYTES_MAX, INDEX_ROW_BYTES_PER_OFFER_MAX,
};
use crate::expr::{Program, Type};
use crate::policy::{Group, Issue, Offer, Period, Rules, Tables};

/// What rules use of one source.
struct Use {
    source: u16,
    /// Keys at which sets begin or end, ascending, and how many do.
    edges: Vec<(i64, u32)>,
    /// Words of one row of each of its bins, over all layers.
    words: usize,
    /// Sets over it.
    sets: usize,
}

impl Use {
    /// Of its rows, cut into so many bins at most.
    fn row_bytes(&self, bins: usize) -> usize {
        self.words * 8 * (self.edges.len() + 2).min(bins)
    }
}

impl Index {
    /// The index of these tables. O(offers x bins), after sorting.
    pub(crate) fn build(tables: &Tables) -> Index {
        let most = answers(tables).map(<[u32]>::len).max().unwrap_or(0);
        if most < INDEX_CANDIDATES_MIN || !sound(tables) {
            return Index::default();
        }
        let mut formulas = Formulas::new(tables).of_offers();
        let most_terms =
            |offer: usize| formulas.iter().map(|tier| tier[offer].terms.len()).max().unwrap_or(0);
        let terms: Vec<usize> = (0..tables.offers.len()).map(most_terms).collect();
        let order = Order::new(tables, &terms);
        let axes = axes(tables, &order, &mut formulas);
        let places = |offers: &[u32]| offers.iter().map(|at| order.places[*at as usize]).collect();
        Index {
            moments: WordSets::new(answers(tables).map(places)),
            issues: WordSets::new(by_issue(tables, &order).into_iter()),
            tiers: formulas.each_ref().map(|formulas| Tier::new(formulas, &order, &axes)),
            axes,
            order,
        }
    }
}

/// Whether every position that the index follows exists.
fn sound(tables: &Tables) -> bool {
    let groups = tables.groups.iter().all(|group| usize::from(group.issue) < tables.issues.len());
    let offers = tables.offers.iter().all(|offer| usize::from(offer.group) < tables.groups.len());
    let answers = tables.moment_offers.iter().all(|at| (*at as usize) < tables.offers.len());
    groups && offers && answers
}

fn by_issue(tables: &Tables, order: &Order) -> Vec<Vec<u32>> {
    let mut issues = alloc::vec![Vec::new(); tables.issues.len()];
    for (offer, place) in tables.offers.iter().zip(&order.places) {
        issues[usize::from(tables.groups[usize::from(offer.group)].issue)].push(*place);
    }
    issues
}

/// Decompiles each program once: catalogues repeat the same few rules over thousands of offers.
struct Formulas<'a> {
    tables: &'a Tables,
    known: BTreeMap<(u32, u16), Formula>,
    /// Ranges that may still be kept. A rule is written once and inherited by any number of offers,
    /// so that a few bytes could ask for any amount of memory.
    left: usize,
}

impl<'a> Formulas<'a> {
    fn new(tables: &'a Tables) -> Formulas<'a> {
        let left = INDEX_RANGES_PER_OFFER_MAX * tables.offers.len() + tables.code.len() / 4;
        Formulas { tables, known: BTreeMap::new(), left }
    }

    /// By tier and offer.
    fn of_offers(mut self) -> [Vec<Formula>; 4] {
        IndexTier::ALL.map(|tier| {
            let offers = self.tables.offers.iter();
            offers.map(|offer| self.of_offer(offer, tier)).collect()
        })
    }

    fn of_offer(&mut self, offer: &Offer, tier: IndexTier) -> Formula {
        let group: &Group = &self.tables.groups[usize::from(offer.group)];
        let issue: &Issue = &self.tables.issues[usize::from(group.issue)];
        let rule: fn(&Rules) -> Option<Program> = match tier {
            IndexTier::Valid => return dates(offer),
            IndexTier::Eligible => |rules| rules.eligible,
            IndexTier::Applicable => |rules| rules.applicable,
            IndexTier::Suitable => |rules| rules.suitable,
        };
        let programs = [&issue.rules, &group.rules, &offer.rules].into_iter().filter_map(rule);
        let all =
            programs.fold(Formula::always(), |all, program| all.and(self.of_program(program)));
        self.kept(all)
    }

    fn of_program(&mut self, program: Program) -> Formula {
        let key = (program.start, program.len);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        if self.left == 0 {
            return Formula::unknown();
        }
        let formula = decompile(program.of(&self.tables.code), &self.tables.features);
        let formula = self.kept(formula);
        self.known.insert(key, formula.clone());
        formula
    }

    /// The formula, or the bound that says nothing once there is no room.
    fn kept(&mut self, formula: Formula) -> Formula {
        let left = self.left.checked_sub(formula.weight());
        self.left = left.unwrap_or(0);
        if left.is_some() { formula } else { Formula::unknown() }
    }
}

fn dates(offer: &Offer) -> Formula {
    let Period { from_ms, until_ms } = offer.period;
    Formula::of_set(NOW, Set::range(from_ms, until_ms.saturating_sub(1)))
        .or(Formula::of_bool(from_ms <= 0 && until_ms == i64::MAX))
}

/// The bins of every source that rules use. While rows would take too much, bins get fewer; then
/// the sources that are used least are left out, and those that need most patches. Rules over them
/// become bounds.
fn axes(tables: &Tables, order: &Order, formulas: &mut [Vec<Formula>; 4]) -> Vec<Axis> {
    let mut uses = uses(order, formulas);
    let bytes =
        |uses: &[Use], bins: usize| -> usize { uses.iter().map(|one| one.row_bytes(bins)).sum() };
    let offers = tables.offers.len();
    let bytes_max = INDEX_ROW_BYTES_MAX.min(INDEX_ROW_BYTES_PER_OFFER_MAX * offers);
    let least = INDEX_BINS_MAX / 8;
    let mut choices = (1..=8).rev().map(|eighths| least * eighths);
    let bins = choices.find(|bins| bytes(&uses, *bins) <= bytes_max).unwrap_or(least);
    let mut left_out: BTreeSet<u16> = BTreeSet::new();
    uses.sort_by_key(|one| (core::cmp::Reverse(one.sets), one.source));
    let mut taken = bytes(&uses, bins);
    while taken > bytes_max {
        let Some(one) = uses.pop() else { break };
        taken -= one.row_bytes(bins);
        left_out.insert(one.source);
    }
    let is_float = |source: u16| {
        tables.features.get(usize::from(source)).is_some_and(|feature| feature.ty == Type::Double)
    };
    let axis = |one: &Use| Axis::new(one.source, is_float(one.source), &one.edges, bins);
    let mut axes: Vec<(usize, Axis)> = uses
        .iter()
        .map(axis)
        .zip(&uses)
        .map(|(axis, one)| (axis.uncut(&one.edges), axis))
        .collect();
    axes.sort_by_key(|(patches, axis)| (*patches, axis.source));
    let mut patches: usize = axes.iter().map(|(patches, _)| patches).sum();
    while patches > INDEX_PATCHES_PER_OFFER_MAX * offers {
        let Some((most, axis)) = axes.pop() else { break };
        patches -= most;
        left_out.insert(axis.source);
    }
    if !left_out.is_empty() {
        formulas.iter_mut().flatten().for_each(|formula| formula.forget(&left_out));
    }
    axes.sort_by_key(|(_, axis)| axis.source);
    axes.into_iter().map(|(_, axis)| axis).collect()
}

/// What each source is used for, by source.
fn uses(order: &Order, formulas: &[Vec<Formula>; 4]) -> Vec<Use> {
    let mut edges: BTreeMap<u16, Vec<i64>> = BTreeMap::new();
    let mut sets: BTreeMap<u16, usize> = BTreeMap::new();
    let mut layers: BTreeMap<(usize, usize), (Vec<bool>, Vec<u16>)> = BTreeMap::new();
    for (tier, formulas) in formulas.iter().enumerate() {
        for (formula, place) in formulas.iter().zip(&order.places) {
            for (number, term) in formula.asked().iter().enumerate() {
                let (words, sources) = layers
                    .entry((tier, number))
                    .or_insert_with(|| (alloc::vec![false; order.words()], Vec::new()));
                words[*place as usize / 64] = true;
                for (source, set) in term {
                    edges.entry(*source).or_default().extend(set.edges());
                    *sets.entry(*source).or_default() += 1;
                    if let Err(at) = sources.binary_search(source) {
                        sources.insert(at, *source);
                    }
                }
            }
        }
    }
    let words = |source: &u16| -> usize {
        let of_layer = layers.values().filter(|(_, sources)| sources.binary_search(source).is_ok());
        of_layer.map(|(words, _)| words.iter().filter(|used| **used).count()).sum()
    };
    edges
        .into_iter()
        .map(|(source, edges)| Use {
            source,
            edges: counted(edges),
            words: words(&source),
            sets: sets.get(&source).copied().unwrap_or(0),
        })
        .collect()
}

fn counted(mut edges: Vec<i64>) -> Vec<(i64, u32)> {
    edges.sort_unstable();
    edges.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u32)).collect()
}

impl Tier {
    fn new(formulas: &[Formula], order: &Order, axes: &[Axis]) -> Tier {
        let words = order.words();
        let (mut free, mut bounds) = (alloc::vec![0u64; words], alloc::vec![0u64; words]);
        let mut layers: Vec<Vec<(u32, &Term)>> = Vec::new();
        for (place, offer) in order.offers.iter().enumerate() {
            let formula = &formulas[*offer as usize];
            let (word, bit) = (place / 64, 1 << (place % 64));
            free[word] |= if formula.is_always() { bit } else { 0 };
            bounds[word] |= if formula.exact { 0 } else { bit };
            for (number, term) in formula.asked().iter().enumerate() {
                if number == layers.len() {
                    layers.push(Vec::new());
                }
                layers[number].push((place as u32, term));
            }
        }
        Tier {
            idle: formulas.iter().all(|formula| formula.is_always() && formula.exact),
            free,
            bounds,
            layers: layers.iter().map(|terms| Layer::new(terms, words, axes)).collect(),
        }
    }
}
