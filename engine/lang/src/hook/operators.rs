//! Operators of scripts: each asks the table, whatever the types; rhai's own are never reached.

use std::any::TypeId;

use rhai::{Dynamic, Engine, NativeCallContext};

use super::dynamic::{Null, to_dynamic};
use super::running::{Answer, thrown, value, with_fuel};
use crate::fault::EvalError;
use crate::ops::{self, Op};
use crate::value::Value;

/// Stands for a parameter of any type.
pub(super) const ANY: fn() -> TypeId = TypeId::of::<Dynamic>;

/// Every operator between any two types asks the table; rhai's own are never reached.
pub(super) fn operators(engine: &mut Engine) {
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
