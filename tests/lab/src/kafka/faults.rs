//! What can be broken about the brokers, and how each is mended.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::admin::Admin;
use super::certs::keystore_of;
use super::layout::{self, BROKERS, NAMESPACE, REGISTRY_JOURNAL};
use super::part::{Ports, in_one_cluster, ports};
use super::{disks, manifests};
use crate::authority::Flaw;
use crate::cx::LabCx;
use crate::objects::{Objects, Ref};
use crate::part::{Fault, Order};
use crate::podproc::{self, Signal};

/// How long mending may take.
const LIMIT: Duration = Duration::from_secs(240);
/// How often records are taken away.
const EVERY: Duration = Duration::from_millis(50);
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
        seen: "two brokers' pods are gone: no quorum, acks=all is refused, metadata may be old; the registry reads, and never answers a write",
        at: None,
        passes: false,
    },
    Fault {
        name: "topic-under-replicated",
        seen: "one broker no longer follows the others: what is written elsewhere has two of three copies after some 10 s",
        at: None,
        passes: false,
    },
    Fault {
        name: "broker-disk-full",
        seen: "one broker's disk is full: it stops, its container restarts and stops again (CrashLoopBackOff)",
        at: None,
        passes: false,
    },
    Fault {
        name: Flaw::Expired.fault(),
        seen: "all TLS listeners show a certificate that ended two days ago; what is in the clear works",
        at: None,
        passes: false,
    },
    Fault {
        name: Flaw::NotYetValid.fault(),
        seen: "all TLS listeners show a certificate that begins in a month; what is in the clear works",
        at: None,
        passes: false,
    },
    Fault {
        name: Flaw::WrongName.fault(),
        seen: "all TLS listeners show a certificate for elsewhere.example; what is in the clear works",
        at: None,
        passes: false,
    },
    Fault {
        name: Flaw::WrongAuthority.fault(),
        seen: "all TLS listeners show a certificate of an authority that nobody trusts; what is in the clear works",
        at: None,
        passes: false,
    },
    Fault {
        name: "topic-lost-messages",
        seen: "records of every topic but the registry's vanish within a second of being acknowledged",
        at: None,
        passes: false,
    },
];

/// The task that takes records away, while it does.
static LOSING: Mutex<Option<JoinHandle<()>>> = Mutex::new(None);

/// Breaks something.
pub async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    match order.fault.as_str() {
        "broker-killed" => signal(&uid(cx).await?, Signal::Kill),
        "broker-paused" => {
            let uid = uid(cx).await?;
            cx.remember(json!({ "uid": uid }));
            signal(&uid, Signal::Stop)
        }
        "broker-stopped" => scale(cx, BROKERS - 1).await,
        "two-brokers-down" => scale(cx, BROKERS - 2).await,
        "topic-lost-messages" => {
            let task = tokio::spawn(lose(ports(cx)?));
            replace(Some(task));
            Ok(())
        }
        "topic-under-replicated" => lag(cx).await,
        "broker-disk-full" => fill(cx).await,
        name if name.starts_with("certificate-") => show(cx, Some(Flaw::of(name)?)).await,
        other => bail!("kafka has no fault `{other}`"),
    }
}

/// Mends it, and waits until the brokers are one cluster again.
pub async fn heal(cx: &LabCx, order: &Order, memo: &Value) -> Result<()> {
    match order.fault.as_str() {
        "broker-paused" => {
            if let Some(uid) = memo["uid"].as_str() {
                signal(uid, Signal::Continue)?;
            }
        }
        "broker-stopped" | "two-brokers-down" => {
            scale(cx, BROKERS).await?;
            rolled_out(cx).await?;
        }
        "topic-lost-messages" => replace(None),
        "topic-under-replicated" => mend_lag(cx, memo["uid"].as_str().unwrap_or_default())?,
        "broker-disk-full" => {
            disks::empty(cx, VICTIM)?;
            // a container that has failed often would wait for minutes
            objects(cx)?.delete(Ref("v1", "Pod", NAMESPACE, &layout::pod(VICTIM))).await?;
            rolled_out(cx).await?;
        }
        name if name.starts_with("certificate-") => show(cx, None).await?,
        other => bail!("kafka has no fault `{other}` to heal"),
    }
    let ports = ports(cx)?;
    cx.until("the brokers to be one cluster again", LIMIT, &[], || in_one_cluster(&ports)).await?;
    cx.until("every partition to have all its copies", LIMIT, &[], || all_copies(&ports)).await
}

/// No partition lacks a copy that is in sync.
async fn all_copies(ports: &Ports) -> Result<()> {
    let first = ports.plain(0)?;
    let seen = tokio::task::spawn_blocking(move || Admin::new(first).metadata()).await??;
    for topic in &seen.topics {
        let behind = topic.partitions.iter().find(|p| p.isr.len() < p.replicas.len());
        if let Some(p) = behind {
            bail!("{}-{}: {:?} of {:?} are in sync", topic.name, p.index, p.isr, p.replicas);
        }
    }
    Ok(())
}

