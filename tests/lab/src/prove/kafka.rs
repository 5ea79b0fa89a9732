//! How the faults of `kafka` show to kcat, curl (for certificates) and kubectl.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::BoxFuture;
use serde_json::Value;

use super::Sign::{Change, Error};
use super::clients::{self, SILENT, curl};
use super::{Look, Outside, Sign, Trial};
use crate::kafka::layout::{self, BROKERS, NAMESPACE};

/// How long kcat may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long a message must outlive its acknowledgement.
const LATER: Duration = Duration::from_secs(2);
/// The topic that looks write to.
const TOPIC: &str = "lab-prove";

const fn trial(fault: &'static str, look: Look, sign: Sign) -> Trial {
    Trial { parts: &["kafka"], fault, at: None, look, sign }
}

/// All of them.
pub const TRIALS: &[Trial] = &[
    trial("broker-killed", restarts, Change),
    trial("broker-paused", each, Error(&["127.0.0.1"])),
    trial("broker-stopped", brokers, Error(&["2 brokers"])),
    trial("two-brokers-down", message, Error(&["timed out", "NOT_ENOUGH_REPLICAS", SILENT, "kcat: "])),
    trial("topic-under-replicated", copies, Error(&["2 of 3 copies"])),
    trial("broker-disk-full", brokers, Error(&["CrashLoopBackOff", "\"exitCode\""])),
    trial("topic-lost-messages", message, Error(&["is not there any more"])),
    trial("certificate-expired", certificate, Error(&["certificate has expired"])),
    trial("certificate-not-yet-valid", certificate, Error(&["certificate is not yet valid"])),
    trial("certificate-wrong-name", certificate, Error(&["no alternative certificate subject name"])),
    trial("certificate-wrong-ca", certificate, Error(&["self-signed certificate", "unable to get local issuer"])),
];

/// kcat on the endpoint `name`, over TLS if the endpoint says so.
pub fn kcat(outside: &Outside, name: &str, bootstrap: Option<&str>) -> Result<Command> {
    let at = |path: &[&str]| outside.text(&[&["endpoints", name, "kafka"], path].concat());
    let mut command = Command::new("kcat");
    command.arg("-b").arg(match bootstrap {
        Some(one) => one,
        None => at(&["bootstrap"])?,
    });
    let files = [("ca", "ssl.ca.location"), ("certificate", "ssl.certificate.location"), ("key", "ssl.key.location")];
    for (key, setting) in files {
        if let Ok(file) = at(&["tls", key, "file"]) {
            command.args(["-X", "security.protocol=ssl", "-X", &format!("{setting}={file}")]);
        }
    }
    command.args([
        "-X",
        "message.timeout.ms=8000",
        "-X",
        "socket.timeout.ms=6000",
        "-X",
        "topic.metadata.refresh.interval.ms=500",
    ]);
    Ok(command)
}

/// What kcat tells of brokers and topics.
pub async fn metadata(outside: &Outside, name: &str, bootstrap: Option<&str>) -> Result<Value> {
    let mut command = kcat(outside, name, bootstrap)?;
    command.args(["-L", "-J", "-m", "5"]);
    Ok(serde_json::from_str(&clients::run(command, PATIENCE).await?)?)
}

/// All brokers are there, and the pod of the one that faults aim at says nothing bad.
fn brokers(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let seen = metadata(outside, "kafka", None).await?["brokers"].as_array().map_or(0, Vec::len);
        if seen != BROKERS {
            let pod = outside.object(&["-n", NAMESPACE, "pod", &layout::pod(1)]).await.unwrap_or_default();
            bail!("{seen} brokers; {}'s container: {}", layout::pod(1), pod["status"]["containerStatuses"][0]["state"]);
        }
        Ok(format!("{seen} brokers"))
    })
}

/// Every broker answers for itself.
fn each(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let all = outside.text(&["endpoints", "kafka-plain", "kafka", "bootstrap"])?.to_owned();
        for one in all.split(',') {
            metadata(outside, "kafka-plain", Some(one)).await.with_context(|| format!("the broker at {one}"))?;
        }
        Ok("each broker answers".into())
    })
}

