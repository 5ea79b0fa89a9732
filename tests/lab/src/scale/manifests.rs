//! Nodes and a workload for kwok as JSON. It applies nothing.

use serde_json::{Value, json};

/// The namespace of the workload.
pub const NAMESPACE: &str = "scale";
/// The workload.
pub const NAME: &str = "many";
/// How many nodes.
pub const NODES: usize = 10;
/// How many pods.
pub const PODS: usize = 1000;
/// What kwok knows its nodes by: an annotation and its value.
pub const MINE: (&str, &str) = ("kwok.x-k8s.io/node", "fake");
/// The label that pods ask for, and that all these nodes have.
/// kwok's own stages make a pod ready once. A node that is late on a busy machine makes its pods unready, so that this
/// makes them ready again.
pub const READY_AGAIN: &str = r#"
apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata: { name: pod-ready-again }
spec:
  resourceRef: { apiGroup: v1, kind: Pod }
  selector:
    matchExpressions:
      - { key: .metadata.deletionTimestamp, operator: DoesNotExist }
      - { key: .status.phase, operator: In, values: [Running] }
      - { key: '.status.conditions.[] | select( .type == "Ready" ) | .status', operator: In, values: ["False"] }
  next:
    statusTemplate: |
      conditions:
        - { type: Ready, status: "True", lastTransitionTime: {{ Now | Quote }} }
"#;
const TYPE: (&str, &str) = ("type", "kwok");

/// A node's name.
pub fn node_name(at: usize) -> String {
    format!("fake-{at}")
}

/// The nodes, closed to every pod that does not ask for them, and the workload that does.
pub fn objects() -> Vec<Value> {
    let (annotation, mine) = MINE;
    let node = |at: usize| {
        json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": node_name(at), "annotations": { annotation: mine },
                "labels": { TYPE.0: TYPE.1, "kubernetes.io/hostname": node_name(at) },
            },
            "spec": { "taints": [{ "key": annotation, "value": mine, "effect": "NoSchedule" }] },
        })
    };
    let mut all: Vec<_> = (1..=NODES).map(node).collect();
    all.push(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } }));
    all.push(json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": NAME, "namespace": NAMESPACE },
        "spec": {
            "replicas": PODS,
            "selector": { "matchLabels": { "app": NAME } },
            "template": {
                "metadata": { "labels": { "app": NAME } },
                "spec": {
                    "nodeSelector": { TYPE.0: TYPE.1 },
                    "tolerations": [{ "key": annotation, "operator": "Exists", "effect": "NoSchedule" }],
                    "automountServiceAccountToken": false,
                    "containers": [{ "name": "nothing", "image": "lab.local/nothing:1" }],
                },
            },
        },
    }));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pods_go_to_these_nodes_alone() {
        let all = objects();
        let spec = &all.last().unwrap()["spec"]["template"]["spec"];
        let node = &all[0];
        assert_eq!(spec["nodeSelector"]["type"], node["metadata"]["labels"]["type"]);
        assert_eq!(spec["tolerations"][0]["key"], node["spec"]["taints"][0]["key"]);
        assert_eq!(all.len(), NODES + 2);
    }
}
