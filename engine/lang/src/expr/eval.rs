//! Evaluates an expression: parts to a value. Strict: what is not there, or does not compare, is an error.

use std::sync::Arc;

use jiff::Timestamp;

use super::ast::{Ast, Part, Step};
use crate::fault::{EvalError, Fuel};
use crate::function::{self, Arg, Function, Host};
use crate::near;
use crate::ops;
use crate::scope::{Scope, Stop, missing_key};
use crate::value::{Repr, Type, Value};
use crate::world::World;

/// One evaluation.
pub(super) struct Eval<'a> {
    pub text: &'a str,
    pub scope: &'a Scope,
    pub world: &'a World,
    pub locals: Vec<Value>,
    pub fuel: Fuel,
}

type Got = Result<Value, EvalError>;

impl<'a> Eval<'a> {
    pub(super) fn new(text: &'a str, scope: &'a Scope, world: &'a World) -> Self {
        Self { text, scope, world, locals: Vec::new(), fuel: Fuel::new() }
    }

    pub(super) fn eval(&mut self, ast: &Ast) -> Got {
        self.fuel.spend(1)?;
        match &ast.part {
            Part::Constant(value) => Ok(value.clone()),
            Part::Path(name, keys) => self.path(ast, name, keys),
            Part::Local(depth) => Ok(self.locals.get(*depth).cloned().unwrap_or_default()),
            Part::Key(base, key) => self.key(base, key),
            Part::Index(base, index) => self.index(base, index),
            Part::List(items) => {
                let items: Result<Vec<Value>, EvalError> = items.iter().map(|item| self.eval(item)).collect();
                Ok(Value::list(items?))
            }
            Part::Object(entries) => {
                let entries: Result<Vec<(Arc<str>, Value)>, EvalError> =
                    entries.iter().map(|(key, value)| Ok((Arc::clone(key), self.eval(value)?))).collect();
                Ok(Value::object(entries?))
            }
            Part::Not(one) => ops::not(&self.eval(one)?),
            Part::Negate(one) => ops::negate(&self.eval(one)?),
            Part::And(left, right) => self.both(left, right, "&&", true),
            Part::Or(left, right) => self.both(left, right, "||", false),
            Part::IsNull(one, wanted) => Ok(Value::boolean(self.eval(one)?.is_null() == *wanted)),
            Part::Binary(op, left, right) => {
                let (left, right) = (self.eval(left)?, self.eval(right)?);
                ops::apply(*op, &left, &right, &mut self.fuel)
            }
            Part::Call(function, args) => self.call(function, args),
            Part::Lambda { .. } => Err(EvalError::new("a function of each item is no value")),
            Part::Lookup { base, steps, default, .. } => self.lookup(base.as_deref(), steps, default.as_deref()),
            Part::Library(name, args) => {
                let args: Result<Vec<Value>, EvalError> = args.iter().map(|arg| self.eval(arg)).collect();
                self.world.call_library(name, &args?, self.scope)
            }
        }
    }

    fn source(&self, ast: &Ast) -> &str {
        self.text.get(ast.range.clone()).unwrap_or_default()
    }

    fn path(&self, ast: &Ast, name: &Arc<str>, keys: &[Arc<str>]) -> Got {
        self.scope.walk(name, keys).map_err(|stop| match stop {
            Stop::Name(error) => error,
            Stop::Key(done, base) => {
                let key = keys.get(done).map_or("", AsRef::as_ref);
                missing_key(&self.upto(ast, name, &keys[..done]), key, &base)
            }
        })
    }

    /// The beginning of a path as people write it.
    fn upto(&self, ast: &Ast, name: &str, keys: &[Arc<str>]) -> String {
        let dotted = keys.iter().fold(name.to_owned(), |path, key| format!("{path}.{key}"));
        let as_written = self.source(ast).starts_with(&dotted);
        if as_written { format!("`{dotted}`") } else { format!("`{}`", show_path(name, keys)) }
    }

    fn key(&mut self, base: &Ast, key: &str) -> Got {
        let value = self.eval(base)?;
        value.entry(key).ok_or_else(|| missing_key(&format!("`{}`", self.source(base)), key, &value))
    }

    fn index(&mut self, base: &Ast, index: &Ast) -> Got {
        let (value, at) = (self.eval(base)?, self.eval(index)?);
        element(&value, &at, &format!("`{}`", self.source(base)))
    }

    fn truth(&mut self, ast: &Ast, sign: &str) -> Result<bool, EvalError> {
        let value = self.eval(ast)?;
        value.as_bool().ok_or_else(|| {
            let what = self.source(ast);
            EvalError::new(format!(
                "`{sign}` wants true or false; `{what}` is {}: {}",
                value.sort_name(),
                value.show(60)
            ))
        })
    }

    /// `&&` stops at false, `||` at true.
    fn both(&mut self, left: &Ast, right: &Ast, sign: &str, goes_on: bool) -> Got {
        if self.truth(left, sign)? != goes_on {
            return Ok(Value::boolean(!goes_on));
        }
        self.truth(right, sign).map(Value::boolean)
    }

