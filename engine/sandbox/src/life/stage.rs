//! Everything that exists in a world, on its sockets. Plays nothing.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

use crate::authority::Authority;
use crate::clock::Clock;
use crate::file::World;
use crate::file::shape::{ClusterShape, KafkaEndpointShape, KafkaShape, TopicShape, service};
use crate::kafka::{Config, Kafka, Listener, Wanted};
use crate::kube::{Cluster, Served};
use crate::logs::Logs;
use crate::metrics::Metrics;
use crate::registry::{self, Registry};
use crate::routes::Routes;
use crate::s3::S3;
use crate::web::{Server, Site};

/// Names that servers of the sandbox answer to.
pub(super) const NAMES: [&str; 2] = ["127.0.0.1", "localhost"];

/// Where everything is, for the target.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The kubeconfig of each cluster.
    pub kubeconfigs: BTreeMap<String, String>,
    /// What stands under each endpoint of the target.
    pub endpoints: BTreeMap<String, Json>,
}

/// What exists.
pub struct Stage {
    pub(super) clock: Clock,
    pub(super) authority: Authority,
    pub(super) clusters: BTreeMap<String, Cluster>,
    pub(super) kafka: BTreeMap<String, Kafka>,
    pub(super) metrics: BTreeMap<String, Arc<Metrics>>,
    pub(super) logs: BTreeMap<String, Arc<Logs>>,
    pub(super) registries: BTreeMap<String, Registry>,
    pub(super) s3: BTreeMap<String, S3>,
    pub(super) sites: BTreeMap<String, Arc<Routes>>,
    pub(super) services: BTreeMap<String, Server>,
    /// TLS listeners of each Kafka.
    pub(super) tls: BTreeMap<String, Vec<String>>,
    _served: Vec<Served>,
}

/// What could not be started, and why.
type Trouble = String;

fn trouble(what: &str) -> impl Fn(&dyn std::fmt::Display) -> Trouble + '_ {
    move |why| format!("{what}: {why}")
}

impl Stage {
    /// Brings everything up; nothing has happened yet.
    ///
    /// # Errors
    /// A sentence that names what could not be started.
    pub async fn build(world: &World, clock: Clock) -> Result<(Self, Places), Trouble> {
        let authority = Authority::new("checkrun sandbox").map_err(|why| why.to_string())?;
        let mut stage = Self {
            clock,
            authority,
            clusters: BTreeMap::new(),
            kafka: BTreeMap::new(),
            metrics: BTreeMap::new(),
            logs: BTreeMap::new(),
            registries: BTreeMap::new(),
            s3: BTreeMap::new(),
            sites: BTreeMap::new(),
            services: BTreeMap::new(),
            tls: BTreeMap::new(),
            _served: Vec::new(),
        };
        let mut places = Places::default();
        for (name, shape) in &world.shape.kafka {
            stage.kafka(name, shape, &mut places).await.map_err(|why| trouble(name)(&why))?;
        }
        stage.registries(world, &mut places).await?;
        stage.stores(world, &mut places).await?;
        for (name, shape) in &world.shape.s3 {
            let config = stage.s3(name, shape).await.map_err(|why| trouble(name)(&why))?;
            places.endpoints.insert(name.clone(), config);
        }
        for (name, shape) in &world.shape.clusters {
            let kubeconfig = stage.cluster(name, shape).await.map_err(|why| trouble(name)(&why))?;
            places.kubeconfigs.insert(name.clone(), kubeconfig);
        }
        Ok((stage, places))
    }

    async fn cluster(&mut self, name: &str, shape: &ClusterShape) -> Result<String, Trouble> {
        let cluster = Cluster::new(name, self.clock);
        let token = uuid::Uuid::new_v4().simple().to_string();
        match &shape.user {
            Some(user) => {
                let groups: Vec<&str> = user.groups.iter().map(String::as_str).collect();
                cluster.user(&token, &user.name, &groups);
            }
            None => cluster.user(&token, "sandbox", &["system:masters"]),
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|why| why.to_string())?;
        let url = format!("https://{}", listener.local_addr().map_err(|why| why.to_string())?);
        self._served.push(cluster.serve(listener, Some(self.tls_config()?)));
        for (place, endpoint) in &shape.expose {
            let Some((namespace, name, port)) = service(place) else { continue };
            if let Some(to) = self.address(endpoint) {
                cluster.expose(namespace, name, port, to);
            }
        }
        let kubeconfig = cluster.kubeconfig(&url, Some(self.authority.pem()), &token);
        self.clusters.insert(name.to_owned(), cluster);
        Ok(kubeconfig)
    }

    /// The socket of an endpoint of this world.
    fn address(&self, endpoint: &str) -> Option<std::net::SocketAddr> {
        let registry = || self.registries.get(endpoint).map(Registry::address);
        let s3 = || self.s3.get(endpoint).map(S3::address);
        self.services.get(endpoint).map(Server::address).or_else(registry).or_else(s3)
    }

