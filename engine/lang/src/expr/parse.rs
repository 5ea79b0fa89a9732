//! Tokens to parts. The grammar is that of rhai's expressions, with the same precedences;
//! statements, assignments and loops stand only in hooks.

use std::ops::Range;
use std::sync::Arc;

use super::ast::{Ast, Part};
use super::literal;
use crate::fault::Fault;
use crate::ops::Op;
use crate::text::{Lex, Token, quantity, scan};
use crate::value::Value;
use crate::world::World;

/// A longer expression is refused.
const MOST_BYTES: usize = 64 << 10;
/// Deeper nesting is refused.
pub(super) const MOST_DEPTH: usize = 64;

/// Parses a whole expression.
pub(crate) fn parse(text: &str, world: &World) -> Result<Ast, Fault> {
    if text.len() > MOST_BYTES {
        return Err(Fault::new("expr::size", 0..text.len(), format!("an expression has at most {MOST_BYTES} bytes")));
    }
    let tokens: Vec<Token> = scan(text).into_iter().filter(|token| token.lex != Lex::Comment).collect();
    let mut parser = Parser { text, tokens, at: 0, locals: Vec::new(), depth: 0, world };
    let ast = parser.expression(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(ast),
        Some(token) => Err(parser.unexpected(token.clone())),
    }
}

/// A level of binding: rhai's precedence, and what the operator makes.
enum Infix {
    Or,
    And,
    Op(Op),
    NotIn,
}

pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    pub(super) at: usize,
    pub(super) locals: Vec<Arc<str>>,
    depth: usize,
    pub(super) world: &'a World,
}

