//! How Kafka's jars get into the cache. Knows the cache's makings, no cluster.

use anyhow::{Context as _, Result};

use super::java::Java;
use super::seed;
use crate::making::Making;
use crate::recipe::Recipe;

/// What makes and mounts the brokers' disks, and the client that tests write and read with.
pub fn tools() -> Recipe {
    Recipe::new("kafka-tools", |_| Ok(())).packages(&["curl", "e2fsprogs", "kcat", "mount", "util-linux"]).fetched()
}

/// Kafka's jars with the JMX agent, the seed of an empty disk, the class archive.
pub fn jars() -> Recipe {
    Recipe::new("kafka", make_jars)
        .file("pom.xml", &include_bytes!("../../recipes/kafka/pom.xml")[..])
        .packages(&["openjdk-17-jre-headless"])
        .fetched()
}

fn make_jars(making: &Making) -> Result<()> {
    let out = format!("-Dlab.out={}", making.out.join("libs").display());
    making.maven(&["-ntp", "-f", "pom.xml", &out, "dependency:copy-dependencies"])?;
    let libs = making.out.join("libs");
    for entry in std::fs::read_dir(&libs).with_context(|| format!("reading {}", libs.display()))? {
        let path = entry?.path();
        if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("jmx_prometheus_javaagent")) {
            std::fs::rename(&path, making.out.join("jmx-agent.jar"))
                .context("taking the agent out of the class path")?;
        }
    }
    seed::make(&Java::find()?.program(), &making.out, &making.work)
}
