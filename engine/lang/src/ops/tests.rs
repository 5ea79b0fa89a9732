//! The table of operators: the whole cross product of operators and types.

use serde_json::json;

use super::*;
use crate::value::{Repr, Unit};

fn sample(of: Type) -> Value {
    match of {
        Type::Null => Value::NULL,
        Type::Bool => Value::boolean(true),
        Type::Number => Value::int(4),
        Type::Text => Value::text("b"),
        Type::Duration => Value(Repr::Quantity(Unit::Duration, 2.0)),
        Type::Size => Value(Repr::Quantity(Unit::Size, 2.0)),
        Type::Rate => Value(Repr::Quantity(Unit::Rate, 2.0)),
        Type::Time => Value::time("2026-11-24T00:00:00Z".parse().unwrap()),
        Type::List => Value::list(vec![]),
        Type::Object => Value::object(vec![("a".into(), Value::int(1))]),
    }
}

fn run(op: Op, left: &Value, right: &Value) -> Result<Value, EvalError> {
    apply(op, left, right, &mut Fuel::new())
}

#[test]
fn every_operator_between_any_two_types_gives_the_type_of_the_table_or_names_both() {
    for op in Op::ALL {
        for left in Type::ALL {
            for right in Type::ALL {
                let answer = run(op, &sample(left), &sample(right));
                match (gives(op, left, right), answer) {
                    (Some(of), Ok(value)) => assert_eq!(value.type_of(), of, "{left:?} {op:?} {right:?}"),
                    (Some(_), Err(error)) => panic!("{left:?} {op:?} {right:?}: {error}"),
                    (None, Ok(value)) => panic!("{left:?} {op:?} {right:?} gives {value:?}"),
                    (None, Err(error)) => {
                        let named = error.message.contains(left.name()) && error.message.contains(right.name());
                        assert!(named && !error.absent, "{error:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn different_types_never_compare() {
    for op in Op::ALL.into_iter().filter(|op| op.compares()) {
        for left in Type::ALL {
            for right in Type::ALL {
                assert!(left == right || gives(op, left, right).is_none(), "{left:?} {op:?} {right:?}");
            }
        }
    }
}

#[test]
fn comparisons_of_one_type_agree_with_each_other() {
    let later = Value::time("2027-01-01T00:00:00Z".parse().unwrap());
    let pairs = [
        (Value::int(1), Value::float(1.5)),
        (Value::int(9_007_199_254_740_992), Value::int(9_007_199_254_740_993)),
        (Value::float(9_007_199_254_740_992.0), Value::int(9_007_199_254_740_993)),
        (Value::text("a"), Value::text("b")),
        (sample(Type::Time), later),
        (Value(Repr::Quantity(Unit::Size, 1.0)), sample(Type::Size)),
    ];
    for (small, large) in pairs {
        let is = |op, a: &Value, b: &Value| run(op, a, b).unwrap().as_bool().unwrap();
        assert!(
            is(Op::Lt, &small, &large) && is(Op::Le, &small, &large) && is(Op::Ne, &small, &large),
            "{small:?} {large:?}"
        );
        assert!(
            is(Op::Gt, &large, &small) && is(Op::Ge, &large, &small) && !is(Op::Eq, &small, &large),
            "{small:?} {large:?}"
        );
        assert!(is(Op::Eq, &small, &small) && is(Op::Le, &small, &small) && !is(Op::Lt, &small, &small), "{small:?}");
    }
}

#[test]
fn nan_compares_with_nothing() {
    let nan = Value(Repr::Float(f64::NAN));
    for op in Op::ALL.into_iter().filter(|op| op.compares()) {
        assert!(run(op, &nan, &Value::int(1)).is_err(), "{op:?}");
        assert!(run(op, &nan, &nan).is_err(), "{op:?}");
    }
    assert!(run(Op::Sub, &Value::float(f64::MAX), &Value(Repr::Float(-f64::MAX))).is_err());
}

#[test]
fn lists_and_objects_compare_deeply_and_different_types_inside_are_an_error() {
    let of = |json: serde_json::Value| Value::from_json(&json);
    let same = |a, b| run(Op::Eq, &of(a), &of(b)).map(|value| value.as_bool().unwrap());
    assert_eq!(same(json!({ "a": [1, { "b": 2 }] }), json!({ "a": [1.0, { "b": 2 }] })), Ok(true));
    assert_eq!(same(json!([1, 2]), json!([2, 1])), Ok(false));
    assert_eq!(same(json!([1, null]), json!([1, 2])), Ok(false));
    assert_eq!(same(json!([null]), json!([null])), Ok(true));
    assert_eq!(same(json!({ "a": 1 }), json!({ "b": 1 })), Ok(false));
    assert!(same(json!([1]), json!(["1"])).is_err());
}

#[test]
fn quantities_are_worked_with_as_people_do() {
    let show = |op, a: &Value, b: &Value| run(op, a, b).unwrap().show(40);
    let seconds = |amount| Value(Repr::Quantity(Unit::Duration, amount));
    assert_eq!(show(Op::Mul, &Value::int(3), &seconds(30.0)), "1m30s");
    assert_eq!(show(Op::Div, &seconds(90.0), &seconds(30.0)), "3");
    assert_eq!(show(Op::Div, &Value::int(100), &seconds(2.0)), "50/s");
    assert_eq!(show(Op::Sub, &sample(Type::Time), &seconds(60.0)), "2026-11-23T23:59:00Z");
    assert!(run(Op::Add, &sample(Type::Time), &seconds(1e300)).is_err());
    assert!(run(Op::Div, &Value::int(1), &seconds(0.0)).is_err());
}

proptest::proptest! {
    #[test]
    fn numbers_compare_and_add_exactly(a in proptest::prelude::any::<i64>(), b in proptest::prelude::any::<i64>()) {
        let (x, y) = (Value::int(a.into()), Value::int(b.into()));
        let is = |op| run(op, &x, &y).unwrap().as_bool().unwrap();
        proptest::prop_assert_eq!(is(Op::Lt), a < b);
        proptest::prop_assert_eq!(is(Op::Eq), a == b);
        let sum = run(Op::Add, &x, &y).unwrap();
        proptest::prop_assert_eq!(sum.show(60), (i128::from(a) + i128::from(b)).to_string());
    }
}
