//! The one rhai engine: raw, with nothing in it but our operators and functions. No sleep, print, eval, import, clock.

use std::any::TypeId;
use std::ops::{Range, RangeInclusive};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, INT, Module, NativeCallContext, Position};

use super::dynamic::{Null, counted, from_dynamic, to_dynamic};
use crate::expr::{Step, element, follow, steps};
use crate::fault::{EvalError, Fuel, MOST_TEXT, STEPS};
use crate::function::{self, Arg, FUNCTIONS, Function, Host};
use crate::ops::{self, Op};
use crate::scope::Scope;
use crate::text::{NULL, quantity};
use crate::value::Value;

type Answer = Result<Dynamic, Box<EvalAltResult>>;

/// Steps that one call of a script may take: rhai's own, and those of our functions.
const SCRIPT_STEPS: u64 = 2_000_000;

/// What a call of a script may look at and still do.
#[derive(Debug, Clone)]
pub(super) struct Running(Arc<State>);

#[derive(Debug)]
struct State {
    scope: Scope,
    left: AtomicU64,
}

impl Running {
    pub(super) fn new(scope: &Scope) -> Self {
        Self(Arc::new(State { scope: scope.clone(), left: AtomicU64::new(SCRIPT_STEPS) }))
    }
}

/// The engine, built when a hook is first compiled.
pub(super) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut engine = Engine::new_raw();
        limits(&mut engine);
        operators(&mut engine);
        functions(&mut engine);
        parts(&mut engine);
        names(&mut engine);
        engine
    })
}

/// Names and signs of rhai that scripts do not have: `switch` compares in its own way.
pub(super) const DISABLED: [&str; 7] = ["eval", "print", "debug", "import", "export", "switch", "sleep"];

fn limits(engine: &mut Engine) {
    for symbol in DISABLED {
        engine.disable_symbol(symbol);
    }
    engine
        .set_optimization_level(rhai::OptimizationLevel::None)
        .set_fast_operators(false)
        .set_fail_on_invalid_map_property(true)
        .set_max_operations(SCRIPT_STEPS)
        .set_max_call_levels(24)
        .set_max_expr_depths(48, 48)
        .set_max_variables(500)
        .set_max_functions(500)
        .set_max_string_size(MOST_TEXT)
        .set_max_array_size(200_000)
        .set_max_map_size(200_000);
}

const ANY: fn() -> TypeId = TypeId::of::<Dynamic>;

/// Every operator between any two types asks the table; rhai's own are never reached.
fn operators(engine: &mut Engine) {
    for op in Op::ALL {
        match op {
            // rhai reads `a in b` as a call of `contains`, which is one of our functions.
            Op::In => {}
            _ => {
                engine.register_raw_fn(op.sign(), [ANY(), ANY()], move |context, args| binary(op, &context, args));
            }
        }
    }
    for op in [Op::Add, Op::Sub, Op::Mul, Op::Div, Op::Rem] {
        let name = format!("{}=", op.sign());
        engine.register_raw_fn(name, [ANY(), ANY()], move |context, args| {
            *args[0] = binary(op, &context, args)?;
            Ok(Dynamic::UNIT)
        });
    }
    for sign in ["**", "<<", ">>", "&", "|", "^", "**=", "<<=", ">>=", "&=", "|=", "^="] {
        engine.register_raw_fn(sign, [ANY(), ANY()], move |context, _| -> Answer {
            Err(thrown(EvalError::new(format!("`{sign}` is not in the language")), &context))
        });
    }
    engine.register_raw_fn("!", [ANY()], |context, args| unary(ops::not, &context, args[0]));
    engine.register_raw_fn("-", [ANY()], |context, args| unary(ops::negate, &context, args[0]));
}

fn binary(op: Op, context: &NativeCallContext<'_>, args: &[&mut Dynamic]) -> Answer {
    let null = |at: usize| args[at].is::<Null>();
    if matches!(op, Op::Eq | Op::Ne) && (null(0) || null(1)) {
        let both = is_null(args[0]) && is_null(args[1]);
        return Ok((both == (op == Op::Eq)).into());
    }
    let (left, right) = (value(args[0], context)?, value(args[1], context)?);
    with_fuel(context, |fuel| ops::apply(op, &left, &right, fuel))
}

fn is_null(dynamic: &Dynamic) -> bool {
    dynamic.is::<Null>() || dynamic.read_lock::<Value>().is_some_and(|value| value.is_null())
}

fn unary(run: fn(&Value) -> Result<Value, EvalError>, context: &NativeCallContext<'_>, operand: &Dynamic) -> Answer {
    run(&value(operand, context)?).map(to_dynamic).map_err(|error| thrown(error, context))
}

fn value(dynamic: &Dynamic, context: &NativeCallContext<'_>) -> Result<Value, Box<EvalAltResult>> {
    let mut steps = 0;
    let value = counted(dynamic, &mut steps).map_err(|why| thrown(EvalError::new(why), context))?;
    spend(context, steps)?;
    Ok(value)
}

