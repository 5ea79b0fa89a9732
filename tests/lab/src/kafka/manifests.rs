//! The Kubernetes objects of the brokers, as JSON: services first, and once their addresses are known, the rest.
//! It applies nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::layout::{
    self, BROKERS, CLUSTER, LISTENERS, METRICS_PORT, NAMESPACE, POOL, USER, bootstrap_service, brokers_service,
};

/// A broker's disk, in its pod.
pub const DATA: &str = "/var/lib/kafka/data/kafka-log";
/// Keystores and authorities, in its pod.
pub const CERTS: &str = "/etc/kafka-certs";

/// Where the host keeps what the pods mount, each at the same path inside, read only.
#[derive(Debug, Clone)]
pub struct Mounts {
    /// The image: a C library and a shell.
    pub image: String,
    /// The Java runtime's home.
    pub java_home: String,
    /// Further folders the runtime's links lead to.
    pub java_etc: Vec<String>,
    /// Kafka's jars, the agent, the class archive and the format's seed.
    pub kafka: String,
}

/// A pod's volumes of folders of the host, and where they are mounted.
pub fn host_folders(paths: &[String]) -> (Vec<Value>, Vec<Value>) {
    let name = |at: usize| format!("host-{at}");
    let volumes = paths.iter().enumerate().map(|(at, p)| json!({ "name": name(at), "hostPath": { "path": p } }));
    let mounts = paths.iter().enumerate().map(|(at, p)| json!({ "name": name(at), "mountPath": p, "readOnly": true }));
    (volumes.collect(), mounts.collect())
}

impl Mounts {
    /// All folders of the host.
    pub fn folders(&self) -> Vec<String> {
        let mut all = vec![self.java_home.clone(), self.kafka.clone()];
        all.extend(self.java_etc.iter().cloned());
        all
    }
}

/// What every object of the cluster carries.
pub fn labels() -> Value {
    json!({
        "app.kubernetes.io/name": "kafka",
        "app.kubernetes.io/instance": CLUSTER,
        "app.kubernetes.io/part-of": format!("strimzi-{CLUSTER}"),
        "strimzi.io/cluster": CLUSTER,
        "strimzi.io/kind": "Kafka",
        "strimzi.io/name": format!("{CLUSTER}-kafka"),
    })
}

/// What the brokers' pods and claims carry besides.
pub fn pool_labels() -> Value {
    let mut all = labels();
    all["strimzi.io/pool-name"] = json!(POOL);
    all["strimzi.io/component-type"] = json!("kafka");
    all["strimzi.io/broker-role"] = json!("true");
    all["strimzi.io/controller-role"] = json!("true");
    all
}

/// The namespace.
pub fn namespace() -> Value {
    json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } })
}

fn metadata(name: &str) -> Value {
    json!({ "name": name, "namespace": NAMESPACE, "labels": labels() })
}

/// The headless service, the bootstrap service, and one with an address of its own for each broker.
pub fn services() -> Vec<Value> {
    let selector =
        json!({ "strimzi.io/cluster": CLUSTER, "strimzi.io/kind": "Kafka", "strimzi.io/broker-role": "true" });
    let inner: Vec<_> = LISTENERS.iter().filter(|l| !l.external).map(|l| port(l.name, l.port)).collect();
    let mut all_ports = vec![port("control", 9090), port("replication", 9091)];
    all_ports.extend(LISTENERS.iter().map(|l| port(l.name, l.port)));
    let mut out = vec![
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata(&brokers_service()),
            "spec": { "clusterIP": "None", "publishNotReadyAddresses": true, "selector": selector, "ports": all_ports },
        }),
        json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata(&bootstrap_service()),
            "spec": { "selector": selector, "ports": inner },
        }),
    ];
    for id in 0..BROKERS {
        out.push(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata(&layout::pod(id)),
            "spec": {
                // brokers must find each other before any of them is ready
                "publishNotReadyAddresses": true,
                "selector": { "statefulset.kubernetes.io/pod-name": layout::pod(id) },
                "ports": all_ports,
            },
        }));
    }
    out
}

fn port(name: &str, number: u16) -> Value {
    json!({ "name": format!("tcp-{name}"), "port": number, "targetPort": number })
}

/// A secret with these files.
pub fn secret(name: &str, files: &BTreeMap<String, String>, annotations: Value) -> Value {
    let mut meta = metadata(name);
    meta["annotations"] = annotations;
    json!({ "apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": "Opaque", "stringData": files })
}

