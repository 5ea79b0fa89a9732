//! Puts a server's API that lives below a path at the root of a port of its own: each request's path gets the
//! prefix, everything else passes as it came. One request a connection.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

/// A request whose headers are longer is refused.
const LONGEST_HEAD: usize = 64 << 10;

/// Passes every request that comes to `listener` on to `to`, below `prefix`.
pub async fn run(listener: TcpListener, to: SocketAddr, prefix: &'static str) -> Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(e) = pass(client, to, prefix).await {
                eprintln!("{e:#}");
            }
        });
    }
}

async fn pass(mut client: TcpStream, to: SocketAddr, prefix: &str) -> Result<()> {
    let mut seen = Vec::new();
    let end = loop {
        if let Some(end) = seen.windows(4).position(|w| w == b"\r\n\r\n") {
            break end;
        }
        let mut buffer = [0; 4096];
        let n = client.read(&mut buffer).await?;
        if n == 0 {
            return Ok(());
        }
        seen.extend(&buffer[..n]);
        anyhow::ensure!(seen.len() < LONGEST_HEAD, "a request with endless headers");
    };
    let head = rewritten(&String::from_utf8_lossy(&seen[..end]), prefix);
    let mut server = TcpStream::connect(to).await.with_context(|| format!("connecting to {to}"))?;
    server.write_all(head.as_bytes()).await?;
    server.write_all(&seen[end + 4..]).await?;
    // either side may hang up first
    let _ = copy_bidirectional(&mut client, &mut server).await;
    Ok(())
}

/// The head with its path below `prefix`, asking the server to close afterwards.
fn rewritten(head: &str, prefix: &str) -> String {
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let mut words = first.splitn(3, ' ');
    let (method, path, version) = (words.next(), words.next(), words.next());
    let path = path.unwrap_or("/");
    let base = if path.starts_with(prefix) { "" } else { prefix };
    let mut out = format!("{} {base}{path} {}\r\n", method.unwrap_or("GET"), version.unwrap_or("HTTP/1.1"));
    for line in lines.filter(|l| !l.to_lowercase().starts_with("connection:")) {
        out.push_str(line);
        out.push_str("\r\n");
    }
    out.push_str("connection: close\r\n\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plainhttp;
    use std::time::Duration;

    #[test]
    fn the_path_gets_the_prefix_once() {
        let head = rewritten("GET /subjects?a=b HTTP/1.1\r\nHost: x\r\nConnection: keep-alive", "/api");
        assert_eq!(head, "GET /api/subjects?a=b HTTP/1.1\r\nHost: x\r\nconnection: close\r\n\r\n");
        assert!(rewritten("PUT /api/config HTTP/1.1", "/api").starts_with("PUT /api/config "));
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
}
