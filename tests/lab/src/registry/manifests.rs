//! The registry's objects as JSON: settings, the server and, at the root of the service's port, Confluent's API.
//! It applies nothing.

use serde_json::{Value, json};

use crate::kafka::layout::{self, CLUSTER, NAMESPACE, REGISTRY_JOURNAL};
use crate::kafka::manifests::host_folders;

/// Deployment, Service and settings are called so.
pub const NAME: &str = "schema-registry";
/// How its pods are found.
pub const SELECTOR: &str = "app=schema-registry";
/// The port of Confluent's API.
pub const PORT: u16 = 8081;
/// The server's own port in the pod.
pub const SERVER_PORT: u16 = 8080;
/// Where the server tells the kubelet how it is.
const HEALTH_PORT: u16 = 9000;
/// The thread that reads the registry's topic, as the kernel names it: cut at 15 bytes.
const READER: &str = "KSQL Kafka Cons";
/// Where the server keeps Confluent's API.
pub const PREFIX: &str = "/apis/ccompat/v7";
/// The content type of that API.
pub const SCHEMAS: &str = "application/vnd.schemaregistry.v1+json";

/// Relative to the server's folder, as the archive of classes holds paths as they were spelled when it was made.
pub const JAR: &str = "quarkus-run.jar";
/// The archive of classes, in the server's folder.
pub const ARCHIVE: &str = "registry.aot";
/// Little memory, a quick start; the archive wants the same collector at each start.
pub const JVM: [&str; 5] = ["-Xms48m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss512k"];

/// The authority of the brokers, in the pod.
const AUTHORITY: &str = "/etc/kafka-ca";
/// The settings, in the pod.
const SETTINGS: &str = "/etc/schema-registry";

/// Folders of the machine that the pod mounts, each at the same path inside.
#[derive(Debug, Clone)]
pub struct Places {
    /// The cache's entry of the recipe.
    pub entry: String,
    /// Home of the Java runtime, within the entry.
    pub java_home: String,
    /// The server's folder, within the entry.
    pub server: String,
    /// This program.
    pub lab: String,
}

fn labels() -> Value {
    json!({ "app": NAME, "app.kubernetes.io/name": NAME })
}

/// Service, settings and Deployment; `image` has a C library and a shell, `aliases` name the brokers.
pub fn objects(places: &Places, image: &str, aliases: &[Value]) -> Vec<Value> {
    let metadata = json!({ "name": NAME, "namespace": NAMESPACE, "labels": labels() });
    vec![
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata,
            "spec": { "selector": labels(), "ports": [{ "name": "http", "port": PORT, "targetPort": PORT }] },
        }),
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
            "data": { "application.properties": settings() },
        }),
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
            "spec": {
                "replicas": 1,
                "strategy": { "type": "Recreate" },
                "selector": { "matchLabels": labels() },
                "template": { "metadata": { "labels": labels() }, "spec": pod(places, image, aliases) },
            },
        }),
    ]
}

/// The server's settings. It makes its topics as the brokers have it: three copies, two of them needed. A start asks
/// topics until nothing comes, and waits so long each time (5 s unasked).
fn settings() -> String {
    let bootstrap = format!("{}.{NAMESPACE}.svc:{}", layout::bootstrap_service(), layout::TLS_PORT);
    format!(
        "quarkus.http.host=127.0.0.1\nquarkus.http.port={SERVER_PORT}\nquarkus.management.port={HEALTH_PORT}\n\
         quarkus.log.level=WARN\nquarkus.http.access-log.enabled=false\n\
         apicurio.storage.kind=kafkasql\n\
         apicurio.kafkasql.bootstrap.servers={bootstrap}\n\
         apicurio.kafkasql.topic={REGISTRY_JOURNAL}\n\
         apicurio.kafkasql.consumer.poll.timeout=200\n\
         apicurio.kafka.common.security.protocol=SSL\n\
         apicurio.kafka.common.ssl.truststore.type=PEM\n\
         apicurio.kafka.common.ssl.truststore.location={AUTHORITY}/ca.crt\n"
    )
}

