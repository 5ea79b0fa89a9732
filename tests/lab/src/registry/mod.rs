//! A schema registry that speaks Confluent's API: Apicurio in a pod, in memory.

pub mod manifests;
pub mod part;
pub mod prefix;
