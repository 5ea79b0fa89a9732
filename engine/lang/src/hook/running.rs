//! One call of a script: what it may see, what it may still do, how errors travel through rhai.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rhai::{Dynamic, EvalAltResult, NativeCallContext, Position};

use super::dynamic::{counted, to_dynamic};
use crate::fault::{EvalError, Fuel, STEPS};
use crate::scope::Scope;
use crate::value::Value;

pub(super) type Answer = Result<Dynamic, Box<EvalAltResult>>;

/// Steps that one call of a script may take: rhai's own, and those of our functions.
pub(super) const SCRIPT_STEPS: u64 = 2_000_000;

/// What a call of a script may look at and still do.
#[derive(Debug, Clone)]
pub(super) struct Running(pub(super) Arc<State>);

#[derive(Debug)]
pub(super) struct State {
    pub scope: Scope,
    pub left: AtomicU64,
}

impl Running {
    pub(super) fn new(scope: &Scope) -> Self {
        Self(Arc::new(State { scope: scope.clone(), left: AtomicU64::new(SCRIPT_STEPS) }))
    }
}

pub(super) fn value(dynamic: &Dynamic, context: &NativeCallContext<'_>) -> Result<Value, Box<EvalAltResult>> {
    let mut steps = 0;
    let value = counted(dynamic, &mut steps).map_err(|why| thrown(EvalError::new(why), context))?;
    spend(context, steps)?;
    Ok(value)
}

pub(super) fn spend(context: &NativeCallContext<'_>, steps: usize) -> Result<(), Box<EvalAltResult>> {
    let Some(running) = running(context) else { return Ok(()) };
    let mut fuel = Fuel::of(running.0.left.load(Ordering::Relaxed));
    fuel.spend(steps).map_err(|error| thrown(error, context))?;
    running.0.left.store(fuel.left(), Ordering::Relaxed);
    Ok(())
}

/// An error on its way through rhai.
pub(super) fn thrown(error: EvalError, context: &NativeCallContext<'_>) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), context.call_position()))
}

/// An error whose position rhai fills in.
pub(super) fn unplaced(error: EvalError) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(Dynamic::from(error), Position::NONE))
}

pub(super) fn running(context: &NativeCallContext<'_>) -> Option<Running> {
    context.tag()?.read_lock::<Running>().map(|running| running.clone())
}

/// Runs with what fuel the whole call of the script has left.
pub(super) fn with_fuel(
    context: &NativeCallContext<'_>,
    run: impl FnOnce(&mut Fuel) -> Result<Value, EvalError>,
) -> Answer {
    let running = running(context);
    let left = running.as_ref().map_or(STEPS, |running| running.0.left.load(Ordering::Relaxed));
    let mut fuel = Fuel::of(left);
    let result = run(&mut fuel);
    if let Some(running) = running {
        running.0.left.store(fuel.left(), Ordering::Relaxed);
    }
    result.map(to_dynamic).map_err(|error| thrown(error, context))
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
pub(super) fn plain(error: &EvalAltResult) -> String {
    let mut bare = error.to_string();
    if let Some(at) = bare.rfind(" (line ") {
        bare.truncate(at);
    }
    bare
}
