//! Recognises expressions that say that nothing was selected: absence that proves nothing without a witness.

use serde_json::Value as Json;

use super::ast::{Ast, Part};
use crate::fault::Fault;
use crate::ops::{Op, amount};
use crate::value::Type;

/// Which lists are meant.
#[derive(Clone, Copy)]
enum Of<'s> {
    /// This one, or a part chosen from it.
    Selection(&'s str),
    /// A part chosen from any.
    AnyChoice,
}

/// Whether `ast`, where it holds, says that `selection` (or a part chosen from it) is empty.
pub(super) fn counts_to_zero(ast: &Ast, selection: &str) -> bool {
    empty(ast, Of::Selection(selection), true)
}

/// The fault of a condition that says of a part chosen from a list that it is empty: an empty list passes it too.
pub(super) fn over_nothing(ast: &Ast) -> Option<Fault> {
    empty(ast, Of::AnyChoice, true).then(|| holds_for_empty(ast))
}

pub(super) fn holds_for_empty(ast: &Ast) -> Fault {
    let message = "this holds for an empty list too, where nothing was looked at";
    Fault::new("expr::vacuous", ast.range.clone(), message)
        .help("write `xs.all(|x| !(…))`, which is an error over nothing; if none is fine: `xs.len() == 0 || xs.all(…)`")
}

/// As [`counts_to_zero`], of a value that is to be one of `wanted`.
pub(super) fn is_one_of(ast: &Ast, wanted: &[Json], selection: Option<&str>) -> bool {
    let of = selection.map_or(Of::AnyChoice, Of::Selection);
    wanted.iter().any(|one| match one {
        Json::Bool(truth) => empty(ast, of, *truth),
        Json::Array(items) => items.is_empty() && chosen(ast, of),
        Json::Number(number) => counted(ast, of) && number.as_f64() == Some(0.0),
        _ => false,
    })
}

/// Whether `ast` being `truth` says that nothing was selected.
fn empty(ast: &Ast, selection: Of<'_>, truth: bool) -> bool {
    match &ast.part {
        Part::Not(one) => empty(one, selection, !truth),
        // The other side may be the one that asks for an element: `xs.len() > 0 && !xs.some(…)`.
        Part::And(left, right) if truth && matches!(selection, Of::AnyChoice) => {
            empty(left, selection, truth) && empty(right, selection, truth)
        }
        Part::And(left, right) | Part::Or(left, right) => {
            empty(left, selection, truth) || empty(right, selection, truth)
        }
        Part::Binary(op, left, right) => {
            let op = if truth { Some(*op) } else { opposite(*op) };
            op.is_some_and(|op| compared(op, left, right, selection) || compared(mirrored(op), right, left, selection))
        }
        Part::Call(function, args) => {
            let over = |list: &Ast| matches!(selection, Of::AnyChoice) || chosen(list, selection);
            function.name == "some" && !truth && args.first().is_some_and(over)
        }
        _ => false,
    }
}

fn compared(op: Op, left: &Ast, right: &Ast, selection: Of<'_>) -> bool {
    if op == Op::Eq && matches!(&right.part, Part::List(items) if items.is_empty()) {
        return chosen(left, selection);
    }
    counted(left, selection) && zero(op, right)
}

/// Whether this is the length of the selection, or of items chosen from it.
fn counted(ast: &Ast, selection: Of<'_>) -> bool {
    let Part::Call(function, args) = &ast.part else { return false };
    function.name == "len" && args.first().is_some_and(|list| chosen(list, selection))
}

/// Whether `n op right` holds for no n above zero.
fn zero(op: Op, right: &Ast) -> bool {
    if op == Op::In {
        return matches!(&right.part, Part::List(items) if items.iter().any(|item| number(item) == Some(0.0)));
    }
    match (op, number(right)) {
        (Op::Eq | Op::Le, Some(n)) => n < 1.0,
        (Op::Lt, Some(n)) => n <= 1.0,
        _ => false,
    }
}

pub(super) fn number(ast: &Ast) -> Option<f64> {
    match &ast.part {
        Part::Constant(value) if value.type_of() == Type::Number => Some(amount(value)),
        Part::Negate(one) => number(one).map(|n| -n),
        _ => None,
    }
}

/// Whether this is the selection, or items chosen from it.
fn chosen(ast: &Ast, of: Of<'_>) -> bool {
    if let Part::Call(function, args) = &ast.part {
        if matches!((function.name, of), ("filter", Of::AnyChoice)) {
            return true;
        }
        return matches!(function.name, "filter" | "map" | "sort" | "unique" | "flatten")
            && args.first().is_some_and(|list| chosen(list, of));
    }
    let Of::Selection(selection) = of else { return false };
    match &ast.part {
        Part::Path(name, keys) if name.as_ref() == "it" => keys.len() == 1 && keys[0].as_ref() == selection,
        Part::Path(name, keys) => keys.is_empty() && name.as_ref() == selection,
        Part::Lookup { base: None, steps, default: Some(_), .. } => {
            matches!(steps.as_slice(), [super::ast::Step::Key(key)] if key.as_ref() == selection)
        }
        _ => false,
    }
}

pub(super) fn opposite(op: Op) -> Option<Op> {
    Some(match op {
        Op::Eq => Op::Ne,
        Op::Ne => Op::Eq,
        Op::Lt => Op::Ge,
        Op::Le => Op::Gt,
        Op::Gt => Op::Le,
        Op::Ge => Op::Lt,
        _ => return None,
    })
}

/// The operator with its sides changed.
pub(super) fn mirrored(op: Op) -> Op {
    match op {
        Op::Lt => Op::Gt,
        Op::Le => Op::Ge,
        Op::Gt => Op::Lt,
        Op::Ge => Op::Le,
        // A list is on the right of `in` only; with sides changed nothing is compared.
        Op::In => Op::Ne,
        other => other,
    }
}
