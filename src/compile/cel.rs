//! CEL text to a syntax tree with places: plain texts by [`super::plain`], all others, and every
//! mistake, by the `cel` crate's parser.
//!
//! That parser recurses, so what would exhaust the stack is refused before it is called: long
//! texts, many symbols (every level of the tree takes at least one) and deep brackets. The crate's
//! other parser (feature `parser_pratt`) needs less stack, but keeps to itself where nodes are, and
//! a diagnostic without a place is none.

use std::format;
use std::ops::Range;
use std::string::String;
use std::vec::Vec;

use cel::Env;
use cel::IdedExpr;
use cel::common::ast::{CallExpr, EntryExpr, Expr, SourceInfo};

use super::comprehension;
use super::diagnostic::Code;
use super::plain;
use crate::base::limits::{EXPRESSION_BYTES_MAX, EXPRESSION_NESTING_MAX, EXPRESSION_SYMBOLS_MAX};

/// The parser's own bound on nested conditionals and brackets.
const RECURSION_MAX: u16 = 48;
const _: () = assert!(EXPRESSION_NESTING_MAX < RECURSION_MAX as usize);

/// A syntax tree that knows where each node was.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) root: IdedExpr,
    info: SourceInfo,
}

/// Why a text is not an expression, and where in it.
#[derive(Debug)]
pub(super) struct SyntaxError {
    pub(super) code: Code,
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) help: Option<&'static str>,
}

/// Parses one expression. The first error only: later ones are mostly its echo.
pub(super) fn parse(text: &str) -> Result<Parsed, SyntaxError> {
    refuse_excess(text)?;
    parse_plain(text).map_or_else(|| parse_generated(text), Ok)
}

/// Most texts, in a hundredth of the time that the generated parser takes.
pub(super) fn parse_plain(text: &str) -> Option<Parsed> {
    plain::parse(text).map(|(root, info)| Parsed { root, info })
}

/// Any text, also one that is not an expression.
pub(super) fn parse_generated(text: &str) -> Result<Parsed, SyntaxError> {
    // An environment without macros: they stay the plain calls that the checker unrolls.
    let parser = Env::default().parser().max_recursion_depth(RECURSION_MAX);
    let parser = parser.enable_ident_escape_syntax(true);
    match parser.parse_with_source_info(text) {
        Ok((root, info)) => Ok(Parsed { root, info }),
        Err(errors) => {
            let first = errors.errors.into_iter().next();
            let (pos, message) = first.map_or(((1, 1), String::new()), |e| (e.pos, e.msg));
            let start = offset_of(text, pos);
            let message = message.strip_prefix("Syntax error: ").unwrap_or(&message);
            // What could have followed is nearly everything.
            let message = message.split(" expecting ").next().unwrap_or(message);
            let message = message.replace("'<EOF>'", "end");
            let span = start..(start + 1).min(text.len());
            let help = advice(text, start);
            Err(SyntaxError { code: Code::ExpressionSyntax, span, message, help })
        }
    }
}

/// What was probably meant, where other languages write it otherwise.
fn advice(text: &str, start: usize) -> Option<&'static str> {
    let (before, rest) = text.split_at_checked(start)?;
    let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let is_amount = text.contains(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || " .,$\u{a3}\u{20ac}".contains(c));
    Some(match word.to_ascii_lowercase().as_str() {
        _ if is_amount => "an amount is a number with a point, without currency or comma: 0.80",
        "and" => "and is written &&",
        "or" => "or is written ||",
        "not" => "not is written !",
        "is" => "equal is written ==",
        "if" => "a choice is written condition ? this : that",
        _ if before.trim_end().ends_with(" not") || before.trim() == "not" => "not is written !",
        _ if rest.starts_with("=") => "equal is written ==",
        _ if rest.starts_with("&") => "and is written &&",
        _ if rest.starts_with("|") => "or is written ||",
        _ if rest.starts_with(">") && before.ends_with('<') => "unequal is written !=",
        _ => return None,
    })
}

fn refuse_excess(text: &str) -> Result<(), SyntaxError> {
    let symbols = text.bytes().filter(u8::is_ascii_punctuation).count();
    for (count, limit, what) in [
        (text.len(), EXPRESSION_BYTES_MAX, "bytes"),
        (symbols, EXPRESSION_SYMBOLS_MAX, "symbols"),
        (nesting_bound(text), EXPRESSION_NESTING_MAX, "nested brackets"),
    ] {
        if count > limit {
            let message = format!("expression has {count} {what}, but at most {limit} are allowed");
            let (code, span) = (Code::Limit, 0..text.len());
            return Err(SyntaxError { code, span, message, help: None });
        }
    }
    Ok(())
}

