//! What can be broken about the brokers, and how each is mended.

use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::admin::Admin;
use super::layout::{self, BROKERS, NAMESPACE};
use super::part::{Ports, in_one_cluster, ports};
use crate::cx::LabCx;
use crate::objects::{Objects, Ref};
use crate::part::{Fault, Order};
use crate::podproc::{self, Signal};

/// How long mending may take.
const LIMIT: Duration = Duration::from_secs(240);
/// How often records are taken away.
const EVERY: Duration = Duration::from_millis(300);
/// The one that is broken when only one is.
const VICTIM: usize = 1;

/// The faults.
pub const LIST: &[Fault] = &[
    Fault {
        name: "broker-killed",
        seen: "one broker dies at once and its container restarts; leaders move, clients stall for some seconds",
        at: None,
        passes: true,
    },
    Fault {
        name: "broker-paused",
        seen: "one broker stands still: its pod stays Running and Ready, its ports accept and never answer",
        at: None,
        passes: false,
    },
    Fault {
        name: "broker-stopped",
        seen: "one broker's pod is gone and does not come back; two of three copies are left",
        at: None,
        passes: false,
    },
    Fault {
        name: "two-brokers-down",
        seen: "two brokers' pods are gone: no quorum, acks=all is refused, metadata may be old",
        at: None,
        passes: false,
    },
    Fault {
        name: "topic-lost-messages",
        seen: "records of every topic vanish within a second of being acknowledged",
        at: None,
        passes: false,
    },
];

/// The task that takes records away, while it does.
static LOSING: Mutex<Option<JoinHandle<()>>> = Mutex::new(None);

/// Breaks something.
pub async fn inject(cx: &LabCx, order: &Order) -> Result<Value> {
    match order.fault.as_str() {
        "broker-killed" => signal(&uid(cx).await?, Signal::Kill),
        "broker-paused" => {
            let uid = uid(cx).await?;
            signal(&uid, Signal::Stop)?;
            Ok(json!({ "uid": uid }))
        }
        "broker-stopped" => scale(cx, BROKERS - 1).await,
        "two-brokers-down" => scale(cx, BROKERS - 2).await,
        "topic-lost-messages" => {
            let task = tokio::spawn(lose(ports(cx)?));
            replace(Some(task));
            Ok(Value::Null)
        }
        other => bail!("kafka has no fault `{other}`"),
    }
}

/// Mends it, and waits until the brokers are one cluster again.
pub async fn heal(cx: &LabCx, order: &Order, memo: &Value) -> Result<()> {
    match order.fault.as_str() {
        "broker-paused" => {
            signal(memo["uid"].as_str().unwrap_or_default(), Signal::Continue)?;
        }
        "broker-stopped" | "two-brokers-down" => {
            scale(cx, BROKERS).await?;
            let set = layout::set_name();
            objects(cx)?.rolled_out(Ref("apps/v1", "StatefulSet", NAMESPACE, &set), LIMIT).await?;
        }
        "topic-lost-messages" => replace(None),
        other => bail!("kafka has no fault `{other}` to heal"),
    }
    let ports = ports(cx)?;
    cx.until("the brokers to be one cluster again", LIMIT, &[], || in_one_cluster(&ports)).await
}

fn objects(cx: &LabCx) -> Result<Objects> {
    Ok(cx.cluster("apps")?.objects().clone())
}

/// The victim's pod.
async fn uid(cx: &LabCx) -> Result<String> {
    podproc::uid(&objects(cx)?, NAMESPACE, &layout::pod(VICTIM)).await
}

fn signal(uid: &str, signal: Signal) -> Result<Value> {
    podproc::signal(uid, "java", signal)?;
    Ok(Value::Null)
}

async fn scale(cx: &LabCx, replicas: usize) -> Result<Value> {
    let set = layout::set_name();
    let patch = json!({ "spec": { "replicas": replicas } });
    let objects = objects(cx)?;
    let r = Ref("apps/v1", "StatefulSet", NAMESPACE, &set);
    objects.merge(r, &patch).await?;
    objects.until(r, LIMIT, |o| o["status"]["replicas"].as_u64() == Some(replicas as u64)).await?;
    Ok(Value::Null)
}

fn replace(task: Option<JoinHandle<()>>) {
    let mut now = LOSING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(before) = std::mem::replace(&mut *now, task) {
        before.abort();
    }
}

/// Takes every record away, again and again.
async fn lose(ports: Ports) {
    loop {
        let ports = ports.clone();
        let round = tokio::task::spawn_blocking(move || lose_once(&ports)).await;
        if let Ok(Err(e)) = round {
            eprintln!("topic-lost-messages: {e:#}");
        }
        tokio::time::sleep(EVERY).await;
    }
}

fn lose_once(ports: &Ports) -> Result<()> {
    let metadata = Admin::new(ports.plain(0)?).metadata()?;
    for topic in metadata.topics.iter().filter(|t| !t.internal && t.error == 0) {
        for id in 0..BROKERS {
            let led = topic.partitions.iter().filter(|p| p.leader == id as i32).map(|p| p.index);
            let led: Vec<_> = led.collect();
            if !led.is_empty() {
                Admin::new(ports.plain(id)?).delete_records(&topic.name, &led)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_says_what_a_user_sees_in_one_line() {
        for fault in LIST {
            assert!(!fault.seen.contains('\n') && fault.seen.len() > 30, "{}", fault.name);
        }
    }
}
