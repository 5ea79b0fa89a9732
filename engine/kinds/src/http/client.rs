//! The client that all who speak HTTP share: one a run for each set of CA, certificate and key, its
//! connections kept alive. Sends one request and reads one bounded answer; follows nothing, judges nothing.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use checkrun_model::clock::spoken;
use checkrun_model::{Broken, Cx};
use reqwest::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Client, Method, Request, Response, Url};

use super::endpoint::{HttpEndpoint, absolute};
use super::tls::{Trust, nobody};
use super::trouble::root;
use crate::through::forward;

/// Where requests go: an endpoint, ready to be asked.
pub(crate) struct Site {
    client: Client,
    /// What stands before every path, without a slash at its end.
    base: String,
    /// What every request carries, credentials among it.
    headers: HeaderMap,
}

/// One request.
pub(crate) struct Call {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: Url,
    /// Headers beyond those of the site; they win.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Whether it changes nothing although its method is neither GET nor HEAD (a query sent by POST).
    pub reads: bool,
    /// The most that the answer's body may weigh, in bytes.
    pub most: usize,
}

/// One answer, whole.
pub(crate) struct Reply {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// From the request to the last byte of the answer.
    pub elapsed: Duration,
}

impl Call {
    /// A request without a body.
    pub(crate) fn new(method: Method, url: Url, most: usize) -> Self {
        Self { method, url, headers: HeaderMap::new(), body: Vec::new(), reads: false, most }
    }
}

impl Site {
    /// The endpoint, ready to be asked.
    ///
    /// # Errors
    /// Its certificates cannot be used, or the cluster that it is reached through does not answer.
    pub(crate) async fn of(cx: &Cx, endpoint: &HttpEndpoint) -> Result<Self, Broken> {
        let mut headers = headers(&endpoint.headers)?;
        if let Some(basic) = &endpoint.basic {
            headers.insert(AUTHORIZATION, secret(&basic_header(&basic.user, &basic.password))?);
        }
        if let Some(token) = &endpoint.bearer {
            headers.insert(AUTHORIZATION, secret(&format!("Bearer {token}"))?);
        }
        let Some(through) = &endpoint.through else {
            let base = endpoint.url.as_deref().unwrap_or_default().trim_end_matches('/').to_owned();
            let key = Key { trust: endpoint.trust(), tls: base.starts_with("https"), pin: None };
            return Ok(Self { client: client(cx, key)?, base, headers });
        };
        let host = through.host().map_err(Broken::fatal)?;
        let address = forward(cx, through).await?;
        let prefix = endpoint.prefix.as_deref().unwrap_or_default().trim_matches('/');
        let slash = if prefix.is_empty() { "" } else { "/" };
        let scheme = if endpoint.tls { "https" } else { "http" };
        let base = format!("{scheme}://{host}:{}{slash}{prefix}", address.port());
        headers.entry(HOST).or_insert(secret(&format!("{host}:{}", through.port))?);
        let key = Key { trust: endpoint.trust(), tls: endpoint.tls, pin: Some((host, address)) };
        Ok(Self { client: client(cx, key)?, base, headers })
    }

    /// A place outside every endpoint: the machine's CAs, no credentials.
    ///
    /// # Errors
    /// The machine has no usable TLS.
    pub(crate) fn stranger(cx: &Cx, url: &Url) -> Result<Self, Broken> {
        let key = Key { trust: Trust::default(), tls: url.scheme() == "https", pin: None };
        Ok(Self { client: client(cx, key)?, base: String::new(), headers: HeaderMap::new() })
    }

