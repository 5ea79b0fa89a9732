//! Three Kafka brokers in pods of `apps`, with listeners inside the cluster and on loopback.

pub mod admin;
pub mod certs;
pub mod cluster;
pub mod layout;
pub mod manifests;
pub mod wire;
