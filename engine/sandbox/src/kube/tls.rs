//! What a server shows who comes to it over TLS.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::authority::Signed;

/// Why a certificate cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum Unshown {
    /// The certificate or the key is no PEM.
    #[error("the certificate or its key cannot be read: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    /// They do not fit.
    #[error("the certificate cannot be used: {0}")]
    Unfit(#[from] rustls::Error),
}

/// The configuration of a server with this certificate.
///
/// # Errors
/// The certificate cannot be read, or its key does not fit.
pub fn tls(signed: &Signed) -> Result<Arc<ServerConfig>, Unshown> {
    let chain = CertificateDer::pem_slice_iter(signed.certificate.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(signed.key.as_bytes())?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}
