//! The stand-in's loop: once a second it looks at each `GitRepository` and `HelmChart`, and fetches what is due.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::chart;
use super::fetch::{Wanted, seconds};
use super::status;
use super::storage::Storage;
use crate::objects::{Objects, Ref};

/// A pause between two looks.
const LOOK: Duration = Duration::from_secs(1);
const GROUP: &str = "source.toolkit.fluxcd.io/v1";
/// How soon a failed fetch is tried again.
const RETRY: f64 = 2.0;

/// The running stand-in.
pub struct Controller {
    objects: Objects,
    storage: Storage,
    /// When an object, by its UID, was looked at last, and whether that went well.
    looked: BTreeMap<String, (Instant, bool)>,
}

impl Controller {
    /// Works with `objects`, keeps archives in `storage`.
    pub fn new(objects: Objects, storage: Storage) -> Self {
        Self { objects, storage, looked: BTreeMap::new() }
    }

    /// Runs until the process ends.
    pub async fn run(mut self) {
        loop {
            if let Err(e) = self.look().await {
                log("error", &format!("{e:#}"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn look(&mut self) -> Result<()> {
        for object in self.objects.list(Ref(GROUP, "GitRepository", "", ""), "").await? {
            if self.is_due(&object) {
                let status = self.repository(&object).await;
                self.write(&object, status).await?;
            }
        }
        let repositories = self.objects.list(Ref(GROUP, "GitRepository", "", ""), "").await?;
        for object in self.objects.list(Ref(GROUP, "HelmChart", "", ""), "").await? {
            let source = source_of(&object, &repositories);
            let newer = source.is_some_and(|s| {
                s["status"]["artifact"]["revision"] != object["status"]["observedSourceArtifactRevision"]
            });
            if self.is_due(&object) || newer {
                let status = self.chart(&object, source);
                self.write(&object, status).await?;
            }
        }
        Ok(())
    }

    /// A suspended object is left as it is. Others are due when they ask for it, when their interval is over, or when
    /// their archive is lost.
    fn is_due(&self, object: &Value) -> bool {
        if object["spec"]["suspend"] == true || !object["metadata"]["deletionTimestamp"].is_null() {
            return false;
        }
        let Some((at, well)) = self.looked.get(uid(object)) else { return true };
        let interval = object["spec"]["interval"].as_str().and_then(seconds).unwrap_or(60.0);
        let over = at.elapsed().as_secs_f64() >= if *well { interval } else { interval.min(RETRY) };
        over || status::wants_a_look(object) || (*well && !self.storage.holds(&object["status"]["artifact"]))
    }

    async fn repository(&self, object: &Value) -> Result<Value> {
        let wanted = Wanted::of(&object["spec"])?;
        let refused = "failed to checkout and determine revision";
        let revision = wanted.revision().await.context(refused)?;
        let commit = revision.rsplit(':').next().unwrap_or_default();
        let path = format!("gitrepository/{}/{commit}.tar.gz", place(object));
        if !self.storage.file(&path).is_file() {
            wanted.pack(&self.storage.file(&path)).await.context(refused)?;
        }
        let artifact = self.artifact(object, &path, &revision)?;
        let words = format!("stored artifact for revision '{revision}'");
        Ok(status::ready(object, &artifact, "Succeeded", &words, json!({})))
    }

    fn chart(&self, object: &Value, source: Option<&Value>) -> Result<Value> {
        let source = source.context("the chart's GitRepository is not there; the stand-in knows no other source")?;
        let revision = &source["status"]["artifact"];
        let packed = revision["path"].as_str().context("no artifact available for the chart's source yet")?;
        let packed = self.storage.file(packed);
        let within = object["spec"]["chart"].as_str().context("spec.chart is missing")?;
        let chart = chart::read(&packed, within)?;
        let path = format!("helmchart/{}/{}-{}.tgz", place(object), chart.name, chart.version);
        // a chart is packed anew when its version changes, as Flux does by default
        if !self.storage.file(&path).is_file() {
            chart::pack(&packed, within, &chart, &self.storage.file(&path))?;
        }
        let artifact = self.artifact(object, &path, &chart.version)?;
        let words = format!("packaged '{}' chart with version '{}'", chart.name, chart.version);
        let more = json!({
            "observedChartName": chart.name, "observedSourceArtifactRevision": revision["revision"],
            "url": artifact["url"],
        });
        Ok(status::ready(object, &artifact, "ChartPackageSucceeded", &words, more))
    }

    /// The artifact at `path`; the one that the object names already, if it is the same.
    fn artifact(&self, object: &Value, path: &str, revision: &str) -> Result<Value> {
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let new = self.storage.artifact(path, revision, &now)?;
        let old = &object["status"]["artifact"];
        Ok(if old["digest"] == new["digest"] && old["url"] == new["url"] { old.clone() } else { new })
    }

    async fn write(&mut self, object: &Value, outcome: Result<Value>) -> Result<()> {
        self.looked.insert(uid(object).to_owned(), (Instant::now(), outcome.is_ok()));
        let (level, status) = match outcome {
            Ok(status) => ("info", status),
            Err(e) => {
                let kind = object["kind"].as_str().unwrap_or_default();
                let reason = if kind == "HelmChart" { "ChartPullError" } else { "GitOperationFailed" };
                ("error", status::failed(object, reason, &format!("{e:#}")))
            }
        };
        let words = status["conditions"][0]["message"].as_str().unwrap_or_default().to_owned();
        if self.objects.write_status(object, status).await? {
            log(level, &format!("{} {}: {words}", object["kind"].as_str().unwrap_or_default(), place(object)));
        }
        Ok(())
    }
}

/// The repository that a chart comes from.
fn source_of<'a>(chart: &Value, repositories: &'a [Value]) -> Option<&'a Value> {
    let wanted = &chart["spec"]["sourceRef"];
    let same = |r: &&Value| {
        wanted["kind"] == "GitRepository"
            && r["metadata"]["name"] == wanted["name"]
            && r["metadata"]["namespace"] == chart["metadata"]["namespace"]
    };
    repositories.iter().find(same)
}

fn uid(object: &Value) -> &str {
    object["metadata"]["uid"].as_str().unwrap_or_default()
}

fn place(object: &Value) -> String {
    let r = Ref::of(object);
    format!("{}/{}", r.2, r.3)
}

/// One line, as Flux's controllers write theirs.
fn log(level: &str, words: &str) {
    let now = jiff::Timestamp::now().to_string();
    println!("{}", json!({ "level": level, "ts": now, "logger": "stand-in for source-controller", "msg": words }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_finds_its_repository_in_its_own_namespace() {
        let chart = json!({
            "metadata": { "namespace": "a" }, "spec": { "sourceRef": { "kind": "GitRepository", "name": "r" } },
        });
        let repository = |namespace: &str| json!({ "metadata": { "name": "r", "namespace": namespace } });
        let all = [repository("b"), repository("a")];
        assert_eq!(source_of(&chart, &all), Some(&all[1]));
        assert_eq!(source_of(&chart, &all[..1]), None);
    }
}
