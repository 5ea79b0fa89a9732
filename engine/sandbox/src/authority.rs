//! A certificate authority of one sandbox: signs what its servers and users show. Writes no file.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// What could not be signed, and why.
#[derive(Debug, thiserror::Error)]
#[error("no certificate for {whom}: {why}")]
pub struct Unsigned {
    whom: String,
    why: rcgen::Error,
}

/// An authority that can sign.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A key and the certificate for it, as PEM.
pub struct Signed {
    /// The certificate.
    pub certificate: String,
    /// The private key, PKCS #8.
    pub key: String,
}

impl Authority {
    /// A new authority of this name; it is trusted by who is given [`Authority::pem`], and lives in memory.
    ///
    /// # Errors
    /// The key cannot be made.
    pub fn new(name: &str) -> Result<Self, Unsigned> {
        let unsigned = |why| Unsigned { whom: name.to_owned(), why };
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(unsigned)?;
        let pem = params.self_signed(&key).map_err(unsigned)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// Its own certificate, as PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for a server that answers to `names` (DNS names and addresses).
    ///
    /// # Errors
    /// A name is none.
    pub fn server(&self, names: &[String]) -> Result<Signed, Unsigned> {
        self.sign(names.first().map_or("server", String::as_str), names, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A certificate for a client called `name`.
    ///
    /// # Errors
    /// The key cannot be made.
    pub fn client(&self, name: &str) -> Result<Signed, Unsigned> {
        self.sign(name, &[], ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, whom: &str, names: &[String], usage: ExtendedKeyUsagePurpose) -> Result<Signed, Unsigned> {
        let unsigned = |why| Unsigned { whom: whom.to_owned(), why };
        let mut params = CertificateParams::new(names).map_err(unsigned)?;
        params.distinguished_name.push(DnType::CommonName, whom);
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(unsigned)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(unsigned)?.pem();
        Ok(Signed { certificate, key: key.serialize_pem() })
    }
}
