//! The server that answers: a cluster of the sandbox, or a real one.

use std::sync::atomic::{AtomicU32, Ordering};

use checkrun_sandbox::clock::Clock;
use checkrun_sandbox::kube::{Cluster, Served};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

/// Somebody who answers.
pub struct Server {
    pub client: Client,
    pub called: String,
    count: AtomicU32,
    _served: Option<Served>,
}

pub const JSON: &str = "application/json";

/// What is asked.
pub struct Request<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub media: &'a str,
    pub accept: &'a str,
    /// For whom.
    pub user: Option<&'a str>,
    pub body: Option<String>,
}

impl<'a> Request<'a> {
    pub fn new(method: &'a str, path: &'a str) -> Self {
        Self { method, path, media: JSON, accept: JSON, user: None, body: None }
    }
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub body: Json,
    pub media: String,
    pub warnings: Vec<String>,
}

impl Server {
    pub async fn start() -> Self {
        match std::env::var("KUBE_CONFORMANCE_KUBECONFIG") {
            Ok(path) => {
                let client = client(Kubeconfig::read_from(&path).unwrap()).await;
                Self { client, called: path, count: AtomicU32::new(0), _served: None }
            }
            Err(_) => {
                let cluster = Cluster::new("sandbox", Clock::new(1.0));
                cluster.user("admin", "admin", &["system:masters"]);
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let url = format!("http://{}", listener.local_addr().unwrap());
                let served = cluster.serve(listener, None);
                let kubeconfig = Kubeconfig::from_yaml(&cluster.kubeconfig(&url, None, "admin")).unwrap();
                let called = "the sandbox".to_owned();
                Self { client: client(kubeconfig).await, called, count: AtomicU32::new(0), _served: Some(served) }
            }
        }
    }

    /// A word that no other case of any run has.
    pub fn word(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        format!("c{}-{count}", std::process::id())
    }

    pub async fn ask(&self, asked: Request<'_>) -> Answer {
        let path = asked.path;
        let mut request = http::Request::builder()
            .method(asked.method)
            .uri(path)
            .header("accept", asked.accept)
            .header("content-type", asked.media)
            .header("user-agent", "conformance/1");
        if let Some(user) = asked.user {
            request = request.header("impersonate-user", user);
        }
        let request = request.body(Body::from(asked.body.unwrap_or_default().into_bytes())).unwrap();
        let response = self.client.send(request).await.unwrap();
        let status = response.status().as_u16();
        let text = |name: &str| {
            let values = response.headers().get_all(name).iter();
            values.map(|value| value.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let (media, warnings) = (text("content-type").join(""), text("warning"));
        let bytes = response.into_body().collect_bytes().await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = match path.contains("watch=") && status == 200 {
            true => {
                json!({ "events": text.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<Json>>() })
            }
            false => serde_json::from_str(&text).unwrap_or(Json::from(text)),
        };
        Answer { status, body, media, warnings }
    }
}

async fn client(kubeconfig: Kubeconfig) -> Client {
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}
