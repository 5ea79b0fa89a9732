//! How the faults of `registry` and `strimzi` show to curl and kubectl.

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::BoxFuture;
use serde_json::json;

use super::Sign::Error;
use super::{Look, Outside, Trial};
use crate::kafka::layout::NAMESPACE;

const fn trial(
    part: &'static [&'static str],
    fault: &'static str,
    look: Look,
    words: &'static [&'static str],
) -> Trial {
    Trial { parts: part, fault, at: None, look, sign: Error(words) }
}

const REGISTRY: &[&str] = &["registry"];
const STRIMZI: &[&str] = &["strimzi"];

/// All of them.
pub const TRIALS: &[Trial] = &[
    trial(REGISTRY, "registry-down", evolve, &["curl: (56)", "curl: (52)", "curl: (28)"]),
    trial(REGISTRY, "registry-hanging", evolve, &["curl: (28)"]),
    trial(REGISTRY, "registry-accepts-everything", evolve, &["an incompatible schema was taken"]),
    trial(REGISTRY, "registry-readonly", evolve, &["42205"]),
    trial(STRIMZI, "crd-missing", definitions, &["not found", "NotFound"]),
    trial(STRIMZI, "operator-down", operator, &["0 of 0 pods"]),
];

/// Registers a schema and an incompatible one, which must be refused, and removes both.
fn evolve(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let subject = format!("/subjects/lab-prove-{}", std::process::id());
        let register = |field: &str| {
            let avro = format!(r#"{{"type":"record","name":"R","fields":[{{"name":"{field}","type":"long"}}]}}"#);
            json!({ "schema": avro }).to_string()
        };
        let first = post(outside, &format!("{subject}/versions"), &register("a")).await;
        let second = post(outside, &format!("{subject}/versions"), &register("b")).await;
        for path in [subject.clone(), format!("{subject}?permanent=true")] {
            // a registry that takes nothing has nothing to remove
            let _ = outside.http("registry", "http", &path, &["--request", "DELETE"]).await;
        }
        first?;
        match second {
            Err(e) if e.to_string().starts_with("409") => Ok("an incompatible schema is refused with 409".into()),
            Err(e) => Err(e),
            Ok(_) => bail!("an incompatible schema was taken"),
        }
    })
}

async fn post(outside: &Outside, path: &str, body: &str) -> Result<String> {
    let kind = "Content-Type: application/vnd.schemaregistry.v1+json";
    outside.http("registry", "http", path, &["--header", kind, "--data", body]).await
}

fn definitions(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(outside.kubectl(&["get", "crd", "strimzipodsets.core.strimzi.io", "-o", "name"]))
}

fn operator(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let name = crate::strimzi::objects::OPERATOR;
        let object = outside.object(&["-n", NAMESPACE, "deployment", name]).await?;
        let wanted = object["spec"]["replicas"].as_u64().context("a deployment wants some pods")?;
        let ready = object["status"]["readyReplicas"].as_u64().unwrap_or(0);
        ensure!(ready > 0 && ready == wanted, "{ready} of {wanted} pods");
        Ok(format!("{ready} of {wanted} pods are ready"))
    })
}
