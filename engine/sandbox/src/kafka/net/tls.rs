//! What a listener's connections are wrapped in: nothing, or TLS with a certificate that can be changed while it runs.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::kafka::config::{Identity, Transport};

/// TLS of one listener, or none.
pub(in crate::kafka) struct Tls {
    /// Who signs the certificates of clients, as PEM.
    clients: Option<String>,
    acceptor: Option<Mutex<TlsAcceptor>>,
}

impl Tls {
    /// What a listener's configuration says.
    ///
    /// # Errors
    /// What is wrong with a certificate, a key or an authority.
    pub(in crate::kafka) fn new(transport: &Transport) -> Result<Self, String> {
        match transport {
            Transport::Plain => Ok(Self { clients: None, acceptor: None }),
            Transport::Tls { server, clients } => {
                let acceptor = acceptor(server, clients.as_deref())?;
                Ok(Self { clients: clients.clone(), acceptor: Some(Mutex::new(acceptor)) })
            }
        }
    }

    /// Shows another certificate to who connects from now on; says whether there is TLS at all.
    ///
    /// # Errors
    /// What is wrong with the certificate or the key.
    pub(in crate::kafka) fn present(&self, server: &Identity) -> Result<bool, String> {
        let Some(shown) = &self.acceptor else { return Ok(false) };
        *shown.lock().unwrap_or_else(PoisonError::into_inner) = acceptor(server, self.clients.as_deref())?;
        Ok(true)
    }

    /// What wraps the next connection; none if it stays as it is.
    pub(in crate::kafka) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.acceptor.as_ref().map(|shown| shown.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

fn acceptor(server: &Identity, clients: Option<&str>) -> Result<TlsAcceptor, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificates = certificates(&server.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(server.key.as_bytes()).map_err(|why| format!("the key: {why}"))?;
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|why| why.to_string())?;
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for authority in self::certificates(pem)? {
                roots.add(authority).map_err(|why| format!("an authority of clients: {why}"))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            config.with_client_cert_verifier(verifier.map_err(|why| format!("the authorities of clients: {why}"))?)
        }
    };
    let config = config.with_single_cert(certificates, key).map_err(|why| why.to_string())?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err("no certificate in the PEM".into()),
        Ok(certificates) => Ok(certificates),
        Err(why) => Err(format!("a certificate: {why}")),
    }
}
