//! Three Kafka brokers in pods of `apps`, with listeners inside the cluster and on loopback.

pub mod admin;
pub mod certs;
pub mod cluster;
pub mod disks;
pub mod faults;
pub mod java;
pub mod layout;
pub mod manifests;
pub mod part;
pub mod recipes;
pub mod seed;
pub mod wire;
