//! How the conditions of a moment are written, for explanations.

use std::string::ToString;
use std::vec::Vec;

use super::Build;
use super::check::Checker;
use super::lower::parse_item;
use super::node::{Kind, Node};
use super::scope::View;
use super::source::Item;
use super::types::BOOL;
use crate::base::ids::MomentId;
use crate::expr::{Op, Type};
use crate::policy::{Condition, Period, Wording};

impl Build<'_> {
    /// The words of a moment's rule, which has been compiled, and of its dates.
    pub(super) fn wording(
        &self,
        moment: MomentId,
        when: Option<&Item<'_>>,
        view: &View,
        (period, written): (Period, [Option<&str>; 2]),
    ) -> Option<Wording> {
        let mut conditions = match when {
            Some(when) => self.conditions(when, view)?,
            None => Vec::new(),
        };
        if period != Period::ALWAYS {
            // A pattern's moment without a rule of its own has the constant that it always holds.
            if when.is_none() {
                conditions.push(Condition { text: "true".to_string(), compares: None });
            }
            let [from, until] = written;
            for (key, date) in [("until", until), ("from", from)] {
                let text = std::format!("{key} {}", date.unwrap_or("any time"));
                conditions.push(Condition { text, compares: None });
            }
        }
        (!conditions.is_empty()).then_some(Wording { moment, conditions })
    }

    fn conditions(&self, when: &Item<'_>, view: &View) -> Option<Vec<Condition>> {
        let text = when.text()?;
        let parsed = parse_item(when)?;
        let node = Checker::new(&self.scope, view, when, &parsed).root(Some(BOOL))?;
        let mut nodes = Vec::new();
        parts_of(&node, &mut nodes);
        let texts = parts(text);
        if texts.len() == nodes.len() {
            let condition = |(text, node): (&str, &Node)| Condition {
                text: text.to_string(),
                compares: compares(node),
            };
            return Some(texts.into_iter().zip(nodes).map(condition).collect());
        }
        // Some of it was known in advance, or is within brackets: it is one condition.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Vec::from([Condition { text, compares: None }]))
    }
}

/// What `&&` joins at the top, as the operations have it.
fn parts_of<'n>(node: &'n Node, parts: &mut Vec<&'n Node>) {
    match &node.kind {
        Kind::And(operands) => {
            if let Some((first, rest)) = operands.split_first() {
                parts_of(first, parts);
                parts.extend(rest);
            }
        }
        _ => parts.push(node),
    }
}

/// The type of what is compared, if it is one comparison or the opposite of one.
fn compares(node: &Node) -> Option<Type> {
    match &node.kind {
        Kind::Apply(Op::Not, operands) => operands.first().and_then(compares),
        Kind::Apply(op, operands) if op.comparison().is_some() => {
            operands.first().map(|operand| operand.ty.plain())
        }
        _ => None,
    }
}

/// The text of what `&&` joins at the top of an expression: all of it where something binds less.
fn parts(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let (mut parts, mut start, mut at, mut depth) = (Vec::new(), 0, 0, 0i32);
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'\'' | b'"') => at = end_of_text(bytes, at, quote),
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b'?' if depth == 0 => return Vec::from([text.trim()]),
            b'|' if depth == 0 && bytes.get(at + 1) == Some(&b'|') => {
                return Vec::from([text.trim()]);
            }
            b'&' if depth == 0 && bytes.get(at + 1) == Some(&b'&') => {
                parts.push(text[start..at].trim());
                at += 1;
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(text[start..].trim());
    parts
}

/// Where the text that begins at a quote ends.
fn end_of_text(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != quote {
        at += 1 + usize::from(bytes[at] == b'\\');
    }
    at
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn conditions_are_cut_where_they_are_joined() {
        for (text, expected) in [
            ("a", &["a"][..]),
            ("a && b > 1  && (c || d && e)", &["a", "b > 1", "(c || d && e)"]),
            ("a || b && c", &["a || b && c"]),
            ("a && b ? c : d", &["a && b ? c : d"]),
            ("x == 'a && \\' b' && y", &["x == 'a && \\' b'", "y"]),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }
}
