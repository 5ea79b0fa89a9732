//! One value of the tree, as serde asks for it.

use serde::de::{self, Visitor};

use super::State;
use super::access::{Entries, Items, Variant, WildFields};
use super::wrong::{Wrong, list};
use crate::{Node, NodeValue, args};

#[derive(Clone, Copy)]
pub struct NodeDe<'n> {
    pub node: &'n Node,
    pub state: &'n State,
}

impl<'n> NodeDe<'n> {
    pub fn wild(self) -> bool {
        self.state.is_wild(self.node)
    }

    pub fn mismatch(self, wanted: &str) -> Wrong {
        Wrong {
            span: Some(self.node.span),
            code: "args::type",
            message: format!("{wanted} is wanted here, not {}", self.node.sort_name()),
            label: format!("{wanted} is wanted"),
            help: None,
        }
    }

    pub fn child(self, node: &'n Node) -> Self {
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

    fn deserialize_tuple_struct<V: Visitor<'n>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
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
