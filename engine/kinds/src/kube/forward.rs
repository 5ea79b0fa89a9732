//! A local port that leads to a service inside a cluster: each connection goes to a pod that is ready then.
//! One listener a service and run. Carries bytes, knows no protocol.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use checkrun_model::{Broken, Cx};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use serde_json::Value as Json;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OnceCell;

use super::ask::Ask;
use super::cluster::Cluster;
use super::place::segment;
use crate::own;
use crate::through::{PodPort, Through};

/// To find a pod for a connection.
const FIND: Duration = Duration::from_secs(10);

/// What a forward leads to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum End {
    Service(Through),
    #[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "only Kafka needs one pod and no other"))]
    Pod(PodPort),
}

/// The forwards of one run.
#[derive(Default)]
struct Forwards(Mutex<HashMap<End, Arc<OnceCell<SocketAddr>>>>);

/// Where the pods behind a forward are found.
struct Way {
    cluster: Arc<Cluster>,
    namespace: String,
    ports: Ports,
}

/// Which pods.
enum Ports {
    /// Those behind a service, in turn.
    Service { service: String, port: u16, turn: AtomicUsize },
    /// This one.
    Pod(Pier),
}

/// A pod, and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pier {
    pod: String,
    port: u16,
}

/// A local address that leads to the service; it listens as long as the run lasts.
///
/// # Errors
/// The cluster cannot be asked, or no pod behind the service is ready.
pub(crate) async fn forward(cx: &Cx, through: &Through) -> Result<SocketAddr, Broken> {
    shared(cx, End::Service(through.clone())).await
}

/// A local address that leads to one pod; it listens as long as the run lasts.
///
/// # Errors
/// The cluster cannot be asked, or the pod is not there.
#[cfg(feature = "kafka")]
pub(crate) async fn forward_pod(cx: &Cx, pod: &PodPort) -> Result<SocketAddr, Broken> {
    shared(cx, End::Pod(pod.clone())).await
}

async fn shared(cx: &Cx, end: End) -> Result<SocketAddr, Broken> {
    let forwards = cx.shared.get::<Forwards>();
    let slot = {
        let mut slots = forwards.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(end.clone()).or_default())
    };
    slot.get_or_try_init(|| async { open(Way::to(cx, &end).await?, cx.deadline).await }).await.copied()
}

async fn open(way: Way, deadline: Instant) -> Result<SocketAddr, Broken> {
    way.pier(deadline).await?;
    let unbound = |why: std::io::Error| Broken::fatal(format!("no local port for a forward: {why}"));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(unbound)?;
    let address = listener.local_addr().map_err(unbound)?;
    let way = Arc::new(way);
    tokio::spawn(async move {
        // What the context's identity may reach is for this process, not for all users of this machine.
        while let Ok(stream) = own::accept(&listener).await {
            let way = Arc::clone(&way);
            // A connection that finds no pod is closed: to who speaks over it, the service is not there.
            tokio::spawn(async move { way.carry(stream).await });
        }
    });
    Ok(address)
}

impl Way {
    async fn to(cx: &Cx, end: &End) -> Result<Self, Broken> {
        let (cluster, namespace, ports) = match end {
            End::Service(through) => {
                let (namespace, service) = through.namespace_and_name().map_err(Broken::fatal)?;
                let service = segment(service)?.to_owned();
                (&through.cluster, namespace, Ports::Service { service, port: through.port, turn: AtomicUsize::new(0) })
            }
            End::Pod(pod) => {
                let pier = Pier { pod: segment(&pod.pod)?.to_owned(), port: pod.port };
                (&pod.cluster, pod.namespace.as_str(), Ports::Pod(pier))
            }
        };
        Ok(Self { cluster: Cluster::named(cx, cluster).await?, namespace: segment(namespace)?.to_owned(), ports })
    }

