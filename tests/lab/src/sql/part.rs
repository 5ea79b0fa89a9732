//! The part `sql`: PostgreSQL and pgbouncer as processes on loopback, and what can be broken about them.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use futures::future::BoxFuture;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::recipe;
use super::server::{CLIENTS, CONSOLE, DATABASE, HOLDER, PASSWORD, POOL, Site, USER};
use crate::cx::LabCx;
use crate::machine::process::Process;
use crate::part::{Fault, Order, Part, Running};
use crate::recipe::Recipe;
use crate::target::Fragment;

/// How long start and mending may take.
pub const LIMIT: Duration = Duration::from_secs(120);

const fn fault(name: &'static str, seen: &'static str) -> Fault {
    Fault { name, seen, at: None, passes: false }
}

const FAULTS: [Fault; 4] = [
    fault("postgres-down", "pgbouncer takes clients, and each query ends with an error about the server"),
    fault("pgbouncer-down", "every connection to pgbouncer is refused; PostgreSQL itself answers"),
    fault("pgbouncer-full", "pgbouncer refuses every client: no more connections allowed (max_client_conn)"),
    fault("pool-exhausted", "pgbouncer takes clients, and each query waits 10 s and fails: query_wait_timeout"),
];

/// PostgreSQL and pgbouncer.
pub struct Sql;

impl Part for Sql {
    fn name(&self) -> &'static str {
        "sql"
    }

    fn about(&self) -> &'static str {
        "PostgreSQL behind pgbouncer, both with passwords"
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
}

async fn up(cx: &LabCx) -> Result<Running> {
    let site = Site::of(cx)?;
    site.init(cx).await?;
    let postgres = site.postgres(cx)?;
    answers(cx, &site, site.postgres, &[&postgres]).await?;
    let bouncer = site.bouncer(cx)?;
    answers(cx, &site, site.pgbouncer, &[&postgres, &bouncer]).await?;
    let at = |port: u16| format!("127.0.0.1:{port}");
    let target = Fragment::default()
        .endpoint("postgres", json!({ "tcp": { "address": at(site.postgres) } }))
        .endpoint("pgbouncer", json!({ "tcp": { "address": at(site.pgbouncer) } }))
        .sentence(format!("sql: PostgreSQL and pgbouncer of Debian; {CLIENTS} clients, {POOL} connections a database"));
    let url = |port: u16| format!("postgresql://{USER}:{PASSWORD}@127.0.0.1:{port}/{DATABASE}");
    let mut running = Running { target, ..Running::default() };
    running.env.insert("LAB_SQL_URL".into(), url(site.pgbouncer));
    running.env.insert("LAB_SQL_DIRECT_URL".into(), url(site.postgres));
    Ok(running)
}

/// Waits until a question is answered at `port`.
async fn answers(cx: &LabCx, site: &Site, port: u16, processes: &[&Process]) -> Result<()> {
    let look = || async {
        let site = site.clone();
        let said = tokio::task::spawn_blocking(move || site.ask(port, DATABASE, "select 40 + 2")).await??;
        ensure!(said == "42", "40 + 2 is `{said}`");
        Ok(())
    };
    cx.until("PostgreSQL", LIMIT, processes, look).await
}

async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    match order.fault.as_str() {
        // at once, as a crash of the server would
        "postgres-down" => cx.process("postgres")?.end(Signal::SIGQUIT, LIMIT).await?,
        "pgbouncer-down" => cx.process("pgbouncer")?.end(Signal::SIGKILL, LIMIT).await?,
        "pgbouncer-full" => fill(cx).await?,
        "pool-exhausted" => exhaust(cx).await?,
        other => bail!("sql has no fault `{other}`"),
    }
    Ok(())
}

/// Opens transactions until the pool is in use.
async fn exhaust(cx: &LabCx) -> Result<()> {
    let site = Site::of(cx)?;
    let holders: Vec<_> = (0..POOL).map(|n| site.holder(cx, n, true)).collect::<Result<_>>()?;
    let look = || async {
        let site = site.clone();
        let pools = tokio::task::spawn_blocking(move || site.ask(site.pgbouncer, CONSOLE, "show pools")).await??;
        ensure!(active(&pools) >= POOL, "the pool is not in use: {pools}");
        Ok(())
    };
    cx.until("the pool to be in use", LIMIT, &holders.iter().collect::<Vec<_>>(), look).await
}

/// Opens connections until no other is taken. A look takes one, too, for a moment: only the second refusal in a row
/// is sure not to be its own work.
async fn fill(cx: &LabCx) -> Result<()> {
    let site = Site::of(cx)?;
    let (holders, refusals) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let one_more = || site.holder(cx, holders.fetch_add(1, Relaxed), false);
    for _ in 0..CLIENTS {
        one_more()?;
    }
    let look = || async {
        let site = site.clone();
        let asked = tokio::task::spawn_blocking(move || site.ask(site.pgbouncer, DATABASE, "select 1")).await?;
        let Err(refused) = asked else {
            refusals.store(0, Relaxed);
            one_more()?;
            bail!("a client was taken");
        };
        ensure!(refused.to_string().contains("no more connections"), "{refused}");
        ensure!(refusals.fetch_add(1, Relaxed) > 0, "{refused}");
        Ok(())
    };
    cx.until("pgbouncer to be full", LIMIT, &[], look).await?;
    // those that found no room have ended
    for process in cx.processes().iter().filter(|p| p.name().starts_with(HOLDER) && p.pid().is_none()) {
        cx.dismiss(process, LIMIT).await?;
    }
    Ok(())
}

/// How many clients of the database have a connection to PostgreSQL, out of what `show pools` prints.
fn active(pools: &str) -> usize {
    let line = pools.lines().find_map(|l| l.strip_prefix(&format!("{DATABASE}|{USER}|")));
    line.and_then(|l| l.split('|').next()?.parse().ok()).unwrap_or(0)
}

async fn heal(cx: &LabCx, order: &Order) -> Result<()> {
    match order.fault.as_str() {
        "postgres-down" => cx.process("postgres")?.again()?,
        "pgbouncer-down" => cx.process("pgbouncer")?.again()?,
        "pgbouncer-full" | "pool-exhausted" => {
            for process in cx.processes().iter().filter(|p| p.name().starts_with(HOLDER)) {
                cx.dismiss(process, LIMIT).await?;
            }
        }
        other => bail!("sql has no fault `{other}` to heal"),
    }
    let site = Site::of(cx)?;
    answers(cx, &site, site.pgbouncer, &[&cx.process("postgres")?, &cx.process("pgbouncer")?]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn active_clients_are_those_of_the_database() {
        let pools = "pgbouncer|pgbouncer|1|0|0\npostgres|checkrun|3|0|0|0\n";
        assert_eq!(active(pools), 3);
        assert_eq!(active("pgbouncer|pgbouncer|1|0"), 0);
    }
}
