//! A small HTTP/1.1 server: one function answers each request, whole body in, whole body out. It knows no path.

use std::convert::Infallible;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// A request with its whole body.
#[derive(Debug, Clone)]
pub struct Asked {
    /// GET, POST and so on.
    pub method: Method,
    /// The path, as it came.
    pub path: String,
    /// What follows the question mark; empty if nothing does.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Asked {
    /// A header's value as text; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The value of `name` in the query, as it came.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.split('&').filter_map(|p| p.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
    }
}

/// An answer.
pub type Reply = Response<Full<Bytes>>;

/// An answer with a status, a content type and a body.
pub fn reply(status: u16, kind: &str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(kind) = kind.parse() {
        reply.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    }
    reply
}

/// An answer in JSON.
pub fn json(status: u16, body: &Value) -> Reply {
    reply(status, "application/json", body.to_string())
}

/// An answer in plain text.
pub fn text(status: u16, body: &str) -> Reply {
    reply(status, "text/plain; charset=utf-8", body.to_owned())
}

/// Answers on `listener` for ever.
pub async fn serve<H, F>(listener: TcpListener, answer: H)
where
    H: Fn(Asked) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Reply> + Send + 'static,
{
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let answer = answer.clone();
                let service = service_fn(move |request| whole(request, answer.clone()));
                // a client that breaks off is its own business
                tokio::spawn(async move {
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                });
            }
            Err(e) => eprintln!("http: {e}"),
        }
    }
}

async fn whole<H, F>(request: Request<Incoming>, answer: H) -> Result<Reply, Infallible>
where
    H: Fn(Asked) -> F,
    F: Future<Output = Reply>,
{
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return Ok(text(400, "the body broke off\n")) };
    let asked = Asked {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    };
    Ok(answer(asked).await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plainhttp;
    use std::time::Duration;

    #[tokio::test]
    async fn path_query_and_body_arrive_and_the_answer_comes_back() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(serve(listener, |asked: Asked| async move {
            let body = String::from_utf8_lossy(&asked.body).into_owned();
            let seen = format!("{} {} {:?} {body}", asked.method, asked.path, asked.parameter("b"));
            reply(201, "text/plain", seen)
        }));
        let ask = move || {
            plainhttp::request("POST", &address, "/x?a=1&b=2", Some(("text/plain", "hi")), Duration::from_secs(5))
        };
        let answer = tokio::task::spawn_blocking(ask).await.unwrap().unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (201, "POST /x Some(\"2\") hi"));
    }
}
