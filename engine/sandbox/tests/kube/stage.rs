//! A cluster that is served, and a client of it.

use checkrun_sandbox::authority::Authority;
use checkrun_sandbox::clock::Clock;
use checkrun_sandbox::kube::{Cluster, Served};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

/// A cluster with an administrator, whose token is `admin`.
pub struct Stage {
    pub cluster: Cluster,
    pub client: Client,
    pub url: String,
    _served: Served,
}

impl Stage {
    /// Without TLS.
    pub async fn plain() -> Self {
        Self::new(1.0, None).await
    }

    /// With TLS, signed by an authority of its own.
    pub async fn secure() -> Self {
        let authority = Authority::new("test").unwrap();
        Self::new(1.0, Some(authority)).await
    }

    pub async fn new(rate: f64, authority: Option<Authority>) -> Self {
        let cluster = Cluster::new("apps", Clock::new(rate));
        cluster.user("admin", "admin", &["system:masters"]);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tls, scheme) = match &authority {
            Some(authority) => (Some(config(authority)), "https"),
            None => (None, "http"),
        };
        let served = cluster.serve(listener, tls);
        let url = format!("{scheme}://{address}");
        let client = client(&cluster.kubeconfig(&url, authority.as_ref().map(Authority::pem), "admin")).await;
        Self { cluster, client, url, _served: served }
    }

    /// A client who shows this token.
    pub async fn client_of(&self, token: &str) -> Client {
        client(&self.cluster.kubeconfig(&self.url, None, token)).await
    }
}

fn config(authority: &Authority) -> std::sync::Arc<rustls::ServerConfig> {
    checkrun_sandbox::kube::tls(&authority.server(&["127.0.0.1".to_owned()]).unwrap()).unwrap()
}

async fn client(kubeconfig: &str) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

pub fn config_map(name: &str, data: Json) -> Json {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "namespace": "default" }, "data": data })
}

pub fn pod(name: &str) -> Json {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": "default", "labels": { "app": name } },
        "spec": { "nodeName": "node", "containers": [{ "name": "c", "image": "i" }] },
        "status": { "phase": "Running", "containerStatuses": [{ "name": "c", "ready": true, "state": { "running": {} } }] },
    })
}
