//! The part `volsync`: definitions, the manager as a pod of `apps`, and a first backup that proves that it works.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::demo::{self, NAME, REPOSITORY, Store};
use super::{faults, manifests, recipe};
use crate::cluster::recipes::{BASE_IMAGE, BUSYBOX_IMAGE};
use crate::conditions;
use crate::cx::LabCx;
use crate::definitions;
use crate::part::{Fault, Order, Part, Running};
use crate::podproc;
use crate::recipe::Recipe;
use crate::target::Fragment;

/// How long start may take.
const LIMIT: Duration = Duration::from_secs(240);
/// What the first backup is asked for under.
const FIRST: &str = "first";

/// Manager and mover.
pub struct VolSync;

impl Part for VolSync {
    fn name(&self) -> &'static str {
        "volsync"
    }

    fn about(&self) -> &'static str {
        "VolSync 0.16 in a pod of apps; restic backups of real volumes to s3"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["apps", "s3"]
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![recipe::volsync()]
    }

    fn up<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
        Box::pin(up(cx))
    }

    fn faults(&self) -> Vec<Fault> {
        faults::ALL.to_vec()
    }

    fn inject<'a>(&'a self, cx: &'a LabCx, order: &'a Order) -> BoxFuture<'a, Result<()>> {
        Box::pin(faults::inject(cx, order))
    }

    fn heal<'a>(&'a self, cx: &'a LabCx, order: &'a Order, memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(faults::heal(cx, order, memo))
    }

    fn memory<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Vec<(String, u64)>> {
        Box::pin(async move {
            match cx.cluster("apps") {
                Ok(apps) => podproc::memory(apps.objects(), manifests::NAMESPACE, manifests::SELECTOR).await,
                Err(_) => Vec::new(),
            }
        })
    }
}

async fn up(cx: &LabCx) -> Result<Running> {
    let apps = cx.cluster("apps")?;
    let objects = apps.objects();
    let entry = cx.made(&recipe::volsync())?;
    apps.import(&entry.join(recipe::ARCHIVE)).await?;
    define(cx).await?;
    let role = std::fs::read_to_string(entry.join(recipe::ROLE)).context("reading VolSync's role")?;
    let role: Value = serde_yaml::from_str(&role).context("reading VolSync's role")?;
    let manager = entry.join("volsync").display().to_string();
    objects.apply(&manifests::operator(&role["rules"], &manager, BASE_IMAGE)).await?;
    objects.apply(&store(cx)?.objects(BUSYBOX_IMAGE)).await?;
    objects.rolled_out(faults::MANAGER, LIMIT).await?;
    let writer = crate::objects::Ref("v1", "Pod", demo::NAMESPACE, NAME);
    objects.until(writer, LIMIT, |pod| conditions::holds(pod, "Ready")).await?;
    objects.apply(&[demo::backup(NAME, NAME, REPOSITORY, FIRST)]).await?;
    let first = objects.until(faults::BACKUP, LIMIT, |o| demo::done(o, FIRST)).await?;
    let said = first["status"]["latestMoverStatus"]["logs"].as_str().unwrap_or_default();
    ensure!(said.contains("saved"), "the first backup saved no snapshot: {}", first["status"]);
    let target = Fragment::default()
        .input("volsync", json!(true))
        .sentence("volsync: restic alone of its movers, in an image of Debian's restic; host-path volumes, so no snapshots (copyMethod Direct)");
    Ok(Running { target, ..Running::default() })
}

/// Where backups go, as the part `s3` told.
pub fn store(cx: &LabCx) -> Result<Store> {
    let told = |fact: &str| cx.fact("s3", fact);
    let ca = told("ca")?;
    Ok(Store {
        url: told("inside")?,
        bucket: told("bucket")?,
        access_key: told("access_key")?,
        secret_key: told("secret_key")?,
        ca: std::fs::read_to_string(&ca).with_context(|| format!("reading {ca}"))?,
    })
}

/// Gives `apps` the definitions of VolSync and of volume snapshots.
pub async fn define(cx: &LabCx) -> Result<()> {
    let entry = cx.made(&recipe::volsync())?;
    definitions::apply(cx.cluster("apps")?.objects(), &entry).await.map(|_| ())
}

/// The definitions of volume snapshots.
pub fn snapshot_definitions(cx: &LabCx) -> Result<Vec<Value>> {
    let mut all = definitions::read(&cx.made(&recipe::volsync())?.join("crds"))?;
    all.retain(|crd| crd["spec"]["group"] == "snapshot.storage.k8s.io");
    Ok(all)
}
