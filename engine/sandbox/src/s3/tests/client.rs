//! A client that signs its requests with `rusty-s3`.

use bytes::Bytes;
use reqwest::Url;
use rusty_s3::{Bucket, Credentials, Method, UrlStyle, signing};

/// A client of one S3.
pub struct Client {
    pub http: reqwest::Client,
    pub url: Url,
    pub keys: Credentials,
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// The status, and the code that an error names.
    pub fn code(&self) -> (u16, String) {
        let text = self.text();
        let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        (self.status, code.map(|(code, _)| code.to_owned()).unwrap_or_default())
    }
}

/// What is asked: method, path, query (sorted), headers (sorted, lower case), body.
#[derive(Default)]
pub struct Ask<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a [(&'a str, &'a str)],
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

impl Client {
    pub fn new(url: &str, access: &str, secret: &str) -> Self {
        let http = reqwest::Client::builder().use_preconfigured_tls(trusting(None)).no_proxy().build().unwrap();
        Self { http, url: url.parse().unwrap(), keys: Credentials::new(access, secret) }
    }

    /// One that trusts this authority, and no other.
    pub fn trusting(mut self, pem: &str) -> Self {
        self.http = reqwest::Client::builder().use_preconfigured_tls(trusting(Some(pem))).no_proxy().build().unwrap();
        self
    }

    pub fn bucket(&self, name: &'static str) -> Bucket {
        Bucket::new(self.url.clone(), UrlStyle::Path, name, "us-east-1").unwrap()
    }

    /// What is answered to a signed request; none where the connection fails.
    pub async fn try_ask(&self, ask: &Ask<'_>) -> Option<Reply> {
        let method = match ask.method {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            "PUT" => Method::Put,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            other => panic!("{other} is no method of S3"),
        };
        let (now, url) = (jiff::Timestamp::now(), self.url.join(ask.path).unwrap());
        let (key, secret) = (self.keys.key(), self.keys.secret());
        let (query, headers) = (ask.query.iter().copied(), ask.headers.iter().copied());
        let url = signing::sign(&now, method, url, key, secret, None, "us-east-1", 600, query, headers);
        let mut request = self.http.request(ask.method.parse().unwrap(), url).body(ask.body.to_vec());
        for (name, value) in ask.headers {
            request = request.header(*name, *value);
        }
        reply(request).await
    }

    pub async fn ask(&self, ask: Ask<'_>) -> Reply {
        self.try_ask(&ask).await.expect("an answer")
    }

    /// With headers, which are signed as well.
    pub async fn with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        self.ask(Ask { method, path, headers, body: body.as_bytes(), ..Ask::default() }).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.ask(Ask { method: "GET", path, ..Ask::default() }).await
    }

    pub async fn list(&self, path: &str, query: &[(&str, &str)]) -> Reply {
        self.ask(Ask { method: "GET", path, query, ..Ask::default() }).await
    }

    pub async fn put(&self, path: &str, body: &str) -> Reply {
        self.ask(Ask { method: "PUT", path, body: body.as_bytes(), ..Ask::default() }).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.ask(Ask { method: "DELETE", path, ..Ask::default() }).await
    }

    /// What is answered to a request that the client has signed itself, or not at all.
    pub async fn send(&self, method: &str, url: Url, body: Vec<u8>) -> Reply {
        reply(self.http.request(method.parse().unwrap(), url).body(body)).await.expect("an answer")
    }
}

async fn reply(request: reqwest::RequestBuilder) -> Option<Reply> {
    let answer = request.send().await.ok()?;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Some(Reply { status, headers, body: answer.bytes().await.ok()? })
}

fn trusting(pem: Option<&str>) -> rustls::ClientConfig {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let mut roots = rustls::RootCertStore::empty();
    if let Some(pem) = pem {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    }
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    config.unwrap().with_root_certificates(roots).with_no_client_auth()
}
