//! Recognises conditions that hold whatever was observed. What it does not recognise may still be one.

use super::absence::{self, opposite};
use super::ast::{Ast, Part};
use super::cover;
use crate::fault::Fault;
use crate::ops::Op;

/// Why `ast` holds by itself. `first_is_it`: the check looks only until it is satisfied, so that `first` may be the
/// observation that is judged.
pub(super) fn fault(ast: &Ast, text: &str, first_is_it: bool) -> Option<Fault> {
    absence::over_nothing(ast).or_else(|| by_itself(ast, text, true, first_is_it))
}

/// Why `ast` is `truth` by itself.
pub(super) fn by_itself(ast: &Ast, text: &str, truth: bool, first_is_it: bool) -> Option<Fault> {
    let below = |part: &Ast| by_itself(part, text, truth, first_is_it);
    match &ast.part {
        Part::Not(one) => return by_itself(one, text, !truth, first_is_it),
        Part::And(left, right) | Part::Or(left, right) => {
            let found = idle(left).or_else(|| idle(right)).or_else(|| below(left)).or_else(|| below(right));
            if found.is_some() {
                return found;
            }
        }
        Part::Binary(Op::In, left, right) => return empty_text(left).or_else(|| among_itself(left, right, ast, text)),
        Part::Binary(op, left, right) => {
            let op = if truth { Some(*op) } else { opposite(*op) };
            if let Some(found) = op.and_then(|op| same_sides(op, left, right, ast, text, first_is_it)) {
                return Some(found);
            }
        }
        Part::Call(function, args) => {
            if matches!(function.name, "contains" | "starts_with" | "ends_with") {
                return empty_text(args.get(1)?);
            }
            if let [_, Ast { part: Part::Lambda { body, .. }, .. }] = args.as_slice()
                && matches!(function.name, "all" | "some")
            {
                return below(body);
            }
        }
        _ => {}
    }
    cover::always(ast, text, truth)
}

fn same_sides(op: Op, left: &Ast, right: &Ast, whole: &Ast, text: &str, first_is_it: bool) -> Option<Fault> {
    if !matches!(op, Op::Eq | Op::Le | Op::Ge) {
        return None;
    }
    let (left, right) = (written(left, text), written(right, text));
    if left == right {
        return Some(Fault::new("expr::vacuous", whole.range.clone(), "both sides are the same"));
    }
    let now = |side: &str| side.replace("first.", "").replace("it.", "");
    (first_is_it && now(&left) == now(&right)).then(|| {
        let message = "the first look is `first` itself, so that this holds at once";
        Fault::new("expr::vacuous", whole.range.clone(), message).help("say with `holds_for:` how long it must stay so")
    })
}

/// `x in [x, y]`.
fn among_itself(left: &Ast, right: &Ast, whole: &Ast, text: &str) -> Option<Fault> {
    let Part::List(items) = &right.part else { return None };
    let itself = items.iter().any(|item| written(item, text) == written(left, text));
    itself.then(|| Fault::new("expr::vacuous", whole.range.clone(), "it is in this list by itself"))
}

/// Every text holds the empty one.
fn empty_text(ast: &Ast) -> Option<Fault> {
    let Part::Constant(value) = &ast.part else { return None };
    let empty = value.as_text() == Some("");
    empty.then(|| Fault::new("expr::vacuous", ast.range.clone(), "every text begins, ends and goes on with this"))
}

/// A part of `&&` or `||` that reads nothing.
fn idle(ast: &Ast) -> Option<Fault> {
    if reads(ast) {
        return None;
    }
    Some(Fault::new("expr::vacuous", ast.range.clone(), "this part reads nothing: it is the same whatever is observed"))
}

fn reads(ast: &Ast) -> bool {
    matches!(ast.part, Part::Path(..) | Part::Local(_) | Part::Lookup { .. } | Part::Library(..))
        || ast.below().into_iter().any(reads)
}

/// The text of a part, without spaces.
pub(super) fn written(ast: &Ast, text: &str) -> String {
    text.get(ast.range.clone()).unwrap_or_default().split_whitespace().collect()
}
