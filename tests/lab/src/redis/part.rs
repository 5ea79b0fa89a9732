//! The part `redis`: one server on loopback, and what can be broken about it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use futures::future::BoxFuture;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::cx::LabCx;
use crate::machine::process::{Process, Start};
use crate::part::{Fault, Order, Part, Running};
use crate::recipe::Recipe;
use crate::target::Fragment;

/// The password. A lab on loopback keeps no secrets.
pub const PASSWORD: &str = "checkrun-lab";
/// The server's process.
const SERVER: &str = "redis-server";
/// How long start and mending may take.
const LIMIT: Duration = Duration::from_secs(60);

const fn fault(name: &'static str, seen: &'static str) -> Fault {
    Fault { name, seen, at: None, passes: false }
}

const FAULTS: [Fault; 4] = [
    fault("redis-down", "every connection is refused"),
    fault("redis-hanging", "connections open and no command is ever answered"),
    fault("redis-readonly", "reads are answered, every write is refused: READONLY"),
    fault("redis-full", "reads are answered, every write is refused: OOM command not allowed"),
];

/// The programs, unpacked from Debian's archive and not installed.
pub fn programs() -> Recipe {
    Recipe::new("redis", |making| making.unpack(&["redis-tools"])).fetched()
}

/// The client in the cache's entry.
pub fn client(entry: &Path) -> PathBuf {
    entry.join("usr/bin/redis-cli")
}

/// The server.
pub struct Redis;

impl Part for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    fn about(&self) -> &'static str {
        "Redis with a password, in memory"
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![programs()]
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
    let (port, dir) = (cx.port("redis")?, cx.dir()?);
    let program = dir.join(SERVER);
    // server and checker are one program, which looks at the name it is called by
    std::os::unix::fs::symlink(cx.made(&programs())?.join("usr/bin/redis-check-rdb"), &program)
        .context("naming the server")?;
    let start = Start::new(SERVER, program)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--daemonize", "no", "--save", ""])
        .args(["--appendonly", "no", "--requirepass", PASSWORD, "--dir"])
        .arg(&dir);
    let server = cx.spawn(start)?;
    well(cx, &server).await?;
    let target = Fragment::default()
        .endpoint("redis", json!({ "tcp": { "address": format!("127.0.0.1:{port}") } }))
        .sentence("redis: one server in memory");
    let mut running = Running { target, ..Running::default() };
    running.env.insert("LAB_REDIS_URL".into(), format!("redis://:{PASSWORD}@127.0.0.1:{port}/0"));
    Ok(running)
}

/// Runs one command with redis-cli; an error that the server answers is an error.
pub fn ask(client: &Path, port: u16, words: &[&str]) -> Result<String> {
    let mut command = Command::new(client);
    command.args(["-e", "-h", "127.0.0.1", "-p", &port.to_string()]).args(words).env("REDISCLI_AUTH", PASSWORD);
    let out = command.output().context("starting redis-cli")?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    ensure!(out.status.success(), "redis-cli {}: {} {}", words.join(" "), text(&out.stdout), text(&out.stderr));
    Ok(text(&out.stdout))
}

async fn tell(cx: &LabCx, words: &'static [&'static str]) -> Result<String> {
    let (client, port) = (client(&cx.made(&programs())?), cx.port("redis")?);
    let asked = tokio::task::spawn_blocking(move || ask(&client, port, words));
    tokio::time::timeout(Duration::from_secs(5), asked).await.context("Redis does not answer")??
}

/// Waits until a write is taken.
async fn well(cx: &LabCx, server: &Process) -> Result<()> {
    let look = || async {
        let said = tell(cx, &["SET", "lab:well", "yes"]).await?;
        ensure!(said == "OK", "a write was answered `{said}`");
        Ok(())
    };
    cx.until("Redis", LIMIT, &[server], look).await
}

async fn inject(cx: &LabCx, order: &Order) -> Result<()> {
    let server = cx.process(SERVER)?;
    match order.fault.as_str() {
        "redis-down" => server.end(Signal::SIGKILL, LIMIT).await?,
        "redis-hanging" => server.signal(Signal::SIGSTOP)?,
        // a replica of nobody: what a client meets when it is late for a failover
        "redis-readonly" => drop(tell(cx, &["REPLICAOF", "127.0.0.1", "1"]).await?),
        "redis-full" => drop(tell(cx, &["CONFIG", "SET", "maxmemory", "1"]).await?),
        other => bail!("redis has no fault `{other}`"),
    }
    Ok(())
}

async fn heal(cx: &LabCx, order: &Order) -> Result<()> {
    let server = cx.process(SERVER)?;
    match order.fault.as_str() {
        "redis-down" => server.again()?,
        "redis-hanging" => server.signal(Signal::SIGCONT)?,
        "redis-readonly" => drop(tell(cx, &["REPLICAOF", "NO", "ONE"]).await?),
        "redis-full" => drop(tell(cx, &["CONFIG", "SET", "maxmemory", "0"]).await?),
        other => bail!("redis has no fault `{other}` to heal"),
    }
    well(cx, &server).await
}
