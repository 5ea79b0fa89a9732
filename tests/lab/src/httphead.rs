//! The head of an HTTP/1.1 request: read off a connection, taken apart, changed. It knows no server.

use anyhow::{Result, ensure};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// A request whose head is longer is refused.
const LONGEST: usize = 64 << 10;

/// The head of a request without its empty line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head(pub String);

impl Head {
    /// Reads a head and what came behind it; nothing if the client ended before a whole one.
    pub async fn read(client: &mut (impl AsyncRead + Unpin)) -> Result<Option<(Self, Vec<u8>)>> {
        let mut seen = Vec::new();
        let mut piece = [0; 4096];
        loop {
            if let Some(end) = seen.windows(4).position(|w| w == b"\r\n\r\n") {
                let rest = seen.split_off(end + 4);
                seen.truncate(end);
                return Ok(Some((Self(String::from_utf8_lossy(&seen).into_owned()), rest)));
            }
            let n = client.read(&mut piece).await?;
            if n == 0 {
                return Ok(None);
            }
            seen.extend(&piece[..n]);
            ensure!(seen.len() < LONGEST, "a request with an endless head");
        }
    }

    /// The method, such as `GET`.
    pub fn method(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }

    /// Path and query.
    pub fn path(&self) -> &str {
        self.0.lines().next().and_then(|line| line.split(' ').nth(1)).unwrap_or("/")
    }

    /// A header's value; `name` in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let fields = self.0.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.into_iter().find(|(key, _)| key.to_lowercase() == name).map(|(_, value)| value.trim())
    }

    /// The bytes to send on: with another path, and asking the server to close afterwards, unless the connection is to
    /// become something else than HTTP.
    pub fn forwarded(&self, path: &str) -> String {
        let version = self.0.lines().next().and_then(|line| line.split(' ').nth(2)).unwrap_or("HTTP/1.1");
        let mut out = format!("{} {path} {version}\r\n", self.method());
        let keep = self.header("upgrade").is_some();
        for line in self.0.lines().skip(1).filter(|l| keep || !l.to_lowercase().starts_with("connection:")) {
            out.push_str(line);
            out.push_str("\r\n");
        }
        out.push_str(if keep { "\r\n" } else { "connection: close\r\n\r\n" });
        out
    }
}

/// A whole answer with a body of JSON, after which the connection is closed.
pub fn answer(status: &str, headers: &str, body: &serde_json::Value) -> String {
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status}\r\n{headers}content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_head_ends_at_its_empty_line() {
        let mut whole = &b"POST /a?b=c HTTP/1.1\r\nHost: x\r\n\r\nbody"[..];
        let (head, rest) = Head::read(&mut whole).await.unwrap().unwrap();
        assert_eq!((head.method(), head.path(), head.header("host")), ("POST", "/a?b=c", Some("x")));
        assert_eq!(rest, b"body");
        assert!(Head::read(&mut &b"GET / HT"[..]).await.unwrap().is_none(), "half a head is none");
        let endless = vec![b'a'; LONGEST + 1];
        assert!(Head::read(&mut &endless[..]).await.is_err());
    }

    #[test]
    fn one_that_is_sent_on_asks_for_an_end_unless_it_upgrades() {
        let head = Head("GET /a HTTP/1.1\r\nHost: x\r\nConnection: keep-alive".into());
        assert_eq!(head.forwarded("/b"), "GET /b HTTP/1.1\r\nHost: x\r\nconnection: close\r\n\r\n");
        let head = Head("GET /a HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade".into());
        assert!(head.forwarded("/a").contains("Connection: Upgrade\r\n\r\n"));
    }
}