/// The brokers' settings and their start script.
pub fn config(files: &BTreeMap<String, String>) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": metadata(&format!("{CLUSTER}-kafka-config")), "data": files,
    })
}

/// The script a broker's container runs: formats an empty disk without a JVM, then becomes the broker.
pub fn start_script(cluster_id: &str, mounts: &Mounts) -> String {
    let (java, kafka) = (&mounts.java_home, &mounts.kafka);
    format!(
        r#"set -eu
id=${{HOSTNAME##*-}}
data={DATA}
if [ ! -s $data/meta.properties ]; then
  mkdir -p $data
  cp {kafka}/bootstrap.checkpoint $data/
  directory=$(head -c16 /dev/urandom | base64 | tr '+/' 'ab' | tr -d '=')
  printf 'version=1\ncluster.id={cluster_id}\nnode.id=%s\ndirectory.id=%s\n' "$id" "$directory" >$data/meta.properties
fi
cd {kafka}
exec {java}/bin/java {flags} -XX:SharedArchiveFile=kafka.jsa -Xshare:auto \
  -javaagent:jmx-agent.jar={METRICS_PORT}:/etc/kafka/jmx.yml \
  -cp '{CLASS_PATH}' kafka.Kafka /etc/kafka/server-$id.properties
"#,
        flags = JVM.join(" "),
    )
}

/// Relative, as the class archive holds the class path as it was spelled when the archive was made.
pub const CLASS_PATH: &str = "libs/*";

/// Little memory, a quick start. The words of a shell.
pub const JVM: [&str; 14] = [
    "-Xms32m",
    "-Xmx128m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xss512k",
    "-XX:MaxDirectMemorySize=64m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.logFile=System.out",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "'-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss'",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaConfig=warn",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.utils=warn",
];

/// The lines of `/etc/hosts` that stand in for a DNS server: names and the address of a service.
pub fn host_aliases(addresses: &BTreeMap<String, String>) -> Vec<Value> {
    let mut out = Vec::new();
    for id in 0..BROKERS {
        if let Some(ip) = addresses.get(&layout::pod(id)) {
            let host = layout::host(id);
            out.push(json!({ "ip": ip, "hostnames": [host, format!("{host}.cluster.local")] }));
        }
    }
    if let Some(ip) = addresses.get(&bootstrap_service()) {
        let name = bootstrap_service();
        out.push(
            json!({ "ip": ip, "hostnames": [name, format!("{name}.{NAMESPACE}"), format!("{name}.{NAMESPACE}.svc")] }),
        );
    }
    out
}

/// The set behind the pool: its pods and claims have the names Strimzi gives them.
pub fn stateful_set(mounts: &Mounts, aliases: &[Value]) -> Value {
    let (mut volumes, mut volume_mounts) = host_folders(&mounts.folders());
    volumes.push(json!({ "name": "config", "configMap": { "name": format!("{CLUSTER}-kafka-config") } }));
    volumes.push(json!({ "name": "certs", "secret": { "secretName": format!("{CLUSTER}-kafka-brokers") } }));
    volume_mounts.push(json!({ "name": "config", "mountPath": "/etc/kafka" }));
    volume_mounts.push(json!({ "name": "certs", "mountPath": CERTS }));
    volume_mounts.push(json!({ "name": "data", "mountPath": "/var/lib/kafka/data" }));
    let mut ports: Vec<_> = LISTENERS.iter().filter(|l| !l.external).map(|l| container_port(l.name, l.port)).collect();
    ports.push(container_port("prometheus", METRICS_PORT));
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": { "name": layout::set_name(), "namespace": NAMESPACE, "labels": pool_labels() },
        "spec": {
            "replicas": BROKERS,
            "serviceName": brokers_service(),
            "podManagementPolicy": "Parallel",
            "selector": { "matchLabels": { "strimzi.io/cluster": CLUSTER, "strimzi.io/pool-name": POOL } },
            "template": {
                "metadata": { "labels": pool_labels() },
                "spec": {
                    "terminationGracePeriodSeconds": 20,
                    "enableServiceLinks": false,
                    "automountServiceAccountToken": false,
                    "hostAliases": aliases,
                    "containers": [{
                        "name": "kafka",
                        "image": mounts.image,
                        "imagePullPolicy": "Never",
                        "command": ["/bin/sh", "/etc/kafka/start.sh"],
                        "ports": ports,
                        "readinessProbe": { "tcpSocket": { "port": 9092 }, "periodSeconds": 1, "failureThreshold": 3 },
                        "resources": { "requests": { "cpu": "150m", "memory": "192Mi" } },
                        "volumeMounts": volume_mounts,
                    }],
                    "volumes": volumes,
                },
            },
            "volumeClaimTemplates": [{
                "metadata": { "name": "data", "labels": pool_labels() },
                "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } },
            }],
        },
    })
}