    fn call(&mut self, function: &'static Function, parts: &[Ast]) -> Got {
        let mut args = Vec::with_capacity(parts.len());
        for part in parts {
            args.push(match part.part {
                Part::Lambda { .. } => Arg::Lambda,
                _ => Arg::Value(self.eval(part)?),
            });
        }
        function::run(function, &args, &mut Running { eval: self, parts })
    }

    /// What may be absent: null counts as absent. `has` gives true or false, `get` the value or its default.
    fn lookup(&mut self, base: Option<&Ast>, steps: &[Step], default: Option<&Ast>) -> Got {
        let found = match (base, steps.split_first()) {
            (Some(base), _) => follow(self.eval(base)?, steps)?,
            (None, Some((Step::Key(name), rest))) => named(self.scope, name, rest)?,
            _ => None,
        };
        match (found.filter(|value| !value.is_null()), default) {
            (found, None) => Ok(Value::boolean(found.is_some())),
            (Some(found), Some(_)) => Ok(found),
            (None, Some(default)) => self.eval(default),
        }
    }

    /// Runs the body of `|x| …` for one item.
    pub(super) fn invoke(&mut self, lambda: &Ast, item: Value) -> Got {
        let Part::Lambda { body, depth, .. } = &lambda.part else {
            return Err(EvalError::new("a function of each item is wanted"));
        };
        self.locals.truncate(*depth);
        self.locals.push(item);
        let result = self.eval(body);
        self.locals.truncate(*depth);
        result
    }
}

/// A call in the course of an evaluation.
struct Running<'r, 'a> {
    eval: &'r mut Eval<'a>,
    parts: &'r [Ast],
}

impl Host for Running<'_, '_> {
    fn invoke(&mut self, at: usize, item: Value) -> Got {
        match self.parts.get(at) {
            Some(lambda) => self.eval.invoke(lambda, item),
            None => Err(EvalError::new("a function of each item is wanted")),
        }
    }

    fn fuel(&mut self) -> &mut Fuel {
        &mut self.eval.fuel
    }

    fn now(&self) -> Option<Timestamp> {
        self.eval.scope.now()
    }

    fn file(&self, path: &str) -> Result<Arc<str>, String> {
        self.eval.world.file(path)
    }
}

/// Follows the steps of `has` and `get` as far as they lead; a key that looks misspelt is an error.
pub(crate) fn follow(from: Value, steps: &[Step]) -> Result<Option<Value>, EvalError> {
    let mut value = from;
    for step in steps {
        let next = match step {
            Step::Key(key) => value.entry(key),
            Step::Item(at) => value.item(*at),
        };
        match (next, step) {
            (Some(next), _) => value = next,
            (None, Step::Key(key)) => return near::misspelt(key, &value).map_or(Ok(None), Err),
            (None, Step::Item(_)) => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// Follows the steps from a name; as [`follow`].
pub(crate) fn named(scope: &Scope, name: &str, steps: &[Step]) -> Result<Option<Value>, EvalError> {
    match scope.find(name) {
        Some(value) => follow(value, steps),
        None => scope.it().and_then(|it| near::misspelt(name, it)).map_or(Ok(None), Err),
    }
}

/// `value[at]`: an item by its number, from the end if negative, or an entry by its key.
pub(crate) fn element(value: &Value, at: &Value, what: &str) -> Got {
    match (value.type_of(), &at.0) {
        (Type::List, Repr::Int(number)) => {
            let count = value.count().unwrap_or(0);
            let place = if *number < 0 { number + count as i128 } else { *number };
            let item = usize::try_from(place).ok().and_then(|place| value.item(place));
            item.ok_or_else(|| EvalError::absent(format!("{what} has no item {number}; it has {count}")))
        }
        (Type::Object, Repr::Text(key)) => {
            value.entry(key.as_str()).ok_or_else(|| missing_key(what, key.as_str(), value))
        }
        (Type::Null, _) => Err(EvalError::absent(format!("{what} is null, so it has no {}", at.show(60)))),
        (Type::List, _) => Err(EvalError::new(format!(
            "an item of a list is asked for by a whole number, not {}: {}",
            at.sort_name(),
            at.show(60)
        ))),
        (Type::Object, _) => Err(EvalError::new(format!(
            "an entry of an object is asked for by text, not {}: {}",
            at.sort_name(),
            at.show(60)
        ))),
        _ => Err(EvalError::new(format!("{what} is {}, which has no parts: {}", value.sort_name(), value.show(60)))),
    }
}

/// A path as it can be written in an expression.
pub(crate) fn show_path(name: &str, keys: &[Arc<str>]) -> String {
    let plain = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    keys.iter().fold(name.to_owned(), |path, key| match plain(key) {
        true => format!("{path}.{key}"),
        false => format!("{path}[{}]", Value::text(key).show(200)),
    })
}
