//! The plain part of CEL's grammar, parsed by hand: what nearly every rule of a policy is made of.
//!
//! The `cel` crate's generated parser takes some 200 microseconds for a rule, which was most of
//! the time that a policy of 100,000 offers took to compile. Its other parser keeps places to
//! itself and always expands macros. This one knows names, fields, calls, indices, lists, plain
//! literals and the operators, and leaves everything else, and every mistake, to the generated
//! parser: what it accepts, that one accepts with the same tree and the same places (the tests
//! compare them), and it never refuses.

use std::borrow::ToOwned;
use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, Expr, ListExpr, LiteralValue, SelectExpr, SourceInfo, operators};

use crate::base::limits::EXPRESSION_NESTING_MAX;

/// The grammar's keywords and CEL's reserved words: none of them is a name.
const NO_NAMES: [&str; 21] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
    "while",
];

type Operators = [(&'static str, &'static str)];
/// As written and as called; what another begins with comes after it.
const RELATIONS: &Operators = &[
    ("<=", operators::LESS_EQUALS),
    ("<", operators::LESS),
    (">=", operators::GREATER_EQUALS),
    (">", operators::GREATER),
    ("==", operators::EQUALS),
    ("!=", operators::NOT_EQUALS),
    ("in", operators::IN),
];
const SUMS: &Operators = &[("+", operators::ADD), ("-", operators::SUBSTRACT)];
const PRODUCTS: &Operators =
    &[("*", operators::MULTIPLY), ("/", operators::DIVIDE), ("%", operators::MODULO)];

/// The tree of a plain expression and where its nodes are; none for any other text.
pub(super) fn parse(text: &str) -> Option<(IdedExpr, SourceInfo)> {
    if !text.is_ascii() || text.contains("//") {
        return None;
    }
    let mut parser = Parser { text, at: 0, depth: 0, nodes: 0, info: SourceInfo::default() };
    let root = parser.conditional()?;
    parser.rest().is_empty().then_some((root, parser.info))
}

struct Parser<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
    /// Conditionals and brackets that are open.
    depth: usize,
    nodes: u64,
    info: SourceInfo,
}

impl<'a> Parser<'a> {
    fn conditional(&mut self) -> Option<IdedExpr> {
        self.depth += 1;
        if self.depth > EXPRESSION_NESTING_MAX {
            return None;
        }
        let mut node = self.or()?;
        if let Some(place) = self.take("?") {
            let then = self.or()?;
            self.take(":")?;
            let otherwise = self.conditional()?;
            node = self.call(place, operators::CONDITIONAL, vec![node, then, otherwise]);
        }
        self.depth -= 1;
        Some(node)
    }

    fn or(&mut self) -> Option<IdedExpr> {
        self.chain("||", operators::LOGICAL_OR, Self::and)
    }

    fn and(&mut self) -> Option<IdedExpr> {
        self.chain("&&", operators::LOGICAL_AND, Self::relation)
    }

    fn relation(&mut self) -> Option<IdedExpr> {
        self.left(RELATIONS, Self::sum)
    }

    fn sum(&mut self) -> Option<IdedExpr> {
        self.left(SUMS, Self::product)
    }

    fn product(&mut self) -> Option<IdedExpr> {
        self.left(PRODUCTS, Self::unary)
    }

    /// Operands of `&&` or `||`, as a tree of little depth.
    fn chain(
        &mut self,
        written: &str,
        called: &str,
        operand: fn(&mut Self) -> Option<IdedExpr>,
    ) -> Option<IdedExpr> {
        let mut operands = vec![operand(self)?];
        let mut places = Vec::new();
        while let Some(place) = self.take(written) {
            places.push(place);
            operands.push(operand(self)?);
        }
        let mut operands = operands.into_iter();
        self.balanced(called, &mut operands, &places)
    }

    /// The generated parser splits at the middle operator, the right one of two.
    fn balanced(
        &mut self,
        called: &str,
        operands: &mut vec::IntoIter<IdedExpr>,
        places: &[Place],
    ) -> Option<IdedExpr> {
        let (before, rest) = places.split_at(places.len() / 2);
        let Some((place, after)) = rest.split_first() else { return operands.next() };
        let left = self.balanced(called, operands, before)?;
        let right = self.balanced(called, operands, after)?;
        Some(self.call(*place, called, vec![left, right]))
    }

    /// Operators that take their operands from left to right.
    fn left(
        &mut self,
        known: &Operators,
        operand: fn(&mut Self) -> Option<IdedExpr>,
    ) -> Option<IdedExpr> {
        let mut node = operand(self)?;
        while let Some((place, called)) = self.operator(known) {
            let right = operand(self)?;
            node = self.call(place, called, vec![node, right]);
        }
        Some(node)
    }

    fn operator(&mut self, known: &Operators) -> Option<(Place, &'static str)> {
        let rest = self.rest();
        let (written, called) = known.iter().find(|(written, _)| rest.starts_with(written))?;
        if *written == "in" && word(rest) != "in" {
            return None;
        }
        Some((self.take(written)?, called))
    }

    fn unary(&mut self) -> Option<IdedExpr> {
        let (place, called) = match self.rest().as_bytes().first()? {
            b'!' => (self.take("!")?, operators::LOGICAL_NOT),
            b'-' => (self.take("-")?, operators::NEGATE),
            _ => return self.member(),
        };
        if called == operators::NEGATE && self.rest().starts_with(|c: char| c.is_ascii_digit()) {
            let number = self.number("-")?;
            // Whose minus it is when a field follows is not plain.
            return (!self.rest().starts_with(['.', '['])).then_some(number);
        }
        // Operators that follow each other cancel out, or are part of a number.
        if self.rest().starts_with(['!', '-']) {
            return None;
        }
        let operand = self.member()?;
        Some(self.call(place, called, vec![operand]))
    }

