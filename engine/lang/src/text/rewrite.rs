//! Our text as rhai and minijinja read it, with a map of where each byte came from.

use std::ops::Range;

use super::{Lex, Token, quantity, scan};
use crate::fault::Fault;

/// The name under which hooks read the literal `null`: not `()`, which is what a variable without a value holds.
pub(crate) const NULL: &str = "__null";

/// Which language the text goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// rhai: `null` is a name of ours, quantities are calls.
    Rhai,
    /// minijinja: `null` is `none`.
    Jinja,
}

/// A rewritten text.
#[derive(Debug)]
pub(crate) struct Rewritten {
    pub text: String,
    /// For each piece: where it begins in the new text, its bytes in the old one, whether it was copied as it is.
    pieces: Vec<(usize, Range<usize>, bool)>,
}

impl Rewritten {
    /// The byte of the old text that the byte `at` of the new one came from.
    pub(crate) fn origin(&self, at: usize) -> usize {
        let piece =
            self.pieces.partition_point(|(start, ..)| *start <= at).checked_sub(1).and_then(|i| self.pieces.get(i));
        match piece {
            Some((start, old, true)) => (old.start + at - start).min(old.end),
            Some((_, old, false)) => old.start,
            None => 0,
        }
    }

    fn push(&mut self, new: &str, old: Range<usize>, copied: bool) {
        self.pieces.push((self.text.len(), old, copied));
        self.text.push_str(new);
    }
}

/// Rewrites `text` for `dialect`.
///
/// # Errors
/// What our languages refuse although the other reads it: `?.`, a malformed quantity.
pub(crate) fn rewrite(text: &str, dialect: Dialect) -> Result<Rewritten, Fault> {
    let tokens = scan(text);
    let mut out = Rewritten { text: String::with_capacity(text.len() + 16), pieces: Vec::new() };
    let mut done = 0;
    for (at, token) in tokens.iter().enumerate() {
        let here = Here { text, tokens: &tokens, at };
        if let Some((new, old)) = here.replaced(dialect)? {
            out.push(&text[done..old.start], done..old.start, true);
            done = old.end;
            out.push(&new, old, false);
        }
        debug_assert!(token.range.end <= text.len());
    }
    out.push(&text[done..], done..text.len(), true);
    Ok(out)
}

struct Here<'t> {
    text: &'t str,
    tokens: &'t [Token],
    at: usize,
}

impl Here<'_> {
    fn sign(&self, at: Option<usize>) -> Option<&str> {
        let token = self.tokens.get(at?)?;
        (token.lex == Lex::Sign).then(|| &self.text[token.range.clone()])
    }

    /// What stands instead of this token, and which bytes it replaces.
    fn replaced(&self, dialect: Dialect) -> Result<Option<(String, Range<usize>)>, Fault> {
        let token = &self.tokens[self.at];
        let text = &self.text[token.range.clone()];
        match token.lex {
            Lex::Sign if text == "?." || text == "?[" => Err(no_guard(token.range.clone())),
            Lex::Name if self.sign(self.at.checked_sub(1)) == Some(".") => Ok(self.field(text)),
            Lex::Name if text == "null" && self.sign(Some(self.at + 1)) != Some(":") => {
                let new = if dialect == Dialect::Rhai { NULL } else { "none" };
                Ok(Some((new.to_owned(), token.range.clone())))
            }
            Lex::Quantity if dialect == Dialect::Rhai => {
                quantity(text).map_err(|why| Fault::new("expr::quantity", token.range.clone(), why))?;
                Ok(Some((format!("quantity(\"{text}\")"), token.range.clone())))
            }
            Lex::Percent if dialect == Dialect::Rhai => {
                Ok(Some((format!("({} / 100)", text.trim_end_matches('%')), token.range.clone())))
            }
            _ => Ok(None),
        }
    }

    /// `.name` becomes `["name"]`, unless it is a call.
    fn field(&self, name: &str) -> Option<(String, Range<usize>)> {
        if self.sign(Some(self.at + 1)) == Some("(") {
            return None;
        }
        let dot = &self.tokens[self.at - 1].range;
        Some((format!("[\"{name}\"]"), dot.start..self.tokens[self.at].range.end))
    }
}

/// `?.` guards nothing that a strict reading would not report.
pub(crate) fn no_guard(range: Range<usize>) -> Fault {
    Fault::new("expr::syntax", range, "`?.` is not in the language")
        .help("`has(\"a.b\")` asks whether it is there, `get(\"a.b\", default)` reads what may be absent")
}
