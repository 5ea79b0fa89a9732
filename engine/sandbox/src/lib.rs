//! The embedded platform: clusters, Kafka, registry, metrics and logs in one process, on real sockets of the
//! loopback interface. Checks reach it with the clients that they use everywhere; nothing here judges.

pub mod authority;
pub mod clock;
pub mod kafka;
pub mod kube;
pub mod logs;
pub mod metrics;
pub mod registry;
pub mod web;
