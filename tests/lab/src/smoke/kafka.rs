//! Writes numbered messages over TLS with kcat, reads them back, compares each. Makes and deletes its own topic.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::text;
use crate::kafka::admin::Admin;

/// How many messages.
const MESSAGES: usize = 1000;

/// One round trip through the default endpoint.
pub async fn roundtrip(target: &Value) -> Result<String> {
    let plain = text(target, &["endpoints", "kafka-plain", "kafka", "bootstrap"])?.to_owned();
    let options = options(target)?;
    tokio::task::spawn_blocking(move || blocking(&plain, &options)).await?
}

fn blocking(plain: &str, options: &[String]) -> Result<String> {
    let first = plain.split(',').next().unwrap_or_default();
    let admin = Admin::new(first);
    let topic = format!("lab-smoke-{}", std::process::id());
    admin.create_topic(&topic, 3, 3, &[])?;
    let seen = carry(&topic, options);
    admin.delete_topic(&topic)?;
    let seen = seen?;
    ensure!(seen == MESSAGES, "{MESSAGES} messages were written, {seen} read back");
    let brokers = admin.metadata()?.brokers.len();
    Ok(format!("{MESSAGES} messages written with acks=all over TLS and read back, {brokers} brokers"))
}

/// kcat's words for the default endpoint.
pub fn options(target: &Value) -> Result<Vec<String>> {
    let endpoint = ["endpoints", "kafka", "kafka"];
    let at = |rest: &[&str]| text(target, &[&endpoint[..], rest].concat()).map(str::to_owned);
    let mut out = vec!["-b".to_owned(), at(&["bootstrap"])?];
    let mut set = |key: &str, value: String| out.extend(["-X".to_owned(), format!("{key}={value}")]);
    set("security.protocol", "ssl".into());
    set("ssl.ca.location", at(&["tls", "ca", "file"])?);
    set("ssl.certificate.location", at(&["tls", "certificate", "file"])?);
    set("ssl.key.location", at(&["tls", "key", "file"])?);
    Ok(out)
}

/// Writes and reads; the number of different messages that came back.
fn carry(topic: &str, options: &[String]) -> Result<usize> {
    let mut writer = Command::new("kcat")
        .args(options)
        .args(["-P", "-t", topic, "-K", ":", "-X", "acks=all"])
        .stdin(Stdio::piped())
        .spawn()
        .context("starting kcat (Debian package kcat)")?;
    if let Some(mut input) = writer.stdin.take() {
        for n in 0..MESSAGES {
            writeln!(input, "key-{n}:message {n}")?;
        }
    }
    ensure!(writer.wait()?.success(), "kcat could not write");
    let read = Command::new("kcat").args(options).args(["-C", "-t", topic, "-e", "-q", "-o", "beginning"]).output()?;
    ensure!(read.status.success(), "kcat could not read: {}", String::from_utf8_lossy(&read.stderr));
    let text = String::from_utf8_lossy(&read.stdout);
    let lines: std::collections::BTreeSet<_> = text.lines().filter(|l| l.starts_with("message ")).collect();
    Ok(lines.len())
}
