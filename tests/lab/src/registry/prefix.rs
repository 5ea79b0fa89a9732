//! Puts a server's API that lives below a path at the root of a port of its own: each request's path gets the
//! prefix, everything else passes as it came. One request a connection. It also refuses writes, as Confluent's registry
//! does, while the server's own mode forbids them: the server keeps a mode and does not heed it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::httphead::{Head, answer};
use crate::plainhttp;

/// How long the server may take to tell its mode. A client gives up earlier.
const ANSWER: Duration = Duration::from_secs(120);

/// Passes every request that comes to `listener` on to `to`, below `prefix`.
pub async fn run(listener: TcpListener, to: SocketAddr, prefix: &'static str) -> Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(e) = serve(client, to, prefix).await {
                eprintln!("{e:#}");
            }
        });
    }
}

async fn serve(mut client: TcpStream, to: SocketAddr, prefix: &'static str) -> Result<()> {
    let Some((head, rest)) = Head::read(&mut client).await? else { return Ok(()) };
    let path = head.path().strip_prefix(prefix).unwrap_or(head.path());
    if writes(head.method(), path) && readonly(to, prefix).await? {
        client.write_all(refusal().as_bytes()).await?;
        // a client that is still sending its body would find a broken connection and no answer
        client.shutdown().await?;
        return Ok(tokio::io::copy(&mut client, &mut tokio::io::sink()).await.map(|_| ())?);
    }
    pass(client, to, prefix, &head, &rest).await
}

/// Whether the server's mode forbids writes.
async fn readonly(to: SocketAddr, prefix: &'static str) -> Result<bool> {
    let look = move || plainhttp::get(&to.to_string(), &format!("{prefix}/mode"), ANSWER);
    let told: Value =
        serde_json::from_str(&tokio::task::spawn_blocking(look).await??).context("the mode is no JSON")?;
    let mode = told["mode"].as_str().with_context(|| format!("a mode is wanted, not {told}"))?;
    Ok(mode.starts_with("READONLY"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt as _;

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

    /// A server that is asked one thing a connection and tells the mode `mode`, or what it was asked.
    async fn server(mode: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let (head, _) = Head::read(&mut client).await.unwrap().unwrap();
                let told = match head.path() {
                    "/api/mode" => json!({ "mode": mode }),
                    path => json!({ "asked": path }),
                };
                client.write_all(answer("200 OK", "", &told).as_bytes()).await.unwrap();
            }
        });
        at
    }

    #[tokio::test]
    async fn writes_are_refused_while_the_servers_mode_forbids_them() {
        for (mode, refused) in [("READONLY", true), ("READONLY_OVERRIDE", true), ("READWRITE", false)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let front = listener.local_addr().unwrap().to_string();
            tokio::spawn(run(listener, server(mode).await, "/api"));
            let asked = tokio::task::spawn_blocking(move || {
                let ask = |path: &str| {
                    plainhttp::request("POST", &front, path, Some(("application/json", "{}")), Duration::from_secs(5))
                };
                (ask("/subjects/s/versions").unwrap(), ask("/subjects/s").unwrap())
            });
            let (write, look_up) = asked.await.unwrap();
            assert_eq!((write.status == 422, write.body.contains("42205")), (refused, refused), "{mode}: {write:?}");
            assert!(look_up.body.contains("/api/subjects/s"), "a look-up passes: {look_up:?}");
        }
    }

    #[tokio::test]
    async fn a_write_to_a_server_that_tells_no_mode_ends_without_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = listener.local_addr().unwrap().to_string();
        tokio::spawn(run(listener, SocketAddr::from(([127, 0, 0, 1], 1)), "/api"));
        let asked = tokio::task::spawn_blocking(move || {
            let body = Some(("application/json", "{}"));
            plainhttp::request("POST", &front, "/subjects/s/versions", body, Duration::from_secs(5))
        });
        assert!(asked.await.unwrap().is_err());
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
