//! A stand-in for Strimzi's operator: it makes no brokers, it tells the truth about those that are there.

pub mod crds;
pub mod objects;
pub mod operator;
pub mod part;
pub mod serve;
pub mod status;
pub mod store;
pub mod telemetry;
pub mod topics;

/// The release whose resources the stand-in imitates.
pub const OPERATOR_VERSION: &str = "1.2.0";
