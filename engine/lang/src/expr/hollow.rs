//! Asks of an expression that has its value whether that rests on nothing: whether what it goes over was empty.
//! Knows no expectation; whoever wants a proof asks.

use super::ast::{Ast, Part};
use super::eval::Eval;
use crate::fault::EvalError;
use crate::function::Function;
use crate::ops::Op;

/// Why a value says nothing; none: something was looked at.
type Found = Result<Option<EvalError>, EvalError>;

/// Functions that ask something of each item.
const GO_OVER: [&str; 7] = ["map", "filter", "some", "all", "find", "contains", "unique"];
/// Functions whose empty list is empty because of what they were given.
const KEEP: [&str; 4] = ["filter", "map", "sort", "unique"];

/// Why the value of `ast` rests on nothing.
pub(super) fn of(eval: &mut Eval<'_>, ast: &Ast) -> Found {
    if !goes_over(ast) {
        return Ok(None);
    }
    match &ast.part {
        Part::Not(one) => of(eval, one),
        Part::And(left, right) => either(eval, ast, left, right, true),
        Part::Or(left, right) => either(eval, ast, left, right, false),
        Part::Binary(Op::In, one, among) => first_of([one.as_ref()], eval, Some(among)),
        Part::Call(function, args) if GO_OVER.contains(&function.name) => call(eval, function, args),
        // Its default is evaluated only where it is needed.
        Part::Lookup { base, .. } => first_of(base.as_deref(), eval, None),
        _ => first_of(ast.below(), eval, None),
    }
}

/// `&&` and `||`: what rests on one side alone needs only that side; the other may be the one that says that nothing
/// is fine.
fn either(eval: &mut Eval<'_>, whole: &Ast, left: &Ast, right: &Ast, goes_on: bool) -> Found {
    let holds = truth(eval, whole)?;
    if holds == goes_on {
        return first_of([left, right], eval, None);
    }
    if truth(eval, left)? != holds {
        return of(eval, right);
    }
    let Some(found) = of(eval, left)? else { return Ok(None) };
    match truth(eval, right) {
        Ok(other) if other == holds => of(eval, right),
        _ => Ok(Some(found)),
    }
}

fn truth(eval: &mut Eval<'_>, ast: &Ast) -> Result<bool, EvalError> {
    Ok(eval.eval(ast)?.as_bool().unwrap_or_default())
}

/// The first of these parts that rests on nothing, or what is gone over itself.
fn first_of<'p>(parts: impl IntoIterator<Item = &'p Ast>, eval: &mut Eval<'_>, over: Option<&Ast>) -> Found {
    for part in parts {
        if let Some(found) = of(eval, part)? {
            return Ok(Some(found));
        }
    }
    over.map_or(Ok(None), |list| nothing_in(eval, list))
}

/// Whether there is nothing in the list or object. One that was chosen from others has been looked at.
fn nothing_in(eval: &mut Eval<'_>, list: &Ast) -> Found {
    let empty = eval.eval(list)?.count() == Some(0);
    let kept = matches!(&list.part, Part::Call(function, _) if KEEP.contains(&function.name));
    if !empty || kept || given(eval, list) {
        return of(eval, list);
    }
    let what = eval.text.get(list.range.clone()).unwrap_or_default().trim();
    Ok(Some(
        EvalError::absent(format!("this proves nothing: it goes over `{what}`, which is empty"))
            .help(format!("where none is fine, say so: `{what}.len() == 0 || …`")),
    ))
}

/// Whether the list is not of what was seen but of what the suite was given: an empty list of exceptions is fine.
fn given(eval: &Eval<'_>, list: &Ast) -> bool {
    match &list.part {
        Part::Path(name, _) => !matches!(name.as_ref(), "checks" | "first" | "hook") && eval.scope.binds(name),
        _ => list.below().first().is_some_and(|base| given(eval, base)),
    }
}

fn call(eval: &mut Eval<'_>, function: &Function, args: &[Ast]) -> Found {
    let Some((list, rest)) = args.split_first() else { return Ok(None) };
    if let Some(found) = nothing_in(eval, list)? {
        return Ok(Some(found));
    }
    match rest {
        [lambda] if matches!(lambda.part, Part::Lambda { .. }) => each(eval, function, list, lambda),
        _ => first_of(rest, eval, None),
    }
}

/// Within a function of each item one item at which something is looked at is enough; where one decided, it must be
/// that one.
fn each(eval: &mut Eval<'_>, function: &Function, list: &Ast, lambda: &Ast) -> Found {
    let Part::Lambda { depth, body } = &lambda.part else { return Ok(None) };
    if !goes_over(body) {
        return Ok(None);
    }
    let mut first = None;
    for item in eval.eval(list)?.items().unwrap_or_default() {
        eval.locals.truncate(*depth);
        eval.locals.push(item);
        let decides = match function.name {
            "some" | "find" => truth(eval, body)?,
            "all" => !truth(eval, body)?,
            _ => false,
        };
        let found = of(eval, body)?;
        if found.is_none() || decides {
            eval.locals.truncate(*depth);
            return Ok(found);
        }
        first = first.or(found);
    }
    eval.locals.truncate(*depth);
    Ok(first)
}

fn goes_over(ast: &Ast) -> bool {
    match &ast.part {
        Part::Binary(Op::In, ..) => true,
        Part::Call(function, _) if GO_OVER.contains(&function.name) => true,
        _ => ast.below().into_iter().any(goes_over),
    }
}
