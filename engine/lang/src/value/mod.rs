//! The value of our expressions: JSON's types and quantities with their sort.
//! Knows how values are made and taken apart, not what operators do with them.

mod convert;
mod seen;
mod show;
mod track;
mod types;

use std::borrow::Cow;
use std::sync::Arc;

use checkrun_model::{Field, Sort};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value as Json;
use yoke::Yoke;

pub(crate) use seen::Seen;
pub(crate) use track::Track;
pub(crate) use types::{Type, Unit};

/// The value of our expressions: JSON's types and quantities with their sort. Cheap to clone.
/// A large observation is wrapped, not converted: only what an expression reads is looked at.
#[derive(Clone)]
pub struct Value(pub(crate) Repr);

/// Entries of an object made by us, in their order.
pub(crate) type Map = IndexMap<Arc<str>, Value>;

#[derive(Clone)]
pub(crate) enum Repr {
    Null,
    Bool(bool),
    /// Wide enough for every whole number of JSON.
    Int(i128),
    Float(f64),
    Text(Text),
    /// Seconds, bytes or so many a second.
    Quantity(Unit, f64),
    Time(Timestamp),
    List(Arc<Vec<Value>>),
    Object(Arc<Map>),
    /// A list or object of an observation.
    Seen(Seen),
}

/// Text of our own, or inside an observation.
#[derive(Clone)]
pub(crate) enum Text {
    Own(Arc<str>),
    Seen(Yoke<&'static str, Arc<Json>>),
}

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Own(text) => text,
            Self::Seen(text) => text.get(),
        }
    }
}

impl Value {
    pub(crate) const NULL: Self = Self(Repr::Null);

    /// JSON as it is; numbers without a fraction are whole.
    #[must_use]
    pub fn from_json(json: &Json) -> Self {
        convert::from_json(json)
    }

    /// A whole observation; `fields` says which of its values are quantities.
    #[must_use]
    pub fn observation(json: Arc<Json>, fields: &'static [Field]) -> Self {
        Seen::root(json, Track::new(fields)).value()
    }

