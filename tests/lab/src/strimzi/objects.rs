//! The stand-in's own objects as JSON: the operator with its rights, and the resources that describe the brokers.
//! It applies nothing.

use serde_json::{Value, json};

use crate::kafka::layout::{self, Auth, BROKERS, CLUSTER, KAFKA_VERSION, LISTENERS, Listener, NAMESPACE, POOL, USER};
use crate::kafka::manifests::{host_folders, pool_labels};

/// The Deployment's name, as Strimzi's.
pub const OPERATOR: &str = "strimzi-cluster-operator";
/// Probes and metrics.
pub const OPERATOR_PORT: u16 = 8080;
/// A topic that is there from the start.
pub const TOPIC: &str = "lab-topic";

fn metadata(name: &str) -> Value {
    json!({ "name": name, "namespace": NAMESPACE, "labels": { "strimzi.io/cluster": CLUSTER } })
}

/// The operator: account, rights in its namespace, Deployment. `lab` is this program, mounted into the pod.
pub fn operator(image: &str, lab: &str) -> Vec<Value> {
    let meta = || json!({ "name": OPERATOR, "namespace": NAMESPACE, "labels": { "app": "strimzi" } });
    vec![
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta() }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": meta(),
            "rules": [
                { "apiGroups": ["kafka.strimzi.io", "core.strimzi.io"], "resources": ["*"], "verbs": ["get", "list", "watch", "patch", "update"] },
                { "apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["get", "list", "watch"] },
            ],
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta(),
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": OPERATOR },
            "subjects": [{ "kind": "ServiceAccount", "name": OPERATOR, "namespace": NAMESPACE }],
        }),
        deployment(image, lab, &meta()),
    ]
}

fn deployment(image: &str, lab: &str, meta: &Value) -> Value {
    let labels = json!({ "name": OPERATOR, "strimzi.io/kind": "cluster-operator" });
    let (mut volumes, mut mounts) = host_folders(&[lab.to_owned()]);
    let ca = format!("{CLUSTER}-cluster-ca-cert");
    volumes.push(json!({ "name": "ca", "secret": { "secretName": ca } }));
    mounts.push(json!({ "name": "ca", "mountPath": "/etc/cluster-ca" }));
    let probe = |path: &str| json!({ "httpGet": { "path": path, "port": OPERATOR_PORT }, "periodSeconds": 2 });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
        "spec": {
            "replicas": 1,
            "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "serviceAccountName": OPERATOR,
                    "terminationGracePeriodSeconds": 1,
                    "containers": [{
                        "name": OPERATOR,
                        "image": image,
                        "imagePullPolicy": "Never",
                        "command": [lab, "inside", "operator", "/etc/cluster-ca/ca.crt"],
                        "ports": [{ "name": "http", "containerPort": OPERATOR_PORT }],
                        "resources": { "requests": { "cpu": "50m", "memory": "32Mi" } },
                        "livenessProbe": probe("/healthy"),
                        "readinessProbe": probe("/ready"),
                        "volumeMounts": mounts,
                    }],
                    "volumes": volumes,
                },
            },
        },
    })
}

/// The resources that describe the brokers, a user and a topic.
pub fn resources() -> Vec<Value> {
    let inner: Vec<_> = LISTENERS.iter().filter(|l| !l.external).map(listener).collect();
    let kind = |name: &str| json!({ "apiVersion": "kafka.strimzi.io/v1", "kind": name });
    let with = |mut head: Value, meta: Value, spec: Value| {
        head["metadata"] = meta;
        head["spec"] = spec;
        head
    };
    let kafka = json!({ "kafka": {
        "version": KAFKA_VERSION,
        "listeners": inner,
        "config": {
            "default.replication.factor": 3,
            "min.insync.replicas": 2,
            "offsets.topic.replication.factor": 3,
            "transaction.state.log.replication.factor": 3,
            "transaction.state.log.min.isr": 2,
        },
        "metricsConfig": { "type": "jmxPrometheusExporter", "valueFrom": { "configMapKeyRef": {
            "name": format!("{CLUSTER}-kafka-config"), "key": "jmx.yml",
        } } },
    } });
    let pool = json!({
        "replicas": BROKERS,
        "roles": ["controller", "broker"],
        "storage": { "type": "persistent-claim", "size": "1Gi", "deleteClaim": false },
    });
    let topic = json!({ "partitions": 3, "replicas": 3, "config": { "min.insync.replicas": 2 } });
    vec![
        with(kind("Kafka"), json!({ "name": CLUSTER, "namespace": NAMESPACE }), kafka),
        with(kind("KafkaNodePool"), metadata(POOL), pool),
        with(kind("KafkaTopic"), metadata(TOPIC), topic),
        with(kind("KafkaUser"), metadata(USER), json!({ "authentication": { "type": "tls" } })),
        pod_set(),
    ]
}

/// The pods that belong to the pool. Their real owner in the lab is a StatefulSet.
pub fn pod_set() -> Value {
    let pods: Vec<_> = (0..BROKERS)
        .map(|id| json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": layout::pod(id), "labels": pool_labels() } }))
        .collect();
    json!({
        "apiVersion": "core.strimzi.io/v1", "kind": "StrimziPodSet",
        "metadata": { "name": layout::set_name(), "namespace": NAMESPACE, "labels": pool_labels() },
        "spec": {
            "selector": { "matchLabels": { "strimzi.io/cluster": CLUSTER, "strimzi.io/pool-name": POOL } },
            "pods": pods,
        },
    })
}

fn listener(l: &Listener) -> Value {
    let mut out = json!({ "name": l.name, "port": l.port, "type": "internal", "tls": l.auth != Auth::Plain });
    match l.auth {
        Auth::Mutual => out["authentication"] = json!({ "type": "tls" }),
        Auth::Scram => out["authentication"] = json!({ "type": "scram-sha-512" }),
        Auth::Plain | Auth::Tls => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_say_what_the_brokers_ask_for() {
        let all = resources();
        let listeners = all[0]["spec"]["kafka"]["listeners"].as_array().unwrap();
        assert_eq!(listeners.len(), 4, "the lab's loopback listeners are not the cluster's");
        assert_eq!(listeners[0], json!({ "name": "plain", "port": 9092, "type": "internal", "tls": false }));
        assert_eq!(listeners[2]["authentication"]["type"], "tls");
    }

    #[test]
    fn the_operator_is_found_by_strimzis_labels() {
        let all = operator("image", "/lab");
        let d = all.iter().find(|o| o["kind"] == "Deployment").unwrap();
        let labels = &d["spec"]["template"]["metadata"]["labels"];
        assert_eq!(labels["strimzi.io/kind"], "cluster-operator");
        assert_eq!(d["spec"]["selector"]["matchLabels"], *labels);
    }
}
