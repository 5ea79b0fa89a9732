//! What a cluster knows, apart from sockets and clocks: every function here is synchronous and does the same each time.

pub mod batch;
pub mod brokers;
pub mod cluster;
pub mod coordinator;
pub mod defaults;
pub mod group;
mod log;
pub mod member;
mod offsets;
pub mod partition;
mod producers;
mod rebalance;
pub mod records;
pub mod refused;
pub mod settings;
pub mod topic;
pub mod topics;

/// A broker's id.
pub type Node = i32;

/// Milliseconds of the wall's clock since the cluster began.
pub type Millis = u64;

#[cfg(test)]
mod tests;
