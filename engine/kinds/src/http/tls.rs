//! What an HTTP client trusts, and who it is: certificates into a TLS configuration.

use std::path::Path;
use std::sync::Arc;

use checkrun_model::Broken;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::pem::Pem;

/// CA, certificate and key of a client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Trust {
    /// Instead of the machine's CAs.
    pub ca: Option<Pem>,
    /// Who we are.
    pub certificate: Option<Pem>,
    /// The key of it.
    pub key: Option<Pem>,
}

impl Trust {
    /// The configuration. Reads files, and the machine's CAs where no other is given: costs milliseconds.
    ///
    /// # Errors
    /// What cannot be read or used.
    pub(crate) fn config(&self, suite_dir: &Path) -> Result<ClientConfig, Broken> {
        let roots = roots(self.ca.as_ref(), suite_dir)?;
        let builder = builder()?.with_root_certificates(roots);
        let (Some(certificate), Some(key)) = (&self.certificate, &self.key) else {
            return Ok(builder.with_no_client_auth());
        };
        let text = certificate.text(suite_dir)?;
        let chain = CertificateDer::pem_slice_iter(text.as_bytes()).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|why| unusable("certificate", why))?;
        let key = PrivateKeyDer::from_pem_slice(key.text(suite_dir)?.as_bytes()).map_err(|why| unusable("key", why))?;
        builder.with_client_auth_cert(chain, key).map_err(|why| unusable("certificate", why))
    }
}

/// A configuration that trusts nobody: for clients that never speak TLS. Costs nothing.
///
/// # Errors
/// The cryptography of this build cannot be used.
pub(crate) fn nobody() -> Result<ClientConfig, Broken> {
    Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, Broken> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|why| unusable("TLS configuration", why))
}

/// The CAs to trust: the given ones alone, else the machine's.
pub(crate) fn roots(ca: Option<&Pem>, suite_dir: &Path) -> Result<RootCertStore, Broken> {
    let mut roots = RootCertStore::empty();
    let Some(ca) = ca else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return Ok(roots);
    };
    let text = ca.text(suite_dir)?;
    for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
        let certificate = certificate.map_err(|why| unusable("CA", why))?;
        roots.add(certificate).map_err(|why| unusable("CA", why))?;
    }
    match roots.is_empty() {
        true => Err(Broken::fatal("the CA holds no certificate")),
        false => Ok(roots),
    }
}

fn unusable(what: &str, why: impl std::fmt::Display) -> Broken {
    Broken::fatal(format!("the {what} cannot be used: {why}"))
}
