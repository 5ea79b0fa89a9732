//! One socket, its connections, and what becomes of them. Knows handlers by their trait alone.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::site::{Whole, response};
use super::{Answer, Body, Handler, Site};

/// What becomes of connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fate {
    /// They are served.
    #[default]
    Up,
    /// They are closed as soon as they are made.
    Down,
    /// They are taken, and never answered.
    Frozen,
    /// Every request is answered with 503.
    Broken,
}

/// A handler on a socket. Dropped, it is gone.
pub struct Server {
    address: SocketAddr,
    fate: watch::Sender<Fate>,
    _tasks: JoinSet<()>,
}

/// What is the same for all connections of a server.
#[derive(Clone)]
struct Inside {
    handler: Arc<dyn Handler>,
    tls: Option<TlsAcceptor>,
    fate: watch::Receiver<Fate>,
}

impl Server {
    /// Serves `site` on a free port of the loopback interface.
    ///
    /// # Errors
    /// There is no socket to be had.
    pub async fn start(site: Arc<dyn Site>) -> std::io::Result<Self> {
        Self::serve(Arc::new(Whole(site)), None).await
    }

    /// Lets `handler` answer on a free port of the loopback interface, with TLS or without.
    ///
    /// # Errors
    /// There is no socket to be had.
    pub async fn serve(handler: Arc<dyn Handler>, tls: Option<Arc<rustls::ServerConfig>>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (fate, seen) = watch::channel(Fate::Up);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Inside { handler, tls: tls.map(TlsAcceptor::from), fate: seen }));
        Ok(Self { address, fate, _tasks: tasks })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What becomes of its connections from now on; those that are open are cut if it is [`Fate::Down`].
    pub fn set(&self, fate: Fate) {
        self.fate.send_replace(fate);
    }
}

async fn accept(listener: TcpListener, inside: Inside) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, inside.clone()));
                }
                // Out of descriptors: give the others time to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, inside: Inside) {
    let mut fate = inside.fate.clone();
    if *fate.borrow() == Fate::Down {
        return;
    }
    let _ = stream.set_nodelay(true);
    let served = async {
        match &inside.tls {
            None => talk(stream, &inside).await,
            // Who does not shake hands, or not with this certificate, is gone.
            Some(tls) => {
                if let Ok(stream) = tls.accept(stream).await {
                    talk(stream, &inside).await;
                }
            }
        }
    };
    tokio::select! {
        () = served => {}
        _ = fate.wait_for(|fate| *fate == Fate::Down) => {}
    }
}

async fn talk(stream: impl AsyncRead + AsyncWrite + Unpin, inside: &Inside) {
    let service = service_fn(|request| async { Ok::<_, Infallible>(respond(request, inside).await) });
    let mut server = hyper::server::conn::http1::Builder::new();
    // However it ends, the connection is over.
    let _ended = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(request: Request<Incoming>, inside: &Inside) -> Response<Body> {
    let now = *inside.fate.borrow();
    match now {
        Fate::Frozen => std::future::pending().await,
        Fate::Broken => {
            // Read to its end, so that the client gets to hear the answer.
            let _read = request.into_body().collect().await;
            response(Answer::plain(503, "the sandbox says that this service is broken"))
        }
        Fate::Up | Fate::Down => inside.handler.handle(request).await,
    }
}
