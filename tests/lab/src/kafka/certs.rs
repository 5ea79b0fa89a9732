//! The certificates of the Kafka part: cluster and clients authorities, brokers, a user, and the broken ones
//! (expired, wrong name, foreign authority) that tests of TLS need. Writes PEM files; knows no cluster.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// How long a good certificate lasts, as Strimzi's do.
const DAYS: i64 = 365;

/// The folder of the PEM files.
#[derive(Debug, Clone)]
pub struct Pki {
    dir: PathBuf,
}

/// An authority that can sign.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// Whom a certificate is for.
enum Use {
    Server,
    Client,
}

/// When a certificate is good.
#[derive(Clone, Copy, PartialEq)]
enum Validity {
    Now,
    Past,
}

impl Pki {
    /// Makes everything anew in `dir`; `broker_names` are the names and addresses each broker answers to.
    pub fn create(dir: &Path, broker_names: &[Vec<String>]) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
        let pki = Self { dir: dir.to_owned() };
        let cluster = authority("io.strimzi", "cluster-ca v0")?;
        let clients = authority("io.strimzi", "clients-ca v0")?;
        let foreign = authority("nobody", "foreign-ca")?;
        pki.write("ca.crt", &cluster.pem)?;
        pki.write("clients-ca.crt", &clients.pem)?;
        pki.write("foreign-ca.crt", &foreign.pem)?;
        for (id, names) in broker_names.iter().enumerate() {
            let (key, cert) = cluster.sign(names, "kafka-cluster-kafka", &Use::Server, Validity::Now)?;
            pki.keystore(&format!("broker-{id}.pem"), &key, &cert, &cluster)?;
        }
        pki.broken_servers(&cluster, &foreign, broker_names.first().map_or(&[], Vec::as_slice))?;
        pki.user("user", &clients, Validity::Now)?;
        pki.user("user-expired", &clients, Validity::Past)?;
        pki.user("user-foreign", &foreign, Validity::Now)?;
        Ok(pki)
    }

    /// The file `name` of this folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// What the file `name` holds.
    pub fn read(&self, name: &str) -> Result<String> {
        let path = self.path(name);
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    }

    fn broken_servers(&self, cluster: &Authority, foreign: &Authority, names: &[String]) -> Result<()> {
        let cn = "kafka-cluster-kafka";
        let (key, cert) = cluster.sign(names, cn, &Use::Server, Validity::Past)?;
        self.keystore("expired.pem", &key, &cert, cluster)?;
        let elsewhere = ["kafka.elsewhere.example".to_owned()];
        let (key, cert) = cluster.sign(&elsewhere, cn, &Use::Server, Validity::Now)?;
        self.keystore("wrong-name.pem", &key, &cert, cluster)?;
        let (key, cert) = foreign.sign(names, cn, &Use::Server, Validity::Now)?;
        self.keystore("foreign.pem", &key, &cert, foreign)
    }

    fn user(&self, name: &str, by: &Authority, validity: Validity) -> Result<()> {
        let (key, cert) = by.sign(&[], "checkrun", &Use::Client, validity)?;
        self.write(&format!("{name}.crt"), &cert)?;
        self.write(&format!("{name}.key"), &key)
    }

    /// Kafka's PEM keystore: key and chain in one file.
    fn keystore(&self, name: &str, key: &str, cert: &str, by: &Authority) -> Result<()> {
        self.write(name, &format!("{key}{cert}{}", by.pem))
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }
}

fn authority(organization: &str, name: &str) -> Result<Authority> {
    let key = KeyPair::generate()?;
    let mut params = params(&[], name, Validity::Now)?;
    params.distinguished_name.push(DnType::OrganizationName, organization);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let pem = params.self_signed(&key)?.pem();
    Ok(Authority { issuer: Issuer::new(params, key), pem })
}

impl Authority {
    /// A new key and its certificate, both PEM.
    fn sign(&self, names: &[String], cn: &str, for_: &Use, validity: Validity) -> Result<(String, String)> {
        let key = KeyPair::generate()?;
        let mut params = params(names, cn, validity)?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = match for_ {
            // a broker is its peers' client, too
            Use::Server => vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth],
            Use::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
        };
        let cert = params.signed_by(&key, &self.issuer)?;
        Ok((key.serialize_pem(), cert.pem()))
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
    };
    params.not_before = day(from)?;
    params.not_after = day(to)?;
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::*;

    fn leaf(pem: &str) -> (String, bool, Vec<String>) {
        let start = pem.find("-----BEGIN CERTIFICATE").unwrap();
        let (_, block) = parse_x509_pem(&pem.as_bytes()[start..]).unwrap();
        let cert = block.parse_x509().unwrap();
        let names = cert
            .subject_alternative_name()
            .unwrap()
            .map_or(vec![], |san| san.value.general_names.iter().map(ToString::to_string).collect());
        (cert.issuer().to_string(), cert.validity().is_valid(), names)
    }

    #[test]
    fn each_certificate_is_what_its_name_says() {
        let dir = tempfile::tempdir().unwrap();
        let names = vec!["b0.kafka.svc".to_owned(), "127.0.0.1".to_owned()];
        let pki = Pki::create(dir.path(), &[names]).unwrap();
        let (issuer, valid, san) = leaf(&pki.read("broker-0.pem").unwrap());
        assert!(issuer.contains("cluster-ca") && valid, "{issuer}");
        assert!(san.iter().any(|n| n.contains("b0.kafka.svc")), "{san:?}");
        assert_eq!(san.len(), 2, "the address is a name, too: {san:?}");
        assert!(!leaf(&pki.read("expired.pem").unwrap()).1);
        let wrong = leaf(&pki.read("wrong-name.pem").unwrap()).2;
        assert!(wrong.iter().all(|n| !n.contains("b0")), "{wrong:?}");
        assert!(leaf(&pki.read("foreign.pem").unwrap()).0.contains("foreign-ca"));
        assert!(leaf(&pki.read("user.crt").unwrap()).0.contains("clients-ca"));
        assert!(!leaf(&pki.read("user-expired.crt").unwrap()).1);
    }
}
