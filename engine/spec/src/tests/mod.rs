//! What the loader promises, shown with a registry of five fake kinds.

mod acts;
mod checks;
mod files;
mod graph;
mod groups;
pub(crate) mod kinds;
mod support;
