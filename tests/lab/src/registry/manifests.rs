//! The registry's objects as JSON: the server and, at the root of the service's port, Confluent's API.
//! It applies nothing.

use serde_json::{Value, json};

use crate::kafka::layout::NAMESPACE;
use crate::kafka::manifests::{Mounts, host_folders};

/// Deployment and Service are called so.
pub const NAME: &str = "schema-registry";
/// How its pods are found.
pub const SELECTOR: &str = "app=schema-registry";
/// The port of Confluent's API.
pub const PORT: u16 = 8081;
/// The server's own port in the pod.
pub const SERVER_PORT: u16 = 8080;
/// Where the server keeps Confluent's API.
pub const PREFIX: &str = "/apis/ccompat/v7";

fn labels() -> Value {
    json!({ "app": NAME, "app.kubernetes.io/name": NAME })
}

/// Deployment and Service. `server` is the folder of the unpacked server, `lab` this program.
pub fn objects(mounts: &Mounts, server: &str, lab: &str) -> Vec<Value> {
    vec![
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": { "name": NAME, "namespace": NAMESPACE, "labels": labels() },
            "spec": { "selector": labels(), "ports": [{ "name": "http", "port": PORT, "targetPort": PORT }] },
        }),
        deployment(mounts, server, lab),
    ]
}

fn deployment(mounts: &Mounts, server: &str, lab: &str) -> Value {
    let mut folders = vec![mounts.java_home.clone(), server.to_owned(), lab.to_owned()];
    folders.extend(mounts.java_etc.iter().cloned());
    let (volumes, volume_mounts) = host_folders(&folders);
    let java = format!("{}/bin/java", mounts.java_home);
    let start = format!(
        "exec {java} -Xms48m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss512k -jar {server}/*-runner.jar"
    );
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
                    "terminationGracePeriodSeconds": 5,
                    "enableServiceLinks": false,
                    "automountServiceAccountToken": false,
                    "containers": [
                        {
                            "name": "registry",
                            "image": mounts.image,
                            "imagePullPolicy": "Never",
                            "command": ["/bin/sh", "-c", start],
                            "env": [
                                { "name": "QUARKUS_HTTP_PORT", "value": SERVER_PORT.to_string() },
                                { "name": "QUARKUS_HTTP_HOST", "value": "127.0.0.1" },
                                { "name": "QUARKUS_LOG_LEVEL", "value": "INFO" },
                            ],
                            // in memory: each start begins empty and without a level, so each start sets it
                            "lifecycle": { "postStart": { "exec": { "command": [lab, "inside", "set-level"] } } },
                            "resources": { "requests": { "cpu": "150m", "memory": "192Mi" } },
                            "volumeMounts": volume_mounts,
                        },
                        {
                            "name": "confluent-api",
                            "image": mounts.image,
                            "imagePullPolicy": "Never",
                            "command": [lab, "inside", "confluent-api"],
                            "ports": [{ "name": "http", "containerPort": PORT }],
                            // patient, so that a registry that hangs stays Ready for minutes, as a fault wants it
                            "readinessProbe": {
                                "httpGet": { "path": "/subjects", "port": PORT },
                                "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 200,
                            },
                            "volumeMounts": volume_mounts,
                        },
                    ],
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
    fn the_service_leads_to_confluents_api_only() {
        let mounts = Mounts { image: "i".into(), java_home: "/j".into(), java_etc: vec![], kafka: "/k".into() };
        let all = objects(&mounts, "/server", "/lab");
        assert_eq!(all[0]["spec"]["ports"][0]["targetPort"], json!(PORT));
        let containers = &all[1]["spec"]["template"]["spec"]["containers"];
        assert_eq!(containers[0]["env"][1]["value"], "127.0.0.1", "the server itself is not reached from outside");
        assert_eq!(containers[1]["ports"][0]["containerPort"], json!(PORT));
        let labels = &all[1]["spec"]["template"]["metadata"]["labels"];
        assert_eq!(all[0]["spec"]["selector"], *labels);
        assert_eq!(SELECTOR, format!("app={}", labels["app"].as_str().unwrap()));
    }
}
