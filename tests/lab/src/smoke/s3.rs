//! S3 does what backups need: an object comes back as it was (s3cmd), and so does a backup (restic).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::text;
use crate::s3::part::{ACCESS_KEY, BUCKET, SECRET_KEY};

/// How much is carried; enough for an upload in parts with restic.
const BYTES: usize = 3 << 20;

/// One object's life, and one backup's.
pub async fn backup(target: &Value) -> Result<String> {
    let client = Client::of(target)?;
    tokio::task::spawn_blocking(move || {
        let work = std::env::temp_dir().join(format!("lab-smoke-s3-{}", std::process::id()));
        fs::create_dir_all(work.join("data")).context("making a work folder")?;
        let seen = client.both(&work);
        fs::remove_dir_all(&work).context("removing the work folder")?;
        seen
    })
    .await?
}

/// The server as its clients are told of it.
#[derive(Debug, Clone)]
pub struct Client {
    /// `host:port`.
    pub address: String,
    /// The authority to trust.
    pub ca: PathBuf,
    /// The secret key, which a test of refusal changes.
    pub secret: String,
}

impl Client {
    /// The one that the target names.
    pub fn of(target: &Value) -> Result<Self> {
        let url = text(target, &["endpoints", "s3", "http", "url"])?;
        let address = url.strip_prefix("https://").with_context(|| format!("{url} is not HTTPS"))?.to_owned();
        let ca = text(target, &["endpoints", "s3", "http", "ca", "file"])?.into();
        Ok(Self { address, ca, secret: SECRET_KEY.into() })
    }

    /// Runs s3cmd; what it printed, or what it complained of.
    pub fn s3cmd(&self, words: &[&str]) -> Result<String> {
        let mut command = Command::new("s3cmd");
        command.args(["--config=/dev/null", "--ssl", "--region=us-east-1", "--no-progress"]);
        command.arg(format!("--host={0}", self.address)).arg(format!("--host-bucket={0}", self.address));
        command.arg(format!("--access_key={ACCESS_KEY}")).arg(format!("--secret_key={}", self.secret));
        command.arg(format!("--ca-certs={}", self.ca.display()));
        outcome(command.args(words))
    }

    /// Runs restic on the repository `name` of the lab's bucket.
    pub fn restic(&self, name: &str, words: &[&str]) -> Result<String> {
        let mut command = Command::new("restic");
        command.arg("--cacert").arg(&self.ca).arg("--no-cache").args(words);
        command.env("RESTIC_REPOSITORY", format!("s3:https://{}/{BUCKET}/{name}", self.address));
        command.env("RESTIC_PASSWORD", "smoke").env("AWS_ACCESS_KEY_ID", ACCESS_KEY);
        outcome(command.env("AWS_SECRET_ACCESS_KEY", &self.secret))
    }

    fn both(&self, work: &Path) -> Result<String> {
        let name = work.file_name().context("the work folder has a name")?.to_string_lossy().into_owned();
        let original = work.join("data/file");
        let bytes: Vec<u8> = (0..BYTES).map(|n| (n % 251) as u8).collect();
        fs::write(&original, &bytes).context("writing a file")?;
        let key = format!("s3://{BUCKET}/{name}/object");
        let copy = work.join("copy");
        self.s3cmd(&["put", &original.to_string_lossy(), &key])?;
        let listed = self.s3cmd(&["ls", &key])?;
        ensure!(listed.contains(&key), "the list of {key} is `{listed}`");
        self.s3cmd(&["get", &key, &copy.to_string_lossy()])?;
        ensure!(fs::read(&copy)? == bytes, "the object came back changed");
        let restored = self.back_up(&name, work, &original)?;
        self.s3cmd(&["del", "--recursive", "--force", &format!("s3://{BUCKET}/{name}")])?;
        ensure!(restored == bytes, "the backup came back changed");
        Ok(format!("an object of {BYTES} bytes by s3cmd and a backup by restic came back as they were"))
    }

    fn back_up(&self, name: &str, work: &Path, original: &Path) -> Result<Vec<u8>> {
        let repository = format!("{name}/repository");
        let out = work.join("restored");
        self.restic(&repository, &["init"])?;
        self.restic(&repository, &["backup", &work.join("data").to_string_lossy()])?;
        self.restic(&repository, &["check"])?;
        self.restic(&repository, &["restore", "latest", "--target", &out.to_string_lossy()])?;
        let restored = out.join(original.strip_prefix("/").unwrap_or(original));
        fs::read(&restored).with_context(|| format!("reading {}", restored.display()))
    }
}

fn outcome(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let out = command.output().with_context(|| format!("starting {program} (Debian package {program})"))?;
    let said = String::from_utf8_lossy(&out.stderr);
    ensure!(out.status.success(), "{program}: {} {}", out.status, said.trim());
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}
