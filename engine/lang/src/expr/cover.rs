//! Recognises alternatives of which one always holds: `a < 3 || a >= 3`, `has("a") || !has("a")`, `xs.len() >= 0`.

use super::absence::{mirrored, number, opposite};
use super::ast::{Ast, Part};
use super::vacuous::written;
use crate::fault::Fault;
use crate::ops::{Op, amount};
use crate::value::Type;

/// The outcomes of a comparison: less, equal, greater.
const LESS: u8 = 1;
const EQUAL: u8 = 2;
const GREATER: u8 = 4;
const ALL: u8 = LESS | EQUAL | GREATER;

/// Why one of the alternatives of which `ast` being `truth` is made always holds.
pub(super) fn always(ast: &Ast, text: &str, truth: bool) -> Option<Fault> {
    let mut cover = Cover { text, compared: Vec::new(), asked: Vec::new(), full: false };
    cover.take(ast, truth);
    if !cover.full {
        return None;
    }
    let single = matches!(ast.part, Part::Binary(..));
    let message = if single { "this always holds" } else { "one of these always holds" };
    let fault = Fault::new("expr::vacuous", ast.range.clone(), message);
    Some(if single {
        fault.help("a length, a size or a time is never below zero: say what it should be")
    } else {
        fault
    })
}

struct Cover<'t> {
    text: &'t str,
    /// Both sides of a comparison and the outcomes that are covered.
    compared: Vec<(String, String, u8)>,
    /// Anything else, and what it must be.
    asked: Vec<(String, bool)>,
    full: bool,
}

impl Cover<'_> {
    fn take(&mut self, ast: &Ast, truth: bool) {
        match &ast.part {
            Part::Not(one) => self.take(one, !truth),
            Part::Or(left, right) if truth => self.two(left, right, truth),
            Part::And(left, right) if !truth => self.two(left, right, truth),
            Part::Binary(op, left, right) if op.compares() => self.comparison(*op, left, right, truth),
            Part::IsNull(one, wanted) => self.ask(format!("{} is null", written(one, self.text)), *wanted == truth),
            _ => self.ask(written(ast, self.text), truth),
        }
    }

    fn two(&mut self, left: &Ast, right: &Ast, truth: bool) {
        self.take(left, truth);
        self.take(right, truth);
    }

    fn ask(&mut self, what: String, truth: bool) {
        self.full |= self.asked.contains(&(what.clone(), !truth));
        self.asked.push((what, truth));
    }

    fn comparison(&mut self, op: Op, left: &Ast, right: &Ast, truth: bool) {
        let Some(op) = (if truth { Some(op) } else { opposite(op) }) else { return };
        let (op, left, right) = if left.is_constant() { (mirrored(op), right, left) } else { (op, left, right) };
        let sides = (written(left, self.text), written(right, self.text));
        let covered = outcomes(op) | never(left, right);
        let known = self.compared.iter_mut().find(|(l, r, _)| (l, r) == (&sides.0, &sides.1));
        let all = match known {
            Some((_, _, so_far)) => {
                *so_far |= covered;
                *so_far
            }
            None => {
                self.compared.push((sides.0, sides.1, covered));
                covered
            }
        };
        self.full |= all == ALL;
    }
}

fn outcomes(op: Op) -> u8 {
    match op {
        Op::Lt => LESS,
        Op::Le => LESS | EQUAL,
        Op::Eq => EQUAL,
        Op::Ge => EQUAL | GREATER,
        Op::Gt => GREATER,
        _ => LESS | GREATER,
    }
}

/// Outcomes that cannot be: a length is at least zero, a size or a rate that was seen too, a time that something took
/// above it.
fn never(left: &Ast, right: &Ast) -> u8 {
    let quantity = match &right.part {
        Part::Constant(value) => Some(value).filter(|value| value.type_of() != Type::Number),
        _ => None,
    };
    match (&left.part, quantity, number(right)) {
        (Part::Call(function, _), None, Some(least)) if function.name == "len" => below(least, false),
        (_, Some(value), _) => match (value.type_of(), seen(left)) {
            (Type::Size | Type::Rate, Some(_)) => below(amount(value), false),
            (Type::Duration, Some("elapsed")) => below(amount(value), true),
            _ => 0,
        },
        _ => 0,
    }
}

fn below(least: f64, above: bool) -> u8 {
    match least {
        least if least < 0.0 => LESS | EQUAL,
        0.0 if above => LESS | EQUAL,
        0.0 => LESS,
        _ => 0,
    }
}

/// The last name of a field of what was seen; what was computed or saved may be below zero.
fn seen(ast: &Ast) -> Option<&str> {
    match &ast.part {
        Part::Path(name, _) if matches!(name.as_ref(), "checks" | "hook" | "inputs") => None,
        Part::Path(name, keys) => Some(keys.last().unwrap_or(name)),
        Part::Key(base, key) => match &base.part {
            Part::Local(_) | Part::Index(..) => Some(key),
            _ => seen(base).map(|_| key.as_ref()),
        },
        _ => None,
    }
}
