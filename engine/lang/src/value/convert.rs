//! Values from and to JSON and trees of a suite.

use std::sync::Arc;

use checkrun_model::{Entry, Node, NodeValue, Span};
use serde_json::{Map as JsonMap, Number, Value as Json, json};

use super::{Repr, Text, Unit, Value, show};

pub(super) fn from_json(json: &Json) -> Value {
    Value(match json {
        Json::Null => Repr::Null,
        Json::Bool(flag) => Repr::Bool(*flag),
        Json::Number(number) => return self::number(number),
        Json::String(text) => Repr::Text(Text::Own(text.as_str().into())),
        Json::Array(items) => Repr::List(Arc::new(items.iter().map(from_json).collect())),
        Json::Object(map) => object(map, from_json),
    })
}

fn object(map: &JsonMap<String, Json>, each: fn(&Json) -> Value) -> Repr {
    Repr::Object(Arc::new(map.iter().map(|(key, value)| (Arc::from(key.as_str()), each(value))).collect()))
}

/// A number of JSON; every whole one exactly.
pub(super) fn number(number: &Number) -> Value {
    match (number.as_i64(), number.as_u64()) {
        (Some(whole), _) => Value(Repr::Int(whole.into())),
        (None, Some(whole)) => Value(Repr::Int(whole.into())),
        (None, None) => Value::float(number.as_f64().unwrap_or(f64::NAN)),
    }
}

pub(super) fn to_json(value: &Value) -> Json {
    match &value.0 {
        Repr::Quantity(_, amount) => float(*amount),
        Repr::Time(at) => Json::String(at.to_string()),
        Repr::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Repr::Object(map) => Json::Object(map.iter().map(|(key, value)| (key.to_string(), to_json(value))).collect()),
        Repr::Seen(seen) => seen.json().clone(),
        _ => scalar(value),
    }
}

fn scalar(value: &Value) -> Json {
    match &value.0 {
        Repr::Bool(flag) => Json::Bool(*flag),
        Repr::Int(whole) => int(*whole),
        Repr::Float(number) => float(*number),
        Repr::Text(text) => Json::String(text.as_str().to_owned()),
        _ => Json::Null,
    }
}

fn int(whole: i128) -> Json {
    if let Ok(small) = i64::try_from(whole) {
        return small.into();
    }
    match u64::try_from(whole) {
        Ok(large) => large.into(),
        #[expect(clippy::cast_precision_loss, reason = "JSON has no wider whole number")]
        Err(_) => float(whole as f64),
    }
}

fn float(number: f64) -> Json {
    match Value::float(number).0 {
        Repr::Int(whole) => int(whole),
        _ => Number::from_f64(number).map_or(Json::Null, Json::Number),
    }
}

pub(super) fn to_tagged(value: &Value) -> Json {
    match &value.0 {
        Repr::Quantity(unit, amount) => json!({ unit.tag(): amount }),
        Repr::Time(at) => json!({ "$time": at.to_string() }),
        Repr::List(_) => Json::Array(value.items().unwrap_or_default().iter().map(to_tagged).collect()),
        Repr::Seen(seen) if seen.is_list() => {
            Json::Array(value.items().unwrap_or_default().iter().map(to_tagged).collect())
        }
        Repr::Object(_) | Repr::Seen(_) => {
            escaped(entries(value).map(|(key, value)| (key, to_tagged(&value))).collect())
        }
        _ => scalar(value),
    }
}

/// An object that could be taken for a tag is wrapped.
fn escaped(map: JsonMap<String, Json>) -> Json {
    let like_a_tag = map.len() == 1 && map.keys().all(|key| key.starts_with('$'));
    if like_a_tag { json!({ "$object": map }) } else { Json::Object(map) }
}

fn entries(value: &Value) -> impl Iterator<Item = (String, Value)> + '_ {
    let keys = value.keys().unwrap_or_default();
    keys.into_iter().map(|key| (key.to_string(), value.entry(&key).unwrap_or_default()))
}

pub(super) fn from_tagged(json: &Json) -> Value {
    match json {
        Json::Array(items) => Value::list(items.iter().map(from_tagged).collect()),
        Json::Object(map) => tag(map).unwrap_or_else(|| Value(object(map, from_tagged))),
        _ => from_json(json),
    }
}

fn tag(map: &JsonMap<String, Json>) -> Option<Value> {
    let mut entries = map.iter();
    let (Some((key, value)), None) = (entries.next(), entries.next()) else { return None };
    let quantity = |unit| Some(Value(Repr::Quantity(unit, value.as_f64()?)));
    match key.as_str() {
        "$duration" => quantity(Unit::Duration),
        "$size" => quantity(Unit::Size),
        "$rate" => quantity(Unit::Rate),
        "$time" => Some(Value::time(value.as_str()?.parse().ok()?)),
        "$object" => Some(Value(object(value.as_object()?, from_tagged))),
        _ => None,
    }
}

pub(super) fn to_node(value: &Value, span: Span) -> Node {
    let text = |text: String| NodeValue::Text(text);
    Node::new(
        span,
        match &value.0 {
            Repr::Null => NodeValue::Null,
            Repr::Bool(flag) => NodeValue::Bool(*flag),
            Repr::Int(whole) => match i64::try_from(*whole) {
                Ok(whole) => NodeValue::Int(whole),
                Err(_) => text(whole.to_string()),
            },
            Repr::Float(number) => NodeValue::Float(*number),
            Repr::Text(own) => text(own.as_str().to_owned()),
            Repr::Quantity(Unit::Size, bytes) => return to_node(&Value::float(*bytes), span),
            Repr::Quantity(..) | Repr::Time(_) => text(show::show(value, usize::MAX)),
            Repr::List(items) => NodeValue::List(items.iter().map(|item| to_node(item, span)).collect()),
            Repr::Object(map) => NodeValue::Map(map.iter().map(|(key, value)| entry(key, value, span)).collect()),
            Repr::Seen(seen) => return Node::from_json(span, seen.json()),
        },
    )
}

fn entry(key: &Arc<str>, value: &Value, span: Span) -> Entry {
    Entry { key: key.to_string(), key_span: span, value: to_node(value, span) }
}
