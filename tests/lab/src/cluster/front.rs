//! A gateway before an API server, as many clusters have one: it takes the server's TLS, looks at each request's head,
//! and is slow, answers 429, or refuses watches. Only who comes from outside meets it; the cluster's own parts do not.
//!
//! The server's own limits would not do: it exempts `system:masters`, and it would hold up its controllers, too.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use super::pki::Pki;
use super::site::Site;
use crate::httphead::{Head, answer};
use crate::machine::room::Room;
use crate::web::server::acceptor;

/// How long a slow gateway keeps each request.
const SLOW: Duration = Duration::from_secs(3);

/// What a gateway does to requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Front {
    /// Each waits before it is passed on.
    Slow,
    /// Each is answered 429 with `Retry-After: 1`.
    TooMany,
    /// A watch is answered 403, everything else is passed on.
    NoWatches,
}

/// A gateway that is open; it closes when this is dropped.
#[derive(Debug)]
pub struct Gateway {
    /// Where it listens.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Behind {
    front: Front,
    room: Room,
    to: SocketAddr,
    connector: TlsConnector,
}

impl Gateway {
    /// Opens one on a free port of loopback, outside the cluster's room.
    pub async fn open(front: Front, site: &Site, pki: &Pki, room: &Room) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("listening for the gateway")?;
        let address = listener.local_addr()?;
        let pem = |name: &str| std::fs::read(pki.path(name)).with_context(|| format!("reading {name}"));
        let keystore = site.dir.join("gateway.pem");
        std::fs::write(&keystore, [pem("apiserver.key")?, pem("apiserver.crt")?].concat())?;
        let acceptor = acceptor(&keystore)?;
        let connector = connector(&pki.path("ca.crt"))?;
        let behind = Arc::new(Behind { front, room: room.clone(), to: site.api(), connector });
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), Arc::clone(&behind));
                tokio::spawn(async move {
                    let Ok(client) = acceptor.accept(client).await else { return };
                    if let Err(e) = behind.serve(client).await {
                        eprintln!("gateway: {e:#}");
                    }
                });
            }
        });
        Ok(Self { address, task })
    }
}

fn connector(ca: &Path) -> Result<TlsConnector> {
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(CertificateDer::from_pem_file(ca).with_context(|| format!("reading {}", ca.display()))?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(trusted).with_no_client_auth())))
}

type Secured = tokio_rustls::server::TlsStream<TcpStream>;

impl Behind {
    async fn serve(&self, mut client: Secured) -> Result<()> {
        let Some((head, rest)) = Head::read(&mut client).await? else { return Ok(()) };
        if let Some(refusal) = self.front.refuses(&head) {
            client.write_all(refusal.as_bytes()).await?;
            return Ok(client.shutdown().await?);
        }
        if self.front == Front::Slow {
            tokio::time::sleep(SLOW).await;
        }
        let server = self.room.connect(self.to).await?;
        let mut server = self.connector.connect("kubernetes".try_into()?, server).await?;
        server.write_all(head.forwarded(head.path()).as_bytes()).await?;
        server.write_all(&rest).await?;
        // either side may hang up first
        let _ = copy_bidirectional(&mut client, &mut server).await;
        Ok(())
    }
}

impl Front {
    fn refuses(self, head: &Head) -> Option<String> {
        match self {
            Self::TooMany => Some(too_many()),
            Self::NoWatches if is_watch(head.path()) => Some(no_watch(head.path())),
            Self::Slow | Self::NoWatches => None,
        }
    }
}

/// `watch=true` in the query, as clients spell it, or the old path.
fn is_watch(path: &str) -> bool {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let asked = query.split('&').any(|pair| matches!(pair, "watch" | "watch=true" | "watch=1" | "watch=True"));
    asked || path.contains("/watch/")
}

fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": message, "reason": reason, "code": code,
    })
}

fn too_many() -> String {
    let body = status(429, "TooManyRequests", "Too many requests, please try again later.");
    answer("429 Too Many Requests", "retry-after: 1\r\n", &body)
}

fn no_watch(path: &str) -> String {
    let path = path.split('?').next().unwrap_or(path);
    let body = status(403, "Forbidden", &format!("watching {path} is forbidden: the gateway allows no watches"));
    answer("403 Forbidden", "", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_watches_are_watches() {
        assert!(is_watch("/api/v1/pods?limit=5&watch=true") && is_watch("/api/v1/watch/pods"));
        assert!(!is_watch("/api/v1/pods?watch=false") && !is_watch("/api/v1/namespaces/watch"));
    }

    #[test]
    fn refusals_are_statuses_of_the_api() {
        let head = Head("GET /api/v1/pods?watch=1 HTTP/1.1".into());
        let refusal = Front::NoWatches.refuses(&head).unwrap();
        assert!(refusal.starts_with("HTTP/1.1 403 ") && refusal.contains(r#""reason":"Forbidden""#), "{refusal}");
        let refusal = Front::TooMany.refuses(&head).unwrap();
        assert!(refusal.contains("retry-after: 1\r\n") && refusal.contains(r#""code":429"#), "{refusal}");
        assert!(Front::Slow.refuses(&head).is_none());
    }
}
