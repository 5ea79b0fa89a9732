//! Decodes typed structs from a [`Node`], every mistake at once, each with its place.
//!
//! serde stops at the first mistake; so an unknown key is noted and passed over, and after a wrong
//! value the tree is decoded once more with that value taken for a wildcard, until none is left.

use std::cell::RefCell;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use crate::{Node, NodeValue, Span, SpecError, args, suggest};

/// More mistakes in one tree than this are counted, not listed.
const MOST: usize = 50;

/// Decodes `node` into `T`.
///
/// # Errors
/// Every mistake of the tree.
pub fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T, Vec<SpecError>> {
    let mut noted: Vec<SpecError> = Vec::new();
    let state = State::default();
    loop {
        let outcome = T::deserialize(NodeDe { node, state: &state });
        for error in state.unknown.borrow_mut().drain(..) {
            if !noted.contains(&error) {
                noted.push(error);
            }
        }
        match outcome {
            Ok(value) if noted.is_empty() => return Ok(value),
            Ok(_) => return Err(noted),
            Err(wrong) => {
                let span = wrong.span.unwrap_or(node.span);
                let again = state.wildcards.borrow().contains(&span);
                noted.push(wrong.into_error(span));
                if again || noted.len() >= MOST {
                    return Err(noted);
                }
                state.wildcards.borrow_mut().push(span);
            }
        }
    }
}

/// What one decoding leaves behind for the next.
#[derive(Default)]
struct State {
    unknown: RefCell<Vec<SpecError>>,
    wildcards: RefCell<Vec<Span>>,
}

impl State {
    fn is_wild(&self, node: &Node) -> bool {
        matches!(node.value, NodeValue::Deferred) || self.wildcards.borrow().contains(&node.span)
    }
}

/// A mistake on its way out: serde's text, and the innermost place once it is known.
#[derive(Debug)]
struct Wrong {
    span: Option<Span>,
    code: &'static str,
    message: String,
    label: String,
    help: Option<String>,
}

impl Wrong {
    fn at(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    fn into_error(self, span: Span) -> SpecError {
        let error = SpecError::new(self.code, span, self.message, self.label);
        match self.help {
            Some(help) => error.help(help),
            None => error,
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for Wrong {}

impl de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { span: None, code: "args::value", message: message.to_string(), label: "here".into(), help: None }
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            span: None,
            code: "args::missing-key",
            message: format!("`{field}` is missing"),
            label: format!("needs `{field}:`"),
            help: Some(format!("add `{field}: …`")),
        }
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self {
            span: None,
            code: "args::unknown-value",
            message: format!("`{variant}` is not one of {}", list(expected)),
            label: "not known".into(),
            help: suggest(variant, expected.iter().copied()).map(|near| format!("did you mean `{near}`?")),
        }
    }
}

/// The error of a key that nobody reads.
#[must_use]
pub fn unknown_key(key: &str, span: Span, known: &[&str]) -> SpecError {
    let error = SpecError::new("args::unknown-key", span, format!("unknown key `{key}`"), "not a key here");
    match suggest(key, known.iter().copied()) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("keys here: {}", list(known))),
    }
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[derive(Clone, Copy)]
struct NodeDe<'n> {
    node: &'n Node,
    state: &'n State,
}

impl<'n> NodeDe<'n> {
    fn wild(self) -> bool {
        self.state.is_wild(self.node)
    }

    fn mismatch(self, wanted: &str) -> Wrong {
        Wrong {
            span: Some(self.node.span),
            code: "args::type",
            message: format!("{wanted} is wanted here, not {}", self.node.sort_name()),
            label: format!("{wanted} is wanted"),
            help: None,
        }
    }

    fn child(self, node: &'n Node) -> Self {
        Self { node, state: self.state }
    }
}

macro_rules! whole_number {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
            if self.wild() {
                return visitor.visit_u8(1);
            }
            let span = self.node.span;
            match &self.node.value {
                NodeValue::Int(whole) if *whole >= 0 => visitor.visit_u64(whole.unsigned_abs()).map_err(|wrong: Wrong| wrong.at(span)),
                NodeValue::Int(whole) => visitor.visit_i64(*whole).map_err(|wrong: Wrong| wrong.at(span)),
                _ => Err(self.mismatch("a whole number")),
            }
        }
    )*};
}

