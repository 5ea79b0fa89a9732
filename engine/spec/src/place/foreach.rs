//! The items of a constant `foreach`, each with its key.

use std::collections::HashSet;

use checkrun_lang::Value;
use checkrun_model::{Node, SpecError};
use serde_json::Value as Json;

use super::expand::Placer;
use super::ground::Here;
use crate::source::item::{Foreach, Item};

/// One turn of a `foreach`.
pub(crate) struct Turn {
    /// What stands in brackets after the id.
    pub(crate) key: String,
    /// The value of the variable.
    pub(crate) value: Value,
}

impl Placer<'_> {
    pub(crate) fn turns(&mut self, item: &Item, foreach: &Foreach, here: &Here) -> Vec<Turn> {
        let Some(list) = self.folded(&foreach.list, here) else { return Vec::new() };
        let list = list.deferred();
        let Some(items) = list.as_list() else {
            let message = format!("`foreach` goes over a list, not {}", list.sort_name());
            self.diags.push(SpecError::new("spec::foreach", foreach.list.span, message, "a list is wanted"));
            return Vec::new();
        };
        if items.is_empty() && !item.allow_empty {
            let error = SpecError::new(
                "spec::foreach-empty",
                foreach.list.span,
                "this `foreach` has no items",
                "an empty list",
            );
            self.diags.push(error.help("say `allow_empty: true` where that is fine"));
        }
        let mut seen = HashSet::new();
        let mut turns = Vec::with_capacity(items.len());
        for node in items {
            let json = node.to_json();
            let Some(key) = key(node, &json) else {
                let error = SpecError::new(
                    "spec::foreach-key",
                    node.span,
                    "this item has no key to name its instance by",
                    "no key",
                );
                self.diags.push(error.help("an item is text, a number, or a mapping with `key:`"));
                continue;
            };
            if !seen.insert(key.clone()) {
                let message = format!("two items have the key `{key}`");
                self.diags.push(SpecError::new("spec::foreach-key", node.span, message, "the second"));
                continue;
            }
            turns.push(Turn { key, value: Value::from_json(&json) });
        }
        turns
    }
}

fn key(node: &Node, json: &Json) -> Option<String> {
    let key = match json {
        Json::Object(_) => node.get("key")?.scalar_text()?.into_owned(),
        Json::String(text) => text.clone(),
        Json::Number(_) => node.scalar_text()?.into_owned(),
        _ => return None,
    };
    (!key.is_empty() && !key.contains(['[', ']'])).then_some(key)
}
