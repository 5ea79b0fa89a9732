//! Suite text into a plan: finds and reads the files of a suite and its target, checks them whole, and
//! resolves names, templates and permissions. Knows no kind but through the registry it is handed, and no runtime.

pub mod load;
pub mod plan;

pub use load::{Defaults, LoadRequest, Loaded, Permission, Selection, load};
