//! How the faults of `metrics` and `logs` show to curl: what is asked for is fresh, marked, and complete.

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::BoxFuture;
use serde_json::Value;

use super::Sign::Error;
use super::{Look, Outside, Trial};
use crate::metrics::alerting::{ALARM, WATCH};
use crate::plainhttp::encode;

const fn trial(
    part: &'static [&'static str],
    fault: &'static str,
    look: Look,
    words: &'static [&'static str],
) -> Trial {
    Trial { parts: part, fault, at: None, look, sign: Error(words) }
}

const METRICS: &[&str] = &["metrics"];
const LOGS: &[&str] = &["logs"];
const RESET: &[&str] = &["curl: (56)", "curl: (52)"];
/// Which samples are fresh: scraped every 5 s, so that three in a row are missing.
const FRESH: &str = "(time() - timestamp(up)) < 17";

/// All of them.
pub const TRIALS: &[Trial] = &[
    trial(METRICS, "vmagent-stopped", samples, &["no sample of cluster apps, marked or not"]),
    trial(METRICS, "metrics-stale", samples, &["no sample of cluster apps, marked or not"]),
    trial(METRICS, "cluster-label-missing", samples, &["do not say which cluster they are of"]),
    trial(METRICS, "remote-write-refused", write, &["read-only", "readonly"]),
    trial(METRICS, "store-down", samples, RESET),
    trial(METRICS, "alert-firing", alarm, &["LabAlarm fires"]),
    trial(METRICS, "rule-never-fires", rule, &["looked at no series"]),
    trial(LOGS, "log-source-silent", lines, &["no line of the last seconds, marked or not"]),
    trial(LOGS, "cluster-label-missing", lines, &["do not say which cluster they are of"]),
    trial(LOGS, "store-down", lines, RESET),
];

async fn results(outside: &Outside, promql: &str) -> Result<Vec<Value>> {
    let path = format!("/api/v1/query?query={}", encode(promql));
    let answer: Value = serde_json::from_str(&outside.http("metrics", "promql", &path, &[]).await?)?;
    Ok(answer["data"]["result"].as_array().context("an answer has results")?.clone())
}

fn samples(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let marked = results(outside, &format!(r#"up{{cluster="apps"}} and {FRESH}"#)).await?;
        if !marked.is_empty() {
            return Ok(format!("{} fresh series of cluster apps", marked.len()));
        }
        let any = results(outside, &format!(r#"up{{cluster=""}} and {FRESH}"#)).await?;
        ensure!(!any.is_empty(), "no sample of cluster apps, marked or not, is fresh");
        bail!("{} fresh series do not say which cluster they are of", any.len())
    })
}

/// Writes a sample as a scraper would.
fn write(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let words = ["--data-binary", "lab_prove 1"];
        outside.http("metrics", "promql", "/api/v1/import/prometheus", &words).await?;
        samples(outside).await
    })
}

/// The alert does not fire, at either end.
fn alarm(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let at_rules = outside.http("rules", "http", "/api/v1/alerts", &[]).await?;
        let at_manager = outside.http("alertmanager", "http", "/api/v2/alerts?active=true", &[]).await?;
        match (at_rules.contains(ALARM), at_manager.contains(ALARM)) {
            (true, true) => bail!("{ALARM} fires, at vmalert and at Alertmanager"),
            (false, false) => Ok(format!("{ALARM} does not fire")),
            (rules, _) => bail!("{ALARM} is known to {} alone", if rules { "vmalert" } else { "Alertmanager" }),
        }
    })
}

/// The rule looked at something the last time.
fn rule(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let told: Value = serde_json::from_str(&outside.http("rules", "http", "/api/v1/rules", &[]).await?)?;
        let rules = told["data"]["groups"][0]["rules"].as_array().context("there are no rules")?;
        let rule = rules.iter().find(|r| r["name"] == WATCH).with_context(|| format!("there is no rule {WATCH}"))?;
        ensure!(rule["health"] == "ok", "{WATCH} is {}", rule["health"]);
        let fetched = rule["lastSeriesFetched"].as_u64().context("vmalert does not say what it fetched")?;
        ensure!(fetched > 0, "{WATCH} ({}) is {} and looked at no series", rule["query"], rule["state"]);
        Ok(format!("{WATCH} looked at {fetched} series"))
    })
}

/// Lines of the pod that talks each second.
fn lines(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let talker = r#"kubernetes.pod_name:talker-0 _time:6s"#;
        if !ask(outside, &format!(r#"{{cluster="apps"}} {talker}"#)).await?.is_empty() {
            return Ok("fresh lines of cluster apps".into());
        }
        ensure!(!ask(outside, talker).await?.is_empty(), "no line of the last seconds, marked or not");
        bail!("fresh lines do not say which cluster they are of")
    })
}

async fn ask(outside: &Outside, logsql: &str) -> Result<String> {
    let path = format!("/select/logsql/query?query={}&limit=3", encode(logsql));
    Ok(outside.http("logs", "logsql", &path, &[]).await?.trim().to_owned())
}
