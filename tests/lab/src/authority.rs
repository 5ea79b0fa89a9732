//! A certificate authority of the lab: it signs certificates that are good, and ones that are not. Writes no file and
//! knows no server.

use anyhow::{Result, bail};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// How long a good certificate lasts, in days.
const DAYS: i64 = 365;

/// Whom a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A server, which may be its peers' client, too.
    Server,
    /// A client alone.
    Client,
}

/// When a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Today.
    Now,
    /// Until two days ago.
    Past,
    /// In a month.
    Future,
}

/// A key and its certificate, both PEM.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The private key.
    pub key: String,
    /// The certificate alone, without its authority's.
    pub cert: String,
}

/// An authority that can sign.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    /// A new one.
    pub fn new(organization: &str, name: &str) -> Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = params(&[], name, Validity::Now)?;
        params.distinguished_name.push(DnType::OrganizationName, organization);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }

    /// Its own certificate as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A new key and its certificate; `names` are host names and addresses.
    pub fn sign(&self, names: &[String], cn: &str, for_: Use, validity: Validity) -> Result<Pair> {
        let key = KeyPair::generate()?;
        let mut params = params(names, cn, validity)?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match for_ {
            Use::Server => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
            Use::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
        };
        let cert = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Pair { key: key.serialize_pem(), cert })
    }
}

/// What can be wrong with a server's certificate, by the names that faults use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// It is for another host.
    WrongName,
    /// An authority signed it that nobody trusts.
    WrongAuthority,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Expired, Self::NotYetValid, Self::WrongName, Self::WrongAuthority];

    /// The fault's name.
    pub const fn fault(self) -> &'static str {
        match self {
            Self::Expired => "certificate-expired",
            Self::NotYetValid => "certificate-not-yet-valid",
            Self::WrongName => "certificate-wrong-name",
            Self::WrongAuthority => "certificate-wrong-ca",
        }
    }

    /// The flaw that a fault's name means.
    pub fn of(fault: &str) -> Result<Self> {
        match Self::ALL.into_iter().find(|flaw| flaw.fault() == fault) {
            Some(flaw) => Ok(flaw),
            None => bail!("no certificate has the flaw `{fault}`"),
        }
    }

    /// A server's certificate with this flaw; `foreign` is the authority that nobody trusts. The answer's second half
    /// is the certificate of whoever signed.
    pub fn sign(self, good: &Authority, foreign: &Authority, names: &[String], cn: &str) -> Result<(Pair, String)> {
        let elsewhere = ["elsewhere.example".to_owned()];
        let (by, names, validity) = match self {
            Self::Expired => (good, names, Validity::Past),
            Self::NotYetValid => (good, names, Validity::Future),
            Self::WrongName => (good, &elsewhere[..], Validity::Now),
            Self::WrongAuthority => (foreign, names, Validity::Now),
        };
        Ok((by.sign(names, cn, Use::Server, validity)?, by.pem.clone()))
    }
}

fn params(names: &[String], cn: &str, validity: Validity) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, cn);
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = |offset: i64| -> Result<_> {
        let d = today.checked_add(jiff::Span::new().days(offset))?;
        Ok(date_time_ymd(i32::from(d.year()), d.month() as u8, d.day() as u8))
    };
    let (from, to) = match validity {
        Validity::Now => (-1, DAYS),
        Validity::Past => (-30, -2),
        Validity::Future => (30, DAYS),
    };
    params.not_before = day(from)?;
    params.not_after = day(to)?;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flawed(flaw: Flaw) -> (String, String) {
        let (good, foreign) = (Authority::new("lab", "good").unwrap(), Authority::new("lab", "foreign").unwrap());
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let (pair, issuer) = flaw.sign(&good, &foreign, &names, "server").unwrap();
        assert_eq!(issuer == foreign.pem(), flaw == Flaw::WrongAuthority);
        (pair.cert, issuer)
    }

    #[test]
    fn each_flaw_is_the_only_one_of_its_certificate() {
        let now = jiff::Timestamp::now().as_second();
        for flaw in Flaw::ALL {
            let (cert, issuer) = flawed(flaw);
            let block = x509_parser::pem::parse_x509_pem(cert.as_bytes()).unwrap().1;
            let signer = x509_parser::pem::parse_x509_pem(issuer.as_bytes()).unwrap().1;
            let (cert, signer) = (block.parse_x509().unwrap(), signer.parse_x509().unwrap());
            assert_eq!(cert.issuer(), signer.subject());
            let (from, to) = (cert.validity().not_before.timestamp(), cert.validity().not_after.timestamp());
            assert_eq!(to < now, flaw == Flaw::Expired);
            assert_eq!(from > now, flaw == Flaw::NotYetValid);
            let names = format!("{:?}", cert.subject_alternative_name().unwrap().unwrap().value);
            assert_eq!(!names.contains("localhost"), flaw == Flaw::WrongName, "{names}");
        }
    }

    #[test]
    fn faults_and_flaws_have_one_name() {
        for flaw in Flaw::ALL {
            assert_eq!(Flaw::of(flaw.fault()).unwrap(), flaw);
        }
        assert!(Flaw::of("certificate-blue").unwrap_err().to_string().contains("blue"));
    }
}