fn spend(context: &NativeCallContext<'_>, steps: usize) -> Result<(), Box<EvalAltResult>> {
    let Some(running) = running(context) else { return Ok(()) };
    let mut fuel = Fuel::of(running.0.left.load(Ordering::Relaxed));
    fuel.spend(steps).map_err(|error| thrown(error, context))?;
    running.0.left.store(fuel.left(), Ordering::Relaxed);
    Ok(())
}

/// An error on its way through rhai.
fn thrown(error: EvalError, context: &NativeCallContext<'_>) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), context.call_position()))
}

/// An error whose position rhai fills in.
fn unplaced(error: EvalError) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), Position::NONE))
}

fn running(context: &NativeCallContext<'_>) -> Option<Running> {
    context.tag()?.read_lock::<Running>().map(|running| running.clone())
}

/// Runs with what fuel the whole call of the script has left.
fn with_fuel(context: &NativeCallContext<'_>, run: impl FnOnce(&mut Fuel) -> Result<Value, EvalError>) -> Answer {
    let running = running(context);
    let left = running.as_ref().map_or(STEPS, |running| running.0.left.load(Ordering::Relaxed));
    let mut fuel = Fuel::of(left);
    let result = run(&mut fuel);
    if let Some(running) = running {
        running.0.left.store(fuel.left(), Ordering::Relaxed);
    }
    result.map(to_dynamic).map_err(|error| thrown(error, context))
}

/// Every function of the table, for every number of arguments that it takes.
fn functions(engine: &mut Engine) {
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

/// Our error inside one of rhai's; rhai's own in plain words.
pub(super) fn caught(error: &EvalAltResult) -> EvalError {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => caught(inner),
        EvalAltResult::ErrorRuntime(thrown, _) => match thrown.clone().try_cast::<EvalError>() {
            Some(ours) => ours,
            None => EvalError::new(format!("the script throws: {thrown}")),
        },
        EvalAltResult::ErrorPropertyNotFound(name, _) => EvalError::absent(format!("there is no `{name}`")),
        EvalAltResult::ErrorArrayBounds(count, at, _) => {
            EvalError::absent(format!("the list has no item {at}; it has {count}"))
        }
        EvalAltResult::ErrorTooManyOperations(_) => EvalError::new("it takes too many steps"),
        EvalAltResult::ErrorDataRace(..) => EvalError::new("a function of each item cannot use the list it goes over")
            .help("copy the list first: `let all = xs;`"),
        EvalAltResult::ErrorStackOverflow(_) => EvalError::new("the script's functions call each other too deep"),
        other => EvalError::new(plain(other)),
    }
}

/// rhai's message without its position, which we say ourselves.
fn plain(error: &EvalAltResult) -> String {
    let mut bare = error.to_string();
    if let Some(at) = bare.rfind(" (line ") {
        bare.truncate(at);
    }
    bare
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
        (Some(base), _) => follow(Some(value(base, context)?), &steps),
        (None, Some((Step::Key(name), rest))) => {
            let root = running(context).and_then(|running| running.0.scope.find(name));
            follow(root, rest)
        }
        _ => None,
    };
    match (found.filter(|value| !value.is_null()), default) {
        (found, None) => Ok(found.is_some().into()),
        (Some(found), Some(_)) => Ok(to_dynamic(found)),
        (None, Some(default)) => Ok(default.clone()),
    }
}

/// Taking values apart: `[…]`, which `.name` is too, and `for`.
fn parts(engine: &mut Engine) {
    engine.register_type_with_name::<Value>("a value").register_type_with_name::<Null>("null");
    engine.register_indexer_get(|base: &mut Value, at: Dynamic| -> Answer {
        let at = from_dynamic(&at).map_err(|why| unplaced(EvalError::new(why)))?;
        element(base, &at, "the value").map(to_dynamic).map_err(unplaced)
    });
    let mut module = Module::new();
    module.set_iter_result(TypeId::of::<Value>(), |dynamic| {
        let seen = dynamic.read_lock::<Value>().map(|value| value.clone()).unwrap_or_default();
        match seen.items() {
            Some(items) => Box::new(items.into_iter().map(|item| Ok(to_dynamic(item)))),
            None => {
                let error = EvalError::new(format!("`for` goes over a list, not {}", seen.sort_name()));
                Box::new(std::iter::once(Err(unplaced(error))))
            }
        }
    });
    module.set_iter(TypeId::of::<Array>(), |dynamic| Box::new(dynamic.cast::<Array>().into_iter()));
    module.set_iterator::<Range<INT>>();
    module.set_iterator::<RangeInclusive<INT>>();
    engine.register_global_module(module.into());
}

/// Names in scope beside a script's own.
fn names(engine: &mut Engine) {
    #[expect(deprecated, reason = "rhai marks it volatile; there is no other way to read names on demand")]
    engine.on_var(|name, index, context| {
        if name == NULL {
            return Ok(Some(Dynamic::from(Null)));
        }
        if index > 0 || context.scope().contains(name) {
            return Ok(None);
        }
        let running = context.tag().read_lock::<Running>().map(|running| running.clone());
        Ok(running.and_then(|running| running.0.scope.bound(name).cloned()).map(to_dynamic))
    });
}
