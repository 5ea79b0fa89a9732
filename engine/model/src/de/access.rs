//! Lists, mappings and variants of the tree, as serde walks them.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::node::NodeDe;
use super::wrong::{Wrong, unknown_key};
use crate::Node;

pub struct Items<'n> {
    pub de: NodeDe<'n>,
    pub items: std::slice::Iter<'n, Node>,
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

pub struct Entries<'n> {
    de: NodeDe<'n>,
    entries: std::slice::Iter<'n, crate::Entry>,
    fields: Option<&'static [&'static str]>,
    value: Option<&'n Node>,
}

impl<'n> Entries<'n> {
    pub fn open(de: NodeDe<'n>) -> Self {
        Self { de, entries: de.node.as_map().unwrap_or(&[]).iter(), fields: None, value: None }
    }

    pub fn empty(de: NodeDe<'n>) -> Self {
        Self { de, entries: [].iter(), fields: None, value: None }
    }

    pub fn known(de: NodeDe<'n>, fields: &'static [&'static str]) -> Self {
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
pub struct WildFields<'n> {
    pub de: NodeDe<'n>,
    pub fields: std::slice::Iter<'static, &'static str>,
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

pub struct Variant<'a, 'n> {
    pub name: &'a str,
    pub content: Option<NodeDe<'n>>,
}

impl<'n> de::EnumAccess<'n> for Variant<'_, 'n> {
    type Error = Wrong;
    type Variant = Content<'n>;
    fn variant_seed<V: DeserializeSeed<'n>>(self, seed: V) -> Result<(V::Value, Content<'n>), Wrong> {
        let name: StrDeserializer<'_, Wrong> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, Content(self.content)))
    }
}

pub struct Content<'n>(Option<NodeDe<'n>>);

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
