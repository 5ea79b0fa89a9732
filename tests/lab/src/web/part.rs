//! The part `web`: the small server as a process of its own, and its faults.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::BoxFuture;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::mode::Mode;
use super::server::keystore;
use crate::authority::{Authority, Flaw, Use, Validity};
use crate::cx::LabCx;
use crate::machine::process::{Process, Start};
use crate::part::{Fault, Order, Part, Running};
use crate::plainhttp;
use crate::recipe::Recipe;
use crate::target::{Fragment, write_whole};

/// The server's process.
const SERVER: &str = "web";
/// How long start and mending may take.
const LIMIT: Duration = Duration::from_secs(30);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The keystore that is shown while nothing is wrong.
const GOOD: &str = "good.pem";

const fn fault(name: &'static str, seen: &'static str) -> Fault {
    Fault { name, seen, at: None, passes: false }
}

const FAULTS: [Fault; 10] = [
    fault("web-down", "every connection is refused"),
    fault("hanging", "connections open and no request is ever answered"),
    fault("cutting", "200, a part of the promised body, and the connection's end"),
    fault("error-500", "every request is answered 500"),
    fault("garbage", "the answer is no HTTP"),
    fault("huge", "every request is answered 200 with 100 MiB of JSON"),
    fault(Flaw::Expired.fault(), "the endpoint web-tls shows a certificate that ended two days ago"),
    fault(Flaw::NotYetValid.fault(), "the endpoint web-tls shows a certificate that begins in a month"),
    fault(Flaw::WrongName.fault(), "the endpoint web-tls shows a certificate for elsewhere.example"),
    fault(Flaw::WrongAuthority.fault(), "the endpoint web-tls shows a certificate of an authority that nobody trusts"),
];

/// The server.
pub struct Web;

impl Part for Web {
    fn name(&self) -> &'static str {
        "web"
    }

    fn about(&self) -> &'static str {
        "a small HTTP server of the lab, with and without TLS, that misbehaves on order"
    }

    fn recipes(&self) -> Vec<Recipe> {
        // the server is this program; its tests ask it with curl
        vec![Recipe::new("web-tools", |_| Ok(())).packages(&["curl"]).fetched()]
    }

    fn up<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
        Box::pin(up(cx))
    }

    fn faults(&self) -> Vec<Fault> {
        FAULTS.to_vec()
    }

    fn inject<'a>(&'a self, cx: &'a LabCx, order: &'a Order) -> BoxFuture<'a, Result<()>> {
        Box::pin(inject(cx, order))
    }

    fn heal<'a>(&'a self, cx: &'a LabCx, order: &'a Order, _memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(heal(cx, order))
    }
}

async fn up(cx: &LabCx) -> Result<Running> {
    let (dir, plain, secure) = (cx.dir()?, cx.port("http")?, cx.port("https")?);
    certify(&dir)?;
    show(&dir, GOOD)?;
    set_mode(&dir, "well")?;
    let start = Start::new(SERVER, crate::inside::program(cx)?)
        .args(["inside", "web"])
        .arg(&dir)
        .args([plain.to_string(), secure.to_string()]);
    let server = cx.spawn(start)?;
    well(cx, &server).await?;
    let ca = json!({ "file": dir.join("ca.crt") });
    let target = Fragment::default()
        .endpoint("web", json!({ "http": { "url": format!("http://127.0.0.1:{plain}") } }))
        .endpoint("web-tls", json!({ "http": { "url": format!("https://127.0.0.1:{secure}"), "ca": ca } }))
        .endpoint("web-listener", json!({ "tls": { "address": format!("127.0.0.1:{secure}"), "ca": ca } }))
        .sentence("web: a small HTTP server of the lab, no real application");
    Ok(Running { target, ..Running::default() })
}

/// All certificates that may be shown, each a file, and the authority's.
fn certify(dir: &Path) -> Result<()> {
    let (good, foreign) = (Authority::new("lab", "web-ca")?, Authority::new("nobody", "foreign-ca")?);
    let names = ["127.0.0.1", "localhost"].map(str::to_owned);
    let write = |name: &str, text: &str| write_whole(&dir.join(name), text.as_bytes());
    write("ca.crt", good.pem())?;
    let pair = good.sign(&names, "web", Use::Server, Validity::Now)?;
    write(GOOD, &format!("{}{}{}", pair.key, pair.cert, good.pem()))?;
    for flaw in Flaw::ALL {
        let (pair, signer) = flaw.sign(&good, &foreign, &names, "web")?;
        write(flaw.fault(), &format!("{}{}{signer}", pair.key, pair.cert))?;
    }
    Ok(())
}

/// From the next connection on this certificate is shown.
fn show(dir: &Path, name: &str) -> Result<()> {
    let pem = std::fs::read(dir.join(name)).with_context(|| format!("there is no certificate {name}"))?;
    write_whole(&keystore(dir), &pem)
}

fn set_mode(dir: &Path, word: &str) -> Result<()> {
    Mode::of(word)?;
    write_whole(&Mode::file(dir), word.as_bytes())
}

/// Waits until both ports answer as they should.
async fn well(cx: &LabCx, server: &Process) -> Result<()> {
    let (plain, secure, ca) = (cx.port("http")?, cx.port("https")?, cx.dir()?.join("ca.crt"));
    let look = || async {
        let ca = ca.clone();
        let asked = tokio::task::spawn_blocking(move || {
            plainhttp::get(&format!("127.0.0.1:{plain}"), "/", ANSWER)?;
            plainhttp::secure_get(&format!("127.0.0.1:{secure}"), &ca, "/", ANSWER)
        });
        let status = asked.await??.status;
        ensure!(status == 200, "it was answered {status}");
        Ok(())
    };
    cx.until("the web server", LIMIT, &[server], look).await
}

async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    let dir = cx.dir()?;
    match order.fault.as_str() {
        "web-down" => cx.process(SERVER)?.end(Signal::SIGKILL, LIMIT).await?,
        name if name.starts_with("certificate-") => show(&dir, name)?,
        name if Mode::of(name).is_ok() => set_mode(&dir, name)?,
        other => bail!("web has no fault `{other}`"),
    }
    Ok(())
}

async fn heal(cx: &LabCx, order: &Order) -> Result<()> {
    let dir = cx.dir()?;
    match order.fault.as_str() {
        "web-down" => cx.process(SERVER)?.again()?,
        name if name.starts_with("certificate-") => show(&dir, GOOD)?,
        _ => set_mode(&dir, "well")?,
    }
    // one that is still broken in another way cannot answer
    match Mode::read(&dir)? {
        Mode::Well => well(cx, &cx.process(SERVER)?).await,
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_is_a_mode_or_has_its_certificate() {
        let dir = tempfile::tempdir().unwrap();
        certify(dir.path()).unwrap();
        for fault in FAULTS.iter().filter(|f| f.name != "web-down") {
            assert!(Mode::of(fault.name).is_ok() || show(dir.path(), fault.name).is_ok(), "{}", fault.name);
        }
    }
}
