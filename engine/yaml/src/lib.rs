//! Reads YAML text into [`Node`] trees in which every key, value and item has its span in bytes.
//!
//! YAML 1.2 core without tags, anchors, merge keys, duplicate and non-scalar keys. Knows nothing of suites.

mod build;
mod mistakes;
mod offsets;
mod quote;
mod reader;
mod repair;
mod scalar;

use checkrun_model::{Node, SourceId, SpecError};

/// A longer text is refused: nobody writes it by hand.
pub const MOST_BYTES: usize = 16 << 20;
/// A tree of more nodes is refused.
pub const MOST_NODES: usize = 1 << 20;
/// Deeper nesting is refused.
pub const MOST_DEPTH: usize = 96;

/// What came of a text.
#[derive(Debug, Default)]
pub struct Reading {
    /// The documents, as far as they could be read. A value in which a mistake was found is
    /// [`checkrun_model::NodeValue::Deferred`], so that what stands around it can still be checked.
    pub documents: Vec<Node>,
    /// Every mistake that could be found.
    pub errors: Vec<SpecError>,
    /// Whether parts of the text are missing in `documents`, not only marked: what is not there proves nothing.
    pub partial: bool,
}

/// Reads a text that holds one document. A second one is a mistake; no document at all is `null`.
#[must_use]
pub fn document(source: SourceId, text: &str) -> Reading {
    reader::read(source, text, reader::Documents::One)
}

/// Reads a text that may hold several documents (manifests). Empty ones are left out.
#[must_use]
pub fn documents(source: SourceId, text: &str) -> Reading {
    reader::read(source, text, reader::Documents::Many)
}

#[cfg(test)]
mod tests;
