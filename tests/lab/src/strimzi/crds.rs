//! The lab's own small definitions of Strimzi's resources: the names, versions, columns and status of the real
//! ones, and of the spec only what the stand-in reads. A field it does not read is kept, as it came.

use serde_json::{Value, json};

/// One kind of Strimzi's.
struct Kind {
    group: &'static str,
    name: &'static str,
    plural: &'static str,
    short: &'static str,
    versions: &'static [&'static str],
    spec: fn() -> Value,
    status: fn() -> Value,
    columns: &'static [(&'static str, &'static str, &'static str)],
    scale: bool,
}

const BOTH: &[&str] = &["v1", "v1beta2"];
const READY: (&str, &str, &str) = ("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status");

const KINDS: [Kind; 5] = [
    Kind {
        group: "kafka.strimzi.io",
        name: "Kafka",
        plural: "kafkas",
        short: "k",
        versions: BOTH,
        spec: kafka_spec,
        status: kafka_status,
        columns: &[READY, ("Kafka version", "string", ".status.kafkaVersion")],
        scale: false,
    },
    Kind {
        group: "kafka.strimzi.io",
        name: "KafkaNodePool",
        plural: "kafkanodepools",
        short: "knp",
        versions: BOTH,
        spec: pool_spec,
        status: pool_status,
        columns: &[
            ("Desired replicas", "integer", ".spec.replicas"),
            ("Roles", "string", ".status.roles"),
            ("NodeIds", "string", ".status.nodeIds"),
        ],
        scale: true,
    },
    Kind {
        group: "kafka.strimzi.io",
        name: "KafkaTopic",
        plural: "kafkatopics",
        short: "kt",
        versions: BOTH,
        spec: topic_spec,
        status: topic_status,
        columns: &[
            ("Cluster", "string", ".metadata.labels.strimzi\\.io/cluster"),
            ("Partitions", "integer", ".spec.partitions"),
            ("Replication factor", "integer", ".spec.replicas"),
            READY,
        ],
        scale: false,
    },
    Kind {
        group: "kafka.strimzi.io",
        name: "KafkaUser",
        plural: "kafkausers",
        short: "ku",
        versions: BOTH,
        spec: user_spec,
        status: user_status,
        columns: &[("Cluster", "string", ".metadata.labels.strimzi\\.io/cluster"), READY],
        scale: false,
    },
    Kind {
        group: "core.strimzi.io",
        name: "StrimziPodSet",
        plural: "strimzipodsets",
        short: "sps",
        versions: BOTH,
        spec: podset_spec,
        status: podset_status,
        columns: &[
            ("Pods", "integer", ".status.pods"),
            ("Ready Pods", "integer", ".status.readyPods"),
            ("Current Pods", "integer", ".status.currentPods"),
        ],
        scale: false,
    },
];

/// The five definitions.
pub fn all() -> Vec<Value> {
    KINDS.iter().map(definition).collect()
}

/// The name of the definition of topics, which a fault takes away.
pub const TOPICS: &str = "kafkatopics.kafka.strimzi.io";

fn definition(kind: &Kind) -> Value {
    let versions: Vec<_> = kind.versions.iter().enumerate().map(|(at, v)| version(kind, v, at == 0)).collect();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{}.{}", kind.plural, kind.group),
            "labels": { "app": "strimzi", "strimzi.io/crd-install": "true" },
        },
        "spec": {
            "group": kind.group,
            "scope": "Namespaced",
            "names": {
                "kind": kind.name,
                "listKind": format!("{}List", kind.name),
                "plural": kind.plural,
                "singular": kind.name.to_lowercase(),
                "shortNames": [kind.short],
                "categories": ["strimzi"],
            },
            "versions": versions,
        },
    })
}

