//! What can be wrong between Git and the clusters, and mended again. Most of it leaves every object Ready.

use std::time::Duration;

use anyhow::{Result, bail};
use nix::sys::signal::Signal;
use serde_json::json;

use super::fleet::{self, DEMO_KUSTOMIZATION, SOURCE};
use super::manifests::NAMESPACE;
use super::part::{CLUSTERS, git_server, repository, settled};
use crate::conditions;
use crate::cx::LabCx;
use crate::objects::{Objects, Ref};
use crate::part::{Fault, Order};

/// How long Flux may take to notice.
const LIMIT: Duration = Duration::from_secs(180);
/// The file of a commit that Flux cannot build.
const BROKEN: &str = "demo/broken.yaml";
const RECONCILER: Ref<'static> = Ref("apps/v1", "Deployment", NAMESPACE, "kustomize-controller");

const fn fault(name: &'static str, seen: &'static str) -> Fault {
    Fault { name, seen, at: None, passes: false }
}

/// All of them.
pub const ALL: [Fault; 5] = [
    fault(
        "object-suspended",
        "Kustomization flux-system/demo of apps is suspended, and Ready: a newer commit is not applied there",
    ),
    fault(
        "source-unreachable",
        "Git refuses the pods of apps: its GitRepository is Ready=False, its Kustomizations stay Ready",
    ),
    fault(
        "revision-behind",
        "the kustomize-controller of apps has no pod: its source has a newer revision than what is applied, and all is Ready",
    ),
    fault(
        "clusters-drifted",
        "the source of infra is suspended: apps has a newer revision than infra, and on both all is Ready",
    ),
    fault(
        "commit-broken",
        "the newest commit cannot be built: Kustomization flux-system/demo is Ready=False BuildFailed",
    ),
];

/// Breaks it.
pub async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    let (apps, infra) = (cx.cluster("apps")?, cx.cluster("infra")?);
    let (apps, infra) = (apps.objects(), infra.objects());
    match order.fault.as_str() {
        "object-suspended" => {
            suspend(apps, DEMO_KUSTOMIZATION, true).await?;
            commit(cx, "while-suspended").await?;
            let other = fleet::revision(&head(cx)?);
            infra.until(DEMO_KUSTOMIZATION, LIMIT, |o| o["status"]["lastAppliedRevision"] == *other).await?;
        }
        "source-unreachable" => {
            cx.process(&git_server("apps"))?.end(Signal::SIGKILL, LIMIT).await?;
            apps.until(SOURCE, LIMIT, |o| conditions::status(o, "Ready") == Some("False")).await?;
        }
        "revision-behind" => {
            scale(apps, 0).await?;
            commit(cx, "while-behind").await?;
            newer_source(cx, apps).await?;
        }
        "clusters-drifted" => {
            suspend(infra, SOURCE, true).await?;
            commit(cx, "while-drifted").await?;
            settled(apps, &head(cx)?).await?;
        }
        "commit-broken" => {
            let files = [(BROKEN.to_owned(), "kind: Nothing\n".to_owned())].into();
            let repository = repository(cx)?;
            tokio::task::spawn_blocking(move || repository.commit(&files, "Broken")).await??;
            for cluster in [apps, infra] {
                cluster.until(DEMO_KUSTOMIZATION, LIMIT, |o| conditions::status(o, "Ready") == Some("False")).await?;
            }
        }
        other => bail!("flux has no fault `{other}`"),
    }
    Ok(())
}

/// Mends it and returns once both clusters have applied the newest commit.
pub async fn heal(cx: &LabCx, order: &Order) -> Result<()> {
    let (apps, infra) = (cx.cluster("apps")?, cx.cluster("infra")?);
    match order.fault.as_str() {
        "object-suspended" => suspend(apps.objects(), DEMO_KUSTOMIZATION, false).await?,
        "source-unreachable" => cx.process(&git_server("apps"))?.again()?,
        "revision-behind" => scale(apps.objects(), 1).await?,
        "clusters-drifted" => suspend(infra.objects(), SOURCE, false).await?,
        "commit-broken" => {
            let files = [(BROKEN.to_owned(), String::new())].into();
            let repository = repository(cx)?;
            tokio::task::spawn_blocking(move || repository.commit(&files, "Mended")).await??;
        }
        other => bail!("flux has no fault `{other}` to heal"),
    }
    let commit = head(cx)?;
    for cluster in CLUSTERS {
        settled(cx.cluster(cluster)?.objects(), &commit).await?;
    }
    Ok(())
}

/// `flux suspend` and `flux resume`: a merge of `spec.suspend`.
async fn suspend(objects: &Objects, r: Ref<'_>, suspended: bool) -> Result<()> {
    objects.merge(r, &json!({ "spec": { "suspend": suspended } })).await
}

async fn commit(cx: &LabCx, version: &'static str) -> Result<()> {
    let repository = repository(cx)?;
    tokio::task::spawn_blocking(move || repository.commit(&fleet::version(version), version)).await??;
    Ok(())
}

fn head(cx: &LabCx) -> Result<String> {
    crate::git::repository::head(repository(cx)?.path())
}

async fn newer_source(cx: &LabCx, objects: &Objects) -> Result<()> {
    let revision = fleet::revision(&head(cx)?);
    objects.until(SOURCE, LIMIT, |o| o["status"]["artifact"]["revision"] == *revision).await.map(|_| ())
}

async fn scale(objects: &Objects, replicas: u64) -> Result<()> {
    objects.merge(RECONCILER, &json!({ "spec": { "replicas": replicas } })).await?;
    objects.until(RECONCILER, LIMIT, |d| d["status"]["replicas"].as_u64().unwrap_or(0) == replicas).await?;
    Ok(())
}
