//! PostgreSQL does what databases do, through pgbouncer, asked with psql; pgbouncer's console tells of it.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::text;
use crate::cache::Cache;
use crate::sql::{recipe, server};

/// A table's whole life through pgbouncer, an error with its code, and the console.
pub async fn both(target: &Value) -> Result<String> {
    let through = text(target, &["endpoints", "pgbouncer", "tcp", "address"])?.to_owned();
    let direct = text(target, &["endpoints", "postgres", "tcp", "address"])?.to_owned();
    tokio::task::spawn_blocking(move || blocking(&through, &direct)).await?
}

fn blocking(through: &str, direct: &str) -> Result<String> {
    let table = format!("lab_smoke_{}", std::process::id());
    let made = format!("create table {table} (n int); insert into {table} select generate_series(1, 1000)");
    psql(through, server::DATABASE, &made)?;
    // what came through the one is seen at the other
    let sum = psql(direct, server::DATABASE, &format!("select sum(n) from {table}"));
    psql(through, server::DATABASE, &format!("drop table {table}"))?;
    let sum = sum?;
    ensure!(sum == "500500", "1 to 1000 add up to {sum}");
    let refused = psql(through, server::DATABASE, "select 1/0").err().context("1/0 has an answer")?.to_string();
    ensure!(refused.contains("22012"), "1/0 is refused with {refused}");
    let pools = psql(through, server::CONSOLE, "show pools")?;
    ensure!(pools.contains(server::DATABASE), "the console's pools are {pools}");
    Ok("1000 rows through pgbouncer, seen in PostgreSQL; an error with its SQLSTATE; the console's pools".into())
}

fn psql(address: &str, database: &str, sql: &str) -> Result<String> {
    let (host, port) = address.split_once(':').with_context(|| format!("{address} has no port"))?;
    let mut command = Command::new(recipe::program(&Cache::open()?.made(&recipe::programs())?, "psql")?);
    command.args(["-X", "-At", "-v", "VERBOSITY=verbose", "-h", host, "-p", port, "-U", server::USER]);
    command.args([database, "-c", sql]).env("PGPASSWORD", server::PASSWORD).env("PGCONNECT_TIMEOUT", "10");
    let out = command.output().context("starting psql")?;
    ensure!(out.status.success(), "psql: {}", String::from_utf8_lossy(&out.stderr).trim());
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}
