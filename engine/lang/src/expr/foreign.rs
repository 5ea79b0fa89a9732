//! What people write who come from another language, each with how it is written here.

use std::ops::Range;

use super::parse::Parser;
use crate::fault::Fault;
use crate::text::{Lex, Token, quantity};

impl Parser<'_> {
    /// The fault of a token that is not expected, where it belongs to a form of another language.
    pub(super) fn foreign(&self, token: &Token) -> Option<Fault> {
        let before = self.tokens.iter().rposition(|one| one.range.end <= token.range.start);
        let behind = self.tokens.iter().find(|one| one.range.start >= token.range.end);
        let sign = |one: Option<&Token>, sign: &str| one.is_some_and(|one| self.slice(one) == sign);
        match self.slice(token) {
            "=" | "!" if sign(behind, "~") => Some(self.pattern_operator(token)),
            "->" | "=>" => Some(self.arrow(token, before)),
            "$" => Some(self.json_path(token.range.clone(), token.range.end)),
            "." if before.is_none() => Some(self.json_path(token.range.clone(), token.range.end)),
            "*" if sign(before.map(|at| &self.tokens[at]), "[") => Some(self.json_path(token.range.clone(), 0)),
            _ if token.lex == Lex::Name => self.unit(token, &self.tokens[before?]),
            _ => None,
        }
    }

    fn pattern_operator(&self, token: &Token) -> Fault {
        let range = token.range.start..(token.range.end + 1).min(self.text.len());
        let (left, right) = (self.text[..range.start].trim(), self.text[range.end..].trim());
        let not = if self.slice(token) == "!" { "!" } else { "" };
        let fault = self.fault(range.clone(), format!("`{}` is not an operator", &self.text[range]));
        let simple = [left, right].iter().all(|side| !side.is_empty() && !side.contains("&&") && !side.contains("||"));
        fault.help(match simple {
            true => format!("write `{not}{left}.matches({right})`"),
            false => format!("write `{not}x.matches(\"…\")`"),
        })
    }

    /// `i -> i.ok`
    fn arrow(&self, token: &Token, before: Option<usize>) -> Fault {
        let name = before.map(|at| &self.tokens[at]).filter(|one| one.lex == Lex::Name);
        let name = name.map_or("x", |one| self.slice(one));
        let rest = &self.text[token.range.end..];
        let mut depth = 0_usize;
        let end = rest.find(|c| match c {
            '(' => {
                depth += 1;
                false
            }
            ')' if depth == 0 => true,
            ')' => {
                depth -= 1;
                false
            }
            _ => false,
        });
        let body = end.map_or("…", |end| rest[..end].trim());
        self.fault(token.range.clone(), "a function of each item has no arrow").help(format!("write `|{name}| {body}`"))
    }

    fn json_path(&self, range: Range<usize>, begins: usize) -> Fault {
        let fault = self.fault(range, "a JSONPath stands in `{ path: … }`, and this is an expression");
        let rest = self.text[begins..].trim_start_matches('.');
        match rest.contains('*') || rest.is_empty() {
            true => fault.help("write `{ path: \"$.items[*].ok\", all: true }`, or `items.all(|x| x.ok)`"),
            false => fault.help(format!("write `{rest}`")),
        }
    }

    /// `500 ms`
    fn unit(&self, token: &Token, before: &Token) -> Option<Fault> {
        if before.lex != Lex::Number {
            return None;
        }
        let whole = format!("{}{}", self.slice(before), self.slice(token));
        quantity(&whole).ok()?;
        let fault = self.fault(before.range.start..token.range.end, "a number and its unit stand together");
        Some(fault.help(format!("write `{whole}`")))
    }
}
