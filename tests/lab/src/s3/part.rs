//! The part `s3`: MinIO as a process in the room of `apps`, behind a gate that can be slowed, and what can be broken.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::BoxFuture;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::recipe;
use crate::authority::{Authority, Use, Validity};
use crate::cx::LabCx;
use crate::machine::gate::Pace;
use crate::machine::process::{Process, Start};
use crate::part::{Fault, Order, Part, Running};
use crate::plainhttp;
use crate::recipe::Recipe;
use crate::target::Fragment;

/// Who may do everything. A lab on loopback keeps no secrets.
pub const ACCESS_KEY: &str = "checkrun-lab";
/// The password of `ACCESS_KEY`.
pub const SECRET_KEY: &str = "checkrun-lab-secret";
/// The bucket that is there from the start.
pub const BUCKET: &str = "backups";
/// The port inside the room, on the node's address: pods of `apps` ask it there.
pub const PORT: u16 = 9000;
/// MinIO's own port behind the gate, on loopback of the room.
const OWN_PORT: u16 = 9001;
/// The name of gate and process.
const SERVER: &str = "minio";
/// How long start and mending may take.
const LIMIT: Duration = Duration::from_secs(120);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// What each piece waits while the server is slow.
const SLOW: Duration = Duration::from_millis(500);

const fn fault(name: &'static str, seen: &'static str) -> Fault {
    Fault { name, seen, at: None, passes: false }
}

const FAULTS: [Fault; 5] = [
    fault("s3-down", "every connection is reset"),
    fault("s3-slow", "each answer takes some seconds, and a mebibyte half a minute; nothing fails"),
    fault("s3-hanging", "connections open and no request is ever answered"),
    fault("wrong-credentials", "the secret key was changed: whoever signs with the old one gets 403"),
    fault("bucket-gone", "the bucket is not there: 404 NoSuchBucket; its objects are back once it is healed"),
];

/// The server.
pub struct S3;

impl Part for S3 {
    fn name(&self) -> &'static str {
        "s3"
    }

    fn about(&self) -> &'static str {
        "MinIO with TLS; reached from outside and from the pods of apps"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["apps"]
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![recipe::server()]
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
    let apps = cx.cluster("apps")?;
    let inside = SocketAddr::new(apps.node_address(), PORT);
    let dir = cx.dir()?;
    certify(&dir, &apps.site().node_ip())?;
    // a folder of the data is a bucket
    for folder in [bucket(&dir), dir.join("home")] {
        std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    }
    set_secret(&dir, SECRET_KEY)?;
    let own = SocketAddr::from(([127, 0, 0, 1], OWN_PORT));
    let start = Start::new(SERVER, cx.made(&recipe::server())?.join(SERVER))
        .args(["server", "--quiet", "--address", &own.to_string(), "--certs-dir"])
        .args([dir.join("certs"), dir.join("data")])
        .env("HOME", dir.join("home").display().to_string())
        .env("MINIO_ROOT_USER", ACCESS_KEY)
        .env("MINIO_ROOT_PASSWORD_FILE", dir.join("secret").display().to_string())
        .env("MINIO_BROWSER", "off")
        .env("MINIO_UPDATE", "off");
    let server = cx.spawn(start.room(apps.room()))?;
    cx.gate(SERVER, apps.room(), inside, own)?;
    let port = cx.port("https")?;
    cx.relay(port, apps.room(), inside).await?;
    well(cx, &server).await?;
    Ok(tell(&dir, port, inside))
}

fn bucket(dir: &Path) -> PathBuf {
    dir.join("data").join(BUCKET)
}

/// The server's certificate, for every address it is asked at, and the authority's beside it.
fn certify(dir: &Path, node: &str) -> Result<()> {
    let authority = Authority::new("lab", "s3-ca")?;
    let names = ["127.0.0.1", "localhost", "s3.lab", node].map(str::to_owned);
    let pair = authority.sign(&names, "s3.lab", Use::Server, Validity::Now)?;
    let certs = dir.join("certs");
    std::fs::create_dir_all(&certs).with_context(|| format!("making {}", certs.display()))?;
    std::fs::write(certs.join("public.crt"), &pair.cert).context("writing MinIO's certificate")?;
    std::fs::write(certs.join("private.key"), &pair.key).context("writing MinIO's key")?;
    std::fs::write(ca(dir), authority.pem()).context("writing the authority's certificate")
}

