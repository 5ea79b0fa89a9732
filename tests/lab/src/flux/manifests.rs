//! Flux's own objects as JSON, as its installer makes them: accounts, rights, services, one Deployment a controller.
//! It applies nothing.

use serde_json::{Value, json};

use crate::kafka::manifests::host_folders;

/// Where Flux lives.
pub const NAMESPACE: &str = "flux-system";
/// How the pods of Flux are found.
pub const SELECTOR: &str = "app.kubernetes.io/part-of=flux";
/// The controllers of Flux's own, and what their service is asked at: where others send events, and webhooks.
const NOTIFICATION: &str = "notification-controller";
/// Where the lab's stand-in for the source-controller serves archives.
pub const STORAGE_PORT: u16 = 9090;
const METRICS_PORT: u16 = 8080;
const HEALTH_PORT: u16 = 9440;

/// A controller and what it runs.
struct Controller {
    name: &'static str,
    image: String,
    command: Vec<String>,
    folders: Vec<String>,
    ports: &'static [(&'static str, u16)],
    /// Where it says that it is ready: a path and a port.
    ready: (&'static str, u16),
}

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// The folder of Flux's own controllers.
    pub bin: String,
    /// The image that they are mounted into.
    pub image: String,
    /// This program, for the stand-in.
    pub lab: String,
    /// The image of the stand-in, with Git.
    pub git_image: String,
}

/// Namespace, accounts, rights and services: what must be there before the Deployments.
pub fn ground() -> Vec<Value> {
    let mut all = vec![json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": NAMESPACE, "labels": { "app.kubernetes.io/part-of": "flux" } },
    })];
    for name in ["source-controller", "kustomize-controller", "helm-controller", NOTIFICATION] {
        all.push(json!({
            "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": name, "namespace": NAMESPACE },
        }));
    }
    let group =
        |name: &str| json!({ "apiGroups": [format!("{name}.toolkit.fluxcd.io")], "resources": ["*"], "verbs": ["*"] });
    let rules = json!([
        group("source"), group("kustomize"), group("helm"), group("notification"), group("image"),
        { "apiGroups": [""], "resources": ["namespaces", "secrets", "configmaps", "serviceaccounts"], "verbs": ["get", "list", "watch"] },
        { "apiGroups": ["", "events.k8s.io"], "resources": ["events"], "verbs": ["create", "patch"] },
    ]);
    let rbac = "rbac.authorization.k8s.io";
    all.push(json!({
        "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole",
        "metadata": { "name": "crd-controller-flux-system" }, "rules": rules,
    }));
    // as Flux's installer does: these two apply whatever Git says
    for (name, role, accounts) in [
        ("crd-controller-flux-system", "crd-controller-flux-system", &["source-controller", NOTIFICATION][..]),
        ("cluster-reconciler-flux-system", "cluster-admin", &["kustomize-controller", "helm-controller"][..]),
    ] {
        let subject = |n: &&str| json!({ "kind": "ServiceAccount", "name": n, "namespace": NAMESPACE });
        all.push(json!({
            "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding", "metadata": { "name": name },
            "roleRef": { "apiGroup": rbac, "kind": "ClusterRole", "name": role },
            "subjects": accounts.iter().map(subject).collect::<Vec<_>>(),
        }));
    }
    all.extend([
        service("source-controller", "source-controller", STORAGE_PORT),
        service(NOTIFICATION, NOTIFICATION, 9090),
        service("webhook-receiver", NOTIFICATION, 9292),
    ]);
    all
}

fn service(name: &str, controller: &str, port: u16) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "selector": { "app": controller }, "ports": [{ "name": "http", "port": 80, "targetPort": port }] },
    })
}