fn pod(places: &Places, image: &str, aliases: &[Value]) -> Value {
    let (mut volumes, mut mounts) = host_folders(&[places.entry.clone(), places.lab.clone()]);
    volumes.push(json!({ "name": "settings", "configMap": { "name": NAME } }));
    volumes.push(json!({ "name": "authority", "secret": { "secretName": format!("{CLUSTER}-cluster-ca-cert") } }));
    mounts.push(json!({ "name": "settings", "mountPath": SETTINGS }));
    mounts.push(json!({ "name": "authority", "mountPath": AUTHORITY }));
    let (server, java, flags) = (&places.server, &places.java_home, JVM.join(" "));
    let start = format!("cd {server} && exec {java}/bin/java {flags} -XX:AOTCache={ARCHIVE} -jar {JAR}");
    json!({
        "terminationGracePeriodSeconds": 5,
        "enableServiceLinks": false,
        "automountServiceAccountToken": false,
        "hostAliases": aliases,
        "containers": [
            {
                "name": "registry",
                "image": image,
                "imagePullPolicy": "Never",
                "command": ["/bin/sh", "-c", start],
                "env": [{ "name": "QUARKUS_CONFIG_LOCATIONS", "value": format!("{SETTINGS}/application.properties") }],
                // once what is stored has been read; before that, it would answer as one that knows nothing
                "readinessProbe": patient("/health/ready", HEALTH_PORT),
                "startupProbe": reads_its_topic(1, 200),
                "livenessProbe": reads_its_topic(5, 3),
                "resources": { "requests": { "cpu": "150m", "memory": "192Mi" } },
                "volumeMounts": mounts,
            },
            {
                "name": "confluent-api",
                "image": image,
                "imagePullPolicy": "Never",
                "command": [places.lab, "inside", "confluent-api"],
                "ports": [{ "name": "http", "containerPort": PORT }],
                "readinessProbe": patient("/subjects", PORT),
                "volumeMounts": mounts,
            },
        ],
        "volumes": volumes,
    })
}

/// A probe so patient that a registry that hangs stays Ready for minutes, as a fault wants it.
fn patient(path: &str, port: u16) -> Value {
    json!({
        "httpGet": { "path": path, "port": port },
        "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 200,
    })
}

/// Whether the thread that reads the registry's topic is there. It ends where Kafka is broken at the wrong moment; the
/// server stays Ready then, and every write waits for an answer that never comes. A server that is halted still has it.
fn reads_its_topic(period: u32, failures: u32) -> Value {
    json!({
        "exec": { "command": ["/bin/sh", "-c", format!("grep -qs '{READER}' /proc/1/task/*/comm")] },
        "periodSeconds": period, "timeoutSeconds": 5, "failureThreshold": failures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_leads_to_confluents_api_only() {
        let places = Places { entry: "/e".into(), java_home: "/e/j".into(), server: "/e/s".into(), lab: "/lab".into() };
        let all = objects(&places, "i", &[]);
        assert_eq!(all[0]["spec"]["ports"][0]["targetPort"], json!(PORT));
        let text = all[1]["data"]["application.properties"].as_str().unwrap();
        assert!(
            text.starts_with("quarkus.http.host=127.0.0.1\n"),
            "the API is reached through the front alone: {text}"
        );
        let template = &all[2]["spec"]["template"];
        assert_eq!(template["spec"]["containers"][1]["ports"][0]["containerPort"], json!(PORT));
        let labels = &template["metadata"]["labels"];
        assert_eq!(all[0]["spec"]["selector"], *labels);
        assert_eq!(SELECTOR, format!("app={}", labels["app"].as_str().unwrap()));
    }

    #[test]
    fn each_setting_is_a_line_and_brokers_are_asked_over_tls() {
        let text = settings();
        assert!(
            text.lines().all(|l| l.split_once('=').is_some_and(|(key, value)| !key.contains(' ') && !value.is_empty()))
        );
        assert!(text.contains("bootstrap.servers=kafka-cluster-kafka-bootstrap.kafka.svc:9093\n"), "{text}");
    }
}