impl Parser<'_> {
    pub(super) fn fault(&self, range: Range<usize>, message: impl Into<String>) -> Fault {
        Fault::new("expr::syntax", range, message)
    }

    pub(super) fn slice(&self, token: &Token) -> &str {
        &self.text[token.range.clone()]
    }

    pub(super) fn sign(&self) -> Option<&str> {
        self.sign_at(self.at)
    }

    fn sign_at(&self, at: usize) -> Option<&str> {
        let token = self.tokens.get(at)?;
        (token.lex == Lex::Sign).then(|| self.slice(token))
    }

    pub(super) fn eat(&mut self, sign: &str) -> bool {
        let there = self.sign() == Some(sign);
        self.at += usize::from(there);
        there
    }

    pub(super) fn here(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.text.len()..self.text.len(), |token| token.range.clone())
    }

    pub(super) fn end(&self) -> usize {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.range.end)
    }

    pub(super) fn want(&mut self, sign: &str, opened: usize) -> Result<(), Fault> {
        if self.eat(sign) {
            return Ok(());
        }
        let open = self.text[opened..].chars().next().map(String::from).unwrap_or_default();
        match self.tokens.get(self.at).cloned() {
            Some(token) => {
                let fault = self.unexpected(token);
                let help = fault.help.clone().unwrap_or_else(|| format!("`{open}` wants its `{sign}`"));
                Err(fault.help(help))
            }
            None => Err(self.fault(opened..opened + open.len(), format!("`{open}` without its `{sign}`"))),
        }
    }

    /// An expression whose operators bind tighter than `least`.
    pub(super) fn expression(&mut self, least: u8) -> Result<Ast, Fault> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(self.fault(self.here(), format!("an expression nests at most {MOST_DEPTH} deep")));
        }
        let mut left = self.prefix()?;
        let mut chain = 0;
        while let Some((binding, infix, width)) = self.infix() {
            if binding <= least {
                break;
            }
            self.at += width;
            let right = self.expression(binding)?;
            left = join(infix, left, right);
            chain += 1;
            if chain > MOST_DEPTH * 4 {
                return Err(self.fault(self.here(), "too many operators in one row"));
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    /// The operator that comes: how tightly it binds, what it is, how many tokens it takes.
    fn infix(&self) -> Option<(u8, Infix, usize)> {
        let token = self.tokens.get(self.at)?;
        let next_in =
            self.tokens.get(self.at + 1).is_some_and(|next| next.lex == Lex::Name && self.slice(next) == "in");
        let one = |binding, op| Some((binding, Infix::Op(op), 1));
        match (token.lex, self.slice(token)) {
            (Lex::Name, "in") => one(110, Op::In),
            (Lex::Sign, "!") if next_in => Some((110, Infix::NotIn, 2)),
            (Lex::Sign, "||") => Some((30, Infix::Or, 1)),
            (Lex::Sign, "&&") => Some((60, Infix::And, 1)),
            (Lex::Sign, "==") => one(90, Op::Eq),
            (Lex::Sign, "!=") => one(90, Op::Ne),
            (Lex::Sign, "<") => one(130, Op::Lt),
            (Lex::Sign, "<=") => one(130, Op::Le),
            (Lex::Sign, ">") => one(130, Op::Gt),
            (Lex::Sign, ">=") => one(130, Op::Ge),
            (Lex::Sign, "+") => one(150, Op::Add),
            (Lex::Sign, "-") => one(150, Op::Sub),
            (Lex::Sign, "*") => one(180, Op::Mul),
            (Lex::Sign, "/") => one(180, Op::Div),
            (Lex::Sign, "%") => one(180, Op::Rem),
            _ => None,
        }
    }

    fn prefix(&mut self) -> Result<Ast, Fault> {
        /// Unary operators bind tighter than every binary one.
        const UNARY: u8 = 200;
        let start = self.here().start;
        let make: fn(Box<Ast>) -> Part = match self.sign() {
            Some("!") => Part::Not,
            Some("-") => Part::Negate,
            _ => {
                let primary = self.primary()?;
                return self.postfix(primary);
            }
        };
        self.at += 1;
        let operand = self.expression(UNARY)?;
        let range = start..operand.range.end;
        Ok(Ast::new(make(Box::new(operand)), range))
    }

    fn primary(&mut self) -> Result<Ast, Fault> {
        let Some(token) = self.tokens.get(self.at).cloned() else {
            return Err(self.fault(self.text.len()..self.text.len(), "the expression ends too early"));
        };
        let range = token.range.clone();
        let text = &self.text[range.clone()];
        self.at += 1;
        let constant = |value| Ok(Ast::new(Part::Constant(value), range.clone()));
        let wrong = |why: String| Fault::new("expr::quantity", range.clone(), why);
        match token.lex {
            Lex::Number => constant(literal::number(text).map_err(wrong)?),
            Lex::Quantity => constant(quantity(text).map_err(wrong)?),
            Lex::Percent => {
                let number = literal::number(text.trim_end_matches('%')).map_err(wrong)?;
                constant(Value::float(crate::ops::amount(&number) / 100.0))
            }
            Lex::Text => self.quoted(&token),
            Lex::Backtick if text.contains("${") => {
                Err(self.fault(range, "texts in backticks hold no `${…}`").help("add texts with `+`"))
            }
            Lex::Backtick => constant(Value::text(&text[1..text.len() - 1])),
            Lex::Name => self.name(&token),
            Lex::Sign => match text {
                "(" => {
                    let inner = self.expression(0)?;
                    self.want(")", range.start)?;
                    Ok(Ast::new(inner.part, range.start..self.end()))
                }
                "[" => self.list(range.start),
                "#{" => self.object(range.start),
                _ => {
                    self.at -= 1;
                    Err(self.unexpected(token))
                }
            },
            _ => {
                self.at -= 1;
                Err(self.unexpected(token))
            }
        }
    }

    fn name(&mut self, token: &Token) -> Result<Ast, Fault> {
        let name = self.slice(token).to_owned();
        let range = token.range.clone();
        if self.sign() == Some("(") {
            return self.call(&name, range, None);
        }
        let part = match name.as_str() {
            "true" => Part::Constant(Value::boolean(true)),
            "false" => Part::Constant(Value::boolean(false)),
            "null" => Part::Constant(Value::NULL),
            "and" | "or" | "not" => return Err(self.word_operator(&name, range)),
            "if" | "let" | "for" | "while" | "loop" | "switch" | "return" | "fn" | "const" | "in" => {
                let fault = self.fault(range, format!("`{name}` does not begin a value"));
                return Err(fault.help("statements stand in hooks: `hook: file.rhai`"));
            }
            _ => match self.locals.iter().rposition(|local| local.as_ref() == name) {
                Some(depth) => Part::Local(depth),
                None => Part::Path(name.into(), Vec::new()),
            },
        };
        Ok(Ast::new(part, range))
    }

    fn word_operator(&self, word: &str, range: Range<usize>) -> Fault {
        let sign = match word {
            "and" => "&&",
            "or" => "||",
            _ => "!",
        };
        self.fault(range, format!("`{word}` is not an operator")).help(format!("write `{sign}`"))
    }

    pub(super) fn unexpected(&self, token: Token) -> Fault {
        let text = self.slice(&token);
        if let Some(fault) = self.foreign(&token) {
            return fault;
        }
        let fault = |message: &str| self.fault(token.range.clone(), message);
        match (token.lex, text) {
            (Lex::Unclosed, _) => fault("a text or comment without its end"),
            (_, "=") => fault("`=` compares nothing").help("write `==`"),
            (_, "===") => fault("`===` is not an operator").help("write `==`; it never compares different types"),
            (_, "!==") => fault("`!==` is not an operator").help("write `!=`; it never compares different types"),
            (_, "&") => fault("`&` is not an operator").help("write `&&`"),
            (_, "|") => fault("`|` is not an operator").help("write `||`"),
            (_, "??") => fault("`??` is not in the language").help("`get(\"a.b\", default)` reads what may be absent"),
            (_, "?.") | (_, "?[") => crate::text::no_guard(token.range),
            (_, "?") => fault("`? :` is not in the language"),
            (_, "{") => fault("`{` does not begin a value")
                .help("an object is `#{ name: value }`; `{{ }}` never stands in an expression"),
            (Lex::Name, "and" | "or" | "not") => self.word_operator(text, token.range.clone()),
            _ => fault(&format!("`{text}` is not expected here")),
        }
    }
}

fn join(infix: Infix, left: Ast, right: Ast) -> Ast {
    let range = left.range.start..right.range.end;
    let null = |ast: &Ast| matches!(&ast.part, Part::Constant(value) if value.is_null());
    let (l, r) = (Box::new(left), Box::new(right));
    let part = match infix {
        Infix::Or => Part::Or(l, r),
        Infix::And => Part::And(l, r),
        Infix::NotIn => Part::Not(Box::new(Ast::new(Part::Binary(Op::In, l, r), range.clone()))),
        Infix::Op(op @ (Op::Eq | Op::Ne)) if null(&r) => Part::IsNull(l, op == Op::Eq),
        Infix::Op(op @ (Op::Eq | Op::Ne)) if null(&l) => Part::IsNull(r, op == Op::Eq),
        Infix::Op(op) => Part::Binary(op, l, r),
    };
    Ast::new(part, range)
}
