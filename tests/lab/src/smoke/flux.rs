//! A commit that is pushed reaches both clusters; suspend, resume and reconcile by annotation do what they should.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{LIMIT, cluster, text};
use crate::flux::fleet::{self, APPLIED, DEMO_KUSTOMIZATION, SOURCE};
use crate::flux::part::CLUSTERS;
use crate::git::repository::{BRANCH, commit, git, head};
use crate::objects::{Objects, Ref};

/// The annotation that asks for a reconciliation.
const REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";

/// Three commits and what became of each.
pub async fn commits(target: &Value) -> Result<String> {
    let url = format!("{}/fleet.git", text(target, &["endpoints", "git", "http", "url"])?);
    let (apps, infra) = (cluster(target, "apps").await?, cluster(target, "infra").await?);
    let work = std::env::temp_dir().join(format!("lab-smoke-flux-{}", std::process::id()));
    let both = [&apps, &infra];
    let seen = async {
        let started = Instant::now();
        let commit = push(&work, &url, "pushed").await?;
        for objects in both {
            applied(objects, "pushed").await?;
        }
        let pushed = started.elapsed();
        // a reconciliation that is still under way would take in what comes next, though it is suspended
        let revision = fleet::revision(&commit);
        apps.until(DEMO_KUSTOMIZATION, LIMIT, |o| o["status"]["lastAppliedRevision"] == *revision).await?;
        let resumed = suspension(&apps, &infra, &work, &url).await?;
        let asked = annotation(&apps, &work, &url).await?;
        Ok(format!(
            "a commit was applied on {} after {:.1} s; one under suspension only after resume, {:.1} s; by annotation {:.1} s",
            CLUSTERS.join(" and "),
            pushed.as_secs_f64(),
            resumed.as_secs_f64(),
            asked.as_secs_f64(),
        ))
    }
    .await;
    let _ = std::fs::remove_dir_all(&work);
    seen
}

/// Pushes a commit with another version, as a user does: through the server, from a clone.
async fn push(work: &Path, url: &str, version: &'static str) -> Result<String> {
    let (work, url) = (work.to_owned(), url.to_owned());
    let pushed = move || {
        if !work.exists() {
            let place = work.parent().context("a clone has a folder")?;
            git(place, ["clone", "--quiet", "--branch", BRANCH, &url, &work.to_string_lossy()])?;
        }
        commit(&work, &fleet::version(version), version)?;
        head(&work)
    };
    tokio::task::spawn_blocking(pushed).await?
}

async fn applied(objects: &Objects, version: &str) -> Result<()> {
    objects.until(APPLIED, LIMIT, |o| o["data"]["version"] == version).await.map(|_| ())
}

/// While an object is suspended a newer commit is not applied, whatever an annotation asks for; resumed, it is.
async fn suspension(apps: &Objects, infra: &Objects, work: &Path, url: &str) -> Result<Duration> {
    suspend(apps, true).await?;
    let held = held(apps, infra, work, url).await;
    let started = Instant::now();
    suspend(apps, false).await?;
    let revision = held?;
    applied(apps, "suspended").await?;
    let took = started.elapsed();
    apps.until(DEMO_KUSTOMIZATION, LIMIT, |o| o["status"]["lastAppliedRevision"] == *revision).await?;
    Ok(took)
}

/// Pushes a commit that a suspended object holds back; the commit's revision.
async fn held(apps: &Objects, infra: &Objects, work: &Path, url: &str) -> Result<String> {
    let commit = push(work, url, "suspended").await?;
    // the other cluster shows when the commit could have been applied
    applied(infra, "suspended").await?;
    let revision = fleet::revision(&commit);
    apps.until(SOURCE, LIMIT, |o| o["status"]["artifact"]["revision"] == *revision).await?;
    let token = format!("held-{}", std::process::id());
    request(apps, DEMO_KUSTOMIZATION, &token).await?;
    // the controller notes that it was asked, also of an object that is suspended: it has seen both by now
    apps.until(DEMO_KUSTOMIZATION, LIMIT, |o| o["status"]["lastHandledReconcileAt"] == *token).await?;
    let now = apps.get(APPLIED).await?.context("the workload is gone")?;
    ensure!(now["data"]["version"] == "pushed", "a suspended Kustomization applied {}", now["data"]);
    Ok(revision)
}

async fn suspend(objects: &Objects, suspended: bool) -> Result<()> {
    objects.merge(DEMO_KUSTOMIZATION, &json!({ "spec": { "suspend": suspended } })).await
}

async fn request(objects: &Objects, r: Ref<'_>, token: &str) -> Result<()> {
    objects.merge(r, &json!({ "metadata": { "annotations": { REQUESTED: token } } })).await
}

/// `flux reconcile --with-source`: first the source, then the Kustomization handles the token, and what it names is
/// applied.
async fn annotation(apps: &Objects, work: &Path, url: &str) -> Result<Duration> {
    let token = format!("smoke-{}", std::process::id());
    push(work, url, "requested").await?;
    let started = Instant::now();
    for r in [SOURCE, DEMO_KUSTOMIZATION] {
        request(apps, r, &token).await?;
        apps.until(r, LIMIT, |o| o["status"]["lastHandledReconcileAt"] == *token && crate::flux::part::ready(o))
            .await?;
    }
    applied(apps, "requested").await?;
    Ok(started.elapsed())
}
