//! Functions of scripts: those of the table, and what only scripts have.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rhai::{Array, Dynamic, Engine, FnPtr, NativeCallContext};

use super::dynamic::{from_dynamic, to_dynamic};
use super::operators::ANY;
use super::running::{Answer, Running, caught, running, spend, thrown, value, with_fuel};
use crate::expr::{Step, follow, named, steps};
use crate::fault::{EvalError, Fuel};
use crate::function::{self, Arg, FUNCTIONS, Function, Host};
use crate::text::quantity;
use crate::value::Value;

/// Every function of the table, for every number of arguments that it takes.
pub(super) fn functions(engine: &mut Engine) {
    for function in FUNCTIONS {
        let most = function.takes.len();
        for count in most - function.optional..=most {
            engine.register_raw_fn(function.name, vec![ANY(); count], move |context, args| {
                call(function, &context, args)
            });
        }
    }
    engine.register_raw_fn("quantity", [ANY()], |context, args| {
        let text = value(args[0], &context)?;
        quantity(text.as_text().unwrap_or_default())
            .map(to_dynamic)
            .map_err(|why| thrown(EvalError::new(why), &context))
    });
    engine.register_raw_fn("push", [ANY(), ANY()], push);
    engine.register_raw_fn("has", [ANY()], |context, args| lookup(&context, None, args[0], None));
    engine.register_raw_fn("has", [ANY(), ANY()], |context, args| lookup(&context, Some(args[0]), args[1], None));
    engine.register_raw_fn("get", [ANY(), ANY()], |context, args| lookup(&context, None, args[0], Some(args[1])));
    engine.register_raw_fn("get", [ANY(), ANY(), ANY()], |context, args| {
        lookup(&context, Some(args[0]), args[1], Some(args[2]))
    });
}

fn call(function: &'static Function, context: &NativeCallContext<'_>, args: &[&mut Dynamic]) -> Answer {
    let mut ready = Vec::with_capacity(args.len());
    for arg in args {
        ready.push(if arg.is::<FnPtr>() { Arg::Lambda } else { Arg::Value(value(arg, context)?) });
    }
    with_fuel(context, |fuel| {
        let mut host = Script { context, args, fuel, running: running(context) };
        function::run(function, &ready, &mut host)
    })
}

/// A call of one of our functions from a script.
struct Script<'s, 'c, 'd> {
    context: &'s NativeCallContext<'c>,
    args: &'s [&'d mut Dynamic],
    fuel: &'s mut Fuel,
    running: Option<Running>,
}

impl Host for Script<'_, '_, '_> {
    fn invoke(&mut self, at: usize, item: Value) -> Result<Value, EvalError> {
        self.fuel.spend(4)?;
        let lambda = self.args.get(at).and_then(|arg| arg.read_lock::<FnPtr>()).map(|lambda| lambda.clone());
        let lambda = lambda.ok_or_else(|| EvalError::new("a function of each item is wanted"))?;
        // What the function itself does is counted against the same fuel.
        let store = |left: u64| self.running.as_ref().map(|running| running.0.left.store(left, Ordering::Relaxed));
        store(self.fuel.left());
        let answer = lambda.call_raw(self.context, None, [to_dynamic(item)]).map_err(|error| caught(&error));
        if let Some(running) = &self.running {
            *self.fuel = Fuel::of(running.0.left.load(Ordering::Relaxed));
        }
        from_dynamic(&answer?).map_err(EvalError::new)
    }

    fn fuel(&mut self) -> &mut Fuel {
        self.fuel
    }

    fn now(&self) -> Option<jiff::Timestamp> {
        self.running.as_ref()?.0.scope.now()
    }

    fn file(&self, path: &str) -> Result<Arc<str>, String> {
        Err(format!("a script reads no files, so not `{path}` either"))
    }
}

fn push(context: NativeCallContext<'_>, args: &mut [&mut Dynamic]) -> Answer {
    let item = args[1].clone();
    if let Some(mut list) = args[0].write_lock::<Array>() {
        // rhai measures the whole list after each call.
        spend(&context, 1 + list.len() / 64)?;
        list.push(item);
        return Ok(Dynamic::UNIT);
    }
    let list = value(args[0], &context)?;
    match list.items() {
        Some(_) => Err(thrown(
            EvalError::new("what was seen cannot be changed").help("start with a list of your own: `let xs = [];`"),
            &context,
        )),
        None => Err(thrown(EvalError::new(format!("`push` wants a list, not {}", list.sort_name())), &context)),
    }
}

fn lookup(
    context: &NativeCallContext<'_>,
    base: Option<&Dynamic>,
    path: &Dynamic,
    default: Option<&Dynamic>,
) -> Answer {
    let path = value(path, context)?;
    let wrong = |why: String| thrown(EvalError::new(why), context);
    let text = path.as_text().ok_or_else(|| wrong(format!("a path is text, not {}", path.sort_name())))?;
    let steps = steps(text).map_err(wrong)?;
    let found = match (base, steps.split_first()) {
        (Some(base), _) => follow(value(base, context)?, &steps),
        (None, Some((Step::Key(name), rest))) => {
            running(context).map_or(Ok(None), |running| named(&running.0.scope, name, rest))
        }
        _ => Ok(None),
    };
    let found = found.map_err(|error| thrown(error, context))?;
    match (found.filter(|value| !value.is_null()), default) {
        (found, None) => Ok(found.is_some().into()),
        (Some(found), Some(_)) => Ok(to_dynamic(found)),
        (None, Some(default)) => Ok(default.clone()),
    }
}
