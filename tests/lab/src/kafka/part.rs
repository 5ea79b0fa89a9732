//! The part `kafka`: certificates, brokers as pods, their ports on loopback, and what can be broken about them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::admin::Admin;
use super::certs::{Pki, keystore_of};
use super::java::Java;
use super::layout::{self, Auth, BROKERS, CLUSTER, Listener, NAMESPACE, PASSWORD, USER};
use super::manifests::{self, Mounts};
use super::{disks, faults, recipes};
use crate::authority::Flaw;
use crate::cluster::recipes::BASE_IMAGE;
use crate::cx::LabCx;
use crate::objects::{Objects, Ref};
use crate::part::{Fault, Order, Part, Running};
use crate::podproc;
use crate::recipe::Recipe;
use crate::target::Fragment;

/// How long the brokers may take to be ready.
const START: Duration = Duration::from_secs(240);

/// The brokers.
pub struct Kafka;

impl Part for Kafka {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn about(&self) -> &'static str {
        "three Kafka brokers (KRaft) in pods of apps; plain, TLS, mutual TLS and SCRAM listeners"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["apps"]
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![recipes::jars(), recipes::tools()]
    }

    fn up<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
        Box::pin(up(cx))
    }

    fn faults(&self) -> Vec<Fault> {
        faults::LIST.to_vec()
    }

    fn inject<'a>(&'a self, cx: &'a LabCx, order: &'a Order) -> BoxFuture<'a, Result<()>> {
        Box::pin(faults::inject(cx, order))
    }

    fn heal<'a>(&'a self, cx: &'a LabCx, order: &'a Order, memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(faults::heal(cx, order, memo))
    }

    fn memory<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Vec<(String, u64)>> {
        Box::pin(async move {
            match cx.cluster("apps") {
                Ok(apps) => podproc::memory(apps.objects(), NAMESPACE, "strimzi.io/kind=Kafka").await,
                Err(_) => Vec::new(),
            }
        })
    }
}

async fn up(cx: &LabCx) -> Result<Running> {
    let apps = cx.cluster("apps")?;
    let objects = apps.objects();
    objects.apply(&[manifests::namespace()]).await?;
    let services = objects.apply(&manifests::services()).await?;
    let addresses = addresses(&services);
    let pki = Pki::create(&cx.dir()?.join("pki"), &names(&addresses)?)?;
    let ports = ports(cx)?;
    let cluster_id = cluster_id(cx.lab());
    objects.apply(&settings(&cluster_id, &mounts(cx)?, &ports, &pki)?).await?;
    disks::make(cx, objects).await?;
    objects.apply(&[manifests::stateful_set(&mounts(cx)?, &manifests::host_aliases(&addresses))]).await?;
    open_ports(cx, &ports, &addresses).await?;
    ready(cx, objects, &ports).await?;
    Ok(Running { target: fragment(&pki, &ports), ..Running::default() })
}

/// Waits for pods and then for the brokers themselves, on the listener that clients use.
async fn ready(cx: &LabCx, objects: &Objects, ports: &Ports) -> Result<()> {
    objects.rolled_out(Ref("apps/v1", "StatefulSet", NAMESPACE, &layout::set_name()), START).await?;
    cx.until("the brokers to see each other", START, &[], || in_one_cluster(ports)).await
}

/// Every broker answers and sees all of them, and each controller is in the quorum.
pub async fn in_one_cluster(ports: &Ports) -> Result<()> {
    let plain: Vec<_> = (0..BROKERS).map(|id| ports.plain(id)).collect::<Result<_>>()?;
    let asked = tokio::task::spawn_blocking(move || {
        for address in &plain {
            let seen = Admin::new(address).metadata()?.brokers.len();
            ensure!(seen == BROKERS, "the broker at {address} sees {seen} brokers");
        }
        let quorum = Admin::new(&plain[0]).quorum()?;
        let absent: Vec<_> = quorum.voters.iter().filter(|v| v.1.is_none()).map(|v| v.0).collect();
        ensure!(absent.is_empty() && quorum.leader >= 0, "controllers {absent:?} are not in the quorum");
        Ok(())
    });
    asked.await?
}

