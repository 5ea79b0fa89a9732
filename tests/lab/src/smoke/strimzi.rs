//! Asks for a topic by an object: it must become ready with an identifier, and go with its object.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{LIMIT, cluster, text, until};
use crate::kafka::admin::Admin;
use crate::kafka::layout::{CLUSTER, NAMESPACE};
use crate::objects::{Objects, Ref};

/// One topic's whole life.
pub async fn topic(target: &Value) -> Result<String> {
    let objects = cluster(target, "apps").await?;
    let name = format!("lab-smoke-topic-{}", std::process::id());
    let object = json!({
        "apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaTopic",
        "metadata": { "name": name, "namespace": NAMESPACE, "labels": { "strimzi.io/cluster": CLUSTER } },
        "spec": { "partitions": 2, "replicas": 3 },
    });
    let r = Ref::of(&object);
    let kafka = objects.get(Ref("kafka.strimzi.io/v1", "Kafka", NAMESPACE, CLUSTER)).await?;
    let conditions = kafka.context("there is no Kafka object")?["status"]["conditions"].clone();
    ensure!(conditions[0]["type"] == "Ready", "the cluster says {conditions}");
    objects.apply(std::slice::from_ref(&object)).await?;
    let ready = objects.until(r, LIMIT, |o| o["status"]["conditions"][0]["status"] == "True").await;
    let outcome = match &ready {
        Ok(object) => in_kafka(target, object).await,
        Err(e) => Err(anyhow::anyhow!("{e:#}")),
    };
    objects.delete(r).await?;
    let partitions = outcome?;
    gone(&objects, r).await?;
    Ok(format!("a KafkaTopic became ready with {partitions} partitions in Kafka, and went with its object"))
}

async fn in_kafka(target: &Value, object: &Value) -> Result<usize> {
    let plain = text(target, &["endpoints", "kafka-plain", "kafka", "bootstrap"])?;
    let first = plain.split(',').next().unwrap_or_default().to_owned();
    let all = tokio::task::spawn_blocking(move || Admin::new(first).metadata()).await??.topics;
    let id = object["status"]["topicId"].as_str().context("the status has no topicId")?;
    let found = all.iter().find(|t| t.id == id).with_context(|| format!("Kafka has no topic with id {id}"))?;
    Ok(found.partitions.len())
}

async fn gone(objects: &Objects, r: Ref<'_>) -> Result<()> {
    until(|| async {
        let left = objects.get(r).await?;
        ensure!(left.is_none(), "the object is still there");
        Ok(())
    })
    .await
}
