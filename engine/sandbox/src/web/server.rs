//! One socket, its connections, and what becomes of them. Knows no site but by its trait.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Answer, Asked, Site};

/// A longer body is refused.
const MOST_BODY: usize = 16 << 20;

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

/// A site on a socket. Dropped, it is gone.
pub struct Server {
    address: SocketAddr,
    fate: watch::Sender<Fate>,
    _tasks: JoinSet<()>,
}

impl Server {
    /// Serves `site` on a free port of the loopback interface.
    ///
    /// # Errors
    /// There is no socket to be had.
    pub async fn start(site: Arc<dyn Site>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (fate, seen) = watch::channel(Fate::Up);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, site, seen));
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

async fn accept(listener: TcpListener, site: Arc<dyn Site>, fate: watch::Receiver<Fate>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&site), fate.clone()));
                }
                // Out of descriptors: give the others time to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, site: Arc<dyn Site>, mut fate: watch::Receiver<Fate>) {
    if *fate.borrow() == Fate::Down {
        return;
    }
    let _ = stream.set_nodelay(true);
    let seen = fate.clone();
    let service = service_fn(move |request| {
        let (site, seen) = (Arc::clone(&site), seen.clone());
        async move { Ok::<_, Infallible>(respond(request, site, seen).await) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    let served = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = served => {}
        _ = fate.wait_for(|fate| *fate == Fate::Down) => {}
    }
}

async fn respond(
    request: Request<Incoming>,
    site: Arc<dyn Site>,
    fate: watch::Receiver<Fate>,
) -> Response<Full<Bytes>> {
    let now = *fate.borrow();
    let answer = match (now, asked(request).await) {
        (Fate::Frozen, _) => std::future::pending().await,
        (Fate::Broken, _) => Answer::plain(503, "the sandbox says that this service is broken"),
        (_, Ok(asked)) => site.answer(asked).await,
        (_, Err(why)) => Answer::plain(400, why),
    };
    tokio::time::sleep(answer.delay).await;
    response(answer)
}

async fn asked(request: Request<Incoming>) -> Result<Asked, String> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MOST_BODY).collect().await.map_err(|why| why.to_string())?.to_bytes();
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let form = headers.iter().any(|(name, value)| name == "content-type" && value.contains("x-www-form-urlencoded"));
    let pairs = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect::<Vec<(String, String)>>();
    let mut fields = pairs(head.uri.query().unwrap_or_default().as_bytes());
    if form {
        fields.extend(pairs(&body));
    }
    Ok(Asked { method: head.method.as_str().to_owned(), path: head.uri.path().to_owned(), fields, headers, body })
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(Full::new(answer.body)).unwrap_or_else(|why| {
        let mut broken = Response::new(Full::new(Bytes::from(format!("the world's answer cannot be sent: {why}"))));
        *broken.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}
