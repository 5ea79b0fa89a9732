//! How the faults of `volsync` show to kubectl: mostly by what the objects do not say.

use anyhow::{Context as _, Result, ensure};
use futures::future::BoxFuture;
use serde_json::Value;

use super::Sign::Error;
use super::{Look, Outside, Trial};
use crate::volsync::demo::{self, NAME, NAMESPACE};
use crate::volsync::manifests;

const PARTS: &[&str] = &["volsync"];

const fn trial(fault: &'static str, look: Look, words: &'static [&'static str]) -> Trial {
    Trial { parts: PARTS, fault, at: None, look, sign: Error(words) }
}

/// All of them.
pub const TRIALS: &[Trial] = &[
    trial("backup-of-nothing", saved, &["empty says Successful"]),
    trial("restore-of-nothing", restored, &["nothing says Successful"]),
    trial("mover-failing", newest, &["says Successful while the mover fails: Fatal: wrong password"]),
    trial("s3-wrong-key", newest, &["says Successful while the mover fails: Fatal: create repository at s3"]),
    trial("manager-down", manager, &["0 of 1"]),
    trial("snapshot-crds-missing", snapshots, &["NotFound", "not found"]),
];

fn text<'a>(object: &'a Value, path: &str) -> &'a str {
    object.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

async fn all(outside: &Outside, kind: &str) -> Result<Vec<Value>> {
    let list = outside.object(&["-n", NAMESPACE, kind]).await?;
    Ok(list["items"].as_array().cloned().unwrap_or_default())
}

/// Every backup that says `Successful` says which snapshot it saved, too.
fn saved(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let backups = all(outside, "replicationsources").await?;
        for backup in &backups {
            let (name, result) = (text(backup, "/metadata/name"), text(backup, "/status/latestMoverStatus/result"));
            let said = text(backup, "/status/latestMoverStatus/logs");
            ensure!(result.is_empty() || said.contains("saved"), "{name} says {result}: {said}");
        }
        Ok(format!("{} backup(s) saved a snapshot", backups.len()))
    })
}

/// No restore that says `Successful` restored nothing.
fn restored(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        for restore in all(outside, "replicationdestinations").await? {
            let (name, result) = (text(&restore, "/metadata/name"), text(&restore, "/status/latestMoverStatus/result"));
            let said = text(&restore, "/status/latestMoverStatus/logs");
            ensure!(!said.contains("No data will be restored"), "{name} says {result}: {said}");
        }
        Ok("no restore of nothing".into())
    })
}

/// The newest backup that was asked for is done; else what the object says, and what its mover does.
fn newest(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let backup = outside.object(&["-n", NAMESPACE, "replicationsource", NAME]).await?;
        if demo::done(&backup, text(&backup, "/spec/trigger/manual")) {
            return Ok(format!("{NAME} has done what was asked for last"));
        }
        let result = text(&backup, "/status/latestMoverStatus/result");
        let words = ["-n", NAMESPACE, "-l", "app.kubernetes.io/created-by=volsync", "pods"];
        let pods = outside.object(&words).await?;
        let failed = pods["items"].as_array().and_then(|all| all.iter().find(|p| p["status"]["phase"] == "Failed"));
        let failed = text(failed.context("the backup is under way")?, "/metadata/name");
        let log = outside.kubectl(&["-n", NAMESPACE, "logs", failed]).await?;
        let fatal = log.lines().find(|l| l.starts_with("Fatal")).unwrap_or("it does not say why");
        anyhow::bail!("{NAME} says {result} while the mover fails: {fatal}")
    })
}

fn manager(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let words = ["-n", manifests::NAMESPACE, "deployment", manifests::NAME];
        let ready = outside.object(&words).await?["status"]["readyReplicas"].as_u64().unwrap_or(0);
        ensure!(ready == 1, "{ready} of 1 ready");
        Ok("1 of 1 ready".into())
    })
}

fn snapshots(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(outside.kubectl(&["get", "crd", "volumesnapshots.snapshot.storage.k8s.io", "-o", "name"]))
}