    fn member(&mut self) -> Option<IdedExpr> {
        let mut node = self.primary()?;
        loop {
            if let Some(dot) = self.take(".") {
                let field = self.name()?;
                let expr = match self.take("(") {
                    Some(open) => {
                        let args = self.list(")")?;
                        let target = Some(Box::new(node));
                        node = self
                            .node(open, Expr::Call(CallExpr { target, func_name: field, args }));
                        continue;
                    }
                    None => SelectExpr { operand: Box::new(node), field, test: false },
                };
                node = self.node(dot, Expr::Select(expr));
            } else if let Some(open) = self.take("[") {
                let index = self.conditional()?;
                self.take("]")?;
                node = self.call(open, operators::INDEX, vec![node, index]);
            } else {
                return Some(node);
            }
        }
    }

    fn primary(&mut self) -> Option<IdedExpr> {
        match *self.rest().as_bytes().first()? {
            b'(' => {
                self.take("(")?;
                let node = self.conditional()?;
                self.take(")")?;
                Some(node)
            }
            b'[' => {
                let open = self.take("[")?;
                let items = self.list("]")?;
                Some(self.node(open, Expr::List(ListExpr::new(items))))
            }
            quote @ (b'\'' | b'"') => self.text(quote),
            first if first.is_ascii_digit() => self.number(""),
            _ => self.word(),
        }
    }

    /// A name, a call or a literal that is a word.
    fn word(&mut self) -> Option<IdedExpr> {
        let written = word(self.rest());
        let literal = match written {
            "true" => LiteralValue::Boolean(true.into()),
            "false" => LiteralValue::Boolean(false.into()),
            "null" => LiteralValue::Null,
            _ => {
                let start = self.at;
                let name = self.name()?;
                let place = Place { start, end: self.at };
                return match self.take("(") {
                    Some(open) => {
                        let arguments = self.list(")")?;
                        Some(self.call(open, &name, arguments))
                    }
                    // A prefix of a string.
                    None if self.text[self.at..].starts_with(['\'', '"']) => None,
                    None => Some(self.node(place, Expr::Ident(name))),
                };
            }
        };
        let place = self.take(written)?;
        Some(self.node(place, Expr::Literal(literal)))
    }

    fn name(&mut self) -> Option<String> {
        let name = word(self.rest());
        let is_name = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && !NO_NAMES.contains(&name);
        self.take(name).filter(|_| is_name)?;
        Some(name.to_owned())
    }

    /// What stands before the closing bracket.
    fn list(&mut self, close: &str) -> Option<Vec<IdedExpr>> {
        let mut items = Vec::new();
        if self.take(close).is_some() {
            return Some(items);
        }
        loop {
            items.push(self.conditional()?);
            if self.take(close).is_some() {
                return Some(items);
            }
            self.take(",")?;
        }
    }

    /// A string without escapes on one line.
    fn text(&mut self, quote: u8) -> Option<IdedExpr> {
        let rest = self.rest();
        let quote = char::from(quote);
        let (inner, after) = rest[1..].split_once(quote)?;
        if inner.contains(['\\', '\n', '\r']) || (inner.is_empty() && after.starts_with(quote)) {
            return None;
        }
        let place = self.take(&rest[..inner.len() + 2])?;
        Some(self.node(place, Expr::Literal(LiteralValue::String(inner.to_owned().into()))))
    }

    /// A whole or a decimal number without exponent.
    fn number(&mut self, sign: &str) -> Option<IdedExpr> {
        let rest = self.rest();
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(rest);
        let fraction = rest[whole..].strip_prefix('.').map(digits);
        let len = whole + fraction.map_or(0, |digits| 1 + digits);
        if fraction == Some(0) || !word(&rest[len..]).is_empty() {
            return None;
        }
        let place = self.take(&rest[..len])?;
        let number = format!("{sign}{}", &rest[..len]);
        let literal = match fraction {
            None => LiteralValue::Int(number.parse::<i64>().ok()?.into()),
            Some(_) => {
                let number = number.parse::<f64>().ok().filter(|number| number.is_finite())?;
                LiteralValue::Double(number.into())
            }
        };
        Some(self.node(place, Expr::Literal(literal)))
    }

    /// The text from the next symbol on.
    fn rest(&mut self) -> &'a str {
        let left = &self.text[self.at..];
        let rest = left.trim_start_matches(['\t', ' ', '\r', '\n', '\x0c']);
        self.at += left.len() - rest.len();
        rest
    }

    /// Goes past what is next, if it is this.
    fn take(&mut self, symbol: &str) -> Option<Place> {
        let next = self.rest().starts_with(symbol);
        let start = self.at;
        self.at += if next { symbol.len() } else { 0 };
        next.then_some(Place { start, end: self.at })
    }

    fn call(&mut self, place: Place, called: &str, args: Vec<IdedExpr>) -> IdedExpr {
        self.node(place, Expr::Call(CallExpr { target: None, func_name: called.to_owned(), args }))
    }

    fn node(&mut self, place: Place, expr: Expr) -> IdedExpr {
        self.nodes += 1;
        self.info.add_offset(self.nodes, place.start as u32, place.end as u32 - 1);
        IdedExpr { id: self.nodes, expr }
    }
}

/// Bytes of a symbol.
#[derive(Clone, Copy, Debug)]
struct Place {
    start: usize,
    end: usize,
}

/// Letters, digits and underscores that a text begins with.
fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}
