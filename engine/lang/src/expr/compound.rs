//! What is made of several parts: texts with escapes, lists, objects, arguments.

use std::sync::Arc;

use super::ast::{Ast, Part};
use super::literal;
use super::parse::Parser;
use crate::fault::Fault;
use crate::text::{Lex, Token};
use crate::value::Value;

impl Parser<'_> {
    pub(super) fn quoted(&self, token: &Token) -> Result<Ast, Fault> {
        let text = self.slice(token);
        let inside = &text[1..text.len() - 1];
        if text.starts_with('\'') {
            return Err(self
                .fault(token.range.clone(), "text stands in double quotes")
                .help(format!("write \"{inside}\"")));
        }
        match literal::text(inside) {
            Ok(text) => Ok(Ast::new(Part::Constant(Value::text(&text)), token.range.clone())),
            Err((at, why)) => {
                let from = token.range.start + 1 + at;
                let help = format!("or write the text in backticks, where a backslash is a backslash: `{inside}`");
                Err(self.fault(from..(from + 2).min(token.range.end), why).help(help))
            }
        }
    }

    /// What stands between brackets or parentheses, separated by commas.
    pub(super) fn separated(&mut self, close: &str, opened: usize) -> Result<Vec<Ast>, Fault> {
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.argument()?);
            if !self.eat(",") {
                self.want(close, opened)?;
                break;
            }
        }
        Ok(items)
    }

    pub(super) fn list(&mut self, start: usize) -> Result<Ast, Fault> {
        let items = self.separated("]", start)?;
        Ok(Ast::new(Part::List(items), start..self.end()))
    }

    pub(super) fn object(&mut self, start: usize) -> Result<Ast, Fault> {
        let mut entries: Vec<(Arc<str>, Ast)> = Vec::new();
        while !self.eat("}") {
            let key = self.key()?;
            self.want(":", start)?;
            entries.push((key, self.expression(0)?));
            if !self.eat(",") {
                self.want("}", start)?;
                break;
            }
        }
        Ok(Ast::new(Part::Object(entries), start..self.end()))
    }

    pub(super) fn key(&mut self) -> Result<Arc<str>, Fault> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(token) if token.lex == Lex::Name => Ok(self.slice(&token).into()),
            Some(token) if token.lex == Lex::Text => match self.quoted(&token)?.part {
                Part::Constant(value) => Ok(value.as_text().unwrap_or_default().into()),
                _ => Err(self.unexpected(token)),
            },
            Some(token) => Err(self.unexpected(token).help("an object is `#{ name: value, \"other-name\": value }`")),
            None => Err(self.fault(self.text.len()..self.text.len(), "the object ends too early")),
        }
    }

    /// An argument: an expression or `|x| …`.
    pub(super) fn argument(&mut self) -> Result<Ast, Fault> {
        let start = self.here().start;
        match self.sign() {
            Some("|") => self.at += 1,
            Some("||") => return Err(self.fault(self.here(), "the function of each item takes the item: `|x| …`")),
            _ => return self.expression(0),
        }
        let token = self.tokens.get(self.at).cloned().filter(|token| token.lex == Lex::Name);
        let Some(token) = token else {
            return Err(self.fault(self.here(), "a name is wanted here: `|x| …`"));
        };
        self.at += 1;
        let name: Arc<str> = self.slice(&token).into();
        if self.sign() == Some(",") {
            return Err(self.fault(self.here(), "the function of each item takes one argument: `|x| …`"));
        }
        self.want("|", start)?;
        let depth = self.locals.len();
        self.locals.push(name);
        let body = self.expression(0);
        self.locals.pop();
        let body = Box::new(body?);
        let range = start..body.range.end;
        Ok(Ast::new(Part::Lambda { depth, body }, range))
    }
}