/// The Deployments; `events` and `storage` are the addresses of the services of the same controllers, since nothing
/// in the lab answers for their names.
pub fn deployments(programs: &Programs, storage: &str, events: &str) -> Vec<Value> {
    let own = |name: &'static str| {
        let words = [
            format!("{}/{name}", programs.bin),
            "--watch-all-namespaces=true".into(),
            "--log-level=info".into(),
            "--log-encoding=json".into(),
            format!("--metrics-addr=:{METRICS_PORT}"),
            format!("--health-addr=:{HEALTH_PORT}"),
        ];
        Controller {
            name,
            image: programs.image.clone(),
            command: words.into(),
            folders: vec![programs.bin.clone()],
            ports: &[("http-prom", METRICS_PORT), ("healthz", HEALTH_PORT)],
            ready: ("/readyz", HEALTH_PORT),
        }
    };
    let reconciler = |name: &'static str| {
        let mut c = own(name);
        c.command.extend([format!("--events-addr=http://{events}/"), "--requeue-dependency=5s".into()]);
        c
    };
    let source = Controller {
        name: "source-controller",
        image: programs.git_image.clone(),
        command: [&programs.lab, "inside", "source-controller", "/data", &format!("http://{storage}")]
            .map(str::to_owned)
            .into(),
        folders: vec![programs.lab.clone()],
        ports: &[("http", STORAGE_PORT)],
        ready: ("/", STORAGE_PORT),
    };
    let all = [source, reconciler("kustomize-controller"), reconciler("helm-controller"), own(NOTIFICATION)];
    all.iter().map(deployment).collect()
}

fn deployment(c: &Controller) -> Value {
    let (mut volumes, mut mounts) = host_folders(&c.folders);
    for (name, path) in [("temp", "/tmp"), ("data", "/data")] {
        volumes.push(json!({ "name": name, "emptyDir": {} }));
        mounts.push(json!({ "name": name, "mountPath": path }));
    }
    let ports: Vec<_> = c.ports.iter().map(|(n, p)| json!({ "name": n, "containerPort": p })).collect();
    let labels = json!({
        "app.kubernetes.io/part-of": "flux", "app.kubernetes.io/component": c.name, "app.kubernetes.io/instance": NAMESPACE,
    });
    let mut pod_labels = labels.clone();
    pod_labels["app"] = json!(c.name);
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": c.name, "namespace": NAMESPACE, "labels": labels },
        "spec": {
            "replicas": 1,
            "strategy": { "type": "Recreate" },
            "selector": { "matchLabels": { "app": c.name } },
            "template": {
                "metadata": { "labels": pod_labels },
                "spec": {
                    "serviceAccountName": c.name,
                    "terminationGracePeriodSeconds": 2,
                    "containers": [{
                        "name": "manager",
                        "image": c.image,
                        "imagePullPolicy": "Never",
                        "command": c.command,
                        "env": [
                            { "name": "RUNTIME_NAMESPACE",
                              "valueFrom": { "fieldRef": { "fieldPath": "metadata.namespace" } } },
                            { "name": "HOME", "value": "/tmp" },
                        ],
                        "ports": ports,
                        "resources": { "requests": { "cpu": "50m", "memory": "64Mi" } },
                        "readinessProbe": {
                            "httpGet": { "path": c.ready.0, "port": c.ready.1 }, "periodSeconds": 2,
                        },
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

    fn programs() -> Programs {
        Programs { bin: "/bin".into(), image: "i".into(), lab: "/lab".into(), git_image: "g".into() }
    }

    #[test]
    fn events_and_archives_go_to_addresses_since_no_name_resolves() {
        let all = deployments(&programs(), "10.0.0.1", "10.0.0.2");
        let command = |at: usize| all[at]["spec"]["template"]["spec"]["containers"][0]["command"].to_string();
        assert!(command(0).contains("http://10.0.0.1"));
        assert!(command(1).contains("--events-addr=http://10.0.0.2/"));
        assert!(!command(3).contains("--events-addr"), "the one that takes events sends none");
    }

    #[test]
    fn every_deployment_has_an_account_and_a_service_finds_its_pods() {
        let ground = ground();
        let named =
            |kind: &str, name: &Value| ground.iter().any(|o| o["kind"] == kind && o["metadata"]["name"] == *name);
        for d in deployments(&programs(), "a", "b") {
            assert!(named("ServiceAccount", &d["spec"]["template"]["spec"]["serviceAccountName"]));
            assert_eq!(d["spec"]["template"]["metadata"]["labels"]["app"], d["metadata"]["name"]);
        }
        assert!(named("Service", &json!("webhook-receiver")));
    }
}