fn version(kind: &Kind, name: &str, storage: bool) -> Value {
    let columns: Vec<_> = kind
        .columns
        .iter()
        .map(|(name, type_, path)| json!({ "name": name, "type": type_, "jsonPath": path }))
        .collect();
    let mut subresources = json!({ "status": {} });
    if kind.scale {
        subresources["scale"] = json!({
            "specReplicasPath": ".spec.replicas",
            "statusReplicasPath": ".status.replicas",
            "labelSelectorPath": ".status.labelSelector",
        });
    }
    json!({
        "name": name,
        "served": true,
        "storage": storage,
        "subresources": subresources,
        "additionalPrinterColumns": columns,
        "schema": { "openAPIV3Schema": {
            "type": "object",
            "required": ["spec"],
            "properties": {
                "spec": (kind.spec)(),
                "status": status((kind.status)()),
            },
        } },
    })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn count(minimum: i64) -> Value {
    json!({ "type": "integer", "minimum": minimum })
}

fn open(properties: Value) -> Value {
    json!({ "type": "object", "properties": properties, "x-kubernetes-preserve-unknown-fields": true })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// A status: conditions and generation, and what the kind has of its own.
fn status(own: Value) -> Value {
    let mut properties = json!({
        "conditions": list(json!({ "type": "object", "properties": {
            "type": text(), "status": text(), "lastTransitionTime": text(), "reason": text(), "message": text(),
        } })),
        "observedGeneration": { "type": "integer" },
    });
    if let (Some(all), Value::Object(own)) = (properties.as_object_mut(), own) {
        all.extend(own);
    }
    json!({ "type": "object", "properties": properties })
}

fn kafka_spec() -> Value {
    let mut spec = open(json!({ "kafka": open(json!({
        "version": text(),
        "metadataVersion": text(),
        "config": open(json!({})),
        "listeners": list(open(json!({
            "name": { "type": "string", "pattern": "^[a-z0-9]{1,11}$" },
            "port": count(9092),
            "type": { "type": "string", "enum": ["internal", "route", "loadbalancer", "nodeport", "ingress", "cluster-ip"] },
            "tls": { "type": "boolean" },
        }))),
    })) }));
    spec["required"] = json!(["kafka"]);
    spec
}

fn kafka_status() -> Value {
    json!({
        "clusterId": text(),
        "kafkaVersion": text(),
        "kafkaMetadataVersion": text(),
        "operatorLastSuccessfulVersion": text(),
        "kafkaNodePools": list(json!({ "type": "object", "properties": { "name": text() } })),
        "listeners": list(json!({ "type": "object", "properties": {
            "name": text(),
            "bootstrapServers": text(),
            "addresses": list(json!({ "type": "object", "properties": { "host": text(), "port": { "type": "integer" } } })),
            "certificates": list(text()),
        } })),
    })
}

fn pool_spec() -> Value {
    let mut spec = open(json!({
        "replicas": count(0),
        "roles": list(json!({ "type": "string", "enum": ["controller", "broker"] })),
        "storage": open(json!({ "type": text() })),
    }));
    spec["required"] = json!(["replicas", "storage", "roles"]);
    spec
}

fn pool_status() -> Value {
    json!({
        "nodeIds": list(json!({ "type": "integer" })),
        "clusterId": text(),
        "roles": list(text()),
        "replicas": { "type": "integer" },
        "labelSelector": text(),
    })
}

fn topic_spec() -> Value {
    open(json!({
        "topicName": text(),
        "partitions": count(1),
        "replicas": { "type": "integer", "minimum": 1, "maximum": 32767 },
        "config": open(json!({})),
    }))
}

fn topic_status() -> Value {
    json!({ "topicName": text(), "topicId": text() })
}

fn user_spec() -> Value {
    open(json!({ "authentication": open(json!({
        "type": { "type": "string", "enum": ["tls", "tls-external", "scram-sha-512"] },
    })) }))
}

fn user_status() -> Value {
    json!({ "username": text(), "secret": text() })
}

fn podset_spec() -> Value {
    let mut spec = open(json!({
        "selector": open(json!({})),
        "pods": list(open(json!({}))),
    }));
    spec["required"] = json!(["selector", "pods"]);
    spec
}

fn podset_status() -> Value {
    json!({
        "pods": { "type": "integer" },
        "readyPods": { "type": "integer" },
        "currentPods": { "type": "integer" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_are_strimzis() {
        let all = all();
        let names: Vec<_> = all.iter().map(|c| c["metadata"]["name"].as_str().unwrap()).collect();
        assert!(names.contains(&TOPICS));
        assert!(names.contains(&"strimzipodsets.core.strimzi.io"));
        for crd in &all {
            let versions = crd["spec"]["versions"].as_array().unwrap();
            let stored = versions.iter().filter(|v| v["storage"] == true).count();
            assert_eq!((versions.len(), stored), (2, 1), "{}", crd["metadata"]["name"]);
            assert_eq!(versions[0]["name"], "v1", "the stored one");
        }
    }

    #[test]
    fn every_status_has_conditions_and_generation() {
        for crd in all() {
            let status = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"];
            assert_eq!(status["properties"]["conditions"]["type"], "array");
            assert_eq!(status["properties"]["observedGeneration"]["type"], "integer");
        }
    }
}
