//! Kinds that run on the machine of checkrun: `exec` and `script`.

mod exec;
mod process;
mod script;

pub use exec::Exec;
pub use script::Script;
