//! JSON that somebody else wrote, into values, in one pass. A key that stands twice in an object is a mistake: which of
//! the two values counts nobody has said, so nothing may be judged by either.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value as Json};

/// Why a text gives no value.
#[derive(Debug)]
pub enum Unread {
    /// It is not JSON.
    Malformed(serde_json::Error),
    /// An object has a key twice.
    Twice {
        /// The key.
        key: String,
        /// The object, `$.items[3]`; `$` is the whole.
        path: String,
    },
}

impl fmt::Display for Unread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => why.fmt(out),
            Self::Twice { key, path } => {
                write!(out, "the key `{key}` stands twice in the object `{path}`: which of the two counts is not said")
            }
        }
    }
}

/// The value of a JSON text.
///
/// # Errors
/// It is not JSON, or an object of it has a key twice.
pub fn read(text: &[u8]) -> Result<Json, Unread> {
    let twice = RefCell::new(None);
    let mut input = serde_json::Deserializer::from_slice(text);
    let read = Part(&twice).deserialize(&mut input).and_then(|value| input.end().map(|()| value));
    read.map_err(|why| match twice.into_inner() {
        Some(Twice { key, steps }) => {
            let path = steps.iter().rev().fold("$".to_owned(), |path, step| path + &step.shown());
            Unread::Twice { key, path }
        }
        None => Unread::Malformed(why),
    })
}

/// A key that stands twice, and the way to its object, innermost step first.
struct Twice {
    key: String,
    steps: Vec<Step>,
}

enum Step {
    Key(String),
    Item(usize),
}

impl Step {
    fn shown(&self) -> String {
        let plain = |key: &str| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        match self {
            Self::Item(at) => format!("[{at}]"),
            Self::Key(key) if plain(key) => format!(".{key}"),
            Self::Key(key) => format!("[{}]", Json::from(key.as_str())),
        }
    }
}

/// One value of the text. The way to a mistake is only built once there is one.
#[derive(Clone, Copy)]
struct Part<'t>(&'t RefCell<Option<Twice>>);

impl Part<'_> {
    fn passed(self, step: impl FnOnce() -> Step) {
        if let Some(twice) = &mut *self.0.borrow_mut() {
            twice.steps.push(step());
        }
    }
}

impl<'de> DeserializeSeed<'de> for Part<'_> {
    type Value = Json;
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Json, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Part<'_> {
    type Value = Json;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any JSON")
    }
    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }
    fn visit_bool<E>(self, flag: bool) -> Result<Json, E> {
        Ok(flag.into())
    }
    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(number.into())
    }
    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(number.into())
    }
    fn visit_f64<E>(self, number: f64) -> Result<Json, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }
    fn visit_string<E>(self, text: String) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        loop {
            match input.next_element_seed(self) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => return Ok(Json::Array(items)),
                Err(why) => {
                    self.passed(|| Step::Item(items.len()));
                    return Err(why);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Json, A::Error> {
        let mut object = Map::new();
        while let Some(key) = input.next_key::<String>()? {
            match object.entry(key) {
                Entry::Vacant(place) => match input.next_value_seed(self) {
                    Ok(value) => drop(place.insert(value)),
                    Err(why) => {
                        self.passed(|| Step::Key(place.key().clone()));
                        return Err(why);
                    }
                },
                Entry::Occupied(place) => {
                    *self.0.borrow_mut() = Some(Twice { key: place.key().clone(), steps: Vec::new() });
                    return Err(A::Error::custom("a key stands twice"));
                }
            }
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_every_key_once_is_read_as_by_everybody() {
        for text in [
            r#"{"a":[1,-2,1.5,1e400,true,null,"\u00e9"],"b":{"a":{}}}"#,
            "[]",
            "\"x\"",
            "18446744073709551615",
            "{\"a\":1",
        ] {
            assert_eq!(read(text.as_bytes()).ok(), serde_json::from_str(text).ok(), "{text}");
        }
        assert!(matches!(read(b"{} x"), Err(Unread::Malformed(_))));
    }

    #[test]
    fn a_key_that_stands_twice_is_named_with_its_place() {
        let said = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
        assert!(said(r#"{"a":1,"a":1}"#).starts_with("the key `a` stands twice in the object `$`"));
        let deep = said(r#"{"items":[{},{"x-y":{"b":{},"b":2}}],"c":1}"#);
        assert!(deep.contains(r#"`b` stands twice in the object `$.items[1]["x-y"]`"#), "{deep}");
        assert!(said(r#"{"a":1,"\u0061":2}"#).contains("`a`"));
    }
}
