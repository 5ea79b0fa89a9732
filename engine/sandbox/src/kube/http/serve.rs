//! Connections: taken from a listener, over TLS or not, HTTP/1.1 or HTTP/2, until they are told to end.

use std::net::SocketAddr;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use super::gate;
use crate::kube::server::Server;

/// A server that answers until this is dropped.
#[derive(Debug)]
pub struct Served {
    end: CancellationToken,
    address: Option<SocketAddr>,
}

impl Served {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

/// Answers whoever comes to `listener`.
pub(in crate::kube) fn serve(
    server: Arc<Server>,
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
) -> Served {
    let served = Served { end: CancellationToken::new(), address: listener.local_addr().ok() };
    let end = served.end.clone();
    let tls = tls.map(|config| {
        let mut config = rustls::ServerConfig::clone(&config);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(config))
    });
    tokio::spawn(async move {
        tokio::select! {
            () = end.cancelled() => {}
            () = Arc::clone(&server).keep_house() => {}
            () = accept(server, listener, tls, &end) => {}
        }
    });
    served
}

async fn accept(server: Arc<Server>, listener: TcpListener, tls: Option<TlsAcceptor>, end: &CancellationToken) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        if server.faults.borrow().is_down() {
            continue;
        }
        let _ = stream.set_nodelay(true);
        let (server, tls, end) = (Arc::clone(&server), tls.clone(), end.clone());
        tokio::spawn(async move {
            let mut faults = server.faults.subscribe();
            let down = async { drop(faults.wait_for(super::super::interference::Faults::is_down).await) };
            let carried = async {
                match tls {
                    None => connection(&server, &end, stream).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            connection(&server, &end, stream).await;
                        }
                    }
                }
            };
            tokio::select! {
                () = end.cancelled() => {}
                () = down => {}
                () = carried => {}
            }
        });
    }
}

/// Answers over one connection. What goes wrong with it ends it; its client knows.
async fn connection<S>(server: &Arc<Server>, end: &CancellationToken, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| {
        let (server, end) = (Arc::clone(server), end.clone());
        async move { Ok::<_, std::convert::Infallible>(gate::answer(server, end, request).await) }
    });
    let builder = Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
}
