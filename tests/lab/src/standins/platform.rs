//! The pods that stand behind what the stand-ins speak of, as JSON: each does nothing but be there, under the labels of the
//! daemon it stands for. It applies nothing.

use serde_json::{Value, json};

use super::{cicd, databases, network, storage};
use crate::cluster::recipes::PAUSE_IMAGE;

/// The namespaces of Harbor and GitLab.
pub const HARBOR: &str = "harbor";
/// GitLab's.
pub const GITLAB: &str = "gitlab";

/// Pods of one kind: namespace, name, how many, labels.
pub struct Daemon(pub &'static str, pub &'static str, pub u32, pub &'static [(&'static str, &'static str)]);

/// All of them. The labels are those that the projects' own charts give.
pub const DAEMONS: [Daemon; 19] = [
    Daemon(storage::NAMESPACE, "rook-ceph-operator", 1, &[("app", "rook-ceph-operator")]),
    Daemon(storage::NAMESPACE, "rook-ceph-mon", 3, &[("app", "rook-ceph-mon")]),
    Daemon(storage::NAMESPACE, "rook-ceph-mgr", 1, &[("app", "rook-ceph-mgr")]),
    Daemon(storage::NAMESPACE, "rook-ceph-osd", 3, &[("app", "rook-ceph-osd")]),
    Daemon(databases::NAMESPACE, "pg-rw", 2, &[("cnpg.io/poolerName", "pg-rw")]),
    Daemon(
        databases::NAMESPACE,
        "cache-master",
        1,
        &[("app", "cache"), ("app.kubernetes.io/name", "dragonfly"), ("role", "master")],
    ),
    Daemon(
        databases::NAMESPACE,
        "cache-replica",
        1,
        &[("app", "cache"), ("app.kubernetes.io/name", "dragonfly"), ("role", "replica")],
    ),
    Daemon(network::SYSTEM, "cilium-operator", 1, &[("io.cilium/app", "operator")]),
    Daemon(network::SYSTEM, "hubble-relay", 1, &[("k8s-app", "hubble-relay")]),
    Daemon(network::NAMESPACE, "router", 1, &[("app", "router")]),
    Daemon(network::NAMESPACE, "web", 1, &[("app", "web")]),
    Daemon(cicd::SYSTEM, "arc-controller", 1, &[("app.kubernetes.io/part-of", "gha-rs-controller")]),
    Daemon(cicd::SYSTEM, "lab-listener", 1, &[("app.kubernetes.io/component", "runner-scale-set-listener")]),
    Daemon(cicd::RUNNERS, "lab-runner", 2, &[("actions.github.com/scale-set-name", "lab")]),
    Daemon(HARBOR, "harbor-core", 1, &[("app", "harbor"), ("component", "core")]),
    Daemon(HARBOR, "harbor-registry", 1, &[("app", "harbor"), ("component", "registry")]),
    Daemon(HARBOR, "harbor-jobservice", 1, &[("app", "harbor"), ("component", "jobservice")]),
    Daemon(GITLAB, "webservice", 1, &[("app", "webservice")]),
    Daemon(GITLAB, "gitaly", 1, &[("app", "gitaly")]),
];

/// The namespaces, then the workloads: a Deployment a daemon, Cilium's agent as a DaemonSet, PostgreSQL's instances as a
/// StatefulSet, whose pods are numbered from one as CloudNativePG's are.
pub fn objects() -> Vec<Value> {
    let mut names: Vec<&str> = DAEMONS.iter().map(|d| d.0).filter(|n| *n != network::SYSTEM).collect();
    names.dedup();
    let namespace = |n: &&str| json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": n } });
    let mut all: Vec<_> = names.iter().map(namespace).collect();
    all.extend(workloads());
    all
}

/// The workloads alone.
pub fn workloads() -> Vec<Value> {
    let mut all: Vec<_> = DAEMONS.iter().map(deployment).collect();
    let agent = json!({ "k8s-app": "cilium" });
    let mut set = workload("DaemonSet", network::SYSTEM, "cilium", &agent);
    set["spec"]["template"]["spec"]["tolerations"] = json!([]);
    all.push(set);
    let mut instances = workload("StatefulSet", databases::NAMESPACE, "pg", &json!({ "cnpg.io/cluster": "pg" }));
    instances["spec"]["replicas"] = json!(3);
    instances["spec"]["serviceName"] = json!("pg");
    instances["spec"]["podManagementPolicy"] = json!("Parallel");
    instances["spec"]["ordinals"] = json!({ "start": 1 });
    all.push(instances);
    all
}

fn deployment(Daemon(namespace, name, replicas, labels): &Daemon) -> Value {
    let labels: serde_json::Map<_, _> = labels.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect();
    let mut deployment = workload("Deployment", namespace, name, &Value::Object(labels));
    deployment["spec"]["replicas"] = json!(replicas);
    deployment
}

fn workload(kind: &str, namespace: &str, name: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": { "name": name, "namespace": namespace, "labels": labels },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "terminationGracePeriodSeconds": 1,
                    "automountServiceAccountToken": false,
                    "enableServiceLinks": false,
                    "containers": [{ "name": "stand-in", "image": PAUSE_IMAGE, "imagePullPolicy": "Never" }],
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_that_a_rule_asks_for_is_given() {
        let all = workloads();
        let given = |namespace: &str, label: &str| {
            let (key, value) = label.split_once('=').unwrap();
            all.iter().any(|w| w["metadata"]["namespace"] == namespace && w["metadata"]["labels"][key] == value)
        };
        for label in [storage::MON, storage::MGR, storage::OSD] {
            assert!(given(storage::NAMESPACE, label), "{label}");
        }
        for (namespace, label) in [
            (network::SYSTEM, network::AGENT),
            (network::SYSTEM, network::OPERATOR),
            (network::NAMESPACE, network::NEIGHBOUR),
            (cicd::RUNNERS, cicd::RUNNER),
            (databases::NAMESPACE, "cnpg.io/cluster=pg"),
        ] {
            assert!(given(namespace, label), "{label}");
        }
    }

    #[test]
    fn each_namespace_is_made_once_and_before_its_workloads() {
        let all = objects();
        let names: Vec<_> =
            all.iter().filter(|o| o["kind"] == "Namespace").map(|o| o["metadata"]["name"].clone()).collect();
        let unique: std::collections::BTreeSet<String> = names.iter().map(Value::to_string).collect();
        assert_eq!(unique.len(), names.len());
        for w in workloads().iter().filter(|w| w["metadata"]["namespace"] != network::SYSTEM) {
            assert!(names.contains(&w["metadata"]["namespace"]));
        }
    }
}
