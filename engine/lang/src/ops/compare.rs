//! Equality, order, membership. Never true or false by accident: what does not compare is an error.

use std::cmp::Ordering;

use super::Op;
use crate::fault::{EvalError, Fuel};
use crate::value::{Repr, Type, Value};

/// A float from here on stands for several whole numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(super) fn equality(op: Op, left: &Value, right: &Value, fuel: &mut Fuel) -> Result<Value, EvalError> {
    Ok(Value::boolean(equal(left, right, fuel)? == (op == Op::Eq)))
}

pub(super) fn ordering(op: Op, left: &Value, right: &Value, _: &mut Fuel) -> Result<Value, EvalError> {
    let order = order(left, right)?;
    let letters = matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge) && like_numbers(left) && like_numbers(right);
    if letters {
        let message = format!(
            "texts that begin with digits compare letter by letter: {} {} {}",
            left.show(60),
            op.sign(),
            right.show(60)
        );
        return Err(
            EvalError::new(message).help("convert both on purpose: `number(x)`, `duration(x)`, `size(x)`, `time(x)`")
        );
    }
    Ok(Value::boolean(match op {
        Op::Eq => order == Ordering::Equal,
        Op::Ne => order != Ordering::Equal,
        Op::Lt => order == Ordering::Less,
        Op::Le => order != Ordering::Greater,
        Op::Gt => order == Ordering::Greater,
        _ => order != Ordering::Less,
    }))
}

/// `"9" > "10"` is true of letters and never meant.
fn like_numbers(value: &Value) -> bool {
    let text = value.as_text().unwrap_or_default();
    text.trim_start_matches(['-', '+', '.']).starts_with(|c: char| c.is_ascii_digit())
}

/// The order of two values of one type that has an order.
pub(crate) fn order(left: &Value, right: &Value) -> Result<Ordering, EvalError> {
    let found = match (&left.0, &right.0) {
        (Repr::Int(a), Repr::Int(b)) => Some(a.cmp(b)),
        (Repr::Int(a), Repr::Float(b)) => whole_and_float(*a, *b),
        (Repr::Float(a), Repr::Int(b)) => whole_and_float(*b, *a).map(Ordering::reverse),
        (Repr::Float(a), Repr::Float(b)) => a.partial_cmp(b),
        (Repr::Quantity(one, a), Repr::Quantity(other, b)) if one == other => a.partial_cmp(b),
        (Repr::Text(a), Repr::Text(b)) => Some(a.as_str().cmp(b.as_str())),
        (Repr::Time(a), Repr::Time(b)) => Some(a.cmp(b)),
        _ => return Err(no_order(left, right)),
    };
    found.ok_or_else(|| EvalError::new(format!("NaN does not compare: {} and {}", left.show(60), right.show(60))))
}

fn no_order(left: &Value, right: &Value) -> EvalError {
    super::no_row(Op::Lt, left, right)
}

/// Exact: a large whole number does not become equal to another by being rounded.
fn whole_and_float(whole: i128, number: f64) -> Option<Ordering> {
    if number.is_nan() {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "only for numbers that have a fraction or are infinite")]
    if number.abs() < EXACT || number.is_infinite() {
        return (whole as f64).partial_cmp(&number);
    }
    #[expect(clippy::cast_possible_truncation, reason = "it has no fraction; beyond the range it saturates")]
    Some(whole.cmp(&(number as i128)))
}

/// Deep equality. Different types inside are an error too; null inside equals only null.
pub(crate) fn equal(left: &Value, right: &Value, fuel: &mut Fuel) -> Result<bool, EvalError> {
    fuel.spend(1)?;
    match (left.type_of(), right.type_of()) {
        (Type::Null, Type::Null) => Ok(true),
        (Type::Bool, Type::Bool) => Ok(left.as_bool() == right.as_bool()),
        (Type::List, Type::List) => lists(left, right, fuel),
        (Type::Object, Type::Object) => objects(left, right, fuel),
        (one, other) if one == other => order(left, right).map(|order| order == Ordering::Equal),
        _ => Err(super::no_row(Op::Eq, left, right)),
    }
}

fn inside(left: &Value, right: &Value, fuel: &mut Fuel) -> Result<bool, EvalError> {
    if left.is_null() != right.is_null() {
        return Ok(false);
    }
    equal(left, right, fuel)
}

fn lists(left: &Value, right: &Value, fuel: &mut Fuel) -> Result<bool, EvalError> {
    if left.count() != right.count() {
        return Ok(false);
    }
    let (a, b) = (left.items().unwrap_or_default(), right.items().unwrap_or_default());
    for (a, b) in a.iter().zip(&b) {
        if !inside(a, b, fuel)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn objects(left: &Value, right: &Value, fuel: &mut Fuel) -> Result<bool, EvalError> {
    if left.count() != right.count() {
        return Ok(false);
    }
    // All keys are looked at: whether it is an error must not depend on their order.
    let mut equal = true;
    for key in left.keys().unwrap_or_default() {
        equal &= match (left.entry(&key), right.entry(&key)) {
            (Some(a), Some(b)) => inside(&a, &b, fuel)?,
            _ => false,
        };
    }
    Ok(equal)
}

/// Whether a list has the value. An item of another type is an error unless the value is found; null is like nothing but null.
pub(super) fn member(_: Op, value: &Value, list: &Value, fuel: &mut Fuel) -> Result<Value, EvalError> {
    let mut trouble = None;
    for item in list.items().unwrap_or_default() {
        match (value.type_of(), item.type_of()) {
            (one, other) if one == other => {
                if equal(value, &item, fuel)? {
                    return Ok(Value::boolean(true));
                }
            }
            (Type::Null, _) | (_, Type::Null) => {}
            _ => trouble = Some(super::no_row(Op::Eq, value, &item)),
        }
    }
    trouble.map_or(Ok(Value::boolean(false)), Err)
}

pub(super) fn part_of_text(_: Op, part: &Value, text: &Value, fuel: &mut Fuel) -> Result<Value, EvalError> {
    let (text, part) = (text.as_text().unwrap_or_default(), part.as_text().unwrap_or_default());
    fuel.spend(1 + text.len() / 64)?;
    if part.is_empty() {
        return Err(empty_part());
    }
    Ok(Value::boolean(text.contains(part)))
}

/// Every text holds, begins and ends with the empty one.
pub(crate) fn empty_part() -> EvalError {
    EvalError::new("every text holds the empty one, so that this proves nothing")
        .help("what is looked for is empty: where does it come from?")
}

pub(super) fn key_of(_: Op, key: &Value, object: &Value, _: &mut Fuel) -> Result<Value, EvalError> {
    Ok(Value::boolean(object.entry(key.as_text().unwrap_or_default()).is_some()))
}
