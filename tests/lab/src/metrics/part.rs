//! The part `metrics`: VictoriaMetrics as a process in the room of `apps`, vmagent in a pod, and what can be broken.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::BoxFuture;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::alerting::{self, Rules};
use super::manifests::{self, NAMESPACE, STORE_PORT, Site};
use super::recipe;
use crate::cluster::recipes::BASE_IMAGE;
use crate::cx::LabCx;
use crate::machine::process::{Process, Start};
use crate::objects::Ref;
use crate::part::{Fault, Order, Part, Running};
use crate::plainhttp::{encode, get};
use crate::podproc;
use crate::recipe::Recipe;
use crate::target::Fragment;

/// How long start and mending may take.
const LIMIT: Duration = Duration::from_secs(240);
/// A pause between two questions to the store: each flush costs it some work.
const PAUSE: Duration = Duration::from_millis(700);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The store's process.
const STORE: &str = "victoria-metrics";
const AGENT: Ref<'static> = Ref("apps/v1", "StatefulSet", NAMESPACE, "vmagent");

const FAULTS: &[Fault] = &[
    Fault {
        name: "vmagent-stopped",
        seen: "the scraper's StatefulSet is scaled to 0: nothing of cluster apps is scraped, series end",
        at: None,
        passes: false,
    },
    Fault {
        name: "cluster-label-missing",
        seen: "the scraper's samples lack the label cluster=apps: whoever asks with it sees older and older ones, then none",
        at: None,
        passes: false,
    },
    Fault {
        name: "remote-write-refused",
        seen: "the store is read-only and refuses what the scraper sends (errors and retries grow there); queries grow stale",
        at: None,
        passes: false,
    },
    Fault {
        name: "store-down",
        seen: "every query is refused: connection reset; vmalert's rules keep their last state, with health err",
        at: None,
        passes: false,
    },
    Fault {
        name: "alert-firing",
        seen: "the alert LabAlarm fires, at vmalert and at Alertmanager",
        at: None,
        passes: false,
    },
    Fault {
        name: "rule-never-fires",
        seen: "the rule TargetDown asks for a series that nobody writes: inactive, healthy, and no series was fetched",
        at: None,
        passes: false,
    },
    Fault {
        name: "metrics-stale",
        seen: "the scraper's pod is Ready but nothing it sends arrives: queries answer with older and older samples, then with none",
        at: None,
        passes: false,
    },
];

/// Store and scraper.
pub struct Metrics;

impl Part for Metrics {
    fn name(&self) -> &'static str {
        "metrics"
    }

    fn about(&self) -> &'static str {
        "VictoriaMetrics, filled by a vmagent in apps that scrapes API server, kubelet, operator and brokers; vmalert, Alertmanager"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["apps"]
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![recipe::programs(), recipe::alertmanager()]
    }

    fn up<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
        Box::pin(up(cx))
    }

    fn faults(&self) -> Vec<Fault> {
        FAULTS.to_vec()
    }

    fn inject<'a>(&'a self, cx: &'a LabCx, order: &'a Order) -> BoxFuture<'a, Result<()>> {
        Box::pin(inject(cx, order))
    }

    fn heal<'a>(&'a self, cx: &'a LabCx, order: &'a Order, _memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(heal(cx, order))
    }

    fn memory<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Vec<(String, u64)>> {
        Box::pin(async move {
            let mut all = cx.memory();
            if let Ok(apps) = cx.cluster("apps") {
                all.extend(podproc::memory(apps.objects(), NAMESPACE, "app.kubernetes.io/name=vmagent").await);
            }
            all
        })
    }
}

/// What pods of `observability` need to know.
pub fn site(cx: &LabCx) -> Result<Site> {
    let bin = cx.made(&recipe::programs())?.display().to_string();
    let infra = cx.cluster("apps")?.site().node_ip();
    Ok(Site { image: BASE_IMAGE.into(), bin, infra })
}

async fn up(cx: &LabCx) -> Result<Running> {
    let apps = cx.cluster("apps")?;
    let store = store(cx, &[])?;
    let port = cx.port("http")?;
    cx.relay(port, apps.room(), SocketAddr::from(([127, 0, 0, 1], STORE_PORT))).await?;
    let objects = apps.objects();
    objects.apply(&[manifests::namespace()]).await?;
    objects.apply(&manifests::vmagent(&site(cx)?)).await?;
    cx.until("the store", LIMIT, &[&store], || fetch(port, "/health".into())).await?;
    objects.rolled_out(AGENT, LIMIT).await?;
    tokio::try_join!(arrives(cx, port), alerting::up(cx, apps.room()))?;
    let (rules, alerts) = alerting::ports(cx)?;
    let target = Fragment::default()
        .endpoint("rules", json!({ "http": { "url": format!("http://127.0.0.1:{rules}") } }))
        .endpoint("alertmanager", json!({ "http": { "url": format!("http://127.0.0.1:{alerts}") } }))
        .endpoint("metrics", json!({ "promql": { "url": format!("http://127.0.0.1:{port}") } }))
        .default_for("promql", "metrics")
        .sentence(
            "metrics: VictoriaMetrics 1.151 without its latency offset; a new series still shows only after some 10 s",
        );
    Ok(Running { target, ..Running::default() })
}

