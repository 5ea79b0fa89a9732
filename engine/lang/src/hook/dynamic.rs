//! Our values as rhai holds them, and back. Scalars are rhai's own, so that scripts can work with them;
//! what a script only looks at stays by reference.

use std::sync::Arc;

use rhai::{Array, Dynamic, Map};

use crate::value::{Repr, Value};

/// The literal `null`. A variable that holds nothing is no null: it compares with nothing.
#[derive(Debug, Clone)]
pub(super) struct Null;

/// Deeper lists and objects of a script are refused.
const MOST_DEPTH: usize = 64;

/// A value for a script.
pub(super) fn to_dynamic(value: Value) -> Dynamic {
    match value.0 {
        Repr::Bool(flag) => flag.into(),
        Repr::Int(whole) => i64::try_from(whole).map_or_else(|_| Dynamic::from(Value::int(whole)), Dynamic::from),
        Repr::Float(number) => number.into(),
        Repr::Text(text) => text.as_str().into(),
        Repr::List(items) => {
            let items = Arc::unwrap_or_clone(items);
            Dynamic::from_array(items.into_iter().map(to_dynamic).collect::<Array>())
        }
        Repr::Object(map) => {
            let map = Arc::unwrap_or_clone(map);
            let entries = map.into_iter().map(|(key, value)| (key.as_ref().into(), to_dynamic(value)));
            Dynamic::from_map(entries.collect::<Map>())
        }
        _ => Dynamic::from(value),
    }
}

/// A script's value; else what it is that is none.
pub(super) fn from_dynamic(dynamic: &Dynamic) -> Result<Value, String> {
    counted(dynamic, &mut 0)
}

/// As [`from_dynamic`]; adds to `steps` how much there was to convert.
pub(super) fn counted(dynamic: &Dynamic, steps: &mut usize) -> Result<Value, String> {
    read(dynamic, 0, steps)
}

fn read(dynamic: &Dynamic, depth: usize, steps: &mut usize) -> Result<Value, String> {
    *steps += 1;
    if depth > MOST_DEPTH {
        return Err(format!("it nests more than {MOST_DEPTH} deep"));
    }
    if dynamic.is_shared() {
        return read(&dynamic.flatten_clone(), depth, steps);
    }
    if let Some(value) = dynamic.read_lock::<Value>() {
        return Ok(value.clone());
    }
    if let Some(items) = dynamic.read_lock::<Array>() {
        let items: Result<Vec<Value>, String> = items.iter().map(|item| read(item, depth + 1, steps)).collect();
        return Ok(Value::list(items?));
    }
    if let Some(map) = dynamic.read_lock::<Map>() {
        let entries: Result<Vec<_>, String> =
            map.iter().map(|(key, value)| Ok((Arc::from(key.as_str()), read(value, depth + 1, steps)?))).collect();
        return Ok(Value::object(entries?));
    }
    scalar(dynamic, steps)
}

fn scalar(dynamic: &Dynamic, steps: &mut usize) -> Result<Value, String> {
    if dynamic.is_unit() || dynamic.is::<Null>() {
        return Ok(Value::NULL);
    }
    if let Ok(flag) = dynamic.as_bool() {
        return Ok(Value::boolean(flag));
    }
    if let Ok(whole) = dynamic.as_int() {
        return Ok(Value::int(whole.into()));
    }
    if let Ok(number) = dynamic.as_float() {
        return Ok(Value::float(number));
    }
    if let Ok(letter) = dynamic.as_char() {
        return Ok(Value::text(letter.encode_utf8(&mut [0; 4])));
    }
    match dynamic.clone().into_immutable_string() {
        Ok(text) => {
            *steps += text.len() / 64;
            Ok(Value::text(&text))
        }
        Err(other) => Err(format!("{other} is no value")),
    }
}
