//! What follows a value: `.name`, `.f(…)`, `[…]`.

use std::ops::Range;
use std::sync::Arc;

use checkrun_model::suggest;

use super::ast::{Ast, Part};
use super::parse::{MOST_DEPTH, Parser};
use crate::fault::Fault;
use crate::function;
use crate::text::{Lex, Token};

impl Parser<'_> {
    /// What follows a value: `.name`, `.f(…)`, `[…]`.
    pub(super) fn postfix(&mut self, mut left: Ast) -> Result<Ast, Fault> {
        let mut links = 0;
        loop {
            links += 1;
            if links > MOST_DEPTH * 4 {
                return Err(self.fault(self.here(), "too many dots in one row"));
            }
            let start = left.range.start;
            match self.sign() {
                Some(".") => {
                    self.at += 1;
                    left = self.after_dot(left)?;
                }
                Some("[") => {
                    let opened = self.here().start;
                    self.at += 1;
                    let index = self.expression(0)?;
                    self.want("]", opened)?;
                    left = indexed(left, index, start..self.end());
                }
                Some("?." | "?[") => return Err(crate::text::no_guard(self.here())),
                _ => return Ok(left),
            }
        }
    }

    pub(super) fn after_dot(&mut self, left: Ast) -> Result<Ast, Fault> {
        let token = self.tokens.get(self.at).cloned().filter(|token| token.lex == Lex::Name);
        let Some(token) = token else {
            return Err(self.fault(self.here(), "a name is wanted after the dot").help("an item of a list is `[0]`"));
        };
        self.at += 1;
        let name = self.slice(&token).to_owned();
        if self.sign() == Some("(") {
            return self.call(&name, token.range, Some(left));
        }
        self.refuse_hyphen(&token)?;
        let range = left.range.start..token.range.end;
        Ok(keyed(left, name.into(), range))
    }

    /// `labels.app-name` would be a subtraction that nobody means.
    pub(super) fn refuse_hyphen(&self, name: &Token) -> Result<(), Fault> {
        let (Some(minus), Some(next)) = (self.tokens.get(self.at), self.tokens.get(self.at + 1)) else { return Ok(()) };
        let glued =
            self.sign() == Some("-") && minus.range.start == name.range.end && next.range.start == minus.range.end;
        if !glued || next.lex != Lex::Name {
            return Ok(());
        }
        let range = name.range.start..self.glued_to(next.range.end);
        let whole = &self.text[range.clone()];
        let fault = self.fault(range, format!("`{whole}` could be a name or a subtraction"));
        Err(fault.help(format!("the field is `[\"{whole}\"]`; a subtraction has spaces around its `-`")))
    }

    /// Where a name ends that goes on with hyphens.
    fn glued_to(&self, end: usize) -> usize {
        let rest = &self.text[end..];
        let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let glued = rest.find(|c: char| !in_name(c)).unwrap_or(rest.len());
        end + rest[..glued].trim_end_matches('-').len()
    }

    /// `name(…)` or `left.name(…)`; the opening parenthesis comes next.
    pub(super) fn call(&mut self, name: &str, range: Range<usize>, left: Option<Ast>) -> Result<Ast, Fault> {
        let opened = self.here().start;
        self.at += 1;
        let args = self.separated(")", opened)?;
        let whole = left.as_ref().map_or(range.start, |left| left.range.start)..self.end();
        if matches!(name, "has" | "get") {
            return super::call::lookup(self, name, range, left, args, whole);
        }
        let args: Vec<Ast> = left.into_iter().chain(args).collect();
        if let Some(function) = function::find(name) {
            return super::call::call(self, function, range, args, whole);
        }
        if self.world.has_library_function(name, args.len()) {
            return Ok(Ast::new(Part::Library(name.into(), args), whole));
        }
        let fault = Fault::new("expr::unknown-function", range, format!("there is no function `{name}`"));
        Err(match suggest(name, function::names()) {
            Some(near) => fault.help(format!("did you mean `{near}`?")),
            None => fault.help(super::call::instead(name)),
        })
    }
}

fn keyed(left: Ast, key: Arc<str>, range: Range<usize>) -> Ast {
    match left.part {
        Part::Path(name, mut keys) => {
            keys.push(key);
            Ast::new(Part::Path(name, keys), range)
        }
        _ => Ast::new(Part::Key(Box::new(left), key), range),
    }
}

fn indexed(left: Ast, index: Ast, range: Range<usize>) -> Ast {
    if let Part::Constant(value) = &index.part
        && let Some(key) = value.as_text()
    {
        return keyed(left, key.into(), range);
    }
    Ast::new(Part::Index(Box::new(left), Box::new(index)), range)
}
