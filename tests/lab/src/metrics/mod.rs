//! Metrics: a scraper in `apps`, the store it writes to on the infra side, and alerting on what is there.

pub mod alerting;
pub mod manifests;
pub mod part;
pub mod recipe;
