//! Events into what people read: progress, the summary, documents; and diagnostics into carets.
//!
//! Folds over the lines of a journal and asks nobody else. Knows no runner, no file, no environment.

pub mod criteria;
pub mod diagnostics;
pub mod fold;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod progress;
pub mod shared;
pub mod snippet;
pub mod style;
pub mod summary;
pub mod terminal;
pub mod verdict;

#[cfg(test)]
mod sample;

pub use fold::Fold;
pub use style::Paint;
pub use summary::{JournalRef, Summary};
