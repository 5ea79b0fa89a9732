//! The manager's objects as JSON, as VolSync's chart makes them: account, rights, service of the metrics, Deployment.
//! It applies nothing.

use serde_json::{Value, json};

use super::recipe::MOVER;
use crate::kafka::manifests::host_folders;

/// The manager's namespace.
pub const NAMESPACE: &str = "volsync-system";
/// Deployment, account and rights are called so.
pub const NAME: &str = "volsync";
/// How its pod is found.
pub const SELECTOR: &str = "control-plane=volsync-controller";
/// Where it answers with metrics, over TLS and only to who may read them.
const METRICS: u16 = 8443;
/// Where it says that it is well.
const HEALTH: u16 = 8081;

fn labels() -> Value {
    json!({
        "app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME, "control-plane": "volsync-controller",
    })
}

/// All of it. `rules` are those of VolSync's own role, `manager` its program on the machine.
pub fn operator(rules: &Value, manager: &str, image: &str) -> Vec<Value> {
    let rbac = "rbac.authorization.k8s.io";
    let metrics = json!([
        { "apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"] },
        { "apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"] },
    ]);
    let mut all = vec![
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } }),
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": NAME, "namespace": NAMESPACE } }),
    ];
    for (name, rules) in [("volsync-manager", rules), ("volsync-metrics-auth", &metrics)] {
        all.push(json!({
            "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole", "metadata": { "name": name }, "rules": rules,
        }));
        all.push(json!({
            "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding", "metadata": { "name": name },
            "roleRef": { "apiGroup": rbac, "kind": "ClusterRole", "name": name },
            "subjects": [{ "kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE }],
        }));
    }
    all.push(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "volsync-metrics", "namespace": NAMESPACE, "labels": labels() },
        "spec": { "selector": labels(), "ports": [{ "name": "https", "port": METRICS }] },
    }));
    all.push(deployment(manager, image));
    all
}

fn deployment(manager: &str, image: &str) -> Value {
    let (mut volumes, mut mounts) = host_folders(&[manager.to_owned()]);
    volumes.push(json!({ "name": "tempdir", "emptyDir": {} }));
    mounts.push(json!({ "name": "tempdir", "mountPath": "/tmp" }));
    let probe = |path: &str| json!({ "httpGet": { "path": path, "port": HEALTH }, "periodSeconds": 2 });
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": NAME, "namespace": NAMESPACE, "labels": labels() },
        "spec": {
            "replicas": 1,
            "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": labels() },
            "template": {
                "metadata": { "labels": labels() },
                "spec": {
                    "serviceAccountName": NAME,
                    "terminationGracePeriodSeconds": 2,
                    "containers": [{
                        "name": "manager",
                        "image": image,
                        "imagePullPolicy": "Never",
                        "command": [
                            manager,
                            format!("--health-probe-bind-address=:{HEALTH}"),
                            format!("--metrics-bind-address=:{METRICS}"),
                            format!("--restic-container-image={MOVER}"),
                        ],
                        "env": [
                            { "name": "VOLSYNC_NAMESPACE",
                              "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } },
                        ],
                        "ports": [{ "name": "https", "containerPort": METRICS }],
                        "resources": { "requests": { "cpu": "50m", "memory": "64Mi" } },
                        "livenessProbe": probe("/healthz"),
                        "readinessProbe": probe("/readyz"),
                        "volumeMounts": mounts,
                    }],
                    "volumes": volumes,
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployment_is_the_one_that_suites_look_for() {
        let all = operator(&json!([]), "/bin/volsync", "i");
        let deployment = all.last().unwrap();
        assert_eq!(
            deployment["metadata"],
            json!({ "name": "volsync", "namespace": "volsync-system", "labels": labels() })
        );
        let (key, value) = SELECTOR.split_once('=').unwrap();
        assert_eq!(deployment["spec"]["template"]["metadata"]["labels"][key], value);
        let roles = all.iter().filter(|o| o["kind"] == "ClusterRole").count();
        assert_eq!((roles, all.iter().filter(|o| o["kind"] == "ClusterRoleBinding").count()), (2, 2));
    }
}