fn container_port(name: &str, number: u16) -> Value {
    json!({ "name": format!("tcp-{name}"), "containerPort": number })
}

/// The name of the secret of the user's certificate.
pub fn user_secret() -> &'static str {
    USER
}

/// The rules of the JMX agent: the names that Strimzi's example gives the same beans. Only the beans that suites
/// ask for: a scrape of all of them takes a broker a third of a second of CPU.
pub const JMX_RULES: &str = r#"lowercaseOutputName: true
includeObjectNames:
- kafka.controller:*
- kafka.server:type=BrokerTopicMetrics,*
- kafka.server:type=ReplicaManager,*
- kafka.server:type=raft-metrics,*
rules:
- pattern: kafka.server<type=(.+), name=(.+), clientId=(.+), topic=(.+), partition=(.*)><>Value
  name: kafka_server_$1_$2
  type: GAUGE
  labels: { clientId: "$3", topic: "$4", partition: "$5" }
- pattern: kafka.(\w+)<type=(.+), name=(.+)PerSec\w*, topic=(.+)><>Count
  name: kafka_$1_$2_$3_total
  type: COUNTER
  labels: { topic: "$4" }
- pattern: kafka.(\w+)<type=(.+), name=(.+)PerSec\w*><>Count
  name: kafka_$1_$2_$3_total
  type: COUNTER
- pattern: kafka.server<type=raft-metrics><>(current-leader|current-epoch|high-watermark|log-end-offset)
  name: kafka_server_raftmetrics_$1
  type: GAUGE
- pattern: "kafka.server<type=raft-metrics><>current-state: (.+)"
  name: kafka_server_raftmetrics_current_state
  value: 1
  type: UNTYPED
  labels: { current_state: "$1" }
- pattern: kafka.(\w+)<type=(.+), name=(.+), topic=(.+), partition=(.*)><>Value
  name: kafka_$1_$2_$3
  type: GAUGE
  labels: { topic: "$4", partition: "$5" }
- pattern: kafka.(\w+)<type=(.+), name=(.+)><>Value
  name: kafka_$1_$2_$3
  type: GAUGE
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts() -> Mounts {
        Mounts {
            image: "lab.local/base:1".into(),
            java_home: "/jvm".into(),
            java_etc: vec!["/etc/java".into()],
            kafka: "/kafka".into(),
        }
    }

    #[test]
    fn every_volume_is_mounted_and_every_mount_has_a_volume() {
        let set = stateful_set(&mounts(), &[]);
        let spec = &set["spec"]["template"]["spec"];
        let names = |list: &Value| -> Vec<String> {
            let mut all: Vec<_> =
                list.as_array().unwrap().iter().map(|v| v["name"].as_str().unwrap().to_owned()).collect();
            all.sort();
            all
        };
        let mut volumes = names(&spec["volumes"]);
        volumes.push("data".into());
        volumes.sort();
        assert_eq!(names(&spec["containers"][0]["volumeMounts"]), volumes);
    }

    #[test]
    fn the_set_selects_its_own_pods() {
        let set = stateful_set(&mounts(), &[]);
        let labels = &set["spec"]["template"]["metadata"]["labels"];
        for (key, value) in set["spec"]["selector"]["matchLabels"].as_object().unwrap() {
            assert_eq!(&labels[key], value, "{key}");
        }
        for service in services() {
            for (key, value) in service["spec"]["selector"].as_object().unwrap() {
                assert!(key.starts_with("statefulset") || &labels[key] == value, "{key}");
            }
        }
    }

    #[test]
    fn the_script_formats_once_and_becomes_the_broker() {
        let script = start_script("CLUSTER", &mounts());
        assert!(script.contains("[ ! -s $data/meta.properties ]"));
        assert!(script.contains("cluster.id=CLUSTER") && script.contains("exec /jvm/bin/java"), "{script}");
    }

    #[test]
    fn names_resolve_to_the_services_that_are_there() {
        let one = BTreeMap::from([(layout::pod(1), "10.9.1.1".to_owned())]);
        let aliases = host_aliases(&one);
        assert_eq!(aliases.len(), 1);
        assert_eq!(aliases[0]["ip"], "10.9.1.1");
        assert_eq!(aliases[0]["hostnames"][0], layout::host(1));
    }
}
