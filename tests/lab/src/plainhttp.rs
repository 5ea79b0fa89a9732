//! One HTTP/1.1 request over a connection of its own, blocking: unencrypted, or over TLS with an authority to trust.
//! For health waits and small commands.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustls::pki_types::pem::PemObject as _;

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body as text; bytes that are not UTF-8 are replaced.
    pub body: String,
}

/// Asks `http://address/path`, where `address` is `host:port`; no step takes longer than `limit`.
pub fn request(method: &str, address: &str, path: &str, body: Option<(&str, &str)>, limit: Duration) -> Result<Answer> {
    exchange(&mut connect(address, limit)?, method, address, path, body)
}

/// `GET https://address/path`, trusting the authorities in the file `ca`; the name to prove is the address's host.
pub fn secure_get(address: &str, ca: &Path, path: &str, limit: Duration) -> Result<Answer> {
    let mut trusted = rustls::RootCertStore::empty();
    let text = std::fs::read(ca).with_context(|| format!("reading {}", ca.display()))?;
    for cert in rustls::pki_types::CertificateDer::pem_slice_iter(&text) {
        trusted.add(cert.with_context(|| format!("reading {}", ca.display()))?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let config = config.with_root_certificates(trusted).with_no_client_auth();
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
    let name = host.clone().try_into().with_context(|| format!("{host} is no name"))?;
    let session = rustls::ClientConnection::new(Arc::new(config), name)?;
    let mut stream = rustls::StreamOwned::new(session, connect(address, limit)?);
    exchange(&mut stream, "GET", address, path, None)
}

fn connect(address: &str, limit: Duration) -> Result<TcpStream> {
    let to = address.to_socket_addrs()?.next().with_context(|| format!("{address} is no address"))?;
    let stream = TcpStream::connect_timeout(&to, limit).with_context(|| format!("connecting to {address}"))?;
    stream.set_read_timeout(Some(limit))?;
    stream.set_write_timeout(Some(limit))?;
    Ok(stream)
}

fn exchange(
    stream: &mut (impl Read + Write),
    method: &str,
    address: &str,
    path: &str,
    body: Option<(&str, &str)>,
) -> Result<Answer> {
    // a type without a body makes some servers answer 415
    let (kind, text) = match body {
        Some((kind, text)) => (format!("content-type: {kind}\r\n"), text),
        None => (String::new(), ""),
    };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\n{kind}content-length: {}\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(text.as_bytes())?;
    let bytes = read(stream).with_context(|| format!("reading {method} {path} of {address}"))?;
    parse(&bytes).with_context(|| format!("{method} {path} of {address}"))
}

/// Reads to the end, or to the length that the head states: a forwarder may reset a connection behind its last byte.
fn read(stream: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut piece = [0; 8192];
    loop {
        let n = stream.read(&mut piece)?;
        bytes.extend_from_slice(&piece[..n]);
        match stated_end(&bytes) {
            Some(end) if bytes.len() >= end => return Ok(bytes),
            Some(_) if n == 0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            None if n == 0 => return Ok(bytes),
            _ => {}
        }
    }
}

/// Where the answer ends, if its head is there and states a length.
fn stated_end(bytes: &[u8]) -> Option<usize> {
    let body = bytes.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..body]).to_lowercase();
    let length = head.lines().find_map(|l| l.strip_prefix("content-length:"))?;
    Some(body + length.trim().parse::<usize>().ok()?)
}

/// `GET`, and the body if the status is 200 to 299.
pub fn get(address: &str, path: &str, limit: Duration) -> Result<String> {
    let answer = request("GET", address, path, None, limit)?;
    if !(200..300).contains(&answer.status) {
        bail!("GET {path} of {address}: {} {}", answer.status, answer.body);
    }
    Ok(answer.body)
}

/// Spells `text` for use inside a query string.
pub fn encode(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(b)),
            _ => out.push_str(&format!("%{b:02X}")),
        }
    }
    out
}

fn parse(bytes: &[u8]) -> Result<Answer> {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").context("the answer has no end of headers")?;
    let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
    let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok());
    let status = status.context("the answer has no status")?;
    let body = &bytes[end + 4..];
    let body = match head.contains("transfer-encoding: chunked") {
        true => unchunk(body)?,
        false => body.to_vec(),
    };
    Ok(Answer { status, body: String::from_utf8_lossy(&body).into_owned() })
}

fn unchunk(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    loop {
        let line = rest.windows(2).position(|w| w == b"\r\n").context("a chunk without a size")?;
        let size = std::str::from_utf8(&rest[..line])?.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).context("a chunk's size")?;
        rest = &rest[line + 2..];
        if size == 0 {
            return Ok(out);
        }
        out.extend(rest.get(..size).context("a chunk is cut")?);
        rest = rest.get(size + 2..).context("a chunk is cut")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_chunked_bodies_are_read() {
        let plain = parse(b"HTTP/1.1 404 Not Found\r\nX: y\r\n\r\nno").unwrap();
        assert_eq!(plain, Answer { status: 404, body: "no".into() });
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
        assert_eq!(parse(chunked).unwrap().body, "abcde");
        assert!(parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc").is_err());
        assert!(parse(b"nonsense").is_err());
    }

    #[test]
    fn a_stated_length_ends_the_reading_and_less_is_an_error() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
        let mut whole = [head, &b"abc"[..]].concat();
        assert_eq!(parse(&read(&mut &whole[..]).unwrap()).unwrap().body, "abc");
        whole.pop();
        assert!(read(&mut &whole[..]).is_err());
        assert_eq!(read(&mut &b"HTTP/1.1 200 OK\r\n\r\nabc"[..]).unwrap().len(), 22);
    }

    #[test]
    fn what_a_query_may_not_hold_is_spelled_out() {
        assert_eq!(encode("up{a=\"b\"} > 0"), "up%7Ba%3D%22b%22%7D%20%3E%200");
    }
}
