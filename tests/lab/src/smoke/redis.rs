//! Redis does what it is for, asked with redis-cli: a key, a counter, an expiry, an error.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::text;
use crate::cache::Cache;
use crate::redis::part::{ask, client, programs};

/// The life of some keys.
pub async fn keys(target: &Value) -> Result<String> {
    let address = text(target, &["endpoints", "redis", "tcp", "address"])?;
    let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let port: u16 = port.with_context(|| format!("{address} has no port"))?;
    tokio::task::spawn_blocking(move || blocking(port)).await?
}

fn blocking(port: u16) -> Result<String> {
    let client = client(&Cache::open()?.made(&programs())?);
    let key = format!("lab-smoke-{}", std::process::id());
    let say = |words: &[&str]| ask(&client, port, words);
    say(&["SET", &key, "41", "EX", "60"])?;
    let counted = say(&["INCR", &key])?;
    ensure!(counted == "42", "41 and one are {counted}");
    let left: i64 = say(&["TTL", &key])?.parse()?;
    ensure!((1..=60).contains(&left), "60 seconds are now {left}");
    let refused = say(&["LPUSH", &key, "x"]).err().context("a number was taken for a list")?.to_string();
    ensure!(refused.contains("WRONGTYPE"), "{refused}");
    say(&["DEL", &key])?;
    ensure!(say(&["EXISTS", &key])? == "0", "a deleted key is there");
    Ok("a key was set, counted, timed, refused as a list and deleted".into())
}
