//! Registers a schema, a compatible and an incompatible second version; the last must be refused.

use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::address;
use crate::plainhttp::{Answer, request};

/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(10);

/// The registry keeps what does not fit out.
pub async fn compatibility(target: &Value) -> Result<String> {
    let (host, base) = address(target, "registry", "http")?;
    let (host, base) = (host.to_owned(), base.to_owned());
    tokio::task::spawn_blocking(move || blocking(&host, &base)).await?
}

fn blocking(host: &str, base: &str) -> Result<String> {
    let subject = format!("lab-smoke-{}-value", std::process::id());
    let ask = |method: &str, path: &str, body: &str| -> Result<Answer> {
        let kind = "application/vnd.schemaregistry.v1+json";
        request(method, host, &format!("{base}{path}"), Some((kind, body)), LIMIT)
    };
    let level = ask("GET", "/config", "")?;
    ensure!(level.body.contains("BACKWARD"), "the level is {}", level.body);
    let versions = format!("/subjects/{subject}/versions");
    let outcome = ["", r#"{"name":"note","type":"string","default":""}"#, r#"{"name":"must","type":"string"}"#]
        .iter()
        .map(|field| Ok(ask("POST", &versions, &schema(field))?.status))
        .collect::<Result<Vec<_>>>();
    ask("DELETE", &format!("/subjects/{subject}"), "")?;
    ask("DELETE", &format!("/subjects/{subject}?permanent=true"), "")?;
    let outcome = outcome?;
    ensure!(outcome == [200, 200, 409], "first, compatible and incompatible version were answered {outcome:?}");
    Ok("level BACKWARD; a compatible version is taken, an incompatible one refused with 409".into())
}

/// The body that registers an Avro record with one more field.
fn schema(field: &str) -> String {
    let more = if field.is_empty() { String::new() } else { format!(",{field}") };
    let avro = format!(r#"{{"type":"record","name":"Order","fields":[{{"name":"id","type":"long"}}{more}]}}"#);
    json!({ "schema": avro }).to_string()
}
