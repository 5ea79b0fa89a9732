//! What can be broken about backups, so that VolSync says less than the truth, and mended again.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::demo::{self, NAME, NAMESPACE, REPOSITORY};
use super::manifests;
use crate::cx::LabCx;
use crate::objects::{Objects, Ref};
use crate::part::{Fault, Order};

/// How long a backup or its mending may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(240);
/// The group and version of VolSync's objects.
const VOLSYNC: &str = "volsync.backube/v1alpha1";
/// The backup of the demo's volume.
pub const BACKUP: Ref<'static> = Ref(VOLSYNC, "ReplicationSource", NAMESPACE, NAME);
/// The manager.
pub const MANAGER: Ref<'static> = Ref("apps/v1", "Deployment", manifests::NAMESPACE, manifests::NAME);
const EMPTY: Ref<'static> = Ref(VOLSYNC, "ReplicationSource", NAMESPACE, "empty");
const NOTHING: Ref<'static> = Ref(VOLSYNC, "ReplicationDestination", NAMESPACE, "nothing");
const SECRET: Ref<'static> = Ref("v1", "Secret", NAMESPACE, REPOSITORY);

const fn fault(name: &'static str, seen: &'static str) -> Fault {
    Fault { name, seen, at: None, passes: false }
}

/// All of them.
pub const ALL: [Fault; 6] = [
    fault(
        "backup-of-nothing",
        "ReplicationSource backup-demo/empty is Successful and has saved no snapshot: its volume is empty",
    ),
    fault(
        "restore-of-nothing",
        "ReplicationDestination backup-demo/nothing is Successful and its volume empty: the repository has no snapshot",
    ),
    fault(
        "mover-failing",
        "the repository's password is wrong: backup-demo/files goes on saying Successful and SyncInProgress, its mover's pods fail",
    ),
    fault(
        "s3-wrong-key",
        "the S3 secret key is wrong: backup-demo/files goes on saying Successful and SyncInProgress, its mover's pods fail",
    ),
    fault("manager-down", "VolSync has no pod: triggers change nothing, statuses stay as they were"),
    fault(
        "snapshot-crds-missing",
        "the definitions of volume snapshots are gone: after a restart the manager does nothing, and is ready",
    ),
];

/// Breaks it.
pub async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    let apps = cx.cluster("apps")?;
    let objects = apps.objects();
    match order.fault.as_str() {
        "backup-of-nothing" => {
            objects.apply(&[demo::claim("empty"), demo::backup("empty", "empty", REPOSITORY, "once")]).await?;
            objects.until(EMPTY, LIMIT, |o| demo::done(o, "once")).await?;
        }
        "restore-of-nothing" => {
            let repository = super::part::store(cx)?.repository("restic-nothing", "nothing");
            objects.apply(&[repository, demo::restore("nothing", "restic-nothing", "once")]).await?;
            objects.until(NOTHING, LIMIT, |o| demo::done(o, "once")).await?;
        }
        "mover-failing" => spoil(cx, objects, "RESTIC_PASSWORD").await?,
        "s3-wrong-key" => spoil(cx, objects, "AWS_SECRET_ACCESS_KEY").await?,
        "manager-down" => scale(objects, 0).await?,
        "snapshot-crds-missing" => {
            for crd in super::part::snapshot_definitions(cx)? {
                objects.delete(Ref::of(&crd)).await?;
            }
            restart(objects).await?;
            objects.rolled_out(MANAGER, LIMIT).await?;
        }
        other => bail!("volsync has no fault `{other}`"),
    }
    Ok(())
}

/// Mends it and returns once backups work again.
pub async fn heal(cx: &LabCx, order: &Order, memo: &Value) -> Result<()> {
    let apps = cx.cluster("apps")?;
    let objects = apps.objects();
    match order.fault.as_str() {
        "backup-of-nothing" => {
            objects.delete(EMPTY).await?;
            objects.delete(Ref("v1", "PersistentVolumeClaim", NAMESPACE, "empty")).await
        }
        "restore-of-nothing" => {
            objects.delete(NOTHING).await?;
            objects.delete(Ref("v1", "Secret", NAMESPACE, "restic-nothing")).await
        }
        "mover-failing" | "s3-wrong-key" => restore_secret(objects, memo).await,
        "manager-down" => {
            scale(objects, 1).await?;
            objects.rolled_out(MANAGER, LIMIT).await.map(|_| ())
        }
        "snapshot-crds-missing" => {
            super::part::define(cx).await?;
            restart(objects).await?;
            objects.rolled_out(MANAGER, LIMIT).await.map(|_| ())
        }
        other => bail!("volsync has no fault `{other}` to heal"),
    }
}

/// Makes one word of the repository's Secret wrong and asks for a backup; returns once a mover's pod has failed.
async fn spoil(cx: &LabCx, objects: &Objects, key: &str) -> Result<()> {
    let secret = objects.get(SECRET).await?.context("the repository's Secret is not there")?;
    let backup = objects.get(BACKUP).await?.context("the demo's backup is not there")?;
    let before = backup["status"]["lastManualSync"].as_str().unwrap_or_default().to_owned();
    let trigger = format!("{before}-{}", key.to_lowercase().replace('_', "-"));
    cx.remember(json!({ "key": key, "value": secret["data"][key], "trigger": trigger }));
    objects.merge(SECRET, &json!({ "data": { key: STANDARD.encode("not-the-right-one") } })).await?;
    trigger_backup(objects, &trigger).await?;
    failed_movers(objects).await
}

/// Asks for a backup under a name that no earlier one had.
pub async fn trigger_backup(objects: &Objects, trigger: &str) -> Result<()> {
    objects.merge(BACKUP, &json!({ "spec": { "trigger": { "manual": trigger } } })).await
}

/// Waits until a pod of the demo's mover has failed.
async fn failed_movers(objects: &Objects) -> Result<()> {
    let job = Ref("batch/v1", "Job", NAMESPACE, "volsync-src-files");
    let failed = |o: &Value| o["status"]["failed"].as_u64().unwrap_or(0) > 0;
    objects.until(job, LIMIT, failed).await.map(|_| ())
}

/// The Secret as it was; the mover that waits for its next try is taken away, so that VolSync starts another at once.
async fn restore_secret(objects: &Objects, memo: &Value) -> Result<()> {
    let (Some(key), Some(trigger)) = (memo["key"].as_str(), memo["trigger"].as_str()) else { return Ok(()) };
    objects.merge(SECRET, &json!({ "data": { key: memo["value"] } })).await?;
    // it may not have been asked for yet
    trigger_backup(objects, trigger).await?;
    for job in objects.list(Ref("batch/v1", "Job", NAMESPACE, ""), "").await? {
        objects.delete_with_dependents(Ref::of(&job)).await?;
    }
    let healed = objects.until(BACKUP, LIMIT, |o| demo::done(o, trigger)).await?;
    ensure!(healed["status"]["latestMoverStatus"]["result"] == "Successful", "the backup failed: {}", healed["status"]);
    Ok(())
}

async fn scale(objects: &Objects, replicas: u64) -> Result<()> {
    objects.merge(MANAGER, &json!({ "spec": { "replicas": replicas } })).await?;
    objects.until(MANAGER, LIMIT, |d| d["status"]["replicas"].as_u64().unwrap_or(0) == replicas).await?;
    Ok(())
}

async fn restart(objects: &Objects) -> Result<()> {
    scale(objects, 0).await?;
    scale(objects, 1).await
}
