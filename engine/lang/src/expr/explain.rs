//! Why an expression is false: the comparison with its values put in, then the values of its parts.

use super::ast::{Ast, Part};
use super::eval::Eval;
use crate::function::Function;
use crate::ops::Op;
use crate::value::Value;

/// Characters of one value.
const SHOWN: usize = 160;
/// Items of a list that are named.
const NAMED: usize = 3;

/// Lines that say why `ast`, which is false, is false. What cannot be evaluated is left out.
pub(super) fn explain(eval: &mut Eval<'_>, ast: &Ast) -> Vec<String> {
    let lines = match &ast.part {
        Part::Binary(op, left, right) => comparison(eval, *op, left, right),
        Part::And(left, right) => conjunction(eval, left, right),
        Part::Or(left, right) => {
            let (mut lines, other) = (explain(eval, left), explain(eval, right));
            lines.extend(other);
            lines
        }
        Part::Not(one) => negation(eval, one),
        Part::IsNull(one, _) => is(eval, one).into_iter().collect(),
        Part::Call(function, args) => call(eval, function, args, ast),
        Part::Lookup { base: _, steps: _, text, default: None } => {
            let path = eval.text.get(text.clone()).unwrap_or_default();
            vec![format!("{path} is not there")]
        }
        _ => is(eval, ast).into_iter().collect(),
    };
    if lines.is_empty() { vec!["it is false".into()] } else { lines }
}

fn source<'t>(eval: &Eval<'t>, ast: &Ast) -> &'t str {
    eval.text.get(ast.range.clone()).unwrap_or_default().trim()
}

/// `status.replicas is 2`.
fn is(eval: &mut Eval<'_>, ast: &Ast) -> Option<String> {
    let value = eval.eval(ast).ok()?;
    Some(format!("{} is {}", source(eval, ast), value.show(SHOWN)))
}

/// Values of the parts of which `ast` is made, as far as they are not literals.
fn parts(eval: &mut Eval<'_>, ast: &Ast, lines: &mut Vec<String>) {
    if ast.is_constant() || lines.len() >= 8 {
        return;
    }
    match &ast.part {
        Part::List(items) if items.iter().all(Ast::is_constant) => {}
        Part::Binary(_, left, right) => {
            parts(eval, left, lines);
            parts(eval, right, lines);
        }
        _ => {
            if let Some(line) = is(eval, ast).filter(|line| !lines.contains(line)) {
                lines.push(line);
            }
        }
    }
}

fn comparison(eval: &mut Eval<'_>, op: Op, left: &Ast, right: &Ast) -> Vec<String> {
    let (Ok(a), Ok(b)) = (eval.eval(left), eval.eval(right)) else { return Vec::new() };
    let mut lines = vec![format!("{} {} {}", a.show(SHOWN), op.sign(), b.show(SHOWN))];
    if let Some(line) = difference(&a, &b) {
        lines.push(line);
    }
    parts(eval, left, &mut lines);
    parts(eval, right, &mut lines);
    lines
}

/// The first place at which two lists differ.
fn difference(left: &Value, right: &Value) -> Option<String> {
    let (a, b) = (left.items()?, right.items()?);
    if a.len() != b.len() {
        return Some(format!("one has {} items, the other {}", a.len(), b.len()));
    }
    let at = a.iter().zip(&b).position(|(a, b)| a.to_tagged() != b.to_tagged())?;
    Some(format!("item {at} differs: {} and {}", a[at].show(SHOWN), b[at].show(SHOWN)))
}

fn conjunction(eval: &mut Eval<'_>, left: &Ast, right: &Ast) -> Vec<String> {
    let first = eval.eval(left).ok().and_then(|value| value.as_bool());
    let failing = if first == Some(false) { left } else { right };
    let mut lines = explain(eval, failing);
    if !matches!(failing.part, Part::And(..)) {
        lines.push(format!("{} does not hold", source(eval, failing)));
    }
    lines
}

fn negation(eval: &mut Eval<'_>, one: &Ast) -> Vec<String> {
    match &one.part {
        Part::Call(function, args) if function.name == "some" => items(eval, args, true),
        Part::Binary(op, left, right) => {
            let mut lines = comparison(eval, *op, left, right);
            if let Some(first) = lines.first_mut() {
                *first = format!("!({first})");
            }
            lines
        }
        _ => is(eval, one).into_iter().collect(),
    }
}

fn call(eval: &mut Eval<'_>, function: &Function, args: &[Ast], whole: &Ast) -> Vec<String> {
    match function.name {
        "all" => return items(eval, args, false),
        "some" => return none_fits(eval, args),
        _ => {}
    }
    let mut values = Vec::new();
    for arg in args {
        match eval.eval(arg) {
            Ok(value) => values.push(value.show(SHOWN)),
            Err(_) => return is(eval, whole).into_iter().collect(),
        }
    }
    let Some((first, rest)) = values.split_first() else { return Vec::new() };
    let mut lines = vec![format!("{first}.{}({})", function.name, rest.join(", "))];
    for arg in args {
        parts(eval, arg, &mut lines);
    }
    lines
}

/// The items of which the function is `wanted`, each with its reason.
fn items(eval: &mut Eval<'_>, args: &[Ast], wanted: bool) -> Vec<String> {
    let [list, lambda] = args else { return Vec::new() };
    let Ok(Some(all)) = eval.eval(list).map(|value| value.items()) else { return Vec::new() };
    let of = source(eval, list).to_owned();
    let mut lines = Vec::new();
    let mut hits = 0;
    for (at, item) in all.iter().enumerate() {
        if eval.invoke(lambda, item.clone()).ok().and_then(|value| value.as_bool()) != Some(wanted) {
            continue;
        }
        hits += 1;
        if hits <= NAMED {
            let why = if wanted { vec![item.show(SHOWN)] } else { reasons(eval, lambda, item) };
            lines.extend(
                why.into_iter()
                    .enumerate()
                    .map(|(line, why)| if line == 0 { format!("{of}[{at}]: {why}") } else { format!("  {why}") }),
            );
        }
    }
    if hits > NAMED {
        lines.push(format!("… and {} more of {}", hits - NAMED, all.len()));
    }
    lines
}

fn none_fits(eval: &mut Eval<'_>, args: &[Ast]) -> Vec<String> {
    let [list, lambda] = args else { return Vec::new() };
    let Ok(Some(all)) = eval.eval(list).map(|value| value.items()) else { return Vec::new() };
    let of = source(eval, list).to_owned();
    if all.is_empty() {
        return vec![format!("{of} is empty")];
    }
    let mut lines = vec![format!("none of the {} items of {of} fits", all.len())];
    for (at, item) in all.iter().take(NAMED).enumerate() {
        let why = reasons(eval, lambda, item).into_iter().next().unwrap_or_default();
        lines.push(format!("{of}[{at}]: {why}"));
    }
    lines
}

/// Why the body of a function of each item is false for one.
fn reasons(eval: &mut Eval<'_>, lambda: &Ast, item: &Value) -> Vec<String> {
    let Part::Lambda { depth, body, .. } = &lambda.part else { return Vec::new() };
    eval.locals.truncate(*depth);
    eval.locals.push(item.clone());
    let lines = explain(eval, body);
    eval.locals.truncate(*depth);
    lines
}
