//! Suite text into a plan: finds and reads the files of a suite and its target, checks them whole, and
//! resolves names, templates and permissions. Knows no kind but through the registry it is handed, and no runtime.

mod assemble;
mod diags;
mod file;
mod gather;
mod given;
mod inputs;
mod later;
pub mod load;
mod names;
mod place;
pub mod plan;
mod readiness;
pub mod schema;
mod source;
mod untargeted;

pub use load::{Defaults, LoadRequest, Loaded, Permission, Selection, load, load_target};
pub use schema::{schemas, suite_schema, target_schema};

#[cfg(test)]
mod tests;