impl<'n> de::Deserializer<'n> for NodeDe<'n> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.wild() {
            return visitor.visit_unit();
        }
        let span = self.node.span;
        match &self.node.value {
            NodeValue::Null | NodeValue::Deferred => visitor.visit_unit(),
            NodeValue::Bool(flag) => visitor.visit_bool(*flag),
            NodeValue::Int(whole) => visitor.visit_i64(*whole),
            NodeValue::Float(number) => visitor.visit_f64(*number),
            NodeValue::Text(text) => visitor.visit_borrowed_str(text),
            NodeValue::List(items) => visitor.visit_seq(Items { de: self, items: items.iter() }),
            NodeValue::Map(_) => visitor.visit_map(Entries::open(self)),
        }
        .map_err(|wrong| wrong.at(span))
    }

    fn deserialize_bool<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.value {
            _ if self.wild() => visitor.visit_bool(false),
            NodeValue::Bool(flag) => visitor.visit_bool(*flag),
            _ => Err(self.mismatch("true or false")),
        }
    }

    whole_number!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);

    fn deserialize_f32<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.value {
            _ if self.wild() => visitor.visit_f64(1.0),
            NodeValue::Float(number) => visitor.visit_f64(*number),
            NodeValue::Int(whole) => visitor.visit_i64(*whole),
            _ => Err(self.mismatch("a number")),
        }
        .map_err(|wrong: Wrong| wrong.at(self.node.span))
    }

    fn deserialize_char<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_str<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.wild() {
            return visitor.visit_str("");
        }
        let text = self.node.scalar_text().ok_or_else(|| self.mismatch("text"))?;
        visitor.visit_str(&text).map_err(|wrong: Wrong| wrong.at(self.node.span))
    }

    fn deserialize_string<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.value {
            _ if self.wild() => visitor.visit_none(),
            NodeValue::Null => Err(Wrong {
                span: Some(self.node.span),
                code: "args::empty",
                message: "a value is missing here".into(),
                label: "nothing after the colon".into(),
                help: Some("write a value, or leave the key out".into()),
            }),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'n>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'n>>(self, name: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        let stand_in = match name {
            args::DURATION => Some("1s"),
            args::SIZE => Some("1B"),
            args::RATE => Some("1/s"),
            _ => None,
        };
        let span = self.node.span;
        match stand_in {
            Some(text) if self.wild() => visitor.visit_str(text),
            _ => visitor.visit_newtype_struct(self),
        }
        .map_err(|wrong: Wrong| wrong.at(span))
    }

    fn deserialize_seq<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let items: &[Node] = match &self.node.value {
            _ if self.wild() => &[],
            NodeValue::List(items) => items,
            _ => return Err(self.mismatch("a list")),
        };
        visitor.visit_seq(Items { de: self, items: items.iter() }).map_err(|wrong| wrong.at(self.node.span))
    }

    fn deserialize_tuple<V: Visitor<'n>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'n>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match &self.node.value {
            _ if self.wild() => visitor.visit_map(Entries::empty(self)),
            NodeValue::Map(_) => visitor.visit_map(Entries::open(self)),
            _ => return Err(self.mismatch("a mapping")),
        }
        .map_err(|wrong| wrong.at(self.node.span))
    }

    fn deserialize_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match &self.node.value {
            _ if self.wild() => visitor.visit_map(WildFields { de: self, fields: fields.iter() }),
            NodeValue::Map(_) => visitor.visit_map(Entries::known(self, fields)),
            _ => return Err(self.mismatch("a mapping")),
        }
        .map_err(|wrong| wrong.at(self.node.span))
    }

    fn deserialize_enum<V: Visitor<'n>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        let span = self.node.span;
        if self.wild() {
            let first = variants.first().copied().unwrap_or("");
            return visitor.visit_enum(Variant { name: first, content: Some(self) });
        }
        if let Some(name) = self.node.scalar_text() {
            return visitor.visit_enum(Variant { name: &name, content: None }).map_err(|wrong| wrong.at(span));
        }
        match self.node.as_map() {
            Some([entry]) => {
                let content = Some(self.child(&entry.value));
                visitor.visit_enum(Variant { name: &entry.key, content }).map_err(|wrong| wrong.at(entry.key_span))
            }
            _ => Err(self.mismatch(&format!("one of {}", list(variants)))),
        }
    }

    fn deserialize_identifier<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'n>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }
}

