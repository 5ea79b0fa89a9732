//! The registry of kinds and of endpoint families: one row each, nothing else.

use checkrun_model::{EndpointEntry, KindEntry};

/// Every kind of this build.
pub static KINDS: &[KindEntry] = &[];

/// Every endpoint family of this build.
pub static ENDPOINTS: &[EndpointEntry] = &[];
