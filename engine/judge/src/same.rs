//! Equality of JSON values for matchers. Values of different types do not compare: that is an error, not "unequal".

use serde_json::{Number, Value as Json};

/// Whether `a` and `b` are the same; whole and other numbers are one type, null equals only null.
///
/// # Errors
/// A sentence that names both types.
pub fn same(seen: &Json, wanted: &Json) -> Result<bool, String> {
    if seen.is_null() || wanted.is_null() || sort(seen) == sort(wanted) {
        return Ok(deep(seen, wanted));
    }
    Err(format!("{} and {} do not compare: {} is not like {}", sort(seen), sort(wanted), show(seen), show(wanted)))
}

fn deep(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(x), Json::Number(y)) => equal(x, y),
        (Json::Array(x), Json::Array(y)) => x.len() == y.len() && x.iter().zip(y).all(|(a, b)| deep(a, b)),
        (Json::Object(x), Json::Object(y)) => {
            x.len() == y.len() && x.iter().all(|(key, a)| y.get(key).is_some_and(|b| deep(a, b)))
        }
        _ => a == b,
    }
}

/// Different numbers must not become equal by being rounded to the same float.
fn equal(x: &Number, y: &Number) -> bool {
    match (whole(x), whole(y)) {
        (Some(x), Some(y)) => x == y,
        (None, None) => x.as_f64() == y.as_f64(),
        _ => false,
    }
}

/// The whole number that it is, exactly; also of a float.
fn whole(number: &Number) -> Option<i128> {
    if let Some(whole) = number.as_i128() {
        return Some(whole);
    }
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e36)?;
    Some(float as i128)
}

/// The type's name for people.
pub fn sort(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// A value in one line of at most 120 characters.
pub fn show(value: &Json) -> String {
    const MOST: usize = 120;
    let text = value.to_string();
    if text.chars().count() <= MOST {
        return text;
    }
    let cut: String = text.chars().take(MOST).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests {
    use super::same;
    use serde_json::json;

    #[test]
    fn numbers_are_one_type_and_objects_compare_deeply() {
        assert_eq!(same(&json!(1), &json!(1.0)), Ok(true));
        assert_eq!(same(&json!({"a": [1, {"b": 2}]}), &json!({"a": [1, {"b": 2.0}]})), Ok(true));
        assert_eq!(same(&json!([1, 2]), &json!([2, 1])), Ok(false));
        assert_eq!(same(&json!(18_446_744_073_709_551_000_u64), &json!(18_446_744_073_709_551_615_f64)), Ok(false));
        assert_eq!(same(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992_i64)), Ok(false));
    }

    #[test]
    fn different_types_are_an_error_and_null_is_not() {
        assert!(same(&json!("3"), &json!(3)).is_err());
        assert!(same(&json!([]), &json!({})).is_err());
        assert_eq!(same(&json!(null), &json!(3)), Ok(false));
        assert_eq!(same(&json!(null), &json!(null)), Ok(true));
    }
}
