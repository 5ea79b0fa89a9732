//! The YAML value tree in which every key, value and item has its span.
//! Made by the reader; knows no YAML syntax itself.

use crate::Span;

/// A value with its place in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value stands.
    pub span: Span,
    /// The value.
    pub value: NodeValue,
    /// A plain (unquoted) scalar as it was written: `1.10` keeps its zero, `012` its nought.
    pub written: Option<Box<str>>,
}

/// What a node holds: the YAML 1.2 core types, and a value that is not known yet.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text, plain or quoted.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the file, keys unique.
    Map(Vec<Entry>),
    /// A scalar whose template reads values that exist only while the run goes on.
    /// A decoder takes it for any value; it is decoded again when the value is there.
    Deferred,
}

/// One entry of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// A node without a written form.
    #[must_use]
    pub fn new(span: Span, value: NodeValue) -> Self {
        Self { span, value, written: None }
    }

    /// A JSON value as a tree all of whose nodes have one span: the place that asked for it.
    #[must_use]
    pub fn from_json(span: Span, json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        let value = match json {
            Json::Null => NodeValue::Null,
            Json::Bool(flag) => NodeValue::Bool(*flag),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => NodeValue::Int(whole),
                None => NodeValue::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => NodeValue::Text(text.clone()),
            Json::Array(items) => NodeValue::List(items.iter().map(|item| Self::from_json(span, item)).collect()),
            Json::Object(map) => NodeValue::Map(
                map.iter()
                    .map(|(key, value)| Entry { key: key.clone(), key_span: span, value: Self::from_json(span, value) })
                    .collect(),
            ),
        };
        Self::new(span, value)
    }

    /// The tree as JSON; a deferred scalar becomes `null`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            NodeValue::Null | NodeValue::Deferred => Json::Null,
            NodeValue::Bool(flag) => Json::Bool(*flag),
            NodeValue::Int(whole) => (*whole).into(),
            NodeValue::Float(number) => serde_json::Number::from_f64(*number).map_or(Json::Null, Json::Number),
            NodeValue::Text(text) => Json::String(text.clone()),
            NodeValue::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            NodeValue::Map(entries) => {
                Json::Object(entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect())
            }
        }
    }

    /// The text of a text scalar.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            NodeValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A scalar as text, a plain one as it was written; `None` for null, lists, maps and deferred scalars.
    #[must_use]
    pub fn scalar_text(&self) -> Option<std::borrow::Cow<'_, str>> {
        if let (Some(written), false) = (&self.written, matches!(self.value, NodeValue::Null)) {
            return Some(written.as_ref().into());
        }
        match &self.value {
            NodeValue::Text(text) => Some(text.as_str().into()),
            NodeValue::Bool(flag) => Some(flag.to_string().into()),
            NodeValue::Int(whole) => Some(whole.to_string().into()),
            NodeValue::Float(number) => Some(number.to_string().into()),
            NodeValue::Null | NodeValue::List(_) | NodeValue::Map(_) | NodeValue::Deferred => None,
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Node]> {
        match &self.value {
            NodeValue::List(items) => Some(items),
            _ => None,
        }
    }

    /// The entries of a map.
    #[must_use]
    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.value {
            NodeValue::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value under `key` of a map.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry with `key` of a map.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.iter().find(|entry| entry.key == key)
    }

    /// Whether this scalar, or any scalar below, is not known yet.
    #[must_use]
    pub fn has_deferred(&self) -> bool {
        match &self.value {
            NodeValue::Deferred => true,
            NodeValue::List(items) => items.iter().any(Self::has_deferred),
            NodeValue::Map(entries) => entries.iter().any(|entry| entry.value.has_deferred()),
            _ => false,
        }
    }

    /// What this is, in the words of an error message: `text`, `a list`, …
    #[must_use]
    pub fn sort_name(&self) -> &'static str {
        match &self.value {
            NodeValue::Null => "nothing (null)",
            NodeValue::Bool(_) => "true or false",
            NodeValue::Int(_) => "a whole number",
            NodeValue::Float(_) => "a number",
            NodeValue::Text(_) => "text",
            NodeValue::List(_) => "a list",
            NodeValue::Map(_) => "a mapping",
            NodeValue::Deferred => "a value of the run",
        }
    }
}