async fn rolled_out(cx: &LabCx) -> Result<()> {
    let set = layout::set_name();
    objects(cx)?.rolled_out(Ref("apps/v1", "StatefulSet", NAMESPACE, &set), LIMIT).await.map(|_| ())
}

/// Cuts what the victim asks of its peers as their follower; it stays their leader and a voter.
async fn lag(cx: &LabCx) -> Result<()> {
    let uid = uid(cx).await?;
    cx.remember(json!({ "uid": uid }));
    filter(cx, &uid, "-I")
}

fn filter(cx: &LabCx, uid: &str, verb: &str) -> Result<()> {
    let found = podproc::find(Path::new("/proc"), uid, Some("java"))?;
    let Some(pid) = found.first() else { bail!("the broker's pod {uid} has no java") };
    let (pid, port) = (pid.to_string(), layout::REPLICATION_PORT.to_string());
    let words = ["-t", &pid, "-n", "iptables", "-w", verb, "OUTPUT", "-p", "tcp", "--dport", &port, "-j", "DROP"];
    cx.outside().tool("nsenter", &words).map(|_| ())
}

/// A pod that was replaced meanwhile took the cut with it.
fn mend_lag(cx: &LabCx, uid: &str) -> Result<()> {
    let gone = podproc::find(Path::new("/proc"), uid, Some("java"))?.is_empty();
    if gone || filter(cx, uid, "-C").is_err() { Ok(()) } else { filter(cx, uid, "-D") }
}

/// Fills the victim's disk, and returns once the broker has stopped for want of room.
async fn fill(cx: &LabCx) -> Result<()> {
    disks::fill(cx, VICTIM)?;
    let ports = ports(cx)?;
    let stopped = || async {
        let (first, id) = (ports.plain(0)?, VICTIM as i32);
        let seen = tokio::task::spawn_blocking(move || Admin::new(first).metadata()).await??;
        ensure!(!seen.brokers.contains(&id), "the broker with the full disk still serves");
        Ok(())
    };
    cx.until("the broker to run out of room", LIMIT, &[], stopped).await?;
    Ok(())
}

/// Makes every good TLS listener of every broker show a flawed certificate, or its own again.
async fn show(cx: &LabCx, flaw: Option<Flaw>) -> Result<()> {
    let ports = ports(cx)?;
    let keystore = flaw.map(|flaw| format!("{}/{}", manifests::CERTS, keystore_of(flaw)));
    let work = move || -> Result<()> {
        let good = layout::LISTENERS.iter().filter(|l| l.auth != layout::Auth::Plain && l.keystore.is_none());
        let settings: Vec<_> = good.map(layout::keystore_setting).collect();
        let config: Vec<_> = settings.iter().map(|key| (key.as_str(), keystore.as_deref())).collect();
        (0..BROKERS).try_for_each(|id| Ok(Admin::new(ports.plain(id)?).set_broker_config(id, &config)?))
    };
    tokio::task::spawn_blocking(work).await??;
    Ok(())
}

fn objects(cx: &LabCx) -> Result<Objects> {
    Ok(cx.cluster("apps")?.objects().clone())
}

/// The victim's pod.
async fn uid(cx: &LabCx) -> Result<String> {
    podproc::uid(&objects(cx)?, NAMESPACE, &layout::pod(VICTIM)).await
}

fn signal(uid: &str, signal: Signal) -> Result<()> {
    podproc::signal(uid, "java", signal)?;
    Ok(())
}

async fn scale(cx: &LabCx, replicas: usize) -> Result<()> {
    let set = layout::set_name();
    let patch = json!({ "spec": { "replicas": replicas } });
    let objects = objects(cx)?;
    let r = Ref("apps/v1", "StatefulSet", NAMESPACE, &set);
    objects.merge(r, &patch).await?;
    objects.until(r, LIMIT, |o| o["status"]["replicas"].as_u64() == Some(replicas as u64)).await?;
    Ok(())
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

/// One request a broker: a round must be over before a consumer has come.
fn lose_once(ports: &Ports) -> Result<()> {
    let metadata = Admin::new(ports.plain(0)?).metadata()?;
    let mut outcome = Ok(());
    for id in 0..BROKERS {
        let topics =
            metadata.topics.iter().filter(|t| t.name != REGISTRY_JOURNAL && !t.internal && t.error == 0).map(|topic| {
                let led = topic.partitions.iter().filter(|p| p.leader == id as i32).map(|p| p.index);
                (topic.name.as_str(), led.collect::<Vec<_>>())
            });
        let led: Vec<_> = topics.filter(|(_, partitions)| !partitions.is_empty()).collect();
        if !led.is_empty() {
            // A topic that has just gone keeps nobody else's records.
            outcome = outcome.and(Admin::new(ports.plain(id)?).delete_records(&led));
        }
    }
    Ok(outcome?)
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
