//! Checked sources into plan nodes: inputs filled in, `foreach` and `use` carried out, arguments decoded,
//! clusters, endpoints, locks and permissions found, names resolved.

pub(crate) mod act;
pub(crate) mod check;
pub(crate) mod cycle;
pub(crate) mod endpoint;
pub(crate) mod expand;
pub(crate) mod foreach;
pub(crate) mod ground;
pub(crate) mod locks;
pub(crate) mod permit;
pub(crate) mod resolve;
pub(crate) mod select;