/// The loopback port of each listener that the machine reaches, by listener and broker.
#[derive(Debug, Clone, Default)]
pub struct Ports(BTreeMap<(&'static str, usize), u16>);

impl Ports {
    fn of(&self, listener: &str, id: usize) -> Result<u16> {
        let found = self.0.iter().find(|((name, broker), _)| *name == listener && *broker == id);
        Ok(*found.with_context(|| format!("broker {id} has no listener {listener} outside"))?.1)
    }

    /// Where broker `id` listens in the clear.
    pub fn plain(&self, id: usize) -> Result<String> {
        Ok(format!("127.0.0.1:{}", self.of("extplain", id)?))
    }

    /// All brokers of one listener, as clients want them.
    fn bootstrap(&self, listener: &str) -> String {
        let all = self.0.iter().filter(|((name, _), _)| *name == listener);
        all.map(|(_, port)| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",")
    }
}

/// The same ports each time they are asked for.
pub fn ports(cx: &LabCx) -> Result<Ports> {
    let mut all = BTreeMap::new();
    for listener in layout::external() {
        for id in 0..BROKERS {
            all.insert((listener.name, id), cx.port(&format!("{}-{id}", listener.name))?);
        }
    }
    Ok(Ports(all))
}

async fn open_ports(cx: &LabCx, ports: &Ports, addresses: &BTreeMap<String, String>) -> Result<()> {
    let room = cx.cluster("apps")?.room().clone();
    for listener in layout::external() {
        for id in 0..BROKERS {
            let ip = address(addresses, &layout::pod(id))?.parse().context("the address of a service")?;
            cx.relay(ports.of(listener.name, id)?, &room, SocketAddr::new(ip, listener.port)).await?;
        }
    }
    Ok(())
}

/// What the pods mount of this machine.
fn mounts(cx: &LabCx) -> Result<Mounts> {
    let java = Java::find()?;
    let text = |p: &Path| p.display().to_string();
    Ok(Mounts {
        image: BASE_IMAGE.into(),
        java_home: text(&java.home),
        java_etc: java.elsewhere.iter().map(|p| text(p)).collect(),
        kafka: text(&cx.made(&recipes::jars())?),
    })
}

/// The lines of `/etc/hosts` that a client in a pod needs to find the brokers.
pub async fn aliases(objects: &Objects) -> Result<Vec<Value>> {
    let services = objects.list(Ref("v1", "Service", NAMESPACE, ""), "strimzi.io/kind=Kafka").await?;
    Ok(manifests::host_aliases(&addresses(&services)))
}

/// The addresses of the services that have one, by name.
fn addresses(services: &[Value]) -> BTreeMap<String, String> {
    let one = |s: &Value| {
        let ip = s["spec"]["clusterIP"].as_str().filter(|ip| *ip != "None")?;
        Some((s["metadata"]["name"].as_str()?.to_owned(), ip.to_owned()))
    };
    services.iter().filter_map(one).collect()
}

fn address<'a>(addresses: &'a BTreeMap<String, String>, service: &str) -> Result<&'a String> {
    addresses.get(service).with_context(|| format!("service {service} has no address"))
}

/// What each broker's certificate has to say.
fn names(addresses: &BTreeMap<String, String>) -> Result<Vec<Vec<String>>> {
    let bootstrap = address(addresses, &layout::bootstrap_service())?;
    let of = |id| {
        let own = address(addresses, &layout::pod(id))?;
        Ok(layout::certificate_names(id, &[own.clone(), bootstrap.clone()]))
    };
    (0..BROKERS).map(of).collect()
}

/// A cluster identifier that two labs do not share: 22 characters, as Kafka wants them.
fn cluster_id(lab: &str) -> String {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(format!("{lab} {} {:?}", std::process::id(), std::time::SystemTime::now()));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    // an identifier may not begin with a dash
    bytes[0] &= 0x7f;
    super::cluster::uuid_text(&bytes)
}

/// Settings, start script and secrets.
fn settings(cluster_id: &str, mounts: &Mounts, ports: &Ports, pki: &Pki) -> Result<Vec<Value>> {
    let mut files = BTreeMap::from([
        ("start.sh".to_owned(), manifests::start_script(cluster_id, mounts)),
        ("jmx.yml".to_owned(), manifests::JMX_RULES.to_owned()),
    ]);
    let outside = |id| move |l: &Listener| ports.of(l.name, id).unwrap_or_default();
    for id in 0..BROKERS {
        let text = layout::server_properties(id, manifests::DATA, manifests::CERTS, outside(id));
        files.insert(format!("server-{id}.properties"), text);
    }
    let read = |names: &[&str]| -> Result<BTreeMap<String, String>> {
        names.iter().map(|n| Ok(((*n).to_owned(), pki.read(n)?))).collect()
    };
    let mut shown = read(&Flaw::ALL.map(keystore_of))?;
    shown.extend(read(&["clients-ca.crt"])?);
    for id in 0..BROKERS {
        shown.extend(read(&[&layout::own_keystore(id)])?);
    }
    let generation = json!({ "strimzi.io/ca-cert-generation": "0" });
    let clients = BTreeMap::from([("ca.crt".to_owned(), pki.read("clients-ca.crt")?)]);
    Ok(vec![
        manifests::config(&files),
        manifests::secret(&format!("{CLUSTER}-kafka-brokers"), &shown, json!({})),
        manifests::secret(&format!("{CLUSTER}-cluster-ca-cert"), &read(&["ca.crt"])?, generation.clone()),
        manifests::secret(&format!("{CLUSTER}-clients-ca-cert"), &clients, generation),
        manifests::secret(manifests::user_secret(), &read(&["user.crt", "user.key"])?, json!({})),
    ])
}

