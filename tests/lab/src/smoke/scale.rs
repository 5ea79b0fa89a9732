//! A thousand pods come in pages, each once, and all are Ready.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::{cluster, text};
use crate::cache::Cache;
use crate::cluster::recipes;
use crate::objects::Ref;
use crate::scale::manifests::{NAME, NAMESPACE, PODS};

/// The list by the real kubectl, and what the workload says.
pub async fn list(target: &Value) -> Result<String> {
    let config = PathBuf::from(text(target, &["clusters", "infra", "kubeconfig"])?);
    let objects = cluster(target, "infra").await?;
    let workload = objects.get(Ref("apps/v1", "Deployment", NAMESPACE, NAME)).await?.context("there is no workload")?;
    ensure!(workload["status"]["readyReplicas"] == PODS, "the workload says {}", workload["status"]);
    let kubelab = Cache::open()?.made(&recipes::kubelab())?.join("kubelab");
    let names = tokio::task::spawn_blocking(move || paged(&kubelab, &config)).await??;
    ensure!(names.len() == PODS, "{} different pods came", names.len());
    Ok(format!("{PODS} pods Ready, each listed once"))
}

fn paged(kubelab: &Path, config: &Path) -> Result<BTreeSet<String>> {
    let mut command = Command::new(kubelab);
    command.arg("kubectl").arg("--kubeconfig").arg(config).args(["-n", NAMESPACE, "get", "pods", "-o", "name"]);
    let out = command.arg("--chunk-size=100").output().context("starting kubectl")?;
    ensure!(out.status.success(), "kubectl: {}", String::from_utf8_lossy(&out.stderr).trim());
    Ok(String::from_utf8_lossy(&out.stdout).lines().map(str::to_owned).collect())
}
