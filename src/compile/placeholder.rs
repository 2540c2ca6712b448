//! `{name}` in a text: where an offer's parameter is filled in, and how long that can get.

use std::format;
use std::ops::Range;
use std::string::ToString;
use std::vec::Vec;

use super::check::error_inside;
use super::diagnostic::Code;
use super::source::Item;
use crate::base::limits::KEY_BYTES_MAX;
use crate::base::money::MICROS;
use crate::expr::Type;

/// A piece of a text.
#[derive(Debug, PartialEq)]
pub(super) enum Part<'a> {
    Literal(&'a str),
    /// The name of a parameter, and its place in the text.
    Placeholder(&'a str, Range<usize>),
}

/// The pieces of a text; what is wrong with it is recorded. `{{` and `}}` stand for brackets.
pub(super) fn parts<'a>(item: &Item<'a>) -> Option<Vec<Part<'a>>> {
    let text = item.text()?;
    match split(text) {
        Ok(parts) => Some(parts),
        Err(at) => {
            let message = format!("`{}` opens or closes no placeholder", &text[at..=at]);
            let help = "write {name} for a parameter of the offer, {{ and }} for brackets";
            error_inside(item, Code::Placeholder, at..at + 1, message, help.to_string());
            None
        }
    }
}

/// The pieces, or the byte of the bracket that is alone.
fn split(text: &str) -> Result<Vec<Part<'_>>, usize> {
    let (mut parts, mut at) = (Vec::new(), 0);
    while let Some(found) = text[at..].find(['{', '}']) {
        let bracket = at + found;
        let rest = &text[bracket..];
        let doubled = rest.starts_with("{{") || rest.starts_with("}}");
        parts.push(Part::Literal(&text[at..bracket + usize::from(doubled)]));
        at = if doubled {
            bracket + 2
        } else {
            let name = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
            let (name, _) = name.filter(|(name, _)| is_name(name)).ok_or(bracket)?;
            parts.push(Part::Placeholder(name, bracket..bracket + name.len() + 2));
            bracket + name.len() + 2
        };
    }
    parts.push(Part::Literal(&text[at..]));
    Ok(parts)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Characters of the longest form in which a host shows a value of this type, or this value.
///
/// Whole numbers have separators between thousands; money has two decimals, or six where it needs
/// them, a sign, and the currency's code after a space; true and false are words; an instant is a
/// date and a time; a length of time is days, hours, minutes and seconds.
///
/// None for text, of which an offer carries a hash that nobody can show.
pub(super) fn width(ty: Type, value: Option<i64>) -> Option<usize> {
    Some(match ty {
        Type::Bool => "false".len(),
        Type::Int => grouped(value.unwrap_or(i64::MIN)),
        Type::Money => {
            let micros = value.unwrap_or(i64::MIN + 1);
            let decimals = if micros % (MICROS / 100) == 0 { 3 } else { 7 };
            let sign = usize::from(micros < 0 && micros > -MICROS);
            sign + grouped(micros / MICROS) + decimals + " USD".len()
        }
        Type::Double => "-1.234567890123456e-300".len(),
        Type::Timestamp => "2026-01-31 21:00".len(),
        Type::Duration => "36500d 23h 59m 59s".len(),
        Type::Member => KEY_BYTES_MAX,
        Type::Text => return None,
    })
}

/// Characters of a whole number with a separator between thousands.
fn grouped(value: i64) -> usize {
    let digits = value.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
    usize::from(value < 0) + digits + (digits - 1) / 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split() {
        use Part::{Literal, Placeholder};
        assert_eq!(
            split("1 GB for {price}!").unwrap(),
            [Literal("1 GB for "), Placeholder("price", 9..16), Literal("!")]
        );
        assert_eq!(split("{{é}}").unwrap(), [Literal("{"), Literal("é}"), Literal("")]);
        for (text, at) in [("a {", 2), ("}", 0), ("{}", 0), ("{a b}", 0), ("é{x", 2), ("{{}", 2)] {
            assert_eq!(split(text), Err(at), "{text}");
        }
    }

    #[test]
    fn widths() {
        for (ty, value, expected) in [
            (Type::Int, Some(0), 1),
            (Type::Int, Some(1024), "1,024".len()),
            (Type::Int, Some(-1024), "-1,024".len()),
            (Type::Int, None, "-9,223,372,036,854,775,808".len()),
            (Type::Money, Some(2_000_000), "2.00 USD".len()),
            (Type::Money, Some(-500_000), "-0.50 USD".len()),
            (Type::Money, Some(1), "0.000001 USD".len()),
            (Type::Money, None, "-9,223,372,036,854.775807 USD".len()),
            (Type::Bool, Some(1), 5),
        ] {
            assert_eq!(width(ty, value), Some(expected), "{ty:?} {value:?}");
        }
        assert_eq!(width(Type::Text, None), None);
    }
}
