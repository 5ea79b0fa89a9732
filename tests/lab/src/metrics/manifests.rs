//! The scraper's objects in `apps` as JSON: who may be asked, what is scraped, the pod. It applies nothing.

use serde_json::{Value, json};

use crate::kafka::manifests::host_folders;

/// The namespace of scraper and log shipper.
pub const NAMESPACE: &str = "observability";
/// The name under which pods reach the store on the infra side.
pub const STORE_HOST: &str = "infra-vm";
/// The port they use there.
pub const STORE_PORT: u16 = 8428;
/// The scraper's own port.
pub const AGENT_PORT: u16 = 8429;

/// What the pods of this namespace need to know of the machine.
#[derive(Debug, Clone)]
pub struct Site {
    /// The image: a C library and a shell.
    pub image: String,
    /// The folder of the binaries, mounted at the same path.
    pub bin: String,
    /// The node's address, where the infra side can be reached.
    pub infra: String,
}

/// The namespace.
pub fn namespace() -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } })
}

/// An account for `name` that may read what `rules` say.
pub fn account(name: &str, rules: &Value) -> Vec<Value> {
    let full = format!("observability-{name}");
    vec![
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": name, "namespace": NAMESPACE } }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": { "name": full }, "rules": rules,
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
            "metadata": { "name": full },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": full },
            "subjects": [{ "kind": "ServiceAccount", "name": name, "namespace": NAMESPACE }],
        }),
    ]
}

/// Everything of the scraper but the namespace.
pub fn vmagent(site: &Site) -> Vec<Value> {
    let mut out = account(
        "vmagent",
        &json!([
            { "apiGroups": [""], "resources": ["nodes", "nodes/metrics", "pods", "services", "endpoints"], "verbs": ["get", "list", "watch"] },
            { "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["get", "list", "watch"] },
            { "nonResourceURLs": ["/metrics"], "verbs": ["get"] },
        ]),
    );
    out.push(json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": { "name": "vmagent", "namespace": NAMESPACE, "labels": agent_labels() },
        "spec": { "clusterIP": "None", "selector": agent_labels(), "ports": [{ "name": "http", "port": AGENT_PORT }] },
    }));
    out.extend(scraping(site, true));
    out
}

/// The scraper's settings and its set; without `label` its samples do not say which cluster they are of.
pub fn scraping(site: &Site, label: bool) -> Vec<Value> {
    let text = if label { SCRAPE.to_owned() } else { SCRAPE.replace(LABEL, "") };
    let config = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "vmagent", "namespace": NAMESPACE }, "data": { "scrape.yml": text },
    });
    let mut set = stateful_set(site);
    // a change of the settings alone would reach the pod a minute later
    set["spec"]["template"]["metadata"]["annotations"] = json!({ "lab.local/labelled": label.to_string() });
    vec![config, set]
}

fn agent_labels() -> Value {
    json!({ "app.kubernetes.io/name": "vmagent", "app.kubernetes.io/instance": "apps" })
}

fn stateful_set(site: &Site) -> Value {
    let (mut volumes, mut mounts) = host_folders(std::slice::from_ref(&site.bin));
    volumes.push(json!({ "name": "config", "configMap": { "name": "vmagent" } }));
    volumes.push(json!({ "name": "queue", "emptyDir": {} }));
    mounts.push(json!({ "name": "config", "mountPath": "/etc/vmagent" }));
    mounts.push(json!({ "name": "queue", "mountPath": "/queue" }));
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": { "name": "vmagent", "namespace": NAMESPACE, "labels": agent_labels() },
        "spec": {
            "replicas": 1,
            "serviceName": "vmagent",
            "selector": { "matchLabels": agent_labels() },
            "template": {
                "metadata": { "labels": agent_labels() },
                "spec": {
                    "serviceAccountName": "vmagent",
                    "terminationGracePeriodSeconds": 5,
                    "hostAliases": [{ "ip": site.infra, "hostnames": [STORE_HOST] }],
                    "containers": [{
                        "name": "vmagent",
                        "image": site.image,
                        "imagePullPolicy": "Never",
                        "command": [
                            format!("{}/vmagent", site.bin),
                            "-promscrape.config=/etc/vmagent/scrape.yml",
                            format!("-remoteWrite.url=http://{STORE_HOST}:{STORE_PORT}/api/v1/write"),
                            "-remoteWrite.flushInterval=500ms",
                            "-remoteWrite.tmpDataPath=/queue",
                            "-memory.allowedBytes=64MiB",
                            format!("-httpListenAddr=:{AGENT_PORT}"),
                        ],
                        "ports": [{ "name": "http", "containerPort": AGENT_PORT }],
                        "resources": { "requests": { "cpu": "50m", "memory": "32Mi" } },
                        "readinessProbe": { "httpGet": { "path": "/health", "port": AGENT_PORT }, "periodSeconds": 1 },
                        "volumeMounts": mounts,
                    }],
                    "volumes": volumes,
                },
            },
        },
    })
}

