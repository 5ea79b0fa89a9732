//! A schema registry that speaks Confluent's API: Apicurio in a pod, storing in the lab's Kafka.

use std::time::Duration;

use anyhow::{Result, ensure};

use crate::plainhttp;

pub mod manifests;
pub mod part;
pub mod prefix;
pub mod recipe;

/// Sets the global compatibility level of the registry at `address`, whose API lies below `prefix`.
pub fn level(address: &str, prefix: &str, level: &str) -> Result<()> {
    let body = format!(r#"{{"compatibility":"{level}"}}"#);
    let path = format!("{prefix}/config");
    let answer = plainhttp::request("PUT", address, &path, Some((manifests::SCHEMAS, &body)), Duration::from_secs(30))?;
    ensure!(answer.status == 200, "PUT {path}: {} {}", answer.status, answer.body);
    Ok(())
}