    /// Text.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self(Repr::Text(Text::Own(text.into())))
    }

    /// A moment.
    #[must_use]
    pub fn time(at: Timestamp) -> Self {
        Self(Repr::Time(at))
    }

    /// A quantity: seconds, bytes or so many a second; a plain number where the sort has no unit.
    #[must_use]
    pub fn quantity(sort: Sort, amount: f64) -> Self {
        match Unit::of(sort) {
            Some(unit) => Self(Repr::Quantity(unit, amount)),
            None => Self::float(amount),
        }
    }

    /// An object of the given entries.
    #[must_use]
    pub fn object(entries: Vec<(Arc<str>, Value)>) -> Self {
        Self(Repr::Object(Arc::new(entries.into_iter().collect())))
    }

    /// A list.
    #[must_use]
    pub fn list(items: Vec<Value>) -> Self {
        Self(Repr::List(Arc::new(items)))
    }

    /// true or false.
    #[must_use]
    pub fn boolean(flag: bool) -> Self {
        Self(Repr::Bool(flag))
    }

    /// A whole number.
    #[must_use]
    pub fn int(whole: i128) -> Self {
        Self(Repr::Int(whole))
    }

    /// A number; whole if it has no fraction and is exact.
    #[must_use]
    pub fn float(number: f64) -> Self {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() < EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is within ±2^53")]
            return Self(Repr::Int(number as i128));
        }
        Self(Repr::Float(number))
    }

    /// Plain JSON: a duration as seconds, a size as bytes, a time as text.
    #[must_use]
    pub fn to_json(&self) -> Json {
        convert::to_json(self)
    }

    /// JSON from which [`Value::from_tagged`] makes the same value: `{"$duration": 1.5}`, `{"$time": "…"}`.
    #[must_use]
    pub fn to_tagged(&self) -> Json {
        convert::to_tagged(self)
    }

    /// See [`Value::to_tagged`].
    #[must_use]
    pub fn from_tagged(json: &Json) -> Self {
        convert::from_tagged(json)
    }

    /// The tree that a template puts in the place of its scalar: a duration as its written form, a size as bytes.
    #[must_use]
    pub fn to_node(&self, span: checkrun_model::Span) -> checkrun_model::Node {
        convert::to_node(self, span)
    }

    /// As people read it: `"Ready"`, `5m`, `[1, 2, …]`; at most `most` characters.
    #[must_use]
    pub fn show(&self, most: usize) -> String {
        show::show(self, most)
    }

    /// The text that `{{ }}` puts into mixed text, or why it cannot.
    ///
    /// # Errors
    /// Lists, objects and null have no text of their own.
    pub fn render(&self) -> Result<String, String> {
        show::render(self)
    }

    /// `a duration`, `text`, `a whole number`.
    #[must_use]
    pub fn sort_name(&self) -> &'static str {
        match self.0 {
            Repr::Int(_) => "a whole number",
            _ => self.type_of().name(),
        }
    }

    /// true or false, if it is that.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self.0 {
            Repr::Bool(flag) => Some(flag),
            _ => None,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.0 {
            Repr::Text(text) => Some(text.as_str()),
            _ => None,
        }
    }

    /// Whether it is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self.0, Repr::Null)
    }

    pub(crate) fn type_of(&self) -> Type {
        match &self.0 {
            Repr::Null => Type::Null,
            Repr::Bool(_) => Type::Bool,
            Repr::Int(_) | Repr::Float(_) => Type::Number,
            Repr::Text(_) => Type::Text,
            Repr::Quantity(unit, _) => unit.as_type(),
            Repr::Time(_) => Type::Time,
            Repr::List(_) => Type::List,
            Repr::Object(_) => Type::Object,
            Repr::Seen(seen) if seen.is_list() => Type::List,
            Repr::Seen(_) => Type::Object,
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn items(&self) -> Option<Vec<Value>> {
        match &self.0 {
            Repr::List(items) => Some(items.as_ref().clone()),
            Repr::Seen(seen) => seen.items(),
            _ => None,
        }
    }

    /// Number of items or entries.
    pub(crate) fn count(&self) -> Option<usize> {
        match &self.0 {
            Repr::List(items) => Some(items.len()),
            Repr::Object(map) => Some(map.len()),
            Repr::Seen(seen) => Some(seen.count()),
            _ => None,
        }
    }

    /// An item of a list.
    pub(crate) fn item(&self, at: usize) -> Option<Value> {
        match &self.0 {
            Repr::List(items) => items.get(at).cloned(),
            Repr::Seen(seen) => seen.item(at),
            _ => None,
        }
    }

    /// The value under a key of an object.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<Value> {
        match &self.0 {
            Repr::Object(map) => map.get(key).cloned(),
            Repr::Seen(seen) => seen.entry(key),
            _ => None,
        }
    }

    /// The keys of an object, in their order.
    pub(crate) fn keys(&self) -> Option<Vec<Cow<'_, str>>> {
        match &self.0 {
            Repr::Object(map) => Some(map.keys().map(|key| Cow::Borrowed(key.as_ref())).collect()),
            Repr::Seen(seen) => seen.keys(),
            _ => None,
        }
    }

    /// Follows keys as far as they are there: the value, or the number of the key that is missing and what it is missing from.
    pub(crate) fn walk(&self, keys: &[Arc<str>]) -> Result<Value, (usize, Value)> {
        let mut at = self;
        for (done, key) in keys.iter().enumerate() {
            match &at.0 {
                Repr::Object(map) => at = map.get(key).ok_or_else(|| (done, at.clone()))?,
                Repr::Seen(seen) => return seen.walk(&keys[done..]).map_err(|(more, base)| (done + more, base)),
                _ => return Err((done, at.clone())),
            }
        }
        Ok(at.clone())
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.show(400))
    }
}

impl Default for Value {
    fn default() -> Self {
        Self::NULL
    }
}

#[cfg(test)]
mod tests;
