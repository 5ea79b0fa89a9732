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

/// A longer scalar is no template.
const MOST_BYTES: usize = 1 << 20;
/// So many `{{ }}` may stand in one scalar.
const MOST_PARTS: usize = 1000;
/// What stands between `{{` and `}}` is not longer; its end is looked for in ever larger parts of the text.
const WINDOWS: [usize; 3] = [256, 4 << 10, 64 << 10];
/// So many `}}` are tried where a text opens that never closes.
const MOST_TRIES: usize = 64;

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
        if text.len() > MOST_BYTES {
            let message = format!("a scalar with `{{{{ }}}}` has at most {MOST_BYTES} bytes, this one {}", text.len());
            let help = "what is that long stands in a file: `{{ file('path') }}`";
            return Err(vec![Fault::new("template::size", 0..text.len(), message).help(help)]);
        }
        let mut count = 0;
        let literal = |part: Range<usize>, faults: &mut Vec<Fault>| {
            faults.extend(foreign::found(text, part.clone()));
            Part::Literal(text[part].to_owned())
        };
        while let Some(open) = text[done..].find("{{").map(|at| done + at) {
            count += 1;
            if count > MOST_PARTS {
                let message = format!("one scalar holds at most {MOST_PARTS} `{{{{ }}}}`");
                let fault = Fault::new("template::too-many", open..open + 2, message);
                return Err(vec![fault.help("take it apart: several scalars, or a list that `join` puts together")]);
            }
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
    let open = from - 2..from;
    let window = |size: usize| &text[from..text.floor_char_boundary(from + size)];
    for size in WINDOWS {
        if let Some(at) = glued(window(size)) {
            return Ok(from + at);
        }
    }
    // A text that opens here and never closes may only be what stands behind the expression: `{{ a }} it's`.
    let longest = window(WINDOWS[2]);
    plain_closing(longest).map(|at| from + at).ok_or_else(|| {
        let more = text.len() - from > longest.len() && text[from..].contains("}}");
        let within = if more { format!(" within {} bytes", WINDOWS[2]) } else { String::new() };
        Fault::new("template::syntax", open, format!("`{{{{` without its `}}}}`{within}"))
            .help("a literal `{{` is written `{{ \"{{\" }}`")
    })
}

/// The first `}}` that closes nothing that was opened before it.
fn glued(rest: &str) -> Option<usize> {
    let tokens = scan(rest);
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        let sign = &rest[token.range.clone()];
        match (token.lex, sign) {
            (Lex::Unclosed | Lex::Comment, _) => return None,
            (Lex::Sign, "{" | "#{") => depth += 1,
            (Lex::Sign, "}") if depth > 0 => depth -= 1,
            (Lex::Sign, "}") => {
                let next = tokens.get(at + 1);
                let glued =
                    next.is_some_and(|next| next.range.start == token.range.end && &rest[next.range.clone()] == "}");
                if glued {
                    return Some(token.range.start);
                }
            }
            _ => {}
        }
    }
    None
}

/// The first `}}` that stands outside the texts before it.
fn plain_closing(rest: &str) -> Option<usize> {
    let mut from = 0;
    for _ in 0..MOST_TRIES {
        let at = from + rest[from..].find("}}")?;
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
