//! A certificate authority of one sandbox: signs what its servers and users show. Writes no file.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
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

/// How long a certificate is valid, by the wall's clock: clients look at that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// For as long as anybody looks.
    Long,
    /// It was, and is not any more.
    Over,
    /// Until the end of so many days.
    Days(u16),
}

impl Validity {
    /// The day on which it ends, counted from today.
    fn days(self) -> Option<i64> {
        match self {
            Self::Long => None,
            Self::Over => Some(-1),
            Self::Days(days) => Some(i64::from(days) + 1),
        }
    }
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

    /// As [`Authority::server`], valid only for a while.
    ///
    /// # Errors
    /// A name is none.
    pub fn server_valid(&self, names: &[String], valid: Validity) -> Result<Signed, Unsigned> {
        let whom = names.first().map_or("server", String::as_str);
        self.sign_valid(whom, names, ExtendedKeyUsagePurpose::ServerAuth, valid)
    }

    /// A certificate for a client called `name`.
    ///
    /// # Errors
    /// The key cannot be made.
    pub fn client(&self, name: &str) -> Result<Signed, Unsigned> {
        self.sign(name, &[], ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, whom: &str, names: &[String], usage: ExtendedKeyUsagePurpose) -> Result<Signed, Unsigned> {
        self.sign_valid(whom, names, usage, Validity::Long)
    }

    fn sign_valid(
        &self,
        whom: &str,
        names: &[String],
        usage: ExtendedKeyUsagePurpose,
        valid: Validity,
    ) -> Result<Signed, Unsigned> {
        let unsigned = |why| Unsigned { whom: whom.to_owned(), why };
        let mut params = CertificateParams::new(names).map_err(unsigned)?;
        params.distinguished_name.push(DnType::CommonName, whom);
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        if let Some(days) = valid.days() {
            let day = |offset: i64| {
                let at = Timestamp::now().saturating_add(SignedDuration::from_hours(24 * offset));
                let date = at.unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).date();
                let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
                date_time_ymd(date.year().into(), month, day)
            };
            (params.not_before, params.not_after) = (day(-90), day(days));
        }
        let key = KeyPair::generate().map_err(unsigned)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(unsigned)?.pem();
        Ok(Signed { certificate, key: key.serialize_pem() })
    }
}