fn ca(dir: &Path) -> PathBuf {
    dir.join("ca.crt")
}

/// MinIO reads it when it starts.
fn set_secret(dir: &Path, secret: &str) -> Result<()> {
    std::fs::write(dir.join("secret"), secret).context("writing MinIO's secret")
}

/// Waits until the server says through its gate, from outside, that it can read and write.
async fn well(cx: &LabCx, server: &Process) -> Result<()> {
    let (address, ca) = (format!("127.0.0.1:{}", cx.port("https")?), ca(&cx.dir()?));
    let look = || async {
        let (address, ca) = (address.clone(), ca.clone());
        let asked = move || plainhttp::secure_get(&address, &ca, "/minio/health/cluster", ANSWER);
        let answer = tokio::task::spawn_blocking(asked).await??;
        ensure!(answer.status == 200, "its health is {}", answer.status);
        Ok(())
    };
    cx.until("MinIO", LIMIT, &[server], look).await
}

fn tell(dir: &Path, port: u16, inside: SocketAddr) -> Running {
    let (outside, ca) = (format!("https://127.0.0.1:{port}"), ca(dir).display().to_string());
    let target = Fragment::default()
        .endpoint("s3", json!({ "http": { "url": outside, "ca": { "file": ca } } }))
        .endpoint("s3-listener", json!({ "tls": { "address": format!("127.0.0.1:{port}"), "ca": { "file": ca } } }))
        .input("s3_bucket", json!(BUCKET))
        .sentence("s3: MinIO with one drive");
    let told = [
        ("endpoint", outside),
        ("inside", format!("https://{inside}")),
        ("ca", ca),
        ("access_key", ACCESS_KEY.into()),
        ("secret_key", SECRET_KEY.into()),
        ("bucket", BUCKET.into()),
    ];
    let mut running = Running { target, ..Running::default() };
    for (name, value) in told {
        running.env.insert(format!("LAB_S3_{}", name.to_uppercase()), value.clone());
        running.facts.insert(name.into(), value);
    }
    running
}

async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    match order.fault.as_str() {
        "s3-down" => end(cx).await?,
        "s3-slow" => cx.pace(SERVER, Pace::Slow(SLOW))?,
        "s3-hanging" => cx.pace(SERVER, Pace::Held)?,
        "wrong-credentials" => again(cx, "another-secret").await?,
        "bucket-gone" => {
            let dir = cx.dir()?;
            std::fs::rename(bucket(&dir), dir.join("aside")).context("taking the bucket away")?;
        }
        other => bail!("s3 has no fault `{other}`"),
    }
    Ok(())
}

async fn heal(cx: &LabCx, order: &Order) -> Result<()> {
    match order.fault.as_str() {
        "s3-down" => cx.process(SERVER)?.again()?,
        "s3-slow" | "s3-hanging" => cx.pace(SERVER, Pace::Free)?,
        "wrong-credentials" => again(cx, SECRET_KEY).await?,
        "bucket-gone" => {
            let dir = cx.dir()?;
            if dir.join("aside").exists() {
                std::fs::rename(dir.join("aside"), bucket(&dir)).context("putting the bucket back")?;
            }
        }
        other => bail!("s3 has no fault `{other}` to heal"),
    }
    well(cx, &cx.process(SERVER)?).await
}

async fn end(cx: &LabCx) -> Result<()> {
    cx.process(SERVER)?.end(Signal::SIGKILL, LIMIT).await
}

/// The server anew, with another secret.
async fn again(cx: &LabCx, secret: &str) -> Result<()> {
    end(cx).await?;
    set_secret(&cx.dir()?, secret)?;
    let server = cx.process(SERVER)?;
    server.again()?;
    well(cx, &server).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_parts_and_commands_are_told_the_same() {
        let running = tell(Path::new("/lab/s3"), 21_000, SocketAddr::from(([10, 99, 0, 1], PORT)));
        for name in ["endpoint", "inside", "ca", "access_key", "secret_key", "bucket"] {
            assert_eq!(running.facts[name], running.env[&format!("LAB_S3_{}", name.to_uppercase())]);
        }
        assert_eq!(running.facts["inside"], "https://10.99.0.1:9000");
        assert_eq!(running.target.endpoints["s3"]["http"]["ca"]["file"], "/lab/s3/ca.crt");
    }
}
