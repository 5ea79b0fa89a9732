//! The one rhai engine: raw, with nothing in it but our operators and functions. No sleep, print, eval, import, clock.

use std::any::TypeId;
use std::ops::{Range, RangeInclusive};
use std::sync::OnceLock;

use rhai::{Array, Dynamic, Engine, INT, Module};

use super::calls::functions;
use super::dynamic::{Null, from_dynamic, to_dynamic};
use super::operators::operators;
use super::running::{Answer, Running, SCRIPT_STEPS, unplaced};
use crate::expr::element;
use crate::fault::{EvalError, MOST_TEXT};
use crate::text::NULL;
use crate::value::Value;

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
