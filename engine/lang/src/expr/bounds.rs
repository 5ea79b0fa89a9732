//! Comparisons of a field with a number that it can never be, or never reach.

use std::ops::Range;

use serde_json::Value as Json;

use super::ast::{Ast, Part};
use crate::fault::Fault;
use crate::ops::{Op, amount};
use crate::value::{Repr, Value};

/// The first comparison of the top-level field `name`, which lies within the bounds, that is the same whatever was seen.
pub(super) fn fault(ast: &Ast, name: &str, bounds: (i64, i64)) -> Option<Fault> {
    let own = match &ast.part {
        Part::Binary(op, left, right) if is(left, name) => beyond(*op, right, bounds),
        Part::Binary(op, left, right) if is(right, name) && *op != Op::In => beyond(*op, left, bounds),
        _ => None,
    };
    let fault = own.map(|number| told(name, bounds, &number, ast.range.clone()));
    fault.or_else(|| ast.below().into_iter().find_map(|part| self::fault(part, name, bounds)))
}

/// Why it is the same whatever is observed that a field, a whole number within the bounds, both included, equals `wanted`.
#[must_use]
pub fn never_equals(name: &str, bounds: (i64, i64), wanted: &Json) -> Option<Fault> {
    let wanted = Value::from_json(wanted);
    outside(&wanted, bounds, 0).then(|| told(name, bounds, &wanted, 0..0))
}

fn told(name: &str, (least, most): (i64, i64), number: &Value, range: Range<usize>) -> Fault {
    let number = number.show(40);
    let message = format!("`{name}` is {least} to {most}: compared with {number}, it is the same whatever is seen");
    Fault::new("expr::bounds", range, message).help("look for a digit too many or too few")
}

/// Whether a value is a number that is further than `by` outside.
fn outside(value: &Value, (least, most): (i64, i64), by: i64) -> bool {
    if !matches!(value.0, Repr::Int(_) | Repr::Float(_)) {
        return false;
    }
    let number = amount(value);
    #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
    let (least, most) = ((least - by) as f64, (most + by) as f64);
    number < least || number > most
}

/// Whether a part is the field, `status` or `it.status`.
pub(super) fn is(ast: &Ast, name: &str) -> bool {
    let Part::Path(first, keys) = &ast.part else { return false };
    match keys.as_slice() {
        [] => **first == *name,
        [key] => **first == *"it" && **key == *name,
        _ => false,
    }
}

/// The number on the other side that decides a comparison by itself.
fn beyond(op: Op, other: &Ast, bounds: (i64, i64)) -> Option<Value> {
    let outside = |value: &Value, by: i64| outside(value, bounds, by).then(|| value.clone());
    match (op, &other.part) {
        (Op::Eq | Op::Ne, Part::Constant(value)) => outside(value, 0),
        // The first number beyond is a bound that people write: `status < 600`.
        (Op::Lt | Op::Le | Op::Gt | Op::Ge, Part::Constant(value)) => outside(value, 1),
        (Op::In, Part::Constant(list)) => list.items()?.iter().find_map(|value| outside(value, 0)),
        (Op::In, Part::List(items)) => items.iter().find_map(|item| match &item.part {
            Part::Constant(value) => outside(value, 0),
            _ => None,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::expr::tests::compile;

    #[test]
    fn only_what_a_field_can_be_is_compared_with_it() {
        let wrong = |text: &str| compile(text).out_of_bounds("status", (100, 599)).is_some();
        for text in ["status == 4040", "20 != it.status", "status in [200, 2000]", "size > 1 && status < 4040"] {
            assert!(wrong(text), "{text}");
        }
        for text in ["status == 404", "status in [200, 404]", "status < 600", "status >= 100", "json.status == 4040"] {
            assert!(!wrong(text), "{text}");
        }
    }
}
