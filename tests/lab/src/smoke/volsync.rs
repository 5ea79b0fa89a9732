//! A backup adds object keys to S3, and its restore gives the files back with the same sums, read by a pod.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::cluster;
use super::s3::Client;
use crate::cluster::recipes::BUSYBOX_IMAGE;
use crate::objects::{Objects, Ref};
use crate::s3::part::BUCKET;
use crate::volsync::demo::{self, NAMESPACE, REPOSITORY};
use crate::volsync::faults::{BACKUP, trigger_backup};

/// How long a backup or a restore may take.
const LIMIT: Duration = Duration::from_secs(180);

/// One backup and its restore.
pub async fn backup(target: &Value) -> Result<String> {
    let objects = cluster(target, "apps").await?;
    let client = Client::of(target)?;
    let name = format!("smoke-{}", std::process::id());
    let before = snapshots(&client).await?;
    trigger_backup(&objects, &name).await?;
    let done = objects.until(BACKUP, LIMIT, |o| demo::done(o, &name)).await?;
    let new: Vec<_> = snapshots(&client).await?.difference(&before).cloned().collect();
    ensure!(!new.is_empty(), "S3 has no new key below snapshots/: {}", done["status"]);
    let (restored, took) = restore(&objects, &name).await?;
    let backup = done["status"]["lastSyncDuration"].as_str().unwrap_or("?");
    Ok(format!(
        "a backup of {backup} made {} new key(s) under snapshots/; its restore of {took} has the same sums: {restored}",
        new.len()
    ))
}

/// The keys of the demo's snapshots.
async fn snapshots(client: &Client) -> Result<BTreeSet<String>> {
    let client = client.clone();
    let place = format!("s3://{BUCKET}/demo/snapshots/");
    let listed = tokio::task::spawn_blocking(move || client.s3cmd(&["ls", &place])).await??;
    Ok(listed.lines().filter_map(|l| l.split_whitespace().last()).map(str::to_owned).collect())
}

/// Restores into a new volume and has a pod compare the sums; what it printed, and how long the restore took.
async fn restore(objects: &Objects, name: &str) -> Result<(String, String)> {
    let destination = demo::restore(name, REPOSITORY, name);
    let pod = checker(name);
    objects.apply(std::slice::from_ref(&destination)).await?;
    let seen = async {
        let done = objects.until(Ref::of(&destination), LIMIT, |o| demo::done(o, name)).await?;
        objects.apply(std::slice::from_ref(&pod)).await?;
        let ended = |o: &Value| matches!(o["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        let ended = objects.until(Ref::of(&pod), LIMIT, ended).await?;
        let said = ended["status"]["containerStatuses"][0]["state"]["terminated"]["message"].as_str();
        let said = said.context("the pod told nothing")?.trim().replace('\n', ", ");
        ensure!(ended["status"]["phase"] == "Succeeded", "the sums differ: {said}");
        Ok((said, done["status"]["lastSyncDuration"].as_str().unwrap_or("?").to_owned()))
    }
    .await;
    objects.delete(Ref::of(&pod)).await?;
    objects.delete(Ref::of(&destination)).await?;
    seen
}

/// A pod that compares the restored files with the sums among them, and tells how it went.
fn checker(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": {
            "restartPolicy": "Never",
            "containers": [{
                "name": "check", "image": BUSYBOX_IMAGE, "imagePullPolicy": "Never",
                "command": ["/bin/sh", "-c", "cd /data && test -s sums && md5sum -c sums > /dev/termination-log 2>&1"],
                "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
            }],
            "volumes": [{ "name": "data", "persistentVolumeClaim": { "claimName": format!("volsync-{name}-dest") } }],
        },
    })
}