/// The endpoints: mutual TLS unasked, the others by name, the broken ones for tests of refusal.
fn fragment(pki: &Pki, ports: &Ports) -> Fragment {
    let file = |name: &str| json!({ "file": pki.path(name) });
    let mut out = Fragment::default();
    for listener in layout::external() {
        let mut endpoint = json!({ "bootstrap": ports.bootstrap(listener.name) });
        if listener.auth != Auth::Plain {
            endpoint["tls"] = json!({ "ca": file("ca.crt") });
        }
        match listener.auth {
            Auth::Mutual => {
                endpoint["tls"]["certificate"] = file("user.crt");
                endpoint["tls"]["key"] = file("user.key");
            }
            Auth::Scram => {
                endpoint["sasl"] = json!({ "mechanism": "scram-sha-512", "user": USER, "password": PASSWORD });
            }
            Auth::Plain | Auth::Tls => {}
        }
        out = out.endpoint(endpoint_name(listener), json!({ "kafka": endpoint }));
    }
    let service = format!("{NAMESPACE}/{}", layout::bootstrap_service());
    let through = json!({ "cluster": "apps", "service": service, "port": 9093 });
    out = out.endpoint("kafka-through", json!({ "kafka": { "through": through, "tls": { "ca": file("ca.crt") } } }));
    let listener = ports.bootstrap("exttls");
    let listener = listener.split(',').next().unwrap_or_default();
    out = out.endpoint("kafka-listener", json!({ "tls": { "address": listener, "ca": file("ca.crt") } }));
    out.default_for("kafka", "kafka")
        .input("kafka_job", json!("kafka-resources-metrics"))
        .sentence("kafka: three brokers of Apache Kafka 4.3.1 in pods of apps; in the clear between brokers; one CPU-saving JVM tier, so no place for benchmarks")
        .sentence("kafka: the endpoints kafka-expired, kafka-wrongname and kafka-foreign show certificates that a client must refuse")
}

fn endpoint_name(listener: &Listener) -> &'static str {
    match listener.name {
        "extmtls" => "kafka",
        "extplain" => "kafka-plain",
        "exttls" => "kafka-tls",
        "extscram" => "kafka-scram",
        "expired" => "kafka-expired",
        "wrongname" => "kafka-wrongname",
        _ => "kafka-foreign",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_ports() -> Ports {
        let all = layout::external().flat_map(|l| (0..BROKERS).map(move |id| ((l.name, id), l.port + id as u16)));
        Ports(all.collect())
    }

    #[test]
    fn the_unasked_endpoint_is_mutual_tls_with_all_brokers() {
        let dir = tempfile::tempdir().unwrap();
        let pki = Pki::create(dir.path(), &[vec![]]).unwrap();
        let f = fragment(&pki, &some_ports());
        let kafka = &f.endpoints["kafka"]["kafka"];
        assert_eq!(kafka["bootstrap"], "127.0.0.1:9194,127.0.0.1:9195,127.0.0.1:9196");
        assert!(kafka["tls"]["key"]["file"].as_str().unwrap().ends_with("user.key"));
        assert_eq!(f.endpoints.len(), 9);
        assert!(f.endpoints["kafka-plain"]["kafka"]["tls"].is_null());
        assert_eq!(f.defaults["kafka"], "kafka");
    }

    #[test]
    fn only_services_with_an_address_count() {
        let service = |name: &str, ip: &str| json!({ "metadata": { "name": name }, "spec": { "clusterIP": ip } });
        let found = addresses(&[service("a", "10.9.1.1"), service("headless", "None")]);
        assert_eq!(found, BTreeMap::from([("a".to_owned(), "10.9.1.1".to_owned())]));
        assert!(names(&found).is_err(), "a broker without an address is an error");
    }

    #[test]
    fn identifiers_differ_and_have_kafkas_form() {
        let (a, b) = (cluster_id("x"), cluster_id("x"));
        assert_ne!(a, b);
        assert!(a.len() == 22 && !a.starts_with('-'), "{a}");
    }
}
