//! The server's process: takes connections in the clear and over TLS, reads one request of each and answers as the
//! folder's mode says. Certificate and mode are read anew each time, so that an order needs no restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::mode::Mode;
use crate::httphead::Head;

/// Key and chain in one file, below the server's folder.
pub fn keystore(dir: &Path) -> PathBuf {
    dir.join("server.pem")
}

/// Serves on two ports of loopback until the process is ended.
pub async fn run(dir: &Path, plain: u16, secure: u16) -> Result<()> {
    let listen = |port: u16| TcpListener::bind(("127.0.0.1", port));
    let (plain, secure) = (listen(plain).await?, listen(secure).await?);
    loop {
        let (client, tls) = tokio::select! {
            taken = plain.accept() => (taken?.0, false),
            taken = secure.accept() => (taken?.0, true),
        };
        let dir = dir.to_owned();
        tokio::spawn(async move {
            if let Err(e) = serve(client, tls, &dir).await {
                eprintln!("{e:#}");
            }
        });
    }
}

async fn serve(mut client: TcpStream, tls: bool, dir: &Path) -> Result<()> {
    if !tls {
        return converse(&mut client, dir).await;
    }
    let mut client = acceptor(&keystore(dir))?.accept(client).await.context("greeting a client of TLS")?;
    converse(&mut client, dir).await
}

/// Shows the certificate of a PEM file with key and chain. Only HTTP/1.1 is offered.
pub fn acceptor(file: &Path) -> Result<TlsAcceptor> {
    let pem = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(&pem).with_context(|| format!("{} has no key", file.display()))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = config.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn converse(client: &mut (impl AsyncRead + AsyncWrite + Unpin), dir: &Path) -> Result<()> {
    let Some((head, _)) = Head::read(client).await? else { return Ok(()) };
    Mode::read(dir)?.answer(head.path(), client).await?;
    Ok(client.shutdown().await?)
}
