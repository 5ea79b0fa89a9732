//! A running cluster as other parts see it: its API server, its room, its node's images and processes.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use super::node;
use super::pki::ADMIN;
use super::site::Site;
use crate::machine::cgroup;
use crate::machine::room::Room;
use crate::objects::{Objects, Ref};

/// A running cluster. Cheap to clone.
#[derive(Clone)]
pub struct Cluster(Arc<Inner>);

struct Inner {
    site: Site,
    kubelab: PathBuf,
    room: Room,
    objects: Objects,
}

impl Cluster {
    /// The cluster at `site`.
    pub fn new(site: Site, kubelab: PathBuf, room: Room, objects: Objects) -> Self {
        Self(Arc::new(Inner { site, kubelab, room, objects }))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.site.name
    }

    /// Where it lives.
    pub fn site(&self) -> &Site {
        &self.0.site
    }

    /// The administrator's kubeconfig.
    pub fn kubeconfig(&self) -> PathBuf {
        self.0.site.kubeconfig(ADMIN)
    }

    /// The network namespace of node and pods. A relay into it reaches pods by their address.
    pub fn room(&self) -> &Room {
        &self.0.room
    }

    /// The node's address inside the room.
    pub fn node_address(&self) -> IpAddr {
        self.0.site.node_address()
    }

    /// Its objects, as the administrator.
    pub fn objects(&self) -> &Objects {
        &self.0.objects
    }

    /// `kubectl` as the administrator.
    pub fn kubectl(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.0.kubelab);
        command.arg("kubectl").arg("--kubeconfig").arg(self.kubeconfig()).args(words);
        command
    }

    /// Gives the node an image, from an archive that `images::Image` wrote.
    pub async fn import(&self, archive: &Path) -> Result<()> {
        node::import(&self.0.site, archive).await
    }

    /// The numbers of a pod's processes, those of its sandbox left out; `pod` is `NAMESPACE/NAME`.
    pub async fn processes(&self, pod: &str) -> Result<Vec<i32>> {
        let uid = self.pod(pod).await?["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
        let all = cgroup::processes(&self.0.site.cgroup, &format!("pod{uid}"));
        Ok(all.into_iter().filter(|pid| !is_sandbox(*pid)).collect())
    }

    /// A pod by `NAMESPACE/NAME`.
    pub async fn pod(&self, pod: &str) -> Result<serde_json::Value> {
        let Some((namespace, name)) = pod.split_once('/') else { bail!("`{pod}` is not NAMESPACE/POD") };
        let found = self.0.objects.get(Ref("v1", "Pod", namespace, name)).await?;
        found.with_context(|| format!("cluster {} has no pod {pod}", self.name()))
    }
}

fn is_sandbox(pid: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "pause")
}
