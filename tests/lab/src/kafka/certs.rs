//! The certificates of the Kafka part: cluster and clients authorities, brokers, a user, and the flawed ones that tests
//! of TLS need. Writes PEM files; knows no cluster.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::authority::{Authority, Flaw, Use, Validity};

/// The subject of every broker's certificate.
const BROKER: &str = "kafka-cluster-kafka";

/// The folder of the PEM files.
#[derive(Debug, Clone)]
pub struct Pki {
    dir: PathBuf,
}

/// The keystore that shows a certificate with this flaw.
pub const fn keystore_of(flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::Expired => "expired.pem",
        Flaw::NotYetValid => "not-yet-valid.pem",
        Flaw::WrongName => "wrong-name.pem",
        Flaw::WrongAuthority => "foreign.pem",
    }
}

impl Pki {
    /// Makes everything anew in `dir`; `broker_names` are the names and addresses each broker answers to.
    pub fn create(dir: &Path, broker_names: &[Vec<String>]) -> Result<Self> {
        std::fs::create_dir_all(dir).with_context(|| format!("making {}", dir.display()))?;
        let pki = Self { dir: dir.to_owned() };
        let cluster = Authority::new("io.strimzi", "cluster-ca v0")?;
        let clients = Authority::new("io.strimzi", "clients-ca v0")?;
        let foreign = Authority::new("nobody", "foreign-ca")?;
        pki.write("ca.crt", cluster.pem())?;
        pki.write("clients-ca.crt", clients.pem())?;
        pki.write("foreign-ca.crt", foreign.pem())?;
        for (id, names) in broker_names.iter().enumerate() {
            let pair = cluster.sign(names, BROKER, Use::Server, Validity::Now)?;
            pki.keystore(&format!("broker-{id}.pem"), &pair.key, &pair.cert, cluster.pem())?;
        }
        let names = broker_names.first().map_or(&[][..], Vec::as_slice);
        for flaw in Flaw::ALL {
            let (pair, signer) = flaw.sign(&cluster, &foreign, names, BROKER)?;
            pki.keystore(keystore_of(flaw), &pair.key, &pair.cert, &signer)?;
        }
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

    fn user(&self, name: &str, by: &Authority, validity: Validity) -> Result<()> {
        let pair = by.sign(&[], "checkrun", Use::Client, validity)?;
        self.write(&format!("{name}.crt"), &pair.cert)?;
        self.write(&format!("{name}.key"), &pair.key)
    }

    /// Kafka's PEM keystore: key and chain in one file.
    fn keystore(&self, name: &str, key: &str, cert: &str, signer: &str) -> Result<()> {
        self.write(name, &format!("{key}{cert}{signer}"))
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        std::fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }
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
        assert!(!leaf(&pki.read("not-yet-valid.pem").unwrap()).1);
        let wrong = leaf(&pki.read("wrong-name.pem").unwrap()).2;
        assert!(wrong.iter().all(|n| !n.contains("b0")), "{wrong:?}");
        assert!(leaf(&pki.read("foreign.pem").unwrap()).0.contains("foreign-ca"));
        assert!(leaf(&pki.read("user.crt").unwrap()).0.contains("clients-ca"));
        assert!(!leaf(&pki.read("user-expired.crt").unwrap()).1);
    }
}
