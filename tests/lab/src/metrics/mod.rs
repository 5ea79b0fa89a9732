//! Metrics: a scraper in `apps`, and the store it writes to on the infra side.

pub mod manifests;
pub mod part;
pub mod recipe;