struct Items<'n> {
    de: NodeDe<'n>,
    items: std::slice::Iter<'n, Node>,
}

impl<'n> SeqAccess<'n> for Items<'n> {
    type Error = Wrong;
    fn next_element_seed<T: DeserializeSeed<'n>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        self.items
            .next()
            .map(|item| seed.deserialize(self.de.child(item)).map_err(|wrong| wrong.at(item.span)))
            .transpose()
    }
}

struct Entries<'n> {
    de: NodeDe<'n>,
    entries: std::slice::Iter<'n, crate::Entry>,
    fields: Option<&'static [&'static str]>,
    value: Option<&'n Node>,
}

impl<'n> Entries<'n> {
    fn open(de: NodeDe<'n>) -> Self {
        Self { de, entries: de.node.as_map().unwrap_or(&[]).iter(), fields: None, value: None }
    }

    fn empty(de: NodeDe<'n>) -> Self {
        Self { de, entries: [].iter(), fields: None, value: None }
    }

    fn known(de: NodeDe<'n>, fields: &'static [&'static str]) -> Self {
        Self { fields: Some(fields), ..Self::open(de) }
    }
}

impl<'n> MapAccess<'n> for Entries<'n> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'n>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        for entry in self.entries.by_ref() {
            if let Some(fields) = self.fields
                && !fields.contains(&entry.key.as_str())
            {
                self.de.state.unknown.borrow_mut().push(unknown_key(&entry.key, entry.key_span, fields));
                continue;
            }
            self.value = Some(&entry.value);
            let key = BorrowedStrDeserializer::<Wrong>::new(&entry.key);
            return seed.deserialize(key).map(Some).map_err(|wrong| wrong.at(entry.key_span));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'n>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        let node = self.value.take().ok_or_else(|| de::Error::custom("a value was asked for before its key"))?;
        seed.deserialize(self.de.child(node)).map_err(|wrong| wrong.at(node.span))
    }
}

/// All fields of a struct, each a wildcard.
struct WildFields<'n> {
    de: NodeDe<'n>,
    fields: std::slice::Iter<'static, &'static str>,
}

impl<'n> MapAccess<'n> for WildFields<'n> {
    type Error = Wrong;
    fn next_key_seed<K: DeserializeSeed<'n>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let key: Option<StrDeserializer<'_, Wrong>> = self.fields.next().map(|name| (*name).into_deserializer());
        key.map(|key| seed.deserialize(key)).transpose()
    }
    fn next_value_seed<V: DeserializeSeed<'n>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        seed.deserialize(self.de)
    }
}

struct Variant<'a, 'n> {
    name: &'a str,
    content: Option<NodeDe<'n>>,
}

impl<'n> de::EnumAccess<'n> for Variant<'_, 'n> {
    type Error = Wrong;
    type Variant = Content<'n>;
    fn variant_seed<V: DeserializeSeed<'n>>(self, seed: V) -> Result<(V::Value, Content<'n>), Wrong> {
        let name: StrDeserializer<'_, Wrong> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Content(self.content)))
    }
}

struct Content<'n>(Option<NodeDe<'n>>);

impl<'n> Content<'n> {
    fn required(self) -> Result<NodeDe<'n>, Wrong> {
        self.0.ok_or_else(|| de::Error::custom("this needs settings of its own: write it as a mapping"))
    }
}

impl<'n> de::VariantAccess<'n> for Content<'n> {
    type Error = Wrong;
    fn unit_variant(self) -> Result<(), Wrong> {
        match self.0 {
            Some(content) if !content.wild() => Err(content.mismatch("a plain word")),
            _ => Ok(()),
        }
    }
    fn newtype_variant_seed<T: DeserializeSeed<'n>>(self, seed: T) -> Result<T::Value, Wrong> {
        seed.deserialize(self.required()?)
    }
    fn tuple_variant<V: Visitor<'n>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        de::Deserializer::deserialize_seq(self.required()?, visitor)
    }
    fn struct_variant<V: Visitor<'n>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        de::Deserializer::deserialize_struct(self.required()?, "", fields, visitor)
    }
}
