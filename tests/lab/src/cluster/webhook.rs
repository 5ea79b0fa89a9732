//! An admission webhook of the lab that refuses every new pod, or that nobody answers for.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::handle::Cluster;
use crate::authority::{Authority, Use, Validity};
use crate::cx::LabCx;
use crate::httphead::{Head, answer};
use crate::machine::process::Start;
use crate::objects::Ref;
use crate::part::Fault;
use crate::web::server::acceptor;

/// The process's name, and the configuration's.
const NAME: &str = "lab-webhook";
/// Where it listens inside the cluster's room.
const PORT: u16 = 9443;
/// How long it may take until the API server asks it.
const LIMIT: Duration = Duration::from_secs(60);
/// A review is no longer.
const LONGEST: usize = 4 << 20;
const CONFIGURATION: Ref<'static> = Ref("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "", NAME);
/// What the webhook says.
pub const REFUSAL: &str = "the lab admits no pods";

/// What can be asked for.
pub const FAULTS: [Fault; 2] = [
    Fault {
        name: "webhook-refusing",
        seen: "no pod can be made: an admission webhook denies each with 403; what runs goes on",
        at: None,
        passes: false,
    },
    Fault {
        name: "webhook-unreachable",
        seen: "no pod can be made: the API server fails to call an admission webhook (500); what runs goes on",
        at: None,
        passes: false,
    },
];

/// Whether this fault is one of these.
pub fn has(name: &str) -> bool {
    FAULTS.iter().any(|f| f.name == name)
}

/// Puts the webhook in the way and returns once no pod can be made.
pub async fn install(cx: &LabCx, cluster: &Cluster, fault: &str) -> Result<()> {
    let authority = Authority::new("lab", "webhook-ca")?;
    if fault == "webhook-refusing" {
        let pair = authority.sign(&["127.0.0.1".to_owned()], "webhook", Use::Server, Validity::Now)?;
        let keystore = cx.dir()?.join("webhook.pem");
        std::fs::write(&keystore, format!("{}{}", pair.key, pair.cert)).context("writing the webhook's certificate")?;
        let start = Start::new(NAME, crate::inside::program(cx)?).args(["inside", "webhook"]).arg(keystore);
        cx.spawn(start.arg(PORT.to_string()).room(cluster.room()))?;
    }
    cluster.objects().apply(&[configuration(authority.pem())]).await?;
    let wanted = if fault == "webhook-refusing" { REFUSAL } else { "failed calling webhook" };
    let refused = || async {
        let said = try_pod(cluster).await?;
        ensure!(said.contains(wanted), "a pod could be made: {said}");
        Ok(())
    };
    cx.until("pods to be refused", LIMIT, &[], refused).await
}

/// Takes it away and returns once pods can be made.
pub async fn uninstall(cx: &LabCx, cluster: &Cluster) -> Result<()> {
    cluster.objects().delete(CONFIGURATION).await?;
    if let Ok(process) = cx.process(NAME) {
        cx.dismiss(&process, LIMIT).await?;
    }
    let admitted = || async {
        let said = try_pod(cluster).await?;
        ensure!(said.contains("created"), "{said}");
        Ok(())
    };
    cx.until("pods to be admitted", LIMIT, &[], admitted).await
}

/// What the API server says to a pod that it only tries.
async fn try_pod(cluster: &Cluster) -> Result<String> {
    let words = ["-n", "default", "run", "lab-webhook-probe", "--image=none", "--dry-run=server"];
    let mut command = cluster.kubectl(&words);
    let out = tokio::task::spawn_blocking(move || command.output()).await?.context("starting kubectl")?;
    Ok(String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).trim().to_owned())
}

fn configuration(ca: &str) -> Value {
    json!({
        "apiVersion": CONFIGURATION.0, "kind": CONFIGURATION.1, "metadata": { "name": NAME },
        "webhooks": [{
            "name": "pods.lab.local", "admissionReviewVersions": ["v1"], "sideEffects": "None",
            "failurePolicy": "Fail", "timeoutSeconds": 5,
            "clientConfig": { "url": format!("https://127.0.0.1:{PORT}/"), "caBundle": STANDARD.encode(ca) },
            "rules": [{
                "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"],
                "operations": ["CREATE"], "scope": "Namespaced",
            }],
        }],
    })
}

/// The webhook's process: denies whatever it is asked, until it is ended.
pub async fn run(keystore: &Path, port: u16) -> Result<()> {
    let acceptor = acceptor(keystore)?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (client, _) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Err(e) = deny(client, acceptor).await {
                eprintln!("{e:#}");
            }
        });
    }
}

async fn deny(client: TcpStream, acceptor: TlsAcceptor) -> Result<()> {
    let mut client = acceptor.accept(client).await?;
    let Some((head, mut body)) = Head::read(&mut client).await? else { return Ok(()) };
    let length: usize = head.header("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
    ensure!(length <= LONGEST, "a review of {length} bytes");
    let start = body.len().min(length);
    body.resize(length, 0);
    client.read_exact(&mut body[start..]).await?;
    let review: Value = serde_json::from_slice(&body).context("reading a review")?;
    client.write_all(answer("200 OK", "", &denial(&review["request"]["uid"])).as_bytes()).await?;
    Ok(client.shutdown().await?)
}

fn denial(uid: &Value) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": { "uid": uid, "allowed": false, "status": { "code": 403, "message": REFUSAL } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_for_the_question_that_was_asked() {
        let denial = denial(&json!("u-1"));
        assert_eq!(denial["response"]["uid"], "u-1");
        assert_eq!(denial["response"]["allowed"], false);
    }
}
