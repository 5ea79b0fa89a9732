//! Puts a server's API that lives below a path at the root of a port of its own: each request's path gets the
//! prefix, everything else passes as it came. One request a connection. It also keeps the mode (`READWRITE` or
//! `READONLY`) that the server behind it does not have, and answers for it as Confluent's registry does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::httphead::{Head, answer};

/// A mode's body is no longer.
const LONGEST_BODY: usize = 1024;

/// Passes every request that comes to `listener` on to `to`, below `prefix`.
pub async fn run(listener: TcpListener, to: SocketAddr, prefix: &'static str) -> Result<()> {
    let readonly = Arc::new(AtomicBool::new(false));
    loop {
        let (client, _) = listener.accept().await?;
        let readonly = Arc::clone(&readonly);
        tokio::spawn(async move {
            if let Err(e) = serve(client, to, prefix, &readonly).await {
                eprintln!("{e:#}");
            }
        });
    }
}

async fn serve(mut client: TcpStream, to: SocketAddr, prefix: &str, readonly: &AtomicBool) -> Result<()> {
    let Some((head, rest)) = Head::read(&mut client).await? else { return Ok(()) };
    let path = head.path().strip_prefix(prefix).unwrap_or(head.path());
    let reply = match (head.method(), path) {
        ("GET", "/mode") => Some(answer("200 OK", "", &mode(readonly.load(Ordering::Relaxed)))),
        ("PUT", "/mode") => Some(set_mode(&body(&mut client, &head, rest.clone()).await?, readonly)),
        (method, path) if readonly.load(Ordering::Relaxed) && writes(method, path) => Some(refusal()),
        _ => None,
    };
    match reply {
        Some(reply) => Ok(client.write_all(reply.as_bytes()).await?),
        None => pass(client, to, prefix, &head, &rest).await,
    }
}

async fn pass(mut client: TcpStream, to: SocketAddr, prefix: &str, head: &Head, rest: &[u8]) -> Result<()> {
    let mut server = TcpStream::connect(to).await.with_context(|| format!("connecting to {to}"))?;
    server.write_all(head.forwarded(&below(prefix, head.path())).as_bytes()).await?;
    server.write_all(rest).await?;
    // either side may hang up first
    let _ = copy_bidirectional(&mut client, &mut server).await;
    Ok(())
}

fn below(prefix: &str, path: &str) -> String {
    let base = if path.starts_with(prefix) { "" } else { prefix };
    format!("{base}{path}")
}

fn mode(readonly: bool) -> Value {
    json!({ "mode": if readonly { "READONLY" } else { "READWRITE" } })
}

/// Looking something up or trying it out is a POST, too.
fn writes(method: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let registers = method == "POST" && path.ends_with("/versions") && !path.starts_with("/compatibility");
    registers || method == "DELETE" || (method == "PUT" && path.starts_with("/config"))
}

fn refusal() -> String {
    let body = json!({ "error_code": 42205, "message": "The registry is in read-only mode" });
    answer("422 Unprocessable Entity", "", &body)
}

fn set_mode(body: &[u8], readonly: &AtomicBool) -> String {
    let wanted: Option<Value> = serde_json::from_slice(body).ok();
    let wanted = wanted.and_then(|v| v["mode"].as_str().map(str::to_owned));
    match wanted.as_deref() {
        Some(word @ ("READONLY" | "READWRITE")) => {
            readonly.store(word == "READONLY", Ordering::Relaxed);
            answer("200 OK", "", &json!({ "mode": word }))
        }
        _ => answer("422 Unprocessable Entity", "", &json!({ "error_code": 42204, "message": "Invalid mode" })),
    }
}

/// The request's body, as long as its head says.
async fn body(client: &mut TcpStream, head: &Head, mut seen: Vec<u8>) -> Result<Vec<u8>> {
    let length: usize = head.header("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    anyhow::ensure!(length <= LONGEST_BODY, "a mode of {length} bytes");
    let missing = length.saturating_sub(seen.len());
    let start = seen.len();
    seen.resize(start + missing, 0);
    client.read_exact(&mut seen[start..]).await?;
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plainhttp;
    use std::time::Duration;

    #[test]
    fn the_path_gets_the_prefix_once() {
        assert_eq!(below("/api", "/subjects?a=b"), "/api/subjects?a=b");
        assert_eq!(below("/api", "/api/config"), "/api/config");
    }

    #[tokio::test]
    async fn a_body_passes_both_ways() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = server.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut s, _) = server.accept().await.unwrap();
            let mut buffer = vec![0; 4096];
            let mut seen = String::new();
            while !seen.ends_with("payload") {
                let n = s.read(&mut buffer).await.unwrap();
                seen.push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
            let body = seen.lines().next().unwrap().to_owned();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            s.write_all(head.as_bytes()).await.unwrap();
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = listener.local_addr().unwrap();
        tokio::spawn(run(listener, to, "/api"));
        let asked = tokio::task::spawn_blocking(move || {
            let body = Some(("text/plain", "payload"));
            plainhttp::request("POST", &front.to_string(), "/x", body, Duration::from_secs(5))
        });
        assert_eq!(asked.await.unwrap().unwrap().body, "POST /api/x HTTP/1.1");
    }

    #[tokio::test]
    async fn what_is_read_only_refuses_writes_and_takes_them_again() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = listener.local_addr().unwrap().to_string();
        // nobody is behind it: what passes ends without an answer
        tokio::spawn(run(listener, SocketAddr::from(([127, 0, 0, 1], 1)), "/api"));
        let told = tokio::task::spawn_blocking(move || {
            let ask = |method: &str, path: &str, body: &str| {
                let body = Some(("application/json", body));
                plainhttp::request(method, &front, path, body, Duration::from_secs(5))
            };
            let set = |mode: &str| ask("PUT", "/mode", &json!({ "mode": mode }).to_string()).unwrap().status;
            let write = || ask("POST", "/api/subjects/s/versions", "{}");
            assert_eq!((set("sulking"), set("READONLY")), (422, 200));
            assert!(write().unwrap().body.contains("42205"));
            assert!(ask("POST", "/subjects/s", "{}").is_err(), "a look-up passes");
            assert_eq!(set("READWRITE"), 200);
            assert!(write().is_err(), "a write passes");
        });
        told.await.unwrap();
    }

    #[test]
    fn looking_and_trying_are_no_writes() {
        for (method, path, is) in [
            ("POST", "/subjects/s/versions?normalize=true", true),
            ("DELETE", "/subjects/s", true),
            ("PUT", "/config/s", true),
            ("POST", "/subjects/s", false),
            ("POST", "/compatibility/subjects/s/versions", false),
            ("GET", "/subjects/s/versions", false),
        ] {
            assert_eq!(writes(method, path), is, "{method} {path}");
        }
    }
}
