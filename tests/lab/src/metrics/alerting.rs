//! vmalert and Alertmanager as processes in the room of `apps`, and the rules they work by.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::manifests::STORE_PORT;
use super::recipe;
use crate::cx::LabCx;
use crate::machine::process::{Process, Start};
use crate::machine::room::Room;
use crate::plainhttp::get;
use crate::target::write_whole;

/// The process that evaluates rules.
const EVALUATOR: &str = "vmalert";
/// The process that takes alerts.
const NOTIFIER: &str = "alertmanager";
/// Their ports in the room.
const EVALUATOR_PORT: u16 = 8880;
const NOTIFIER_PORT: u16 = 9093;
/// How long start and mending may take.
const LIMIT: Duration = Duration::from_secs(60);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The alert that a fault makes fire.
pub const ALARM: &str = "LabAlarm";
/// The rule that watches something: when a target of `apps` is down, it fires.
pub const WATCH: &str = "TargetDown";

/// What is wrong with the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    /// Nothing: one rule that would fire if a target were down, one that is far from firing.
    Good,
    /// The second one fires.
    Firing,
    /// The first one asks for a series that nobody writes.
    Deaf,
}

impl Rules {
    fn text(self) -> String {
        let up = if self == Self::Deaf { "upp" } else { "up" };
        let level = if self == Self::Firing { 0 } else { 2 };
        let rule = |name: &str, expr: String, wait: &str| json!({ "alert": name, "expr": expr, "for": wait, "labels": { "severity": "page", "cluster": "apps" } });
        let rules = [
            rule(WATCH, format!(r#"{up}{{cluster="apps"}} == 0"#), "5s"),
            rule(ALARM, format!("vector(1) > {level}"), "0s"),
        ];
        json!({ "groups": [{ "name": "lab", "interval": "1s", "rules": rules }] }).to_string()
    }
}

fn file(dir: &Path) -> PathBuf {
    dir.join("rules.yml")
}

/// The loopback ports of evaluator and notifier.
pub fn ports(cx: &LabCx) -> Result<(u16, u16)> {
    Ok((cx.port("rules")?, cx.port("alerts")?))
}

/// Starts both and returns once the rules have been evaluated.
pub async fn up(cx: &LabCx, room: &Room) -> Result<()> {
    let dir = cx.dir()?;
    let (rules, alerts) = ports(cx)?;
    let notifier = cx.spawn(notifier(cx, &dir)?.room(room))?;
    for (port, inner) in [(rules, EVALUATOR_PORT), (alerts, NOTIFIER_PORT)] {
        cx.relay(port, room, SocketAddr::from(([127, 0, 0, 1], inner))).await?;
    }
    write_whole(&file(&dir), Rules::Good.text().as_bytes())?;
    let evaluator = cx.spawn(evaluator(cx, &dir)?.room(room))?;
    cx.until("Alertmanager", LIMIT, &[&notifier], || fetch(alerts, "/-/ready")).await?;
    evaluated(cx, &evaluator, Rules::Good).await
}

fn notifier(cx: &LabCx, dir: &Path) -> Result<Start> {
    let settings = dir.join("alertmanager.yml");
    let text = json!({
        "route": { "receiver": "nobody", "group_wait": "0s", "group_interval": "1s" },
        "receivers": [{ "name": "nobody" }],
    });
    write_whole(&settings, text.to_string().as_bytes())?;
    let entry = cx.made(&recipe::alertmanager())?;
    Ok(Start::new(NOTIFIER, entry.join("usr/bin/prometheus-alertmanager"))
        .arg(format!("--config.file={}", settings.display()))
        .arg(format!("--storage.path={}", dir.join("alerts").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{NOTIFIER_PORT}"))
        .arg("--cluster.listen-address=")
        .sees_shared(&entry))
}

fn evaluator(cx: &LabCx, dir: &Path) -> Result<Start> {
    let store = format!("http://127.0.0.1:{STORE_PORT}");
    Ok(Start::new(EVALUATOR, cx.made(&recipe::programs())?.join(EVALUATOR))
        .arg(format!("-rule={}", file(dir).display()))
        .args([format!("-datasource.url={store}"), format!("-remoteWrite.url={store}")])
        .args([format!("-remoteRead.url={store}"), format!("-notifier.url=http://127.0.0.1:{NOTIFIER_PORT}")])
        // rules look at now; by default they look half a minute back
        .args(["-rule.evalDelay=0s", "-rule.resendDelay=1s", "-remoteWrite.flushInterval=500ms"])
        .arg(format!("-httpListenAddr=127.0.0.1:{EVALUATOR_PORT}")))
}

async fn fetch(port: u16, path: &'static str) -> Result<String> {
    tokio::task::spawn_blocking(move || get(&format!("127.0.0.1:{port}"), path, ANSWER)).await?
}

/// Puts other rules in force and returns once they have been evaluated.
pub async fn put(cx: &LabCx, rules: Rules) -> Result<()> {
    write_whole(&file(&cx.dir()?), rules.text().as_bytes())?;
    let evaluator = cx.process(EVALUATOR)?;
    evaluator.signal(Signal::SIGHUP)?;
    evaluated(cx, &evaluator, rules).await
}

async fn evaluated(cx: &LabCx, evaluator: &Process, rules: Rules) -> Result<()> {
    let (rules_port, alerts_port) = ports(cx)?;
    let look = || async {
        let told: Value = serde_json::from_str(&fetch(rules_port, "/api/v1/rules").await?)?;
        let known = told["data"]["groups"][0]["rules"].as_array().context("there are no rules")?.clone();
        check(&known, rules)?;
        let alerts = fetch(alerts_port, "/api/v2/alerts?active=true").await?;
        ensure!(alerts.contains(ALARM) == (rules == Rules::Firing), "Alertmanager has {alerts}");
        Ok(())
    };
    cx.until("the rules to be evaluated", LIMIT, &[evaluator], look).await
}

/// What vmalert tells of its rules is what was put there, and each was evaluated.
fn check(known: &[Value], rules: Rules) -> Result<()> {
    let find = |name: &str| known.iter().find(|r| r["name"] == name).with_context(|| format!("no rule {name}"));
    let (watch, alarm) = (find(WATCH)?, find(ALARM)?);
    let evaluated =
        |rule: &Value| rule["health"] == "ok" && !rule["lastEvaluation"].as_str().unwrap_or("0001").starts_with("0001");
    ensure!(evaluated(watch) && evaluated(alarm), "not evaluated yet: {watch} {alarm}");
    let deaf = watch["query"].as_str().unwrap_or_default().starts_with("upp");
    ensure!(deaf == (rules == Rules::Deaf), "{WATCH} asks {}", watch["query"]);
    let firing = alarm["state"] == "firing";
    ensure!(firing == (rules == Rules::Firing), "{ALARM} is {}", alarm["state"]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(up: &str, state: &str) -> Vec<Value> {
        let rule = |name: &str, query: &str, state: &str| json!({ "name": name, "query": query, "state": state, "health": "ok", "lastEvaluation": "2026-01-01" });
        vec![rule(WATCH, &format!("{up}{{}} == 0"), "inactive"), rule(ALARM, "vector(1) > 0", state)]
    }

    #[test]
    fn rules_count_once_they_are_the_ones_that_were_put_there() {
        assert!(check(&told("up", "inactive"), Rules::Good).is_ok());
        assert!(check(&told("up", "inactive"), Rules::Firing).is_err());
        assert!(check(&told("up", "firing"), Rules::Firing).is_ok());
        assert!(check(&told("upp", "inactive"), Rules::Deaf).is_ok());
        assert!(check(&told("upp", "inactive"), Rules::Good).is_err());
        assert!(check(&[], Rules::Good).is_err());
    }

    #[test]
    fn only_one_thing_is_wrong_with_wrong_rules() {
        let (good, firing, deaf) = (Rules::Good.text(), Rules::Firing.text(), Rules::Deaf.text());
        assert_eq!(good.replace("> 2", "> 0"), firing);
        assert_eq!(good.replace("up{", "upp{"), deaf);
    }
}
