//! One file a command.

pub mod cleanup;
pub mod completions;
pub mod explain;
pub mod list;
pub mod plan;
pub mod report;
pub mod run;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod schema;
pub mod validate;
pub mod version;
