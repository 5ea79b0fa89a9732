//! The stand-ins as a process: looks at the world every other second, writes statuses, answers the APIs.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use super::http::{APIS, Api, DASHBOARD};
use super::operator::{self, Rule};
use super::platform::DAEMONS;
use super::world::World;
use super::{cicd, databases, network, storage};
use crate::answers;
use crate::objects::{Objects, Ref};

/// How long database or cache may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where everything is that the stand-ins look at. Holds passwords of the lab.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Site {
    /// The administrator's kubeconfig of the cluster that has the objects.
    pub infra: PathBuf,
    /// The one of the cluster whose shipper and dashboards are told of.
    pub apps: PathBuf,
    /// psql.
    pub psql: PathBuf,
    /// The database itself: pgbouncer's few places for clients are left to others.
    pub database: String,
    /// Redis' port and password.
    pub cache: (u16, String),
    /// The loopback ports of the APIs, in their order.
    pub ports: Vec<u16>,
}

/// Every rule.
pub fn rules() -> Vec<Rule> {
    [storage::RULES, databases::RULES, network::RULES, cicd::RULES].concat()
}

/// Runs until the process ends; `config` holds a `Site`.
pub async fn run(config: &Path) -> Result<()> {
    let text = std::fs::read_to_string(config).with_context(|| format!("reading {}", config.display()))?;
    let site: Site = serde_json::from_str(&text).context("reading the stand-ins' site")?;
    let (infra, apps) = (Objects::connect(&site.infra).await?, Objects::connect(&site.apps).await?);
    let seen = Arc::new(Mutex::new(World::default()));
    for (api, port) in APIS.iter().zip(&site.ports) {
        let listener = TcpListener::bind(("127.0.0.1", *port)).await;
        tokio::spawn(serve(*api, listener.with_context(|| format!("listening on port {port}"))?, Arc::clone(&seen)));
    }
    let look = || async {
        let world = look(&site, &infra, &apps).await?;
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = world.clone();
        Ok(world)
    };
    operator::run(infra.clone(), rules(), look).await;
    Ok(())
}

async fn serve(api: Api, listener: TcpListener, seen: Arc<Mutex<World>>) {
    let answer = move |asked: answers::Asked| {
        let reply = (api.answer)(&asked, &seen.lock().unwrap_or_else(PoisonError::into_inner));
        async move { reply }
    };
    answers::serve(listener, answer).await;
}

async fn look(site: &Site, infra: &Objects, apps: &Objects) -> Result<World> {
    let mut namespaces: Vec<&str> = DAEMONS.iter().map(|d| d.0).collect();
    namespaces.dedup();
    let mut pods = Vec::new();
    for namespace in namespaces {
        pods.extend(infra.list(Ref("v1", "Pod", namespace, ""), "").await?);
    }
    Ok(World {
        pods,
        services: infra.list(Ref("v1", "Service", network::NAMESPACE, ""), "").await?,
        config_maps: apps.list(Ref("v1", "ConfigMap", "", ""), &format!("{DASHBOARD}=1")).await?,
        daemon_sets: apps.list(Ref("apps/v1", "DaemonSet", crate::metrics::manifests::NAMESPACE, ""), "").await?,
        database: database(site).await,
        cache: cache(&site.cache).await.unwrap_or(false),
        now: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })
}

/// Whether a query is answered.
async fn database(site: &Site) -> bool {
    let mut command = Command::new(&site.psql);
    command.args(["-X", "-At", &site.database, "-c", "select 1"]).stdin(Stdio::null()).stderr(Stdio::null());
    let asked = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output()).await;
    matches!(asked, Ok(Ok(out)) if out.status.success())
}

/// Whether Redis says PONG.
async fn cache((port, password): &(u16, String)) -> Result<bool> {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", *port)).await?;
        stream.write_all(format!("AUTH {password}\r\nPING\r\nQUIT\r\n").as_bytes()).await?;
        let mut said = String::new();
        stream.read_to_string(&mut said).await?;
        Ok(said.contains("+PONG"))
    };
    tokio::time::timeout(PATIENCE, ask).await.context("Redis does not answer")?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_cache_is_there_only_if_it_says_so() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(cache(&(1, String::new())).await.is_err());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut said = [0; 64];
            let n = stream.read(&mut said).await.unwrap();
            let known = said[..n].starts_with(b"AUTH secret\r\n");
            stream.write_all(if known { b"+OK\r\n+PONG\r\n+OK\r\n" } else { b"-ERR\r\n" }).await.unwrap();
        });
        assert!(cache(&(port, "secret".into())).await.unwrap());
    }

    #[test]
    fn no_kind_has_two_rules() {
        let names: Vec<_> = rules().iter().map(|r| (r.api, r.kind)).collect();
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len());
    }
}
