//! How the faults of `sql` and `redis` show to psql and redis-cli.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::BoxFuture;

use super::Sign::Error;
use super::clients::{self, SILENT};
use super::{Look, Outside, Trial};
use crate::cache::Cache;
use crate::redis::part as redis;
use crate::sql::{recipe, server};

/// Longer than pgbouncer lets a query wait.
const PATIENCE: Duration = Duration::from_secs(14);
/// Redis answers at once or not at all.
const QUICK: Duration = Duration::from_secs(3);

const fn trial(
    part: &'static [&'static str],
    fault: &'static str,
    look: Look,
    words: &'static [&'static str],
) -> Trial {
    Trial { parts: part, fault, at: None, look, sign: Error(words) }
}

const SQL: &[&str] = &["sql"];
const REDIS: &[&str] = &["redis"];

/// All of them.
pub const TRIALS: &[Trial] = &[
    trial(SQL, "postgres-down", select, &["query_wait_timeout", "server_login_retry", "connect failed"]),
    trial(SQL, "pgbouncer-down", select, &["Connection refused"]),
    trial(SQL, "pgbouncer-full", select, &["no more connections allowed"]),
    trial(SQL, "pool-exhausted", select, &["query_wait_timeout"]),
    trial(REDIS, "redis-down", write, &["Connection refused"]),
    trial(REDIS, "redis-hanging", write, &[SILENT]),
    trial(REDIS, "redis-readonly", write, &["READONLY"]),
    trial(REDIS, "redis-full", write, &["OOM command not allowed"]),
];

/// `host:port` of an endpoint, apart.
fn address<'a>(outside: &'a Outside, endpoint: &str) -> Result<(&'a str, &'a str)> {
    let address = outside.text(&["endpoints", endpoint, "tcp", "address"])?;
    address.split_once(':').with_context(|| format!("{address} has no port"))
}

fn select(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let (host, port) = address(outside, "pgbouncer")?;
        let mut command = Command::new(recipe::program(&Cache::open()?.made(&recipe::programs())?, "psql")?);
        command.args(["-X", "-At", "-h", host, "-p", port, "-U", server::USER, server::DATABASE, "-c", "select 6 * 7"]);
        let said = clients::run(with_password(command), PATIENCE).await?;
        ensure!(said.trim() == "42", "6 * 7 is {said}");
        Ok("6 * 7 is 42".into())
    })
}

fn with_password(mut command: Command) -> Command {
    command.env("PGPASSWORD", server::PASSWORD);
    command
}

fn write(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let (host, port) = address(outside, "redis")?;
        let mut command = Command::new(redis::client(&Cache::open()?.made(&redis::programs())?));
        command.args(["-e", "-h", host, "-p", port, "set", "lab:prove", "yes"]);
        command.env("REDISCLI_AUTH", redis::PASSWORD);
        let said = clients::run(command, QUICK).await?;
        ensure!(said.trim() == "OK", "a write was answered {said}");
        Ok("a write is taken".into())
    })
}
