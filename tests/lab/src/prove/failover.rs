//! A broker's pod is deleted while a client produces with acks=all: the process really ends, its disk comes back with
//! it, every partition has all its copies again, and no acknowledged message is lost. Tells how long each took.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::Outside;
use super::kafka::{kcat, metadata};
use crate::kafka::admin::Admin;
use crate::kafka::layout::{self, BROKERS, NAMESPACE};
use crate::machine::proc::{self, Identity};
use crate::podproc;

/// How long any step may take.
const LIMIT: Duration = Duration::from_secs(180);
/// A pause between two looks, and between two messages.
const PAUSE: Duration = Duration::from_millis(100);
const BEAT: Duration = Duration::from_millis(4);
/// How long messages flow before and after.
const FLOW: Duration = Duration::from_secs(3);
/// The broker whose pod is deleted.
const VICTIM: usize = 1;
/// Where a broker notes which disk it is.
const DISK: &str = "/var/lib/kafka/data/kafka-log/meta.properties";

/// The whole story in a line.
pub async fn run(outside: &Outside) -> Result<String> {
    let topic = format!("lab-failover-{}", std::process::id());
    let plain = outside.text(&["endpoints", "kafka-plain", "kafka", "bootstrap"])?;
    let first = plain.split(',').next().unwrap_or_default().to_owned();
    with_admin(&first, &topic, |admin, topic| admin.create_topic(topic, 3, BROKERS as i16, &[])).await?;
    let told = story(outside, &topic).await;
    with_admin(&first, &topic, |admin, topic| admin.delete_topic(topic)).await?;
    told
}

async fn with_admin(
    address: &str,
    topic: &str,
    work: impl FnOnce(Admin, &str) -> Result<(), crate::kafka::admin::AdminError> + Send + 'static,
) -> Result<()> {
    let (admin, topic) = (Admin::new(address), topic.to_owned());
    Ok(tokio::task::spawn_blocking(move || work(admin, &topic)).await??)
}

async fn story(outside: &Outside, topic: &str) -> Result<String> {
    let (pod, disk) = (victim(outside).await?, disk(outside).await?);
    let (broker, uid) = (pod.0, pod.1);
    let producer = Producer::start(outside, topic)?;
    tokio::time::sleep(FLOW).await;
    let start = Instant::now();
    outside
        .kubectl(&["-n", NAMESPACE, "delete", "pod", &layout::pod(VICTIM), "--grace-period=1", "--wait=false"])
        .await?;
    until("the broker's process to end", || async { Ok(!proc::is_there(broker)) }).await?;
    let ended = start.elapsed().as_secs_f64();
    let back = until("the broker's pod to be ready again", || async {
        let pod = outside.object(&["-n", NAMESPACE, "pod", &layout::pod(VICTIM)]).await?;
        let ready = pod["status"]["containerStatuses"][0]["ready"] == true;
        Ok(ready && pod["metadata"]["uid"].as_str() != Some(&uid))
    });
    back.await?;
    let ready = start.elapsed().as_secs_f64();
    until("every partition to have all its copies", || full(outside)).await?;
    let full = start.elapsed().as_secs_f64();
    tokio::time::sleep(FLOW).await;
    let (sent, failed) = producer.stop().await?;
    let disk_now = self::disk(outside).await?;
    ensure!(disk_now == disk, "the broker came back with another disk: {disk_now}, not {disk}");
    ensure!(failed.is_empty(), "kcat could not deliver: {failed}");
    let read = read(outside, topic).await?;
    let lost = (0..sent).filter(|n| !read.contains(n)).count();
    ensure!(lost == 0, "{lost} of {sent} messages are lost");
    Ok(format!(
        "process ended after {ended:.1} s, pod ready with its own disk after {ready:.1} s, all copies in sync after \
         {full:.1} s; {sent} messages with acks=all meanwhile, none lost"
    ))
}