/// Starts the store; `more` are words that a fault adds.
fn store(cx: &LabCx, more: &[&str]) -> Result<Process> {
    let start = Start::new(STORE, cx.made(&recipe::programs())?.join(STORE))
        .arg(format!("-storageDataPath={}", cx.dir()?.join("data").display()))
        .arg(format!("-httpListenAddr=:{STORE_PORT}"))
        // fresh samples count at once; by default the newest half minute is hidden
        .args(["-search.latencyOffset=0s", "-retentionPeriod=7d", "-memory.allowedBytes=128MiB"])
        .args(more.iter().copied());
    cx.spawn(start.room(cx.cluster("apps")?.room()))
}

/// The store anew, with other words; it writes what it has to disk first.
async fn restart_store(cx: &LabCx, more: &[&str]) -> Result<()> {
    let before = cx.process(STORE)?;
    before.end(Signal::SIGINT, LIMIT).await?;
    cx.dismiss(&before, LIMIT).await?;
    let (store, port) = (store(cx, more)?, cx.port("http")?);
    cx.until("the store", LIMIT, &[&store], || fetch(port, "/health".into())).await.map(|_| ())
}

async fn fetch(port: u16, path: String) -> Result<String> {
    tokio::task::spawn_blocking(move || get(&format!("127.0.0.1:{port}"), &path, ANSWER)).await?
}

/// Waits until samples of the last seconds are there.
async fn arrives(cx: &LabCx, port: u16) -> Result<()> {
    let query = encode(r#"count(up{cluster="apps"} and (time() - timestamp(up{cluster="apps"}) < 20))"#);
    let look = || async {
        tokio::time::sleep(PAUSE).await;
        // a sample is kept in memory for a while before it is shown
        fetch(port, "/internal/force_flush".into()).await?;
        let answer: Value = serde_json::from_str(&fetch(port, format!("/api/v1/query?query={query}")).await?)?;
        let results = answer["data"]["result"].as_array().context("an answer without results")?;
        ensure!(!results.is_empty(), "no fresh sample of cluster apps");
        Ok(())
    };
    cx.until("a sample to arrive", LIMIT, &[], look).await
}

/// The words of iptables for what the scraper sends.
fn rule(verb: &'static str, pods: &str) -> Vec<String> {
    let port = STORE_PORT.to_string();
    let words = ["-w", verb, "INPUT", "-s", pods, "-p", "tcp", "--dport", &port, "-j", "DROP"];
    words.iter().map(|w| (*w).to_owned()).collect()
}

fn filter(cx: &LabCx, verb: &'static str) -> Result<()> {
    let apps = cx.cluster("apps")?;
    let words = rule(verb, &apps.site().pods());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    apps.room().tool("iptables", &words)?;
    Ok(())
}

async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    match order.fault.as_str() {
        "vmagent-stopped" => scale(cx, 0).await?,
        "metrics-stale" => filter(cx, "-I")?,
        "cluster-label-missing" => label(cx, false).await?,
        // no disk has so much room, so the store takes nothing more, as with a full one
        "remote-write-refused" => restart_store(cx, &["-storage.minFreeDiskSpaceBytes=1000TB"]).await?,
        "store-down" => cx.process(STORE)?.end(Signal::SIGKILL, LIMIT).await?,
        "alert-firing" => alerting::put(cx, Rules::Firing).await?,
        "rule-never-fires" => alerting::put(cx, Rules::Deaf).await?,
        other => bail!("metrics has no fault `{other}`"),
    }
    Ok(())
}

async fn heal(cx: &LabCx, order: &Order) -> Result<()> {
    match order.fault.as_str() {
        "vmagent-stopped" => {
            scale(cx, 1).await?;
            cx.cluster("apps")?.objects().rolled_out(AGENT, LIMIT).await?;
        }
        "metrics-stale" => filter(cx, "-D")?,
        "cluster-label-missing" => label(cx, true).await?,
        "remote-write-refused" => restart_store(cx, &[]).await?,
        "store-down" => cx.process(STORE)?.again()?,
        "alert-firing" | "rule-never-fires" => return alerting::put(cx, Rules::Good).await,
        other => bail!("metrics has no fault `{other}` to heal"),
    }
    arrives(cx, cx.port("http")?).await
}

/// Makes the scraper mark its samples, or not.
async fn label(cx: &LabCx, wanted: bool) -> Result<()> {
    let objects = cx.cluster("apps")?.objects().clone();
    objects.apply(&manifests::scraping(&site(cx)?, wanted)).await?;
    objects.rolled_out(AGENT, LIMIT).await.map(|_| ())
}

async fn scale(cx: &LabCx, replicas: u64) -> Result<()> {
    let apps = cx.cluster("apps")?;
    apps.objects().merge(AGENT, &json!({ "spec": { "replicas": replicas } })).await?;
    apps.objects().until(AGENT, LIMIT, |s| s["status"]["replicas"].as_u64().unwrap_or(0) == replicas).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_pods_send_to_the_store_is_dropped() {
        let words = rule("-I", "10.71.0.0/16").join(" ");
        assert_eq!(words, "-w -I INPUT -s 10.71.0.0/16 -p tcp --dport 8428 -j DROP");
    }
}
