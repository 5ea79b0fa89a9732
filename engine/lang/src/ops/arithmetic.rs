//! Sums, differences, products. Whole numbers stay exact; what leaves their range, or is no number, is an error.

use jiff::{SignedDuration, Timestamp};

use super::Op;
use crate::fault::{EvalError, Fuel, MOST_TEXT};
use crate::value::{Repr, Type, Unit, Value};

pub(super) fn numbers(op: Op, left: &Value, right: &Value, _: &mut Fuel) -> Result<Value, EvalError> {
    if let (Repr::Int(a), Repr::Int(b)) = (&left.0, &right.0) {
        if matches!(op, Op::Div | Op::Rem) && *b == 0 {
            return Err(EvalError::new(format!("division by zero: {a} {} 0", op.sign())));
        }
        let whole = match op {
            Op::Add => a.checked_add(*b),
            Op::Sub => a.checked_sub(*b),
            Op::Mul => a.checked_mul(*b),
            Op::Rem => a.checked_rem(*b),
            _ if a.checked_rem(*b) == Some(0) => a.checked_div(*b),
            _ => None,
        };
        if let Some(whole) = whole {
            return Ok(Value::int(whole));
        }
    }
    let number = combine(op, amount(left), amount(right));
    finite(op, left, right, number).map(Value::float)
}

/// At least one is a quantity; the table says what comes out.
pub(super) fn quantities(op: Op, left: &Value, right: &Value, _: &mut Fuel) -> Result<Value, EvalError> {
    let number = finite(op, left, right, combine(op, amount(left), amount(right)))?;
    let gives = super::gives(op, left.type_of(), right.type_of());
    Ok(match gives.and_then(Unit::from_type) {
        Some(unit) => Value(Repr::Quantity(unit, number)),
        None => Value::float(number),
    })
}

fn combine(op: Op, a: f64, b: f64) -> f64 {
    match op {
        Op::Add => a + b,
        Op::Sub => a - b,
        Op::Mul => a * b,
        Op::Rem => a % b,
        _ => a / b,
    }
}

fn finite(op: Op, left: &Value, right: &Value, number: f64) -> Result<f64, EvalError> {
    if number.is_finite() {
        return Ok(number);
    }
    let what = if amount(right) == 0.0 { "division by zero" } else { "the result is no finite number" };
    Err(EvalError::new(format!("{what}: {} {} {}", left.show(60), op.sign(), right.show(60))))
}

/// The number in a number or quantity.
#[expect(clippy::cast_precision_loss, reason = "asked for where a float is the other side or the result")]
pub(crate) fn amount(value: &Value) -> f64 {
    match &value.0 {
        Repr::Int(whole) => *whole as f64,
        Repr::Float(number) | Repr::Quantity(_, number) => *number,
        _ => f64::NAN,
    }
}

pub(super) fn negate(value: &Value) -> Result<Value, EvalError> {
    match &value.0 {
        Repr::Int(whole) => whole.checked_neg().map(Value::int),
        Repr::Float(number) => Some(Value::float(-number)),
        Repr::Quantity(unit, amount) => Some(Value(Repr::Quantity(*unit, -amount))),
        _ => None,
    }
    .ok_or_else(|| {
        EvalError::new(format!("`-` wants a number or a quantity, not {}: {}", value.sort_name(), value.show(60)))
    })
}

pub(super) fn times(op: Op, left: &Value, right: &Value, _: &mut Fuel) -> Result<Value, EvalError> {
    let far =
        || EvalError::new(format!("no calendar reaches that far: {} {} {}", left.show(60), op.sign(), right.show(60)));
    match (&left.0, &right.0) {
        (Repr::Time(a), Repr::Time(b)) => {
            let between = a.duration_since(*b);
            Ok(Value(Repr::Quantity(Unit::Duration, between.as_secs_f64())))
        }
        (Repr::Time(at), _) => shifted(*at, amount(right), op == Op::Sub).ok_or_else(far),
        (_, Repr::Time(at)) => shifted(*at, amount(left), false).ok_or_else(far),
        _ => Err(EvalError::new(format!("{} {} {} has no meaning", left.show(60), op.sign(), right.show(60)))),
    }
}

fn shifted(at: Timestamp, seconds: f64, back: bool) -> Option<Value> {
    let by = SignedDuration::try_from_secs_f64(if back { -seconds } else { seconds }).ok()?;
    Some(Value::time(at.checked_add(by).ok()?))
}

pub(super) fn join_text(_: Op, left: &Value, right: &Value, fuel: &mut Fuel) -> Result<Value, EvalError> {
    let (a, b) = (left.as_text().unwrap_or_default(), right.as_text().unwrap_or_default());
    if a.len() + b.len() > MOST_TEXT {
        return Err(EvalError::new(format!("the text becomes longer than {MOST_TEXT} bytes")));
    }
    fuel.spend(1 + (a.len() + b.len()) / 64)?;
    Ok(Value::text(&format!("{a}{b}")))
}

pub(super) fn join_lists(_: Op, left: &Value, right: &Value, fuel: &mut Fuel) -> Result<Value, EvalError> {
    fuel.spend(left.count().unwrap_or(0) + right.count().unwrap_or(0))?;
    debug_assert_eq!(left.type_of(), Type::List);
    let mut items = left.items().unwrap_or_default();
    items.extend(right.items().unwrap_or_default());
    Ok(Value::list(items))
}
