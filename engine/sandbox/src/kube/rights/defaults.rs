//! The roles that every cluster has. Data.

use serde_json::{Value as Json, json};

const RBAC: &str = "rbac.authorization.k8s.io/v1";

/// What the role `view` shows: secrets are not among it.
const VIEWED: [(&str, &[&str]); 8] = [
    (
        "",
        &[
            "bindings",
            "configmaps",
            "endpoints",
            "events",
            "limitranges",
            "namespaces",
            "namespaces/status",
            "persistentvolumeclaims",
            "persistentvolumeclaims/status",
            "pods",
            "pods/log",
            "pods/status",
            "replicationcontrollers",
            "replicationcontrollers/scale",
            "replicationcontrollers/status",
            "resourcequotas",
            "resourcequotas/status",
            "serviceaccounts",
            "services",
            "services/status",
        ],
    ),
    (
        "apps",
        &[
            "controllerrevisions",
            "daemonsets",
            "daemonsets/status",
            "deployments",
            "deployments/scale",
            "deployments/status",
            "replicasets",
            "replicasets/scale",
            "replicasets/status",
            "statefulsets",
            "statefulsets/scale",
            "statefulsets/status",
        ],
    ),
    ("autoscaling", &["horizontalpodautoscalers", "horizontalpodautoscalers/status"]),
    ("batch", &["cronjobs", "cronjobs/status", "jobs", "jobs/status"]),
    ("discovery.k8s.io", &["endpointslices"]),
    ("networking.k8s.io", &["ingresses", "ingresses/status", "networkpolicies"]),
    ("policy", &["poddisruptionbudgets", "poddisruptionbudgets/status"]),
    ("events.k8s.io", &["events"]),
];

fn role(name: &str, rules: Json) -> Json {
    json!({
        "apiVersion": RBAC, "kind": "ClusterRole",
        "metadata": { "name": name, "labels": { "kubernetes.io/bootstrapping": "rbac-defaults" } }, "rules": rules,
    })
}

fn binding(name: &str, role: &str, groups: &[&str]) -> Json {
    let subject = |group: &&str| json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group });
    json!({
        "apiVersion": RBAC, "kind": "ClusterRoleBinding", "metadata": { "name": name },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role },
        "subjects": groups.iter().map(subject).collect::<Vec<_>>(),
    })
}

fn rules(verbs: &[&str]) -> Vec<Json> {
    let rule =
        |(group, resources): &(&str, &[&str])| json!({ "apiGroups": [group], "resources": resources, "verbs": verbs });
    VIEWED.iter().map(rule).collect()
}

/// Roles and bindings of a new cluster.
pub(in crate::kube) fn objects() -> Vec<Json> {
    let reads = ["get", "list", "watch"];
    let all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
    let secrets = json!({ "apiGroups": [""], "resources": ["secrets", "pods/portforward", "pods/proxy", "services/proxy", "pods/exec", "pods/attach"], "verbs": all });
    let roles =
        json!({ "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["roles", "rolebindings"], "verbs": all });
    let edit = [rules(&all), vec![secrets.clone()]].concat();
    let admin = [rules(&all), vec![secrets, roles]].concat();
    let reviews = json!([
        { "apiGroups": ["authorization.k8s.io"], "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], "verbs": ["create"] },
        { "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"] },
    ]);
    let said = json!([{
        "nonResourceURLs": ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"],
        "verbs": ["get"],
    }]);
    let open =
        json!([{ "nonResourceURLs": ["/healthz", "/livez", "/readyz", "/version", "/version/"], "verbs": ["get"] }]);
    vec![
        role(
            "cluster-admin",
            json!([
                { "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] },
                { "nonResourceURLs": ["*"], "verbs": ["*"] },
            ]),
        ),
        role("admin", admin.into()),
        role("edit", edit.into()),
        role("view", rules(&reads).into()),
        role("system:basic-user", reviews),
        role("system:discovery", said),
        role("system:public-info-viewer", open),
        binding("cluster-admin", "cluster-admin", &["system:masters"]),
        binding("system:basic-user", "system:basic-user", &["system:authenticated"]),
        binding("system:discovery", "system:discovery", &["system:authenticated"]),
        binding(
            "system:public-info-viewer",
            "system:public-info-viewer",
            &["system:authenticated", "system:unauthenticated"],
        ),
    ]
}