fn restarts(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let pod = outside.object(&["-n", NAMESPACE, "pod", &layout::pod(1)]).await?;
        let status = &pod["status"]["containerStatuses"][0];
        ensure!(status["ready"] == true, "the pod is not ready: {}", status["state"]);
        Ok(format!("restartCount {}", status["restartCount"]))
    })
}

/// A topic of one partition, three copies, unless it is there.
async fn topic(outside: &Outside) -> Result<()> {
    let plain = outside.text(&["endpoints", "kafka-plain", "kafka", "bootstrap"])?;
    let first = plain.split(',').next().unwrap_or_default().to_owned();
    let made = tokio::task::spawn_blocking(move || {
        crate::kafka::admin::Admin::new(first).create_topic(TOPIC, BROKERS as i32, BROKERS as i16, &[])
    });
    match made.await? {
        // 36: it is there
        Ok(()) | Err(crate::kafka::admin::AdminError::Refused(_, 36, _)) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

async fn produce(outside: &Outside, partition: usize, words: &str) -> Result<()> {
    let kcat = kcat(outside, "kafka", None)?;
    let args: Vec<_> = kcat.get_args().map(|a| a.to_string_lossy().into_owned()).collect();
    let partition = partition.to_string();
    let script = r#"words=$0; topic=$1; partition=$2; shift 2; echo "$words" | kcat -P -t "$topic" -p "$partition" -X acks=all "$@""#;
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, words, TOPIC, &partition]).args(args);
    clients::run(command, PATIENCE).await.map(|_| ())
}

/// A message that was acknowledged is there some time later.
fn message(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        topic(outside).await?;
        let words = format!("message of {}", jiff::Timestamp::now());
        produce(outside, 0, &words).await?;
        tokio::time::sleep(LATER).await;
        let mut command = kcat(outside, "kafka", None)?;
        command.args(["-C", "-t", TOPIC, "-p", "0", "-o", "beginning", "-e", "-q"]);
        let read = clients::run(command, PATIENCE).await?;
        ensure!(read.contains(&words), "the {words} was acknowledged and is not there any more");
        Ok("a message outlives its acknowledgement".into())
    })
}

/// Every partition that is written to has all its copies.
fn copies(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        topic(outside).await?;
        for partition in 0..BROKERS {
            produce(outside, partition, "one more").await?;
        }
        let seen = metadata(outside, "kafka", None).await?;
        let topics = seen["topics"].as_array().context("metadata has topics")?;
        let topic = topics.iter().find(|t| t["topic"] == TOPIC).context("the topic is not there")?;
        for partition in topic["partitions"].as_array().context("a topic has partitions")? {
            let count = |key: &str| partition[key].as_array().map_or(0, Vec::len);
            let (isr, all) = (count("isrs"), count("replicas"));
            ensure!(isr == all, "partition {} has {isr} of {all} copies in sync", partition["partition"]);
        }
        Ok("every partition has all its copies".into())
    })
}

/// kcat gets through, and curl, which tells more, finds no fault with the certificate.
fn certificate(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let listener = outside.text(&["endpoints", "kafka-listener", "tls", "address"])?;
        let ca = outside.text(&["endpoints", "kafka-listener", "tls", "ca", "file"])?;
        let command = curl(4, &["--cacert", ca, &format!("https://{listener}/")]);
        // behind a greeting that succeeds the broker speaks no HTTP
        let verdict = clients::run(command, PATIENCE).await.err().map(|e| e.to_string()).unwrap_or_default();
        let through = metadata(outside, "kafka-tls", None).await;
        match (verdict.contains("curl: (60)"), through) {
            (true, Err(_)) => bail!("{verdict}"),
            (false, Ok(_)) => Ok("kcat gets through, and curl trusts the certificate".into()),
            (true, Ok(_)) => bail!("kcat gets through, though curl trusts no such certificate"),
            (false, Err(e)) => Err(e).context("curl trusts the certificate, but kcat does not get through"),
        }
    })
}