/// The broker's process and its pod's UID.
async fn victim(outside: &Outside) -> Result<(Identity, String)> {
    let pod = outside.object(&["-n", NAMESPACE, "pod", &layout::pod(VICTIM)]).await?;
    let uid = pod["metadata"]["uid"].as_str().context("a pod has a UID")?.to_owned();
    let found = podproc::find(Path::new("/proc"), &uid, Some("java"))?;
    let pid = *found.first().context("the broker has no process")?;
    Ok((proc::identify(pid).context("the broker's process is gone")?, uid))
}

/// Which disk the broker has.
async fn disk(outside: &Outside) -> Result<String> {
    let text = outside.kubectl(&["-n", NAMESPACE, "exec", &layout::pod(VICTIM), "--", "cat", DISK]).await?;
    let line = text.lines().find(|l| l.starts_with("directory.id="));
    Ok(line.context("the broker does not say which disk it has")?.to_owned())
}

async fn full(outside: &Outside) -> Result<bool> {
    let seen: Value = metadata(outside, "kafka", None).await?;
    let topics = seen["topics"].as_array().context("metadata has topics")?;
    let partitions = topics.iter().filter_map(|t| t["partitions"].as_array()).flatten();
    let count = |p: &Value, key: &str| p[key].as_array().map_or(0, Vec::len);
    Ok(partitions.into_iter().all(|p| count(p, "isrs") == count(p, "replicas")))
}

/// Looks until it is so; a look that fails saw nothing yet.
async fn until<F: Future<Output = Result<bool>>>(what: &str, mut look: impl FnMut() -> F) -> Result<()> {
    let start = Instant::now();
    loop {
        match look().await {
            Ok(true) => return Ok(()),
            seen if start.elapsed() > LIMIT => {
                seen?;
                anyhow::bail!("waited {} s in vain for {what}", LIMIT.as_secs());
            }
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// kcat, fed with numbers until it is told to stop.
struct Producer {
    stop: Arc<AtomicBool>,
    work: tokio::task::JoinHandle<Result<(usize, String)>>,
}

impl Producer {
    fn start(outside: &Outside, topic: &str) -> Result<Self> {
        let mut command = kcat(outside, "kafka", None)?;
        command.args(["-P", "-t", topic, "-X", "acks=all", "-X", "enable.idempotence=true"]);
        command.args(["-X", "message.timeout.ms=120000", "-X", "linger.ms=5"]);
        let stop = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&stop);
        let work = tokio::task::spawn_blocking(move || feed(&mut command, &told));
        Ok(Self { stop, work })
    }

    /// How many it sent, and what it complained of.
    async fn stop(self) -> Result<(usize, String)> {
        self.stop.store(true, Ordering::Relaxed);
        self.work.await?
    }
}

fn feed(command: &mut Command, stop: &AtomicBool) -> Result<(usize, String)> {
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().context("starting kcat")?;
    let mut input = child.stdin.take().context("a pipe was asked for")?;
    let mut sent = 0;
    while !stop.load(Ordering::Relaxed) {
        writeln!(input, "{sent}").context("kcat takes no more messages")?;
        input.flush()?;
        sent += 1;
        std::thread::sleep(BEAT);
    }
    // it delivers what it has and ends
    drop(input);
    let out = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let failed: Vec<&str> =
        said.lines().filter(|l| l.contains("Delivery failed") || l.contains("delivery failed")).collect();
    ensure!(out.status.success(), "kcat: {} {said}", out.status);
    Ok((sent, failed.join(" ")))
}

async fn read(outside: &Outside, topic: &str) -> Result<BTreeSet<usize>> {
    let mut command = kcat(outside, "kafka", None)?;
    command.args(["-C", "-t", topic, "-o", "beginning", "-e", "-q"]);
    let text = super::clients::run(command, LIMIT).await?;
    Ok(text.lines().filter_map(|l| l.parse().ok()).collect())
}
