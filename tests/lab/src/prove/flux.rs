//! How the faults of `flux` show to kubectl: most objects stay Ready, so revisions are compared.

use anyhow::{Result, ensure};
use futures::future::BoxFuture;
use serde_json::Value;

use super::Sign::Error;
use super::{Look, Outside, Trial};
use crate::conditions;
use crate::flux::fleet::{DEMO, ROOT};
use crate::flux::manifests::NAMESPACE;
use crate::flux::part::CLUSTERS;

const PARTS: &[&str] = &["flux"];

const fn trial(fault: &'static str, look: Look, words: &'static [&'static str]) -> Trial {
    Trial { parts: PARTS, fault, at: None, look, sign: Error(words) }
}

/// All of them.
pub const TRIALS: &[Trial] = &[
    trial("object-suspended", suspended, &["demo of apps is suspended"]),
    trial("source-unreachable", ready, &["apps: GitRepository flux-system: GitOperationFailed"]),
    trial("revision-behind", behind, &["apps: all is Ready, applied is"]),
    trial("clusters-drifted", drifted, &["apps and infra differ"]),
    trial("commit-broken", built, &["Kustomization demo: BuildFailed"]),
];

/// The source, and the two Kustomizations, of one cluster.
async fn objects(outside: &Outside, cluster: &str) -> Result<Vec<Value>> {
    let user = Outside::of(&outside.target, cluster);
    let mut found = Vec::new();
    for (kind, name) in [("gitrepository", ROOT), ("kustomization", ROOT), ("kustomization", DEMO)] {
        found.push(user.object(&["-n", NAMESPACE, kind, name]).await?);
    }
    Ok(found)
}

fn applied(object: &Value) -> &Value {
    &object["status"]["lastAppliedRevision"]
}

fn fetched(object: &Value) -> &Value {
    &object["status"]["artifact"]["revision"]
}

fn suspended(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        for cluster in CLUSTERS {
            for object in objects(outside, cluster).await? {
                let name = object["metadata"]["name"].as_str().unwrap_or_default();
                ensure!(object["spec"]["suspend"] != true, "{name} of {cluster} is suspended");
            }
        }
        Ok("nothing is suspended".into())
    })
}

/// Every object is Ready; else the reason why the first is not.
fn ready(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        for cluster in CLUSTERS {
            objects(outside, cluster).await?.iter().try_for_each(|o| is_ready(cluster, o))?;
        }
        Ok("all is Ready".into())
    })
}

/// The workload's Kustomizations are Ready. Others wait for them, and say so first.
fn built(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        for cluster in CLUSTERS {
            is_ready(cluster, &objects(outside, cluster).await?[2])?;
        }
        Ok("both are Ready".into())
    })
}

fn is_ready(cluster: &str, o: &Value) -> Result<()> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let conditions = o["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let reason = conditions.iter().find(|c| c["type"] == "Ready").map(|c| text(&c["reason"])).unwrap_or_default();
    let (kind, name) = (text(&o["kind"]), text(&o["metadata"]["name"]));
    ensure!(conditions::holds(o, "Ready"), "{cluster}: {kind} {name}: {reason}");
    Ok(())
}

/// What is applied is what the source has.
fn behind(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        for cluster in CLUSTERS {
            let all = objects(outside, cluster).await?;
            let says =
                if all.iter().all(|o| conditions::holds(o, "Ready")) { "all is Ready" } else { "not all is Ready" };
            let (source, demo) = (fetched(&all[0]), applied(&all[2]));
            ensure!(source == demo, "{cluster}: {says}, applied is {demo}, the source has {source}");
        }
        Ok("what is applied is what the source has".into())
    })
}

/// Both clusters have applied the same.
fn drifted(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let mut seen = Vec::new();
        for cluster in CLUSTERS {
            seen.push(applied(&objects(outside, cluster).await?[2]).clone());
        }
        ensure!(seen[0] == seen[1], "apps and infra differ: {} and {}", seen[0], seen[1]);
        Ok("apps and infra have the same".into())
    })
}
