//! `{{ }}` in scalars: minijinja's expressions over our values. No statements, no comments; nothing is parsed again.

mod code;
mod foreign;
mod jinja;
mod tree;

use std::ops::Range;
use std::sync::Arc;

use crate::expr::Reads;
use crate::fault::{EvalError, Fault};
use crate::scope::Scope;
use crate::text::{Lex, scan};
use crate::value::Value;
use crate::world::World;
use code::Code;

pub use tree::{Tree, point};

/// A compiled scalar.
#[derive(Debug)]
pub(crate) struct Template {
    parts: Vec<Part>,
    pub reads: Reads,
}

#[derive(Debug)]
enum Part {
    Literal(String),
    Value(Code),
}

impl Template {
    /// Whether a text holds `{{ }}` at all, or what would be taken for more of the language that this is a part of.
    pub(crate) fn is_in(text: &str) -> bool {
        text.contains("{{") || foreign::found(text, 0..text.len()).is_some()
    }

    pub(crate) fn compile(text: &str, world: &Arc<World>) -> Result<Self, Vec<Fault>> {
        let (mut parts, mut faults, mut reads) = (Vec::new(), Vec::new(), Reads::default());
        let mut done = 0;
        let literal = |part: Range<usize>, faults: &mut Vec<Fault>| {
            faults.extend(foreign::found(text, part.clone()));
            Part::Literal(text[part].to_owned())
        };
        while let Some(open) = text[done..].find("{{").map(|at| done + at) {
            if open > done {
                parts.push(literal(done..open, &mut faults));
            }
            let close = match closing(text, open + 2) {
                Ok(close) => close,
                Err(fault) => {
                    faults.push(fault);
                    return Err(faults);
                }
            };
            match Code::compile(text, open + 2..close, world, &mut reads) {
                Ok(code) => parts.push(Part::Value(code)),
                Err(fault) => faults.push(fault),
            }
            done = close + 2;
        }
        if done < text.len() {
            parts.push(literal(done..text.len(), &mut faults));
        }
        if faults.is_empty() { Ok(Self { parts, reads }) } else { Err(faults) }
    }

    /// The value: of the expression, if it is the whole scalar, else text.
    pub(crate) fn render(&self, scope: &Scope) -> Result<Value, EvalError> {
        if let [Part::Value(code)] = self.parts.as_slice() {
            return code.eval(scope);
        }
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Value(code) => out.push_str(&code.eval(scope)?.render().map_err(in_text)?),
            }
        }
        Ok(Value::text(&out))
    }

    /// Whether all that it reads has its value now.
    pub(crate) fn is_known(&self, scope: &Scope) -> bool {
        let reads = &self.reads;
        let now = |name: &str, rest: &[&str]| {
            let path: Vec<&str> = std::iter::once(name).chain(rest.iter().copied()).collect();
            scope.bound(name).is_some() && !scope.is_later(&path)
        };
        reads.secrets.iter().all(|(secret, _)| scope.secret(secret).is_some())
            && reads.inputs.iter().all(|(name, _)| now("inputs", &[name]))
            && reads.run.iter().all(|(name, _)| now("run", &[name]))
            && reads
                .checks
                .iter()
                .all(|(names, _)| now("checks", &names.iter().map(String::as_str).collect::<Vec<_>>()))
            && reads.names.iter().all(|(name, _)| now(name, &[]))
    }
}

fn in_text(why: String) -> EvalError {
    EvalError::new(why).help("`{{ x | tojson }}` writes it as JSON on purpose; alone in its scalar it keeps its type")
}

/// Where the `}}` stands that ends the expression beginning at `from`; one inside a text does not end it.
fn closing(text: &str, from: usize) -> Result<usize, Fault> {
    let rest = &text[from..];
    let open = from - 2..from;
    let unclosed = || {
        Fault::new("template::syntax", open.clone(), "`{{` without its `}}`")
            .help("a literal `{{` is written `{{ \"{{\" }}`")
    };
    let tokens = scan(rest);
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        let sign = &rest[token.range.clone()];
        match (token.lex, sign) {
            (Lex::Unclosed | Lex::Comment, _) => break,
            (Lex::Sign, "{" | "#{") => depth += 1,
            (Lex::Sign, "}") if depth > 0 => depth -= 1,
            (Lex::Sign, "}") => {
                let next = tokens.get(at + 1);
                let glued =
                    next.is_some_and(|next| next.range.start == token.range.end && &rest[next.range.clone()] == "}");
                if glued {
                    return Ok(from + token.range.start);
                }
            }
            _ => {}
        }
    }
    // A text that opens here and never closes may only be what stands behind the expression: `{{ a }} it's`.
    plain_closing(rest).map(|at| from + at).ok_or_else(unclosed)
}

/// The first `}}` that stands outside the texts before it.
fn plain_closing(rest: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = rest[from..].find("}}").map(|at| from + at) {
        if scan(&rest[..at]).iter().all(|token| token.lex != Lex::Unclosed) {
            return Some(at);
        }
        from = at + 1;
    }
    None
}

/// A part of a range, moved.
fn shift(range: &Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

#[cfg(test)]
mod tests;
