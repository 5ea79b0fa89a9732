//! The part `strimzi`: definitions, the stand-in as a pod, the resources that describe the brokers, and what can be
//! broken about them.

use std::time::Duration;

use anyhow::{Result, bail};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{crds, objects as described};
use crate::cluster::recipes::BASE_IMAGE;
use crate::cx::LabCx;
use crate::kafka::layout::{self, CLUSTER, NAMESPACE};
use crate::objects::{Objects, Ref};
use crate::part::{Fault, Order, Part, Running};
use crate::podproc;
use crate::target::Fragment;

/// How long start and mending may take.
const LIMIT: Duration = Duration::from_secs(240);
/// The definition that a fault takes away. A search for `kafka.strimzi.io` does not miss it.
const MISSING: Ref<'static> =
    Ref("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "strimzipodsets.core.strimzi.io");
const OPERATOR: Ref<'static> = Ref("apps/v1", "Deployment", NAMESPACE, described::OPERATOR);
const KAFKA: Ref<'static> = Ref("kafka.strimzi.io/v1", "Kafka", NAMESPACE, CLUSTER);

const FAULTS: &[Fault] = &[
    Fault {
        name: "crd-missing",
        seen: "the definition strimzipodsets.core.strimzi.io and its objects are gone; the operator's log has errors",
        at: None,
        passes: false,
    },
    Fault {
        name: "operator-down",
        seen: "the operator has no pod: every status stays as it was, whatever becomes of the brokers",
        at: None,
        passes: false,
    },
];

/// The stand-in.
pub struct Strimzi;

impl Part for Strimzi {
    fn name(&self) -> &'static str {
        "strimzi"
    }

    fn about(&self) -> &'static str {
        "a stand-in for Strimzi's operator in a pod of apps; its statuses are true while the brokers are well"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["apps", "kafka"]
    }

    fn up<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
        Box::pin(up(cx))
    }

    fn faults(&self) -> Vec<Fault> {
        FAULTS.to_vec()
    }

    fn inject<'a>(&'a self, cx: &'a LabCx, order: &'a Order) -> BoxFuture<'a, Result<()>> {
        Box::pin(inject(cx, order))
    }

    fn heal<'a>(&'a self, cx: &'a LabCx, order: &'a Order, _memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(heal(cx, order))
    }

    fn memory<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Vec<(String, u64)>> {
        Box::pin(async move {
            match cx.cluster("apps") {
                Ok(apps) => podproc::memory(apps.objects(), NAMESPACE, "strimzi.io/kind=cluster-operator").await,
                Err(_) => Vec::new(),
            }
        })
    }
}

async fn up(cx: &LabCx) -> Result<Running> {
    let apps = cx.cluster("apps")?;
    let objects = apps.objects();
    let lab = crate::inside::program(cx)?;
    objects.apply(&crds::all()).await?;
    established(objects).await?;
    objects.apply(&described::operator(BASE_IMAGE, &lab)).await?;
    let made = objects.apply(&described::resources()).await?;
    own(objects, &made[0]).await?;
    objects.rolled_out(OPERATOR, LIMIT).await?;
    objects.until(KAFKA, LIMIT, is_ready).await?;
    let topic = Ref("kafka.strimzi.io/v1", "KafkaTopic", NAMESPACE, described::TOPIC);
    objects.until(topic, LIMIT, is_ready).await?;
    let target = Fragment::default()
        .input("strimzi_job", json!("strimzi.*"))
        .sentence("strimzi: a stand-in of the lab in place of the operator; it makes no brokers, its statuses say what it sees of them every second, sooner than Strimzi would")
        .sentence("strimzi: the brokers' pods belong to a StatefulSet; there is no entity operator, users and topics are the stand-in's");
    Ok(Running { target, ..Running::default() })
}

fn is_ready(object: &Value) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    let current = object["status"]["observedGeneration"] == object["metadata"]["generation"];
    current && conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
}

async fn established(objects: &Objects) -> Result<()> {
    for crd in crds::all() {
        let holds = |o: &Value| {
            let conditions = o["status"]["conditions"].as_array();
            conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Established" && c["status"] == "True"))
        };
        objects.until(Ref::of(&crd), LIMIT, holds).await?;
    }
    Ok(())
}

/// Makes the brokers' set the `Kafka` object's own, so that it goes when the object does, as with Strimzi.
async fn own(objects: &Objects, kafka: &Value) -> Result<()> {
    let owner = json!({
        "apiVersion": kafka["apiVersion"], "kind": kafka["kind"], "name": kafka["metadata"]["name"],
        "uid": kafka["metadata"]["uid"], "controller": false, "blockOwnerDeletion": true,
    });
    let set = layout::set_name();
    let patch = json!({ "metadata": { "ownerReferences": [owner] } });
    objects.merge(Ref("apps/v1", "StatefulSet", NAMESPACE, &set), &patch).await
}

async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    let apps = cx.cluster("apps")?;
    match order.fault.as_str() {
        "crd-missing" => {
            apps.objects().delete(MISSING).await?;
            cx.until("the definition to be gone", LIMIT, &[], || gone(apps.objects())).await?;
        }
        "operator-down" => scale(apps.objects(), 0).await?,
        other => bail!("strimzi has no fault `{other}`"),
    }
    Ok(())
}

async fn gone(objects: &Objects) -> Result<()> {
    match objects.get(MISSING).await? {
        None => Ok(()),
        Some(_) => bail!("it is still there"),
    }
}

async fn heal(cx: &LabCx, order: &Order) -> Result<()> {
    let apps = cx.cluster("apps")?;
    let objects = apps.objects();
    match order.fault.as_str() {
        "crd-missing" => {
            objects.apply(&crds::all()).await?;
            established(objects).await?;
            let set = described::pod_set();
            // the server may take a moment until it serves what it has just been told of
            let again = || async { objects.apply(&[described::pod_set()]).await };
            cx.until("the pod set", LIMIT, &[], again).await?;
            objects.until(Ref::of(&set), LIMIT, |o| !o["status"]["readyPods"].is_null()).await?;
        }
        "operator-down" => {
            scale(objects, 1).await?;
            objects.rolled_out(OPERATOR, LIMIT).await?;
        }
        other => bail!("strimzi has no fault `{other}` to heal"),
    }
    objects.until(KAFKA, LIMIT, is_ready).await?;
    Ok(())
}

async fn scale(objects: &Objects, replicas: u64) -> Result<()> {
    objects.merge(OPERATOR, &json!({ "spec": { "replicas": replicas } })).await?;
    objects.until(OPERATOR, LIMIT, |d| d["status"]["replicas"].as_u64().unwrap_or(0) == replicas).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ready_of_an_older_generation_does_not_count() {
        let conditions = json!([{ "type": "Ready", "status": "True" }]);
        let object = |seen: u64| {
            json!({
                "metadata": { "generation": 2 }, "status": { "observedGeneration": seen, "conditions": conditions },
            })
        };
        assert!(is_ready(&object(2)) && !is_ready(&object(1)));
        let broken = json!([{ "type": "NotReady", "status": "True" }]);
        assert!(!is_ready(&json!({ "metadata": {}, "status": { "conditions": broken } })));
    }
}
