//! Kafka: the endpoint family `kafka` and its kinds.

pub(crate) mod cluster;
pub(crate) mod consume;
mod deliveries;
pub(crate) mod describe;
mod doors;
pub(crate) mod endpoint;
mod ends;
pub(crate) mod group;
mod native;
mod own_group;
pub(crate) mod produce;
mod reader;
mod relay;
mod sequence;
pub(crate) mod topic;
mod topic_state;
mod touch;
mod trouble;
mod worker;

#[cfg(test)]
mod tests;
