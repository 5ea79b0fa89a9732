//! The certificates, tokens and kubeconfigs of one cluster. Writes files; starts nothing.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use serde_json::json;

use super::site::Site;

/// Who may speak to the API server: the file's name, the user, its groups.
const USERS: [(&str, &str, &str); 7] = [
    (ADMIN, "admin", "system:masters"),
    (READER, "reader", "readers"),
    (NOBODY, "nobody", ""),
    ("controllers", "system:kube-controller-manager", ""),
    ("scheduler", "system:kube-scheduler", ""),
    ("proxy", "system:kube-proxy", ""),
    (KUBELET, "", "system:nodes"),
];
/// May do everything.
pub const ADMIN: &str = "admin";
/// May read what the built-in role `view` shows, and nodes, volumes, definitions.
pub const READER: &str = "reader";
/// Is known and may do nothing.
pub const NOBODY: &str = "nobody";
/// The node's own user, whose name holds the node's.
const KUBELET: &str = "kubelet";

/// The folder of a cluster's keys.
#[derive(Debug, Clone)]
pub struct Pki {
    dir: PathBuf,
}

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Pki {
    /// Makes everything anew for `site`.
    pub fn create(site: &Site) -> Result<Self> {
        let pki = Self::of(site);
        fs::create_dir_all(&pki.dir).with_context(|| format!("making {}", pki.dir.display()))?;
        fs::set_permissions(&pki.dir, fs::Permissions::from_mode(0o700))?;
        let ca = authority(&format!("{}-ca", site.name))?;
        pki.write("ca.crt", &ca.pem)?;
        pki.write("ca.key", &ca.issuer.key().serialize_pem())?;
        pki.write_pair("apiserver", &ca, "kube-apiserver", "", &server_names(site))?;
        pki.write_pair("kubelet-client", &ca, "apiserver-kubelet-client", "system:masters", &[])?;
        let node = site.node();
        let names = [node.clone(), site.node_ip()];
        pki.write_pair("kubelet", &ca, &format!("system:node:{node}"), "system:nodes", &names)?;
        let accounts = KeyPair::generate()?;
        pki.write("accounts.key", &accounts.serialize_pem())?;
        pki.write("accounts.pub", &accounts.public_key_pem())?;
        pki.write_users(site, &ca.pem)?;
        Ok(pki)
    }

    /// The folder that was made for `site`.
    pub fn of(site: &Site) -> Self {
        Self { dir: site.dir.join("pki") }
    }

    /// A file of the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }

    fn write_pair(&self, name: &str, ca: &Authority, cn: &str, group: &str, names: &[String]) -> Result<()> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name = subject(cn, group);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let cert = params.signed_by(&key, &ca.issuer)?;
        self.write(&format!("{name}.key"), &key.serialize_pem())?;
        self.write(&format!("{name}.crt"), &cert.pem())
    }

    fn write_users(&self, site: &Site, ca: &str) -> Result<()> {
        let mut tokens = String::new();
        for (file, user, groups) in USERS {
            let user = if file == KUBELET { format!("system:node:{}", site.node()) } else { user.to_owned() };
            let token = token()?;
            // writing to a String cannot fail
            let _ = writeln!(tokens, "{token},{user},{user},\"{groups}\"");
            write_kubeconfig(site, ca, file, &token)?;
        }
        self.write("tokens.csv", &tokens)
    }
}

/// One user a file; the context is called as the cluster is.
fn write_kubeconfig(site: &Site, ca: &str, user: &str, token: &str) -> Result<()> {
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": site.name,
        "clusters": [{"name": site.name, "cluster": {
            "server": format!("https://127.0.0.1:{}", site.api_port), "certificate-authority-data": STANDARD.encode(ca),
        }}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": site.name, "context": {"cluster": site.name, "user": user}}],
    });
    let path = site.kubeconfig(user);
    fs::write(&path, serde_yaml::to_string(&config)?).with_context(|| format!("writing {}", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).context("hiding a kubeconfig")
}

fn token() -> Result<String> {
    let mut bytes = [0; 16];
    let mut source = fs::File::open("/dev/urandom").context("opening /dev/urandom")?;
    std::io::Read::read_exact(&mut source, &mut bytes).context("reading /dev/urandom")?;
    Ok(bytes.iter().fold(String::new(), |all, b| format!("{all}{b:02x}")))
}

fn server_names(site: &Site) -> Vec<String> {
    let names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "127.0.0.1"];
    names.iter().map(|&n| n.to_owned()).chain([site.node_ip(), site.api_service_ip()]).collect()
}

fn subject(name: &str, group: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    if !group.is_empty() {
        subject.push(DnType::OrganizationName, group);
    }
    subject
}

fn authority(name: &str) -> Result<Authority> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new([])?;
    params.distinguished_name = subject(name, "");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let pem = params.self_signed(&key)?.pem();
    Ok(Authority { issuer: Issuer::new(params, key), pem })
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::*;

    fn made() -> (tempfile::TempDir, Site, Pki) {
        let dir = tempfile::tempdir().unwrap();
        let site = Site { name: "apps".into(), index: 1, dir: dir.path().into(), api_port: 21_000, cgroup: "x".into() };
        let pki = Pki::create(&site).unwrap();
        (dir, site, pki)
    }

    #[test]
    fn the_server_is_known_by_every_address_it_is_called_at() {
        let (_dir, site, pki) = made();
        let pem = fs::read(pki.path("apiserver.crt")).unwrap();
        let block = parse_x509_pem(&pem).unwrap().1;
        let cert = block.parse_x509().unwrap();
        let names = &cert.subject_alternative_name().unwrap().unwrap().value.general_names;
        assert_eq!(names.len(), server_names(&site).len());
        let addresses = names.iter().filter(|n| matches!(n, GeneralName::IPAddress(_))).count();
        assert_eq!(addresses, 3, "loopback, node, service");
    }

    #[test]
    fn each_user_has_a_token_of_its_own_and_only_admin_is_master() {
        let (_dir, site, pki) = made();
        let tokens = fs::read_to_string(pki.path("tokens.csv")).unwrap();
        assert_eq!(tokens.lines().filter(|l| l.contains("system:masters")).count(), 1);
        for user in [ADMIN, READER, NOBODY] {
            let text = fs::read_to_string(site.kubeconfig(user)).unwrap();
            let config: serde_json::Value = serde_yaml::from_str(&text).unwrap();
            let token = config["users"][0]["user"]["token"].as_str().unwrap();
            assert_eq!(tokens.lines().filter(|l| l.starts_with(token)).count(), 1);
            assert_eq!(config["current-context"], "apps");
        }
    }
}