/// No fewer than the brackets that are open at once.
///
/// Brackets within string literals do not count, but only where it is plain to see which those
/// are; otherwise closing brackets are not believed.
fn nesting_bound(text: &str) -> usize {
    let is_open = |symbol: char| matches!(symbol, '(' | '[' | '{');
    if ["\\", "\n", "\r", "'''", "\"\"\"", "//"].iter().any(|obscure| text.contains(obscure)) {
        return text.chars().filter(|symbol| is_open(*symbol)).count();
    }
    let (mut depth, mut deepest, mut quote) = (0usize, 0, None);
    for symbol in text.chars() {
        match quote {
            Some(open) if open == symbol => quote = None,
            Some(_) => {}
            None if matches!(symbol, '"' | '\'') => quote = Some(symbol),
            None if is_open(symbol) => depth += 1,
            None if matches!(symbol, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            None => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// The byte at a line and a column in characters, both from 1.
fn offset_of(text: &str, (line, column): (isize, isize)) -> usize {
    let (line, column) = (line.max(1) as usize - 1, column.max(1) as usize - 1);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let within: usize = text[start..].chars().take(column).map(char::len_utf8).sum();
    start + within
}

impl Parsed {
    /// The bytes that stand for a node: its name, its literal or its operator.
    pub(super) fn span(&self, node: &IdedExpr) -> Range<usize> {
        let (start, stop) = self.info.offset_for(node.id).unwrap_or_default();
        let (start, end) = (start as usize, stop as usize + 1);
        match &node.expr {
            Expr::Select(select) => {
                self.span(&select.operand).start..start + 1 + select.field.len()
            }
            // The place of a call is its opening bracket.
            Expr::Call(call) if is_function(call) => {
                start.saturating_sub(call.func_name.len())..start
            }
            _ => start..end,
        }
    }

    /// Every name that is read in the tree, but for the variables of its macros.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        collect_names(&self.root, &mut Vec::new(), &mut names);
        names
    }
}

/// Whether a call is written with a name rather than as an operator.
fn is_function(call: &CallExpr) -> bool {
    call.func_name.starts_with(|first: char| first.is_ascii_alphabetic())
}

fn collect_names<'a>(node: &'a IdedExpr, bound: &mut Vec<&'a str>, names: &mut Vec<&'a str>) {
    match &node.expr {
        // With a dot before it, it is the same name, and no variable hides it.
        Expr::Ident(name) => match name.strip_prefix('.') {
            Some(name) => names.push(name),
            None => names.extend(Some(name.as_str()).filter(|name| !bound.contains(name))),
        },
        Expr::Select(select) => collect_names(&select.operand, bound, names),
        Expr::Call(call) => {
            call.target.iter().for_each(|target| collect_names(target, bound, names));
            let (variables, inner) = comprehension::bound(call).unwrap_or_default();
            let outer = call.args.len() - inner.len();
            for argument in call.args.iter().take(outer).skip(variables.len()) {
                collect_names(argument, bound, names);
            }
            let before = bound.len();
            bound.extend(variables);
            inner.iter().for_each(|argument| collect_names(argument, bound, names));
            bound.truncate(before);
        }
        Expr::List(list) => list.elements.iter().for_each(|item| collect_names(item, bound, names)),
        Expr::Map(map) => map.entries.iter().for_each(|entry| {
            if let EntryExpr::MapEntry(entry) = &entry.expr {
                collect_names(&entry.key, bound, names);
                collect_names(&entry.value, bound, names);
            }
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bombs_are_refused_before_the_parser() {
        for bomb in ["(", "[", "{", "f(", "-(", "'", "!", "-", "a.", "1+", "true?1:", "'')(", "//("]
        {
            let text = bomb.repeat(4_000 / bomb.len());
            assert!(parse(&text).is_err(), "{bomb}");
        }
        let nested = |depth| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
        assert!(parse(&nested(EXPRESSION_NESTING_MAX)).is_ok());
        assert_eq!(parse(&nested(EXPRESSION_NESTING_MAX + 1)).unwrap_err().code, Code::Limit);
    }

    #[test]
    fn the_largest_trees_fit_the_stack() {
        for (unit, end) in [("1+", "1"), ("a.", "a"), ("!", "a"), ("a?1:", "1"), ("a||", "a")] {
            let text = unit.repeat(EXPRESSION_SYMBOLS_MAX / (unit.len() - 1).max(1) - 1);
            let _ = parse(&(text + end));
        }
    }

    #[test]
    fn closing_brackets_in_strings_are_not_believed() {
        assert_eq!(nesting_bound("(')')(']')"), 1);
        assert_eq!(nesting_bound("(('))'(("), 4);
        assert_eq!(nesting_bound("(')')('''a''')"), 2);
    }

    #[test]
    fn errors_have_places() {
        for (text, start) in [("a b", 2), ("'é' é", 5), ("a\n&& b c", 7), ("", 0), ("(1 +", 4)] {
            assert_eq!(parse(text).unwrap_err().span.start, start, "{text}");
        }
    }

    #[test]
    fn names_are_those_that_are_read() {
        for (text, expected) in [
            ("a + b.c(d)[e]", &["a", "b", "d", "e"][..]),
            (".a > 1", &["a"]),
            ("[a].exists(b, b > c)", &["a", "c"]),
            ("[1].exists(a, a > .a) && a", &["a", "a"]),
            ("[1].all(i, v, i > v && w) || v", &["w", "v"]),
            ("[1].map(a, b, a + c)", &["b", "c"]),
            ("[1].transformMap(k, v, k + v + w)", &["w"]),
            ("cel.bind(a, a + b, a + c)", &["cel", "a", "b", "c"]),
            ("{a: b}", &["a", "b"]),
            ("f(a)", &["a"]),
        ] {
            assert_eq!(parse(text).unwrap().names(), expected, "{text}");
        }
    }
}