    /// The URL of `path`, which may hold a query.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub(crate) fn url(&self, path: &str) -> Result<Url, Broken> {
        absolute(&format!("{}/{}", self.base, path.trim_start_matches('/'))).map_err(Broken::fatal)
    }

    /// The place that is asked, without path and credentials; behind a forward by the name that it has there.
    fn at(&self, url: &Url) -> String {
        let behind = self.headers.get(HOST).and_then(|host| host.to_str().ok());
        behind.map_or_else(|| url.origin().ascii_serialization(), |host| format!("{}://{host}", url.scheme()))
    }

    /// Sends one request and reads the whole answer.
    ///
    /// # Errors
    /// No answer, or none that could be read whole; or the run is read-only and the request is not.
    pub(crate) async fn send(&self, cx: &Cx, call: Call) -> Result<Reply, Broken> {
        if cx.run.read_only && !call.reads && call.method != Method::GET && call.method != Method::HEAD {
            return Err(Broken::fatal(format!("this run is read-only: {} {} was not sent", call.method, call.url)));
        }
        let Call { method, url, headers, body, most, .. } = call;
        let what = format!("{method} {url}");
        let at = self.at(&url);
        let mut request = Request::new(method, url);
        request.headers_mut().extend(self.headers.clone());
        for (name, value) in &headers {
            request.headers_mut().insert(name, value.clone());
        }
        if !body.is_empty() {
            *request.body_mut() = Some(Body::from(body));
        }
        let begun = Instant::now();
        let exchange = async {
            let answer = self.client.execute(request).await.map_err(|why| unanswered(&at, &what, &why))?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let body = read(answer, most, &at, &what).await?;
            Ok(Reply { status, headers, body, elapsed: begun.elapsed() })
        };
        let time = cx.remaining();
        let late = |_| {
            let cause = format!("{what}: no whole answer within {}", spoken(time));
            Broken::transient(cause).outage(&at, "no whole answer in time")
        };
        tokio::time::timeout(time, exchange).await.map_err(late)?
    }
}

/// Reads a body, but no more than `most`: a part of an answer is not an observation.
async fn read(mut answer: Response, most: usize, at: &str, what: &str) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::with_capacity(answer.content_length().map_or(0, |n| usize::try_from(n).unwrap_or(0)).min(most));
    while let Some(part) = answer.chunk().await.map_err(|why| unanswered(at, what, &why))? {
        if body.len() + part.len() > most {
            return Err(Broken::fatal(format!("{what}: the answer is larger than {most} bytes"))
                .hint("ask for less: a narrower path, a limit"));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

/// Why there is no answer, by its first cause. Where no connection stood it is the place `at` that is out of reach.
fn unanswered(at: &str, what: &str, why: &reqwest::Error) -> Broken {
    let root = root(why);
    let cause = format!("{what}: {}", root.text);
    match root.certificate {
        true => Broken::fatal(cause).hint("the endpoint's `ca:` says what to trust").outage(at, root.text),
        false if why.is_connect() => Broken::transient(cause).hint(REACH).outage(at, root.text),
        false => Broken::transient(cause),
    }
}

/// What to do about a place that takes no connection.
const REACH: &str = "is the server up, and its address right and reachable from here?";

/// Headers as users write them.
///
/// # Errors
/// A name or value that no header can have.
pub(crate) fn headers<'a>(written: impl IntoIterator<Item = (&'a String, &'a String)>) -> Result<HeaderMap, Broken> {
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let wrong = || {
            Broken::fatal(format!(
                "the header `{name}` cannot be sent: its name or value has a character that is not allowed"
            ))
        };
        headers.insert(
            HeaderName::try_from(name).map_err(|_| wrong())?,
            HeaderValue::try_from(value).map_err(|_| wrong())?,
        );
    }
    Ok(headers)
}

fn secret(text: &str) -> Result<HeaderValue, Broken> {
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| Broken::fatal("the credentials hold a character that no header can carry"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn basic_header(user: &str, password: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

/// What sets one client apart from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    trust: Trust,
    tls: bool,
    /// A name that means this address and no other.
    pin: Option<(String, SocketAddr)>,
}

/// The clients of one run.
#[derive(Default)]
struct Clients(Mutex<HashMap<Key, Client>>);

/// The client of `key`, made on first use.
fn client(cx: &Cx, key: Key) -> Result<Client, Broken> {
    let clients = cx.shared.get::<Clients>();
    let mut made = clients.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = made.get(&key) {
        return Ok(client.clone());
    }
    let tls = if key.tls { key.trust.config(&cx.run.suite_dir)? } else { nobody()? };
    let mut builder = Client::builder()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .no_proxy()
        .no_gzip()
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("checkrun/", env!("CARGO_PKG_VERSION")));
    if let Some((host, address)) = &key.pin {
        builder = builder.resolve(host, *address);
    }
    let client = builder.build().map_err(|why| Broken::fatal(format!("no HTTP client: {why}")))?;
    made.insert(key, client.clone());
    Ok(client)
}
