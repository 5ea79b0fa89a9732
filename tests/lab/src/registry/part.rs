//! The part `registry`: the server's pod, its port on loopback, and what can be broken about it.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::manifests::{self, NAME, PORT, Places, SELECTOR};
use super::recipe;
use crate::cluster::recipes::BASE_IMAGE;
use crate::cx::LabCx;
use crate::kafka::layout::NAMESPACE;
use crate::kafka::part::aliases;
use crate::objects::{Objects, Ref};
use crate::part::{Fault, Order, Part, Running};
use crate::plainhttp;
use crate::podproc::{self, Signal};
use crate::recipe::Recipe;
use crate::target::Fragment;

/// How long start and mending may take.
const LIMIT: Duration = Duration::from_secs(240);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// The level that the lab sets.
const LEVEL: &str = "BACKWARD";
const DEPLOYMENT: Ref<'static> = Ref("apps/v1", "Deployment", NAMESPACE, NAME);

const FAULTS: &[Fault] = &[
    Fault {
        name: "registry-down",
        seen: "the registry has no pod: its service has nobody behind it, every connection breaks",
        at: None,
        passes: false,
    },
    Fault {
        name: "registry-hanging",
        seen: "the registry's pod is Ready and accepts connections, and no request is ever answered",
        at: None,
        passes: false,
    },
    Fault {
        name: "registry-accepts-everything",
        seen: "the compatibility level is NONE, after a restart, too: an incompatible schema is answered 200 and not 409",
        at: None,
        passes: false,
    },
    Fault {
        name: "registry-readonly",
        seen: "the registry's mode is READONLY: schemas are read, every change is answered 422 with error_code 42205",
        at: None,
        passes: false,
    },
];

/// The registry.
pub struct Registry;

impl Part for Registry {
    fn name(&self) -> &'static str {
        "registry"
    }

    fn about(&self) -> &'static str {
        "a schema registry (Apicurio 3.3.3, Confluent's API at the root) in a pod of apps, storing in its Kafka"
    }

    fn needs(&self) -> &'static [&'static str] {
        &["kafka"]
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![recipe::registry()]
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

    fn heal<'a>(&'a self, cx: &'a LabCx, order: &'a Order, memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(heal(cx, order, memo))
    }

    fn memory<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Vec<(String, u64)>> {
        Box::pin(async move {
            match cx.cluster("apps") {
                Ok(apps) => podproc::memory(apps.objects(), NAMESPACE, SELECTOR).await,
                Err(_) => Vec::new(),
            }
        })
    }
}

async fn up(cx: &LabCx) -> Result<Running> {
    let apps = cx.cluster("apps")?;
    let objects = apps.objects();
    let entry = cx.made(&recipe::registry())?;
    let places = Places {
        java_home: recipe::java_home(&entry),
        server: recipe::server(&entry),
        entry: entry.display().to_string(),
        lab: crate::inside::program(cx)?,
    };
    let made = objects.apply(&manifests::objects(&places, BASE_IMAGE, &aliases(objects).await?)).await?;
    let ip = made[0]["spec"]["clusterIP"].as_str().context("the registry's service has an address")?.parse()?;
    let port = cx.port("http")?;
    cx.relay(port, apps.room(), SocketAddr::new(ip, PORT)).await?;
    objects.rolled_out(DEPLOYMENT, LIMIT).await?;
    well(cx, port).await?;
    // kept in Kafka: whatever sets another later finds it so after each restart
    level(cx, LEVEL).await?;
    let target = Fragment::default()
        .endpoint("registry", json!({ "http": { "url": format!("http://127.0.0.1:{port}") } }))
        .endpoint("registry-through", json!({ "http": { "through": through() } }))
        .input("registry_knows_kafka", json!(false))
        .sentence("registry: Apicurio 3.3.3 with Confluent's API at the root of its port; stores in the lab's Kafka, over TLS, and does not tell in which")
        .sentence("registry: Apicurio keeps the mode (READWRITE, READONLY) and does not heed it; the lab refuses what a mode forbids");
    Ok(Running { target, ..Running::default() })
}

/// The service, for a client that forwards a port to it.
fn through() -> Value {
    json!({ "cluster": "apps", "service": format!("{NAMESPACE}/{NAME}"), "port": PORT })
}

/// Waits until the registry answers with a level, and so from its storage.
async fn well(cx: &LabCx, port: u16) -> Result<()> {
    let look = move || async move {
        let asked = tokio::task::spawn_blocking(move || plainhttp::get(&at(port), "/config", ANSWER));
        let level = asked.await??;
        ensure!(level.contains("compatibilityLevel"), "the level is {level}");
        Ok(())
    };
    cx.until("the registry", LIMIT, &[], look).await
}

fn at(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    let apps = cx.cluster("apps")?;
    match order.fault.as_str() {
        "registry-down" => scale(apps.objects(), 0).await,
        "registry-hanging" => {
            let uid = podproc::only(apps.objects(), NAMESPACE, SELECTOR).await?;
            cx.remember(json!({ "uid": uid }));
            podproc::signal(&uid, "java", Signal::Stop).map(|_| ())
        }
        "registry-accepts-everything" => level(cx, "NONE").await,
        "registry-readonly" => mode(cx, "READONLY").await,
        other => bail!("registry has no fault `{other}`"),
    }
}

async fn heal(cx: &LabCx, order: &Order, memo: &Value) -> Result<()> {
    let apps = cx.cluster("apps")?;
    match order.fault.as_str() {
        "registry-down" => {
            scale(apps.objects(), 1).await?;
            apps.objects().rolled_out(DEPLOYMENT, LIMIT).await?;
        }
        "registry-hanging" => {
            if let Some(uid) = memo["uid"].as_str() {
                podproc::signal(uid, "java", Signal::Continue)?;
            }
        }
        "registry-accepts-everything" => level(cx, LEVEL).await?,
        "registry-readonly" => mode(cx, "READWRITE").await?,
        other => bail!("registry has no fault `{other}` to heal"),
    }
    well(cx, cx.port("http")?).await
}

async fn level(cx: &LabCx, level: &'static str) -> Result<()> {
    let port = cx.port("http")?;
    tokio::task::spawn_blocking(move || super::level(&at(port), "", level)).await?
}

async fn mode(cx: &LabCx, mode: &'static str) -> Result<()> {
    let port = cx.port("http")?;
    let asked = tokio::task::spawn_blocking(move || {
        let body = json!({ "mode": mode }).to_string();
        let body = Some((manifests::SCHEMAS, body.as_str()));
        plainhttp::request("PUT", &at(port), "/mode", body, ANSWER)
    });
    let answer = asked.await??;
    ensure!(answer.status == 200, "PUT /mode: {} {}", answer.status, answer.body);
    Ok(())
}

async fn scale(objects: &Objects, replicas: u64) -> Result<()> {
    objects.merge(DEPLOYMENT, &json!({ "spec": { "replicas": replicas } })).await?;
    objects.until(DEPLOYMENT, LIMIT, |d| d["status"]["replicas"].as_u64().unwrap_or(0) == replicas).await?;
    Ok(())
}
