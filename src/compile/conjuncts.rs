//! Rules that are plain conjunctions, from conjuncts that were compiled before.
//!
//! A catalogue of thousands of offers says the same few hundred things in ever new combinations,
//! and parsing is most of what compiling it costs.

use std::collections::HashMap;
use std::string::String;
use std::vec::Vec;

use super::Build;
use super::cel;
use super::check::Checker;
use super::node::{Kind, Node};
use super::scope::View;
use super::source::Item;
use super::types::BOOL;

/// Conjuncts of rules over the profile, by their text.
pub(super) type Conjuncts = HashMap<String, Node>;

impl Build<'_> {
    /// The tree of a rule over the profile, if it is a conjunction whose parts are sound. None
    /// says nothing: the whole is then read as any other text, which finds what is wrong. Spans in
    /// it are those of the text where a conjunct was met first.
    pub(super) fn conjunction(&mut self, item: &Item<'_>, text: &str) -> Option<Node> {
        let parts = split(text)?;
        cel::refuse_excess(text).ok()?;
        let nodes: Option<Vec<Node>> =
            parts.into_iter().map(|part| self.conjunct(item, part)).collect();
        Some(Node { ty: BOOL, span: 0..text.len(), kind: Kind::And(nodes?) })
    }

    fn conjunct(&mut self, item: &Item<'_>, part: &str) -> Option<Node> {
        if let Some(known) = self.conjuncts.get(part) {
            return Some(known.clone());
        }
        let parsed = cel::parse(part).ok()?;
        let unheard = item.report.unheard();
        let item = Item { report: &unheard, ..item.clone() };
        let checker =
            Checker { scope: &self.scope, view: &View::PROFILE, item: &item, parsed: &parsed };
        let node = checker.root(Some(BOOL)).filter(|_| unheard.is_empty())?;
        self.conjuncts.insert(part.into(), node.clone());
        Some(node)
    }
}

/// The operands of a conjunction of at least two, where it is plain to see which they are.
fn split(text: &str) -> Option<Vec<&str>> {
    if ["\\", "\n", "'''", "\"\"\"", "//"].iter().any(|obscure| text.contains(obscure)) {
        return None;
    }
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0usize, None);
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth = depth.checked_sub(1)?,
            // These bind less than `&&`.
            (None, b'|' | b'?' | b':') if depth == 0 => return None,
            (None, b'&') if depth == 0 && bytes[at + 1..].first() == Some(&b'&') => {
                parts.push(text[start..at].trim());
                start = at + 2;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    (parts.len() > 1 && depth == 0 && quote.is_none()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_conjunctions_are_split() {
        for (text, parts) in [
            ("a && b > 1&&c", Some(&["a", "b > 1", "c"][..])),
            ("(a && b) && !(c || d)", Some(&["(a && b)", "!(c || d)"])),
            ("a == '&&' && b in ['x || y']", Some(&["a == '&&'", "b in ['x || y']"])),
            ("a", None),
            ("a && b || c", None),
            ("a && b ? c : d", None),
            ("a && (b", None),
            ("a) && b", None),
            ("a && b == 'c", None),
            ("a && b == '\\'' && c", None),
        ] {
            assert_eq!(split(text).as_deref(), parts, "{text}");
        }
    }
}
