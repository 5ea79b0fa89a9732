//! Recognises conditions that hold whatever was observed. What it does not recognise may still be one.

use super::absence;
use super::ast::{Ast, Part};
use crate::fault::Fault;
use crate::ops::Op;

/// Why `ast` holds by itself. `first_is_it`: the check looks only until it is satisfied, so that `first` may be the
/// observation that is judged.
pub(super) fn fault(ast: &Ast, text: &str, first_is_it: bool) -> Option<Fault> {
    absence::over_nothing(ast).or_else(|| by_itself(ast, text, first_is_it))
}

fn by_itself(ast: &Ast, text: &str, first_is_it: bool) -> Option<Fault> {
    match &ast.part {
        Part::And(left, right) | Part::Or(left, right) => idle(left)
            .or_else(|| idle(right))
            .or_else(|| by_itself(left, text, first_is_it))
            .or_else(|| by_itself(right, text, first_is_it)),
        Part::Binary(Op::In, left, _) => empty_text(left),
        Part::Call(function, args) if matches!(function.name, "contains" | "starts_with" | "ends_with" | "matches") => {
            empty_text(args.get(1)?)
        }
        Part::Binary(Op::Eq | Op::Le | Op::Ge, left, right) => {
            let (left, right) = (written(left, text), written(right, text));
            if left == right {
                return Some(Fault::new("expr::vacuous", ast.range.clone(), "both sides are the same"));
            }
            let now = |side: &str| side.replace("first.", "").replace("it.", "");
            (first_is_it && now(&left) == now(&right)).then(|| {
                let message = "the first look is `first` itself, so that this holds at once";
                Fault::new("expr::vacuous", ast.range.clone(), message)
                    .help("say with `holds_for:` how long it must stay so")
            })
        }
        _ => None,
    }
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
    matches!(ast.part, Part::Path(..) | Part::Lookup { .. } | Part::Library(..)) || ast.below().into_iter().any(reads)
}

/// The text of a part, without spaces.
fn written(ast: &Ast, text: &str) -> String {
    text.get(ast.range.clone()).unwrap_or_default().split_whitespace().collect()
}
