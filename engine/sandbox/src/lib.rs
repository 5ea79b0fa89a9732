//! The embedded platform: clusters, Kafka, registry, metrics, logs and S3 in one process, on real sockets of the
//! loopback interface. Checks reach it with the clients that they use everywhere; nothing here judges.
//!
//! [`file::load`] reads a world, [`Sandbox::start`] lets it live.

pub mod authority;
pub mod clock;
pub mod file;
pub mod kafka;
pub mod kube;
pub mod life;
pub mod logs;
pub mod metrics;
pub mod registry;
pub mod routes;
pub mod s3;
mod sandbox;
mod schema;
mod target;
pub mod web;

pub use sandbox::{Sandbox, known_fault, plan_target};
pub use schema::schemas;
