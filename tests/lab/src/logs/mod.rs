//! Logs: a shipper in `apps` that reads the pods' files, and the store it writes to on the infra side.

pub mod manifests;
pub mod part;
