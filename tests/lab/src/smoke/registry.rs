//! Registers a schema, a compatible and an incompatible second version; the last must be refused. What was registered is in
//! Kafka and outlives the registry's pod.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::{address, kafka, text, until};
use crate::kafka::layout::{NAMESPACE, REGISTRY_JOURNAL};
use crate::objects::Ref;
use crate::plainhttp::{Answer, request};
use crate::registry::manifests::{SCHEMAS, SELECTOR};

/// How long one answer may take.
const LIMIT: Duration = Duration::from_secs(30);

/// The registry keeps what does not fit out, and keeps in Kafka what does.
pub async fn compatibility(target: &Value) -> Result<String> {
    let (host, base) = address(target, "registry", "http")?;
    let asked = Asked { host: host.to_owned(), base: base.to_owned(), subject: subject() };
    let options = kafka::options(target)?;
    let again = asked.clone();
    tokio::task::spawn_blocking(move || asked.registers(&options)).await??;
    let seen = outlives(target, &again).await;
    tokio::task::spawn_blocking(move || again.removes()).await??;
    seen?;
    Ok("level BACKWARD; a compatible version is taken, an incompatible one refused with 409; what was registered is in \
        Kafka and is there after the pod was deleted"
        .into())
}

fn subject() -> String {
    format!("lab-smoke-{}-value", std::process::id())
}

/// Deletes the pod and asks the next one.
async fn outlives(target: &Value, asked: &Asked) -> Result<()> {
    let objects = super::cluster(target, "apps").await?;
    let name = objects.list(Ref("v1", "Pod", NAMESPACE, ""), SELECTOR).await?;
    let name = text(name.first().context("the registry has a pod")?, &["metadata", "name"])?.to_owned();
    let pod = Ref("v1", "Pod", NAMESPACE, &name);
    objects.delete(pod).await?;
    until(|| {
        let asked = asked.clone();
        let gone = objects.get(pod);
        async move {
            ensure!(gone.await?.is_none(), "its pod is still there");
            tokio::task::spawn_blocking(move || asked.finds()).await?
        }
    })
    .await
}

/// A subject of a registry.
#[derive(Clone)]
struct Asked {
    host: String,
    base: String,
    subject: String,
}

impl Asked {
    fn ask(&self, method: &str, path: &str, body: &str) -> Result<Answer> {
        request(method, &self.host, &format!("{}{path}", self.base), Some((SCHEMAS, body)), LIMIT)
    }

    fn versions(&self) -> String {
        format!("/subjects/{}/versions", self.subject)
    }

    /// Two versions, and the subject's name in the topic of all changes.
    fn registers(&self, kafka: &[String]) -> Result<()> {
        let level = self.ask("GET", "/config", "")?;
        ensure!(level.body.contains("BACKWARD"), "the level is {}", level.body);
        let outcome = ["", r#"{"name":"note","type":"string","default":""}"#, r#"{"name":"must","type":"string"}"#]
            .iter()
            .map(|field| Ok(self.ask("POST", &self.versions(), &schema(field))?.status))
            .collect::<Result<Vec<_>>>()?;
        ensure!(outcome == [200, 200, 409], "first, compatible and incompatible version were answered {outcome:?}");
        let words = ["-C", "-t", REGISTRY_JOURNAL, "-e", "-q", "-o", "beginning"];
        let read = Command::new("kcat").args(kafka).args(words).output().context("starting kcat")?;
        ensure!(read.status.success(), "kcat could not read: {}", String::from_utf8_lossy(&read.stderr));
        let there = String::from_utf8_lossy(&read.stdout).contains(&self.subject);
        ensure!(there, "{REGISTRY_JOURNAL} does not tell of {}", self.subject);
        Ok(())
    }

    fn finds(&self) -> Result<()> {
        let found = self.ask("GET", &self.versions(), "")?;
        ensure!(found.body == "[1,2]", "after its pod was deleted, the registry has: {} {}", found.status, found.body);
        Ok(())
    }

    fn removes(&self) -> Result<()> {
        self.ask("DELETE", &format!("/subjects/{}", self.subject), "")?;
        self.ask("DELETE", &format!("/subjects/{}?permanent=true", self.subject), "")?;
        Ok(())
    }
}

/// The body that registers an Avro record with one more field.
fn schema(field: &str) -> String {
    let more = if field.is_empty() { String::new() } else { format!(",{field}") };
    let avro = format!(r#"{{"type":"record","name":"Order","fields":[{{"name":"id","type":"long"}}{more}]}}"#);
    json!({ "schema": avro }).to_string()
}
