//! Placeholder.
pub mod plan;
