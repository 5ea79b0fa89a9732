//! The part `logs`: VictoriaLogs as a process in the room of `apps`, vlagent on the node, and what can be broken.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use futures::future::BoxFuture;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::manifests::{self, LINKS, SHIPPER, STORE_PORT};
use crate::cx::LabCx;
use crate::machine::process::Start;
use crate::metrics::manifests::{NAMESPACE, namespace};
use crate::metrics::part::site;
use crate::metrics::recipe;
use crate::objects::Ref;
use crate::part::{Fault, Order, Part, Running};
use crate::plainhttp::{encode, get};
use crate::podproc;
use crate::recipe::Recipe;
use crate::target::Fragment;

/// How long start and mending may take.
const LIMIT: Duration = Duration::from_secs(240);
/// A pause between two questions to the store.
const PAUSE: Duration = Duration::from_millis(200);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The store's process.
const STORE: &str = "victoria-logs";
const AGENT: Ref<'static> = Ref("apps/v1", "DaemonSet", NAMESPACE, SHIPPER);
/// No node has this label.
const NOWHERE: &str = "lab.local/no-such-node";

const FAULTS: &[Fault] = &[
    Fault {
        name: "log-source-silent",
        seen: "the shipper runs on no node, and its DaemonSet says 0 of 0: no new line of cluster apps arrives",
        at: None,
        passes: false,
    },
    Fault {
        name: "cluster-label-missing",
        seen: "new lines arrive without cluster=apps: whoever asks with it sees only old ones",
        at: None,
        passes: false,
    },
    Fault {
        name: "store-down",
        seen: "every query is refused: connection reset; the shipper keeps what it reads and sends it later",
        at: None,
        passes: false,
    },
];

/// Store and shipper.
pub struct Logs;

impl Part for Logs {
    fn name(&self) -> &'static str {
        "logs"
    }

    fn about(&self) -> &'static str {
        "VictoriaLogs, filled by a vlagent in apps that reads the pods' log files"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["apps"]
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![recipe::programs()]
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
                all.extend(podproc::memory(apps.objects(), NAMESPACE, "app.kubernetes.io/name=vlagent").await);
            }
            all
        })
    }
}

async fn up(cx: &LabCx) -> Result<Running> {
    let apps = cx.cluster("apps")?;
    // the kubelet makes it with its first pod, which may be this one
    std::fs::create_dir_all(LINKS)?;
    let start = Start::new(STORE, cx.made(&recipe::programs())?.join(STORE))
        .arg(format!("-storageDataPath={}", cx.dir()?.join("data").display()))
        .arg(format!("-httpListenAddr=:{STORE_PORT}"))
        .args(["-retentionPeriod=7d", "-memory.allowedBytes=128MiB"]);
    let store = cx.spawn(start.room(apps.room()))?;
    let port = cx.port("http")?;
    cx.relay(port, apps.room(), SocketAddr::from(([127, 0, 0, 1], STORE_PORT))).await?;
    let objects = apps.objects();
    let (pod_logs, checkpoints) = folders(cx)?;
    objects.apply(&[namespace()]).await?;
    objects.apply(&manifests::vlagent(&site(cx)?, &pod_logs, &checkpoints)).await?;
    cx.until("the store", LIMIT, &[&store], || fetch(port, "/health".into())).await?;
    objects.rolled_out(AGENT, LIMIT).await?;
    arrives(cx, port).await?;
    let target = Fragment::default()
        .endpoint("logs", json!({ "logsql": { "url": format!("http://127.0.0.1:{port}") } }))
        .default_for("logsql", "logs")
        .input("log_shipper", json!("vlagent"))
        .input("log_shipper_errors", json!("\terror\t"))
        .sentence("logs: vlagent ships the pods' log files to VictoriaLogs; it stands where Fluent Bit would");
    Ok(Running { target, ..Running::default() })
}

async fn fetch(port: u16, path: String) -> Result<String> {
    tokio::task::spawn_blocking(move || get(&format!("127.0.0.1:{port}"), &path, ANSWER)).await?
}

/// Waits until a line of the shipper's own pod is there: it has said something since it started.
async fn arrives(cx: &LabCx, port: u16) -> Result<()> {
    let objects = cx.cluster("apps")?.objects().clone();
    let look = || async {
        tokio::time::sleep(PAUSE).await;
        let pods = objects.list(Ref("v1", "Pod", NAMESPACE, ""), "app.kubernetes.io/name=vlagent").await?;
        let names: Vec<_> = pods.iter().filter_map(|p| p["metadata"]["name"].as_str()).collect();
        ensure!(!names.is_empty(), "the shipper has no pod");
        let query = format!(r#"{{cluster="apps",kubernetes.pod_name=~"{}"}} _time:1h"#, names.join("|"));
        let path = format!("/select/logsql/query?query={}&limit=1", encode(&query));
        ensure!(!fetch(port, path).await?.is_empty(), "no line of {names:?} has arrived");
        Ok(())
    };
    cx.until("a line to arrive", LIMIT, &[], look).await
}

async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    match order.fault.as_str() {
        "log-source-silent" => {
            select(cx, json!("true")).await?;
            let gone =
                |s: &Value| s["status"]["desiredNumberScheduled"] == 0 && s["status"]["currentNumberScheduled"] == 0;
            cx.cluster("apps")?.objects().until(AGENT, LIMIT, gone).await?;
        }
        "cluster-label-missing" => label(cx, false).await?,
        // it writes what it has to disk first: lines that are lost are another fault
        "store-down" => cx.process(STORE)?.end(Signal::SIGINT, LIMIT).await?,
        other => bail!("logs has no fault `{other}`"),
    }
    Ok(())
}

async fn heal(cx: &LabCx, order: &Order) -> Result<()> {
    match order.fault.as_str() {
        "log-source-silent" => {
            select(cx, Value::Null).await?;
            cx.cluster("apps")?.objects().rolled_out(AGENT, LIMIT).await?;
        }
        "cluster-label-missing" => label(cx, true).await?,
        "store-down" => {
            let (store, port) = (cx.process(STORE)?, cx.port("http")?);
            store.again()?;
            cx.until("the store", LIMIT, &[&store], || fetch(port, "/health".into())).await?;
        }
        other => bail!("logs has no fault `{other}` to heal"),
    }
    arrives(cx, cx.port("http")?).await
}

/// Where the pods' log files are, and where the shipper notes how far it has read.
fn folders(cx: &LabCx) -> Result<(String, String)> {
    let pod_logs = cx.cluster("apps")?.site().dir.join("podlogs").display().to_string();
    Ok((pod_logs, cx.dir()?.join("shipper").display().to_string()))
}

/// Makes the shipper mark its lines, or not.
async fn label(cx: &LabCx, wanted: bool) -> Result<()> {
    let (pod_logs, checkpoints) = folders(cx)?;
    let objects = cx.cluster("apps")?.objects().clone();
    objects.apply(&[manifests::daemon_set(&site(cx)?, &pod_logs, &checkpoints, wanted)]).await?;
    objects.rolled_out(AGENT, LIMIT).await.map(|_| ())
}

/// Asks for a node that is not there, or for any.
async fn select(cx: &LabCx, value: Value) -> Result<()> {
    let patch = json!({ "spec": { "template": { "spec": { "nodeSelector": { NOWHERE: value } } } } });
    cx.cluster("apps")?.objects().merge(AGENT, &patch).await
}
