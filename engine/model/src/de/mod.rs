//! Decodes typed structs from a [`Node`], every mistake at once, each with its place.
//!
//! serde stops at the first mistake; so an unknown key is noted and passed over, and after a wrong
//! value the tree is decoded once more with that value taken for a wildcard, until none is left.

mod access;
mod node;
mod wrong;

use std::cell::RefCell;

use serde::de::DeserializeOwned;

use crate::{Node, NodeValue, Span, SpecError};
use node::NodeDe;
pub use wrong::unknown_key;

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

#[cfg(test)]
mod tests;
