//! Where the brokers of a cluster are reached from outside it: by the names that they advertise, each over a
//! port-forward of its own. Speaks nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use checkrun_model::kind::BoxFuture;
use checkrun_model::{Broken, Cx, Shared};
use tokio::net::TcpStream;

use super::endpoint::KafkaEndpoint;
use super::relay::{Dial, Relay};
use crate::http::tls::Trust;
use crate::through::{PodPort, Through, forward, forward_pod};

/// The relays of one run.
#[derive(Default)]
struct Relays(Mutex<HashMap<KafkaEndpoint, Arc<Relay>>>);

/// The run's relay for an endpoint that is reached `through` a cluster.
///
/// # Errors
/// Its certificates cannot be used.
pub(super) fn relay(cx: &Cx, endpoint: &KafkaEndpoint, through: &Through) -> Result<Arc<Relay>, Broken> {
    let relays = cx.shared.get::<Relays>();
    let mut made = relays.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(relay) = made.get(endpoint) {
        return Ok(Arc::clone(relay));
    }
    let tls = endpoint.tls.as_ref().map(|tls| {
        let trust = Trust { ca: tls.ca.clone(), certificate: tls.certificate.clone(), key: tls.key.clone() };
        trust.config(&cx.run.suite_dir)
    });
    // The relay outlives the check that asks first, and must not keep alive what keeps it alive.
    let cx = Cx { shared: Arc::new(Shared::default()), cancelled: Arc::default(), ..cx.clone() };
    let relay = Relay::new(Box::new(Doors { cx, through: through.clone() }), tls.transpose()?);
    made.insert(endpoint.clone(), Arc::clone(&relay));
    Ok(relay)
}

/// Port-forwards by advertised name.
struct Doors {
    cx: Cx,
    through: Through,
}

/// The most that one connection may take.
const PATIENCE: Duration = Duration::from_secs(30);

impl Dial for Doors {
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, Result<TcpStream, Broken>> {
        Box::pin(async move {
            let cx = Cx { deadline: Instant::now() + PATIENCE, ..self.cx.clone() };
            let local = match behind(host, port, &self.through)? {
                Behind::Service(service) => forward(&cx, &service).await?,
                Behind::Pod(pod) => forward_pod(&cx, &pod).await?,
            };
            let refused = |why| Broken::transient(format!("no connection to {host}:{port}: {why}"));
            TcpStream::connect(local).await.map_err(refused)
        })
    }
}

/// What stands behind a name.
#[derive(Debug, PartialEq, Eq)]
enum Behind {
    Service(Through),
    Pod(PodPort),
}

/// What stands behind an advertised name: `pod.service.namespace.svc` is a pod, `service.namespace.svc` a service,
/// each with or without the cluster's domain.
fn behind(host: &str, port: u16, through: &Through) -> Result<Behind, Broken> {
    let cluster = through.cluster.clone();
    let labels: Vec<&str> = host.split('.').collect();
    match labels.as_slice() {
        [service, namespace, "svc", ..] => {
            Ok(Behind::Service(Through { cluster, service: format!("{namespace}/{service}"), port }))
        }
        [pod, _, namespace, "svc", ..] => {
            let (namespace, pod) = ((*namespace).to_owned(), (*pod).to_owned());
            Ok(Behind::Pod(PodPort { cluster, namespace, pod, port }))
        }
        _ => Err(Broken::fatal(format!(
            "the brokers advertise {host}:{port}, which is neither a pod nor a service of a cluster"
        ))
        .hint("give the endpoint a `bootstrap:` that is reachable from here, instead of `through:`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advertised_names_are_pods_or_services() {
        let through =
            Through { cluster: "apps".into(), service: "kafka/kafka-cluster-kafka-bootstrap".into(), port: 9093 };
        let is = |host: &str| behind(host, 9093, &through).ok();
        assert_eq!(is(&through.host().unwrap()), Some(Behind::Service(through.clone())));
        let pod = PodPort {
            cluster: "apps".into(),
            namespace: "kafka".into(),
            pod: "kafka-cluster-broker-0".into(),
            port: 9093,
        };
        for domain in ["svc", "svc.cluster.local"] {
            let host = format!("kafka-cluster-broker-0.kafka-cluster-kafka-brokers.kafka.{domain}");
            assert_eq!(is(&host).as_ref(), Some(&Behind::Pod(PodPort { ..pod.clone() })), "{host}");
        }
        for other in ["10.0.0.1", "localhost", "broker-0.example.com"] {
            assert_eq!(is(other), None, "{other}");
        }
    }
}
