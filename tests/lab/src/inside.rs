//! What this program does inside a pod, or as a server of the lab: the stand-ins, the Git server, Confluent's API before
//! the registry, the web server, the webhook. Never called by a person.

use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::answers;
use crate::cx::LabCx;
use crate::flux::manifests::STORAGE_PORT;
use crate::objects::Objects;
use crate::registry::manifests::{PORT, PREFIX, SERVER_PORT};
use crate::source::controller::Controller;
use crate::source::storage::Storage;

/// A copy of this program in the part's own folder, for pods to mount: the original may be built anew meanwhile.
pub fn program(cx: &LabCx) -> Result<String> {
    let copy = cx.dir()?.join("lab");
    if !copy.exists() {
        let own = std::env::current_exe().context("this program has a path")?;
        let draft = copy.with_extension("draft");
        // by another process: one that is started at the same moment would inherit the open file, and as long as
        // anybody may write to a program, nobody can start it
        let done = Command::new("cp").arg(&own).arg(&draft).status().context("starting cp")?;
        ensure!(done.success(), "copying {} to {} failed", own.display(), draft.display());
        std::fs::rename(&draft, &copy).with_context(|| format!("making {}", copy.display()))?;
    }
    Ok(copy.display().to_string())
}

/// Does the work that the first of `args` names.
pub async fn run(args: &[String]) -> Result<()> {
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["operator", ca] => operator(ca).await,
        ["confluent-api"] => {
            let to = SocketAddr::from(([127, 0, 0, 1], SERVER_PORT));
            let listener = tokio::net::TcpListener::bind(("0.0.0.0", PORT)).await?;
            crate::registry::prefix::run(listener, to, PREFIX).await
        }
        ["web", dir, plain, secure] => crate::web::server::run(dir.as_ref(), plain.parse()?, secure.parse()?).await,
        ["webhook", keystore, port] => crate::cluster::webhook::run(keystore.as_ref(), port.parse()?).await,
        ["git-server", at, root] => {
            let listener = tokio::net::TcpListener::bind(at).await.with_context(|| format!("listening on {at}"))?;
            crate::git::serve::run(listener, root.into()).await;
            Ok(())
        }
        ["source-controller", root, url] => source_controller(root, url).await,
        ["standins", config] => crate::standins::serve::run(config.as_ref()).await,
        other => bail!("nothing inside a pod is called {other:?}"),
    }
}

async fn operator(ca: &str) -> Result<()> {
    let pem = std::fs::read_to_string(ca).with_context(|| format!("reading {ca}"))?;
    let ends = certificate_end(&pem);
    let client = kube::Client::try_from(kube::Config::incluster()?)?;
    crate::strimzi::operator::run(client, crate::strimzi::objects::OPERATOR_PORT, pem, ends).await
}

/// Fetches and packs into `root`, and serves it to those who come by `url`.
async fn source_controller(root: &str, url: &str) -> Result<()> {
    let storage = Storage::new(root.as_ref(), url);
    let listener = tokio::net::TcpListener::bind(("0.0.0.0", STORAGE_PORT)).await?;
    let server = storage.clone();
    tokio::spawn(answers::serve(listener, move |asked| {
        let reply = match asked.path.as_str() {
            "/" => answers::text(200, "ready\n"),
            _ => server.answer(&asked),
        };
        async move { reply }
    }));
    Controller::new(Objects::incluster()?, storage).run().await;
    Ok(())
}

/// When the first certificate of `pem` ends, in milliseconds since 1970.
fn certificate_end(pem: &str) -> Option<i64> {
    let (_, block) = x509_parser::pem::parse_x509_pem(pem.as_bytes()).ok()?;
    let cert = block.parse_x509().ok()?;
    Some(cert.validity().not_after.timestamp() * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_ends_within_the_year() {
        let dir = tempfile::tempdir().unwrap();
        let pki = crate::kafka::certs::Pki::create(dir.path(), &[]).unwrap();
        let end = certificate_end(&pki.read("ca.crt").unwrap()).unwrap();
        let days = (end - jiff::Timestamp::now().as_millisecond()) / 86_400_000;
        assert!((363..=365).contains(&days), "{days}");
        assert_eq!(certificate_end("nonsense"), None);
    }

    #[tokio::test]
    async fn an_unknown_errand_is_refused() {
        let e = run(&["dance".to_owned()]).await.unwrap_err();
        assert!(e.to_string().contains("dance"), "{e}");
    }
}
