//! Calls, checked as far as they can be when the expression is compiled: counts, patterns, paths, files.

use std::ops::Range;

use super::ast::{Ast, Part};
use super::literal;
use super::parse::Parser;
use crate::fault::Fault;
use crate::function::{self, Function, Takes};
use crate::value::{Repr, Text, Value};

/// A call of a function of the table.
pub(super) fn call(
    parser: &Parser<'_>,
    function: &'static Function,
    name: Range<usize>,
    args: Vec<Ast>,
    whole: Range<usize>,
) -> Result<Ast, Fault> {
    if let Some(wrong) = function::wrong_count(function, args.len()) {
        return Err(Fault::new("expr::arguments", name, wrong));
    }
    for (takes, arg) in function.takes.iter().zip(&args) {
        lambda_fits(function, *takes, arg)?;
    }
    match (function.name, args.as_slice()) {
        ("matches", [_, pattern]) => pattern_fits(pattern)?,
        ("file", [path]) => return file(parser, path, whole),
        _ => {}
    }
    Ok(Ast::new(Part::Call(function, args), whole))
}

fn lambda_fits(function: &Function, takes: Takes, arg: &Ast) -> Result<(), Fault> {
    let lambda = matches!(arg.part, Part::Lambda { .. });
    match (lambda, takes) {
        (true, Takes::Lambda) | (false, Takes::One(_) | Takes::Any) => Ok(()),
        (false, Takes::Lambda) => {
            let message = format!("`{}` wants a function of each item here", function.name);
            Err(Fault::new("expr::arguments", arg.range.clone(), message).help("write `|x| …`"))
        }
        (true, _) => {
            let message = format!("`{}` wants a value here, not a function", function.name);
            Err(Fault::new("expr::arguments", arg.range.clone(), message))
        }
    }
}

fn constant_text(ast: &Ast) -> Option<&str> {
    match &ast.part {
        Part::Constant(value) => value.as_text(),
        _ => None,
    }
}

fn pattern_fits(pattern: &Ast) -> Result<(), Fault> {
    let Some(text) = constant_text(pattern) else { return Ok(()) };
    match function::pattern(text) {
        Ok(regex) => match function::fits_every_text(&regex) {
            Some(why) => Err(Fault::new("expr::vacuous", pattern.range.clone(), why)),
            None => Ok(()),
        },
        Err(why) => Err(Fault::new("expr::pattern", pattern.range.clone(), why)),
    }
}

/// `file("…")` is read when the expression is compiled: what it gives does not change while the run goes on.
fn file(parser: &Parser<'_>, path: &Ast, whole: Range<usize>) -> Result<Ast, Fault> {
    let Some(name) = constant_text(path) else {
        return Err(Fault::new("expr::file", path.range.clone(), "`file` wants a path that is written out"));
    };
    match parser.world.file(name) {
        Ok(text) => Ok(Ast::new(Part::Constant(Value(Repr::Text(Text::Own(text)))), whole)),
        Err(why) => Err(Fault::new("expr::file", path.range.clone(), why)),
    }
}

/// `has("a.b")`, `get("a.b", default)`, alone or after a dot.
pub(super) fn lookup(
    parser: &Parser<'_>,
    name: &str,
    range: Range<usize>,
    left: Option<Ast>,
    args: Vec<Ast>,
    whole: Range<usize>,
) -> Result<Ast, Fault> {
    let (wanted, form) = if name == "has" { (1, "has(\"a.b\")") } else { (2, "get(\"a.b\", default)") };
    if args.len() != wanted {
        return Err(Fault::new("expr::arguments", range, format!("`{name}` is written `{form}`")));
    }
    let mut args = args.into_iter();
    let path = args.next().ok_or_else(|| Fault::new("expr::arguments", range.clone(), "a path is wanted"))?;
    let Some(text) = constant_text(&path) else {
        let fault = Fault::new("expr::path", path.range.clone(), format!("`{name}` wants a path that is written out"));
        return Err(fault.help(format!("`{form}`; what is computed is `x.keys().contains(name)` and `x[name]`")));
    };
    let steps = literal::steps(text).map_err(|why| Fault::new("expr::path", path.range.clone(), why))?;
    let (local, steps) = local(parser, left.is_none(), &steps, &path);
    if left.is_none() && local.is_none() && !matches!(steps.first(), Some(super::ast::Step::Key(_))) {
        return Err(Fault::new("expr::path", path.range.clone(), "the path begins with a name"));
    }
    let base = left.or(local).map(Box::new);
    Ok(Ast::new(Part::Lookup { base, steps, text: path.range, default: args.next().map(Box::new) }, whole))
}

/// A path that begins with the parameter of an enclosing `|x|` is read from that.
fn local(
    parser: &Parser<'_>,
    alone: bool,
    steps: &[super::ast::Step],
    path: &Ast,
) -> (Option<Ast>, Vec<super::ast::Step>) {
    if let (true, Some((super::ast::Step::Key(first), rest))) = (alone, steps.split_first())
        && let Some(depth) = parser.locals.iter().rposition(|local| local == first)
    {
        return (Some(Ast::new(Part::Local(depth), path.range.clone())), rest.to_vec());
    }
    (None, steps.to_vec())
}

/// What to write instead of a function that other languages have.
pub(super) fn instead(name: &str) -> &'static str {
    match name {
        "any" | "exists" => "write `some(|x| …)`",
        "every" => "write `all(|x| …)`",
        "length" | "size_of" | "count" => "write `len()`; of some items, `filter(|x| …).len()`",
        "int" | "float" | "to_int" | "to_float" | "parse_int" | "parse_float" => "write `number(x)`",
        "str" | "string" | "to_string" => "write `text(x)`",
        "includes" | "has_key" => "write `contains(x)`",
        "startsWith" | "hasPrefix" => "write `starts_with(x)`",
        "endsWith" | "hasSuffix" => "write `ends_with(x)`",
        "to_lower" | "lowercase" => "write `lower()`",
        "to_upper" | "uppercase" => "write `upper()`",
        "is_empty" => "write `len() == 0`",
        "secret" => "secrets stand only in arguments: `{{ secret('name') }}`",
        _ => "the functions are in docs/expressions.md; own ones stand in hooks/lib.rhai",
    }
}
