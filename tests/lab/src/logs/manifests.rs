//! The log shipper's objects in `apps` as JSON. It applies nothing.

use serde_json::{Value, json};

use crate::kafka::manifests::host_folders;
use crate::metrics::manifests::{NAMESPACE, Site, account};

/// The shipper's name.
pub const SHIPPER: &str = "vlagent";
/// The name under which the shipper reaches the store on the infra side.
pub const STORE_HOST: &str = "infra-vl";
/// The port it uses there.
pub const STORE_PORT: u16 = 9428;
/// The kubelet's links to the pods' log files; it offers no other place.
pub const LINKS: &str = "/var/log/containers";

/// Everything of the shipper but the namespace. `pod_logs` is where the links lead to, `checkpoints` a folder of
/// the host that outlives the pod, so that a new pod goes on where the old one stopped.
pub fn vlagent(site: &Site, pod_logs: &str, checkpoints: &str) -> Vec<Value> {
    let mut out = account(
        SHIPPER,
        &json!([
            { "apiGroups": [""], "resources": ["nodes", "pods", "namespaces"], "verbs": ["get", "list", "watch"] },
        ]),
    );
    out.push(daemon_set(site, pod_logs, checkpoints, true));
    out
}

/// The shipper itself; without `label` its lines do not say which cluster they are of.
pub fn daemon_set(site: &Site, pod_logs: &str, checkpoints: &str, label: bool) -> Value {
    let fields = if label { r#"{"cluster":"apps"}"# } else { "{}" };
    let labels = json!({ "app.kubernetes.io/name": SHIPPER, "app.kubernetes.io/instance": "apps" });
    let (mut volumes, mut mounts) = host_folders(&[site.bin.clone(), pod_logs.to_owned(), LINKS.to_owned()]);
    volumes.push(json!({ "name": "state", "hostPath": { "path": checkpoints, "type": "DirectoryOrCreate" } }));
    mounts.push(json!({ "name": "state", "mountPath": "/state" }));
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": { "name": SHIPPER, "namespace": NAMESPACE, "labels": labels },
        "spec": {
            "selector": { "matchLabels": labels },
            "template": {
                "metadata": { "labels": labels },
                "spec": {
                    "serviceAccountName": SHIPPER,
                    "terminationGracePeriodSeconds": 5,
                    "hostAliases": [{ "ip": site.infra, "hostnames": [STORE_HOST] }],
                    "containers": [{
                        "name": SHIPPER,
                        "image": site.image,
                        "imagePullPolicy": "Never",
                        "command": [
                            format!("{}/vlagent", site.bin),
                            "-kubernetesCollector",
                            format!("-kubernetesCollector.logsPath={LINKS}"),
                            "-kubernetesCollector.checkpointsPath=/state/checkpoints.json",
                            format!("-kubernetesCollector.extraFields={fields}"),
                            "-kubernetesCollector.streamFields=cluster,kubernetes.pod_namespace,kubernetes.pod_name,kubernetes.container_name",
                            format!("-remoteWrite.url=http://{STORE_HOST}:{STORE_PORT}/insert/native"),
                            "-remoteWrite.tmpDataPath=/state/queue",
                            "-memory.allowedBytes=64MiB",
                            "-httpListenAddr=:9429",
                        ],
                        "ports": [{ "name": "http", "containerPort": 9429 }],
                        "resources": { "requests": { "cpu": "50m", "memory": "32Mi" } },
                        "readinessProbe": { "httpGet": { "path": "/health", "port": 9429 }, "periodSeconds": 1 },
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
    fn the_cluster_is_a_stream_field_of_every_line() {
        let site = Site { image: "i".into(), bin: "/bin".into(), infra: "10.99.0.1".into() };
        let all = vlagent(&site, "/logs", "/state");
        let spec = &all.last().unwrap()["spec"]["template"]["spec"];
        let command = spec["containers"][0]["command"].to_string();
        assert!(command.contains("streamFields=cluster,"), "{command}");
        assert!(command.contains(r#"extraFields={\"cluster\":\"apps\"}"#), "{command}");
        let bare = daemon_set(&site, "/logs", "/state", false).to_string();
        assert!(bare.contains("extraFields={}"), "{bare}");
        let mounts = spec["containers"][0]["volumeMounts"].to_string();
        assert!(mounts.contains("/logs") && mounts.contains(LINKS), "links need what they lead to: {mounts}");
    }
}
