//! Many objects: nodes and pods that kwok plays on `infra`.

pub mod manifests;
pub mod part;
