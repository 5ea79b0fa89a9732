//! One number or a list of them: the status or exit codes that a check takes for right.

use std::borrow::Cow;
use std::fmt;

use checkrun_model::{Node, SpecError};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// `409`, or `[200, 404]`. Never empty, unless its value is not known yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Codes(pub Vec<i64>);

impl Codes {
    /// Whether `code` is one of them.
    pub(crate) fn has(&self, code: i64) -> bool {
        self.0.contains(&code)
    }
}

impl Codes {
    /// Why one of these can never be: it is not within the bounds of `what`.
    pub(crate) fn errors(&self, node: &Node, key: &str, (least, most): (i64, i64), what: &str) -> Vec<SpecError> {
        let Some(place) = node.get(key).filter(|place| !place.has_deferred()) else { return Vec::new() };
        let places = place.as_list().unwrap_or(std::slice::from_ref(place));
        let outside = self.0.iter().zip(places).filter(|(code, _)| !(least..=most).contains(*code));
        let error = |(code, place): (&i64, &Node)| {
            let message = format!("{code} is no {what}: nothing can answer with it");
            SpecError::new("args::value", place.span, message, format!("not within {least} to {most}"))
        };
        outside.map(|wrong| error(wrong).help("look for a digit too many or too few")).collect()
    }
}

impl fmt::Display for Codes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        out.write_str(&list.join(" or "))
    }
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Codes;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a whole number or a list of whole numbers")
    }
    fn visit_i64<E: serde::de::Error>(self, code: i64) -> Result<Codes, E> {
        Ok(Codes(vec![code]))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Codes, A::Error> {
        let mut codes = Vec::new();
        while let Some(code) = items.next_element()? {
            codes.push(code);
        }
        match codes.is_empty() {
            true => Err(serde::de::Error::custom("the list is empty, so nothing could be right")),
            false => Ok(Codes(codes)),
        }
    }
    fn visit_unit<E>(self) -> Result<Codes, E> {
        Ok(Codes::default())
    }
}

impl<'de> Deserialize<'de> for Codes {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_any(OneOrMany)
    }
}

impl JsonSchema for Codes {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Codes".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let code = || json_schema!({ "type": "integer" });
        let text = json_schema!({ "type": "string", "pattern": r"\{\{" });
        json_schema!({ "anyOf": [code(), { "type": "array", "items": code(), "minItems": 1 }, text] })
    }
}