    /// Carries the bytes of one connection until either side ends it.
    async fn carry(&self, mut stream: TcpStream) -> Option<()> {
        let pier = self.pier(Instant::now() + FIND).await.ok()?;
        let pods: Api<Pod> = Api::namespaced(self.cluster.client.clone(), &self.namespace);
        let mut forwarder = pods.portforward(&pier.pod, &[pier.port]).await.ok()?;
        let mut pod = forwarder.take_stream(pier.port)?;
        let _ = stream.set_nodelay(true);
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut pod).await;
        Some(())
    }

    /// The pod that the next connection goes to.
    async fn pier(&self, deadline: Instant) -> Result<Pier, Broken> {
        match &self.ports {
            Ports::Service { service, port, turn } => {
                let mut piers = self.ready(service, *port, deadline).await?;
                match piers.len() {
                    0 => Err(Broken::transient(format!("no pod behind Service {}/{service} is ready", self.namespace))),
                    count => Ok(piers.swap_remove(turn.fetch_add(1, Ordering::Relaxed) % count)),
                }
            }
            Ports::Pod(pier) => {
                let path = format!("/api/v1/namespaces/{}/pods/{}", self.namespace, pier.pod);
                let found = self.cluster.ask(&Ask::get(path), deadline).await?.found()?;
                let missing = || Broken::transient(format!("Pod {}/{} does not exist", self.namespace, pier.pod));
                found.map(|_| pier.clone()).ok_or_else(missing)
            }
        }
    }

    /// The pods behind a service that are ready.
    async fn ready(&self, service: &str, port: u16, deadline: Instant) -> Result<Vec<Pier>, Broken> {
        let called = format!("Service {}/{service}", self.namespace);
        let path = format!("/api/v1/namespaces/{}/services/{service}", self.namespace);
        let found = self.cluster.ask(&Ask::get(path), deadline).await?.found()?;
        let object = found.ok_or_else(|| Broken::transient(format!("{called} does not exist")))?;
        let name = port_name(&object, port).ok_or_else(|| {
            let ports: Vec<String> = list(&object["spec"]["ports"]).map(|port| port["port"].to_string()).collect();
            Broken::fatal(format!("{called} has no port {port}")).hint(format!("its ports: {}", ports.join(", ")))
        })?;
        let slices = self.cluster.kind("EndpointSlice.discovery.k8s.io", deadline).await?;
        let labels = BTreeMap::from([("kubernetes.io/service-name".to_owned(), service.to_owned())]);
        let slices = self.cluster.list(&slices, Some(&self.namespace), &labels, deadline).await?.items;
        Ok(slices.iter().flat_map(|slice| piers(slice, &name)).collect())
    }
}

fn list(list: &Json) -> impl Iterator<Item = &Json> {
    list.as_array().into_iter().flatten()
}

/// The name of a service's port; empty for the only one.
fn port_name(service: &Json, port: u16) -> Option<String> {
    let found = list(&service["spec"]["ports"]).find(|candidate| candidate["port"] == port)?;
    Some(found["name"].as_str().unwrap_or_default().to_owned())
}

/// The pods of a slice that are ready, each with the port of this name.
fn piers(slice: &Json, port: &str) -> Vec<Pier> {
    let port = list(&slice["ports"]).find(|candidate| candidate["name"].as_str().unwrap_or_default() == port);
    let Some(port) = port.and_then(|port| port["port"].as_u64()).and_then(|port| u16::try_from(port).ok()) else {
        return Vec::new();
    };
    let ready = |endpoint: &&Json| endpoint["conditions"]["ready"] != false && endpoint["targetRef"]["kind"] == "Pod";
    let pods = list(&slice["endpoints"]).filter(ready).filter_map(|endpoint| endpoint["targetRef"]["name"].as_str());
    pods.map(|pod| Pier { pod: pod.to_owned(), port }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_pods_that_are_ready_are_reached_at_the_port_of_that_name() {
        let service = json!({ "spec": { "ports": [{ "name": "web", "port": 80 }, { "name": "tls", "port": 443 }] } });
        let endpoint = |name: &str, ready: bool| json!({ "targetRef": { "kind": "Pod", "name": name }, "conditions": { "ready": ready } });
        let slice = json!({
            "ports": [{ "name": "web", "port": 8080 }, { "name": "tls", "port": 8443 }],
            "endpoints": [endpoint("a", true), endpoint("b", false), { "addresses": ["10.0.0.1"], "conditions": { "ready": true } }],
        });
        let name = port_name(&service, 443).unwrap();
        assert_eq!(piers(&slice, &name), [Pier { pod: "a".into(), port: 8443 }]);
        assert_eq!(port_name(&service, 81), None);
    }
}
