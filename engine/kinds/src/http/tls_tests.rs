//! HTTPS against servers of the test: whom the client trusts, and who it says it is.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use checkrun_model::KindEntry;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::Http;
use crate::testing::{context, prepare};

type Ca = CertifiedIssuer<'static, KeyPair>;

fn ca() -> Ca {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Certificate and key for `name`.
fn certificate(ca: &Ca, name: &str) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    (params.signed_by(&key, ca).unwrap(), key)
}

/// A server for `localhost` that asks its clients for a certificate of the same CA.
async fn server(ca: &Ca) -> String {
    let (certificate, key) = certificate(ca, "localhost");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_client_cert_verifier(clients).with_single_cert(chain, key).unwrap();
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        }
    });
    format!("https://localhost:{port}/")
}

async fn ask(endpoint: Json) -> Result<Json, checkrun_model::Broken> {
    let (cx, _) = context(Some(("http", endpoint)));
    let http = prepare(&KindEntry::of::<Http>(), &json!({ "path": "/" })).unwrap();
    http.observe(&cx).await.map(|seen| seen.value)
}

#[tokio::test]
async fn the_given_ca_alone_is_trusted_and_our_certificate_is_shown() {
    let (ours, other) = (ca(), ca());
    let url = server(&ours).await;
    let (certificate, key) = certificate(&ours, "checkrun");
    let with = |ca: &Ca| json!({ "url": url, "ca": { "pem": ca.pem() }, "certificate": { "pem": certificate.pem() }, "key": { "pem": key.serialize_pem() } });
    assert_eq!(ask(with(&ours)).await.unwrap()["text"], "ok");

    let stranger = ask(with(&other)).await.unwrap_err();
    assert!(!stranger.transient && stranger.hint.unwrap().contains("`ca:`"), "{}", stranger.cause);
    assert!(ask(json!({ "url": url, "ca": { "pem": ours.pem() } })).await.is_err(), "a client without a certificate");
    let name = url.replace("localhost", "127.0.0.1");
    let wrong_name = ask(json!({ "url": name, "ca": { "pem": ours.pem() } })).await.unwrap_err();
    assert!(!wrong_name.transient, "{}", wrong_name.cause);
}
