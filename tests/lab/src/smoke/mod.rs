//! A quick proof that a part does its work, asked through the target file as a user would. One file an area.

mod cluster;
mod flux;
mod kafka;
mod redis;
mod registry;
pub mod s3;
mod scale;
mod sql;
mod standins;
mod stores;
mod strimzi;
mod volsync;
mod web;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::objects::Objects;

/// How long one thing may take to show.
const LIMIT: Duration = Duration::from_secs(90);

/// The parts that can be asked.
pub const PARTS: [&str; 15] = [
    "apps", "infra", "kafka", "registry", "metrics", "logs", "strimzi", "s3", "sql", "redis", "web", "volsync", "flux",
    "scale", "standins",
];

/// Asks `part` through `target`; the answer is a line of what was seen.
pub async fn run(part: &str, target: &Value) -> Result<String> {
    match part {
        "apps" | "infra" => cluster::whole(part, target).await,
        "kafka" => kafka::roundtrip(target).await,
        "registry" => registry::compatibility(target).await,
        "metrics" => stores::metrics(target).await,
        "logs" => stores::logs(target).await,
        "strimzi" => strimzi::topic(target).await,
        "s3" => s3::backup(target).await,
        "sql" => sql::both(target).await,
        "redis" => redis::keys(target).await,
        "web" => web::documents(target).await,
        "volsync" => volsync::backup(target).await,
        "flux" => flux::commits(target).await,
        "scale" => scale::list(target).await,
        "standins" => standins::all(target).await,
        other => bail!("there is no smoke test of `{other}`; there are: {}", PARTS.join(", ")),
    }
}

/// A text of the target file, by its path of keys.
pub fn text<'a>(target: &'a Value, path: &[&str]) -> Result<&'a str> {
    let found = path.iter().fold(target, |at, key| &at[*key]);
    found.as_str().with_context(|| format!("the target has no {}", path.join(".")))
}

/// `host:port` and the base path of an endpoint's URL.
fn address<'a>(target: &'a Value, endpoint: &str, kind: &str) -> Result<(&'a str, &'a str)> {
    let url = text(target, &["endpoints", endpoint, kind, "url"])?;
    let rest = url.strip_prefix("http://").with_context(|| format!("{url} is not plain HTTP"))?;
    let at = rest.find('/').unwrap_or(rest.len());
    Ok((&rest[..at], rest[at..].trim_end_matches('/')))
}

/// The API server of `cluster`.
async fn cluster(target: &Value, cluster: &str) -> Result<Objects> {
    let path = PathBuf::from(text(target, &["clusters", cluster, "kubeconfig"])?);
    Objects::connect(&path).await
}

/// Looks until there is an answer; the error is the last one.
async fn until<T, F: Future<Output = Result<T>>>(mut look: impl FnMut() -> F) -> Result<T> {
    let started = std::time::Instant::now();
    loop {
        match look().await {
            Err(_) if started.elapsed() < LIMIT => tokio::time::sleep(Duration::from_millis(250)).await,
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_address_is_taken_out_of_the_url() {
        let target = json!({ "endpoints": { "m": { "promql": { "url": "http://127.0.0.1:5/base/" } } } });
        assert_eq!(address(&target, "m", "promql").unwrap(), ("127.0.0.1:5", "/base"));
        let e = address(&target, "other", "promql").unwrap_err();
        assert!(e.to_string().contains("endpoints.other.promql.url"), "{e}");
    }

    #[tokio::test]
    async fn a_part_without_a_test_is_named() {
        let e = run("moon", &json!({})).await.unwrap_err();
        assert!(e.to_string().contains("moon") && e.to_string().contains("kafka"), "{e}");
    }
}
