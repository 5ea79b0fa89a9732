//! One TLS handshake that keeps what it saw: the chain is recorded and judged, but a bad one does not
//! end the handshake. That the server holds the key of its certificate is always proved.

use std::sync::{Arc, Mutex, PoisonError};

use checkrun_model::Broken;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What a handshake showed.
#[derive(Debug)]
pub(super) struct Seen {
    /// The server's certificates, its own first.
    pub(super) chain: Vec<CertificateDer<'static>>,
    /// `TLSv1.3`.
    pub(super) protocol: String,
    /// The cipher suite.
    pub(super) cipher: String,
    /// Why the chain does not verify; none: it does.
    pub(super) problem: Option<String>,
}

/// Shakes hands over `stream` with the server called `name`, trusting `roots`.
pub(super) async fn shake(stream: TcpStream, name: &str, roots: RootCertStore) -> Result<Seen, Broken> {
    let server = ServerName::try_from(name.to_owned())
        .map_err(|_| Broken::fatal(format!("`{name}` is neither a host name nor an IP address")).hint("say `name:`"))?;
    let provider = Arc::new(ring::default_provider());
    let onlooker = Arc::new(Onlooker::new(&provider, roots));
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|why| Broken::fatal(format!("TLS cannot be set up: {why}")))?
        .dangerous()
        .with_custom_certificate_verifier(onlooker.clone())
        .with_no_client_auth();
    let tls = TlsConnector::from(Arc::new(config)).connect(server, stream).await.map_err(|why| broken(&why))?;
    let (_, connection) = tls.get_ref();
    Ok(Seen {
        chain: connection.peer_certificates().unwrap_or_default().iter().map(|der| der.clone().into_owned()).collect(),
        protocol: connection.protocol_version().and_then(|version| version.as_str().map(spelled)).unwrap_or_default(),
        cipher: connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite())).unwrap_or_default(),
        problem: onlooker.problem(name),
    })
}

/// `TLSv1_3` as everyone else writes it.
fn spelled(version: &str) -> String {
    version.replace('_', ".")
}

fn broken(why: &std::io::Error) -> Broken {
    let inner = why.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::AlertReceived(alert)) => Broken::fatal(format!("the server ended the handshake: {alert:?}"))
            .hint("it may ask for a client certificate or an older protocol"),
        Some(Error::InvalidMessage(_)) => Broken::fatal("the server does not speak TLS at this port")
            .hint("look at the port; STARTTLS is not in this version"),
        Some(other) => Broken::fatal(format!("the handshake failed: {other}")),
        None => Broken::transient(format!("the connection ended during the handshake: {why}")),
    }
}

/// Verifies as rustls does, notes the outcome, and lets the handshake go on.
#[derive(Debug)]
struct Onlooker {
    inner: Result<Arc<WebPkiServerVerifier>, String>,
    algorithms: WebPkiSupportedAlgorithms,
    verdict: Mutex<Option<Result<(), Error>>>,
}

impl Onlooker {
    fn new(provider: &Arc<CryptoProvider>, roots: RootCertStore) -> Self {
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let algorithms = provider.signature_verification_algorithms;
        Self { inner: builder.build().map_err(|why| why.to_string()), algorithms, verdict: Mutex::default() }
    }

    /// Why the chain does not verify. A handshake that never asked has not verified anything.
    fn problem(&self, name: &str) -> Option<String> {
        match self.verdict.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(Ok(())) => None,
            Some(Err(Error::InvalidCertificate(why))) => Some(in_words(&why, name)),
            Some(Err(other)) => Some(other.to_string()),
            None => Some("the server showed no certificate".into()),
        }
    }
}

fn in_words(why: &CertificateError, name: &str) -> String {
    use CertificateError as Why;
    match why {
        Why::Expired | Why::ExpiredContext { .. } => "the certificate, or one above it, has expired".into(),
        Why::NotValidYet | Why::NotValidYetContext { .. } => {
            "the certificate, or one above it, is not valid yet".into()
        }
        Why::NotValidForName | Why::NotValidForNameContext { .. } => {
            format!("the certificate is not for the name `{name}`")
        }
        Why::UnknownIssuer => "the chain does not lead to a trusted CA".into(),
        Why::BadSignature => "the chain is not signed by the trusted CA: one of its name, but with another key".into(),
        other => format!("the certificate does not verify: {other}"),
    }
}

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = match &self.inner {
            Ok(inner) => inner.verify_server_cert(end_entity, intermediates, name, ocsp, now).map(|_| ()),
            Err(why) => Err(Error::General(format!("no CA to trust: {why}"))),
        };
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