/// What says of every sample which cluster it is of.
const LABEL: &str = "  external_labels: { cluster: apps }\n";

/// What is scraped: the cluster's own parts, the operator, the brokers, the scraper itself.
const SCRAPE: &str = r#"global:
  scrape_interval: 5s
  external_labels: { cluster: apps }
scrape_configs:
- job_name: apiserver
  scrape_interval: 15s
  scheme: https
  authorization: { credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token }
  tls_config: { ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt, server_name: kubernetes.default.svc }
  kubernetes_sd_configs: [{ role: endpoints, namespaces: { names: [default] } }]
  relabel_configs:
  - { action: keep, source_labels: [__meta_kubernetes_service_name, __meta_kubernetes_endpoint_port_name], regex: kubernetes;https }
- job_name: kubelet
  scrape_interval: 15s
  scheme: https
  authorization: { credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token }
  tls_config: { ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt }
  kubernetes_sd_configs: [{ role: node }]
  relabel_configs:
  - { target_label: node, source_labels: [__meta_kubernetes_node_name] }
- job_name: strimzi-cluster-operator
  kubernetes_sd_configs: [{ role: pod, namespaces: { names: [kafka] } }]
  relabel_configs:
  - { action: keep, source_labels: [__meta_kubernetes_pod_label_strimzi_io_kind, __meta_kubernetes_pod_container_port_name], regex: cluster-operator;http }
  - { target_label: namespace, source_labels: [__meta_kubernetes_namespace] }
  - { target_label: pod, source_labels: [__meta_kubernetes_pod_name] }
- job_name: kafka-resources-metrics
  kubernetes_sd_configs: [{ role: pod, namespaces: { names: [kafka] } }]
  relabel_configs:
  - { action: keep, source_labels: [__meta_kubernetes_pod_container_port_name], regex: tcp-prometheus }
  - { action: labelmap, regex: __meta_kubernetes_pod_label_(strimzi_io_.+) }
  - { target_label: namespace, source_labels: [__meta_kubernetes_namespace] }
  - { target_label: kubernetes_pod_name, source_labels: [__meta_kubernetes_pod_name] }
- job_name: volsync-metrics
  scheme: https
  authorization: { credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token }
  tls_config: { insecure_skip_verify: true }
  kubernetes_sd_configs: [{ role: pod, namespaces: { names: [volsync-system] } }]
  relabel_configs:
  - { action: keep, source_labels: [__meta_kubernetes_pod_label_control_plane, __meta_kubernetes_pod_container_port_name], regex: volsync-controller;https }
  - { target_label: namespace, source_labels: [__meta_kubernetes_namespace] }
- job_name: flux-system
  kubernetes_sd_configs: [{ role: pod, namespaces: { names: [flux-system] } }]
  relabel_configs:
  - { action: keep, source_labels: [__meta_kubernetes_pod_container_port_name], regex: http-prom }
  - { target_label: namespace, source_labels: [__meta_kubernetes_namespace] }
  - { target_label: pod, source_labels: [__meta_kubernetes_pod_name] }
- job_name: vmagent
  static_configs: [{ targets: ["127.0.0.1:8429"] }]
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scraper_writes_to_a_name_that_resolves() {
        let site = Site { image: "i".into(), bin: "/bin".into(), infra: "10.99.0.1".into() };
        let all = vmagent(&site);
        let set = all.iter().find(|o| o["kind"] == "StatefulSet").unwrap();
        let spec = &set["spec"]["template"]["spec"];
        assert_eq!(spec["hostAliases"][0], json!({ "ip": "10.99.0.1", "hostnames": ["infra-vm"] }));
        let command = spec["containers"][0]["command"].to_string();
        assert!(command.contains("http://infra-vm:8428/api/v1/write"), "{command}");
        let names: Vec<_> =
            all.iter().filter(|o| o["kind"] != "ConfigMap").map(|o| o["metadata"]["name"].clone()).collect();
        assert!(names.contains(&json!("vmagent")) && names.contains(&json!("observability-vmagent")));
        let (with, without) = (scraping(&site, true), scraping(&site, false));
        assert!(with[0].to_string().contains("cluster: apps") && !without[0].to_string().contains("cluster: apps"));
        assert_ne!(with[1], without[1], "another pod is made");
    }
}
