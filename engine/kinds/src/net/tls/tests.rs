//! Handshakes with servers on loopback whose certificates have one fault each.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use serde_json::json;

use super::*;
use crate::testing::context;

type Ca = CertifiedIssuer<'static, KeyPair>;

fn ca(name: &str) -> Ca {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server that shows a certificate of `ca` for `name`, valid in these years; gives its address.
async fn server(ca: &Ca, name: &str, years: (i32, i32)) -> String {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(years.0, 1, 1), date_time_ymd(years.1, 1, 1));
    let leaf = params.signed_by(&key, ca).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        while let Ok((stream, _)) = listener.accept().await {
            let _ = acceptor.accept(stream).await;
        }
    });
    address.to_string()
}

fn args(address: String, name: Option<&str>, ca: &Ca) -> Tls {
    Tls { address: Some(address), name: name.map(str::to_owned), ca: Some(Pem::Pem(ca.pem())), verify: true }
}

async fn seen(args: &Tls) -> Result<Json, Broken> {
    args.observe(&context(None).0).await.map(|observation| observation.value)
}

/// Why the rule is not met.
async fn refusal(args: Tls) -> String {
    let value = seen(&args).await.unwrap();
    match args.rule(&value, Asked::default()) {
        Ruling::NotYet(why) => why,
        other => panic!("{other:?} on {value}"),
    }
}

#[tokio::test]
async fn a_good_certificate_verifies_and_is_described() {
    let ca = ca("a");
    let args = args(server(&ca, "kafka.test", (2020, 2090)).await, Some("kafka.test"), &ca);
    let value = seen(&args).await.unwrap();
    assert_eq!(args.rule(&value, Asked::default()), Ruling::Met);
    assert_eq!(value["names"], json!(["kafka.test"]));
    assert_eq!(
        (&value["not_before"], &value["not_after"]),
        (&json!("2020-01-01T00:00:00Z"), &json!("2090-01-01T00:00:00Z"))
    );
    assert_eq!((&value["protocol"], value["chain"].as_array().unwrap().len()), (&json!("TLSv1.3"), 1));
    assert_eq!(value.get("problem"), None);
}

#[tokio::test]
async fn each_fault_is_named() {
    let ca = ca("a");
    let expired = server(&ca, "kafka.test", (2000, 2001)).await;
    assert!(refusal(args(expired, Some("kafka.test"), &ca)).await.contains("has expired"));
    let early = server(&ca, "kafka.test", (2089, 2090)).await;
    assert!(refusal(args(early, Some("kafka.test"), &ca)).await.contains("not valid yet"));
    let fine = server(&ca, "kafka.test", (2020, 2090)).await;
    assert!(refusal(args(fine.clone(), Some("other.test"), &ca)).await.contains("not for the name `other.test`"));
    assert!(refusal(args(fine.clone(), None, &ca)).await.contains("not for the name `127.0.0.1`"));
    let stranger = args(fine.clone(), Some("kafka.test"), &self::ca("b"));
    assert!(refusal(stranger).await.contains("does not lead to a trusted CA"));
    let namesake = args(fine, Some("kafka.test"), &self::ca("a"));
    assert!(refusal(namesake).await.contains("another key"));
}

#[tokio::test]
async fn without_verifying_a_bad_certificate_is_observed() {
    let ca = ca("a");
    let address = server(&ca, "kafka.test", (2000, 2001)).await;
    let args = Tls { verify: false, ..args(address, Some("kafka.test"), &ca) };
    let value = seen(&args).await.unwrap();
    assert_eq!(args.rule(&value, Asked::default()), Ruling::Met);
    assert_eq!(value["verified"], false);
    assert!(value["problem"].as_str().unwrap().contains("expired"));
}

#[tokio::test]
async fn an_endpoint_gives_address_name_and_ca() {
    let ca = ca("a");
    let address = server(&ca, "kafka.test", (2020, 2090)).await;
    let config = json!({ "address": address, "name": "kafka.test", "ca": { "pem": ca.pem() } });
    let args = Tls { address: None, name: None, ca: None, verify: true };
    let value = args.observe(&context(Some(("tls", config))).0).await.unwrap().value;
    assert_eq!(args.rule(&value, Asked::default()), Ruling::Met);
}

#[tokio::test]
async fn no_server_is_waited_for_and_no_tls_is_final() {
    let ca = ca("a");
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = silent.local_addr().unwrap().to_string();
    drop(silent);
    assert!(seen(&args(closed, None, &ca)).await.unwrap_err().transient);

    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = plain.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        std::future::pending::<()>().await;
    });
    let broken = seen(&args(address, None, &ca)).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("does not speak TLS"), "{broken:?}");
}

#[test]
fn arguments_are_checked_at_load() {
    let entry = checkrun_model::KindEntry::of::<Tls>();
    let parse =
        |args: Json| crate::testing::prepare(&entry, &args).map(|_| ()).map_err(|errors| errors[0].message.clone());
    assert_eq!(parse(json!({ "address": "host:443", "ca": { "file": "ca.pem" } })), Ok(()));
    assert_eq!(parse(json!({})), Ok(()));
    assert!(parse(json!({ "address": "https://host" })).unwrap_err().contains("not an address"));
    assert!(parse(json!({ "adress": "host:443" })).unwrap_err().contains("unknown key"));
}