    pub(super) fn tls_config(&self) -> Result<Arc<rustls::ServerConfig>, Trouble> {
        use rustls::pki_types::pem::PemObject as _;
        use rustls::pki_types::{CertificateDer, PrivateKeyDer};
        let signed = self.authority.server(&NAMES.map(str::to_owned)).map_err(|why| why.to_string())?;
        let certificate =
            CertificateDer::from_pem_slice(signed.certificate.as_bytes()).map_err(|why| why.to_string())?;
        let key = PrivateKeyDer::from_pem_slice(signed.key.as_bytes()).map_err(|why| why.to_string())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|why| why.to_string())?
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        config.map(Arc::new).map_err(|why| why.to_string())
    }

    async fn kafka(&mut self, name: &str, shape: &KafkaShape, places: &mut Places) -> Result<(), Trouble> {
        let mut config = Config {
            cluster_id: shape.cluster_id.clone().unwrap_or_else(|| name.to_owned()),
            settings: shape.settings.clone(),
            controllers_apart: shape.controllers_apart,
            listeners: Vec::new(),
            ..Config::default()
        };
        if let Some(brokers) = &shape.brokers {
            config.brokers.clone_from(brokers);
        }
        for (listener, kind) in &shape.listeners {
            config.listeners.push(match kind.tls {
                true => {
                    let signed = self.authority.server(&NAMES.map(str::to_owned)).map_err(|why| why.to_string())?;
                    Listener::tls(listener, signed, None)
                }
                false => Listener::plain(listener),
            });
        }
        let first = config.brokers.first().copied().unwrap_or_default();
        let kafka = Kafka::start(config, self.clock).await.map_err(|why| why.to_string())?;
        for topic in &shape.topics {
            kafka.create_topic(&wanted(topic)).map_err(|why| why.to_string())?;
        }
        for (endpoint, kind) in &shape.endpoints {
            let ca = json!({ "pem": self.authority.pem() });
            let (KafkaEndpointShape::Kafka(listener)
            | KafkaEndpointShape::Tls(listener)
            | KafkaEndpointShape::Tcp(listener)) = kind;
            let address = kafka.address(listener, first).map_err(|why| why.to_string())?.to_string();
            let tls = shape.listeners.get(listener).is_some_and(|listener| listener.tls);
            let config = match kind {
                KafkaEndpointShape::Kafka(listener) => {
                    let bootstrap = kafka.bootstrap(listener).map_err(|why| why.to_string())?;
                    let tls = if tls { json!({ "ca": ca }) } else { Json::Null };
                    json!({ "kafka": if tls.is_null() { json!({ "bootstrap": bootstrap }) } else { json!({ "bootstrap": bootstrap, "tls": tls }) } })
                }
                KafkaEndpointShape::Tls(_) => json!({ "tls": { "address": address, "ca": ca } }),
                KafkaEndpointShape::Tcp(_) => json!({ "tcp": { "address": address } }),
            };
            places.endpoints.insert(endpoint.clone(), config);
        }
        let tls = shape.listeners.iter().filter(|(_, kind)| kind.tls).map(|(listener, _)| listener.clone());
        self.tls.insert(name.to_owned(), tls.collect());
        self.kafka.insert(name.to_owned(), kafka);
        Ok(())
    }

    async fn registries(&mut self, world: &World, places: &mut Places) -> Result<(), Trouble> {
        for (name, shape) in &world.shape.registries {
            let mut config = registry::Config::default();
            if let Some(kafka) = shape.kafka.as_ref().and_then(|kafka| self.kafka.get(kafka)) {
                config.kafka_cluster_id = kafka.cluster_id();
            }
            let registry = Registry::start(config).await.map_err(|why| trouble(name)(&why))?;
            places.endpoints.insert(name.clone(), json!({ "http": { "url": format!("{}/", registry.url()) } }));
            self.registries.insert(name.clone(), registry);
        }
        Ok(())
    }

    async fn stores(&mut self, world: &World, places: &mut Places) -> Result<(), Trouble> {
        for name in world.shape.metrics.keys() {
            let metrics = Arc::new(Metrics::new(self.clock));
            self.metrics.insert(name.clone(), Arc::clone(&metrics));
            self.serve(name, "promql", metrics, places).await?;
        }
        for name in world.shape.logs.keys() {
            let logs = Arc::new(Logs::new(self.clock));
            self.logs.insert(name.clone(), Arc::clone(&logs));
            self.serve(name, "logsql", logs, places).await?;
        }
        for (name, shape) in &world.shape.http {
            let routes = Arc::new(Routes::new(self.clock, shape.routes.clone()));
            self.sites.insert(name.clone(), Arc::clone(&routes));
            self.serve(name, "http", routes, places).await?;
        }
        Ok(())
    }

    async fn serve(
        &mut self,
        name: &str,
        family: &str,
        site: Arc<dyn Site>,
        places: &mut Places,
    ) -> Result<(), Trouble> {
        let server = Server::start(site).await.map_err(|why| trouble(name)(&why))?;
        let url = format!("http://{}/", server.address());
        places.endpoints.insert(name.to_owned(), json!({ family: { "url": url } }));
        self.services.insert(name.to_owned(), server);
        Ok(())
    }
}

/// A topic of a world as a Kafka is asked for it.
pub(super) fn wanted(topic: &TopicShape) -> Wanted {
    Wanted {
        name: topic.name.clone(),
        partitions: topic.partitions,
        replicas: topic.replicas,
        config: topic.config.clone(),
        ..Wanted::default()
    }
}
