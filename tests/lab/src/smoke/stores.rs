//! The stores of metrics and logs: what is scraped is up and fresh, and a line that a pod prints arrives.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{address, cluster, until};
use crate::objects::Ref;
use crate::plainhttp::{encode, get};

/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(10);
/// A sample older than this is stale, in seconds.
const FRESH: f64 = 30.0;

async fn fetch(address: String, path: String) -> Result<String> {
    tokio::task::spawn_blocking(move || get(&address, &path, LIMIT)).await?
}

async fn query(target: &Value, promql: &str) -> Result<Vec<Value>> {
    let (host, base) = address(target, "metrics", "promql")?;
    let path = format!("{base}/api/v1/query?query={}", encode(promql));
    let answer: Value = serde_json::from_str(&fetch(host.to_owned(), path).await?)?;
    Ok(answer["data"]["result"].as_array().cloned().unwrap_or_default())
}

fn number(sample: &Value) -> Option<f64> {
    sample["value"][1].as_str()?.parse().ok()
}

/// Every target of `apps` is up, and its newest sample is fresh.
pub async fn metrics(target: &Value) -> Result<String> {
    until(|| async {
        // the last word of a target that is gone stays visible for minutes
        let up = query(target, r#"up{cluster="apps"} and (time() - timestamp(up{cluster="apps"}) < 20)"#).await?;
        ensure!(!up.is_empty(), "nothing of cluster apps is scraped");
        let down: Vec<_> = up.iter().filter(|s| number(s) != Some(1.0)).map(|s| s["metric"].to_string()).collect();
        ensure!(down.is_empty(), "down: {}", down.join(" "));
        let age = query(target, r#"time() - max(timestamp(up{cluster="apps"}))"#).await?;
        let age = age.first().and_then(number).context("no age")?;
        ensure!(age < FRESH, "the newest sample is {age} s old");
        Ok(format!("{} targets of apps up, the newest sample {age:.1} s old", up.len()))
    })
    .await
}

/// A line that a pod prints arrives, marked with its cluster.
pub async fn logs(target: &Value) -> Result<String> {
    let objects = cluster(target, "apps").await?;
    let image = image(&objects).await?;
    let name = format!("lab-smoke-{}", std::process::id());
    let marker = format!("marker-{name}");
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name, "namespace": "default" },
        "spec": { "restartPolicy": "Never", "containers": [{
            "name": "say", "image": image, "imagePullPolicy": "Never", "command": ["/bin/sh", "-c", format!("echo {marker}")],
        }] },
    });
    objects.apply(std::slice::from_ref(&pod)).await?;
    let started = std::time::Instant::now();
    let seen = until(|| async {
        let (host, base) = address(target, "logs", "logsql")?;
        let logsql = encode(&format!(r#"{{cluster="apps"}} "{marker}" _time:5m"#));
        let body = fetch(host.to_owned(), format!("{base}/select/logsql/query?query={logsql}&limit=5")).await?;
        ensure!(body.contains(&marker), "the line has not arrived");
        Ok(started.elapsed())
    })
    .await;
    objects.delete(Ref::of(&pod)).await?;
    Ok(format!("a pod's line arrived {:.1} s after the pod was asked for", seen?.as_secs_f64()))
}

/// The image of the shipper, which the node surely has.
async fn image(objects: &crate::objects::Objects) -> Result<String> {
    use crate::{logs::manifests::SHIPPER, metrics::manifests::NAMESPACE};
    let set = objects.get(Ref("apps/v1", "DaemonSet", NAMESPACE, SHIPPER)).await?.context("there is no shipper")?;
    let image = set["spec"]["template"]["spec"]["containers"][0]["image"].as_str();
    Ok(image.context("the shipper has no image")?.to_owned())
}
