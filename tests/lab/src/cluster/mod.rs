//! A real Kubernetes cluster with one node in a network namespace of its own: the parts `apps` and `infra`.

pub mod control;
pub mod faults;
pub mod front;
pub mod handle;
pub mod node;
pub mod pki;
pub mod recipes;
pub mod site;
pub mod webhook;
pub mod workloads;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use crate::cx::LabCx;
use crate::machine::{memory, proc};
use crate::objects::Objects;
use crate::part::{Fault, Order, Part, Running};
use crate::recipe::Recipe;
use crate::target::Fragment;
use handle::Cluster;
use pki::{ADMIN, NOBODY, Pki, READER};
use site::Site;

/// The cluster that suites validate.
const VALIDATED: &str = "apps";

/// One cluster as a part.
#[derive(Debug)]
pub struct ClusterPart {
    /// The part's name, which is the cluster's.
    pub name: &'static str,
    /// Sets its addresses apart, 1 to 9.
    pub index: u8,
    /// One line about it.
    pub about: &'static str,
}

impl Part for ClusterPart {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn recipes(&self) -> Vec<Recipe> {
        vec![recipes::kubelab(), recipes::node()]
    }

    fn up<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
        Box::pin(self.start(cx))
    }

    fn faults(&self) -> Vec<Fault> {
        faults::all()
    }

    fn inject<'a>(&'a self, cx: &'a LabCx, order: &'a Order) -> BoxFuture<'a, Result<()>> {
        Box::pin(faults::inject(cx, order))
    }

    fn heal<'a>(&'a self, cx: &'a LabCx, order: &'a Order, memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(faults::heal(cx, order, memo))
    }

    fn memory<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Vec<(String, u64)>> {
        Box::pin(async move { self.measure(cx) })
    }
}

impl ClusterPart {
    async fn start(&self, cx: &LabCx) -> Result<Running> {
        let site = Site {
            name: self.name.into(),
            index: self.index,
            dir: cx.dir()?,
            api_port: cx.port("api")?,
            cgroup: format!("checkrun-lab-{}-{}", cx.lab(), self.name),
        };
        let kubelab = cx.made(&recipes::kubelab())?.join("kubelab");
        let pki = Pki::create(&site)?;
        let room = cx.make_room(self.name)?;
        node::network(&site, &room)?;
        let images = images(&cx.made(&recipes::node())?)?;
        let control = control::up(cx, &site, &pki, &kubelab, &room);
        let containers = node::containers(cx, &site, &images, &room);
        let (objects, ()) = tokio::try_join!(control, containers)?;
        let node = node::up(cx, &site, &pki, &kubelab, &room, &objects);
        tokio::try_join!(node, furnish(&objects))?;
        let running = tell(&site, &kubelab);
        cx.add_cluster(Cluster::new(site, kubelab, room, objects));
        Ok(running)
    }

    /// Its own processes, and what runs in pods, whose shims are nobody's children.
    fn measure(&self, cx: &LabCx) -> Vec<(String, u64)> {
        let mut all = cx.memory();
        let Ok(cluster) = cx.cluster(self.name) else { return all };
        let socket = cluster.site().containerd().display().to_string();
        let parents = proc::parents();
        let is_shim = |pid: &i32| proc::command_line(*pid).contains(&format!("-address {socket}"));
        let shims: Vec<i32> = parents.keys().copied().filter(is_shim).collect();
        let everything = proc::tree(&shims, &parents);
        let pods: Vec<i32> = everything.iter().copied().filter(|pid| !shims.contains(pid)).collect();
        all.push(("shims".into(), memory::shares(&shims)));
        all.push(("all pods".into(), memory::shares(&pods)));
        all
    }
}

fn images(folder: &std::path::Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let files = entries.flatten().map(|e| e.path());
    Ok(files.filter(|p| p.extension().is_some_and(|e| e == "tar")).collect())
}

/// What every cluster has from the start: a storage class for claims, and the reader's rights.
async fn furnish(objects: &Objects) -> Result<()> {
    let rbac = "rbac.authorization.k8s.io";
    let bind = |name: &str, role: &str| {
        json!({
            "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": rbac, "kind": "Group", "name": "readers"}],
        })
    };
    let read = |group: &str, resources: &[&str]| json!({"apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"]});
    let rules = [
        read("", &["nodes", "persistentvolumes", "namespaces"]),
        read("storage.k8s.io", &["storageclasses", "volumeattachments", "csidrivers", "csinodes"]),
        read("apiextensions.k8s.io", &["customresourcedefinitions"]),
    ];
    let wanted = [
        json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "kubernetes.io/host-path",
            "metadata": {
                "name": "hostpath", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
            },
        }),
        json!({
            "apiVersion": format!("{rbac}/v1"), "kind": "ClusterRole",
            "metadata": {"name": "lab-reader"}, "rules": rules,
        }),
        bind("lab-reader", "lab-reader"),
        // the built-in role: everything in namespaces but secrets, and nothing that lets one in
        bind("lab-viewer", "view"),
    ];
    objects.apply(&wanted).await.map(|_| ())
}

fn tell(site: &Site, kubelab: &std::path::Path) -> Running {
    let mut running = Running::default();
    let path = |user: &str| site.kubeconfig(user).display().to_string();
    let entry = json!({"kubeconfig": path(ADMIN), "context": site.name, "allow": "disrupt"});
    running.target = Fragment::default().cluster(&site.name, entry);
    if site.name == VALIDATED {
        running.target = std::mem::take(&mut running.target)
            .input("storage_class", json!("hostpath"))
            .input("marker_image", json!(recipes::BUSYBOX_IMAGE))
            .input("log_window", json!("10s"))
            .unless_given("volsync", json!(false), "apps: VolSync is not in this lab");
    }
    let name = site.name.to_uppercase();
    let mut set = |variable: String, value: String| running.env.insert(variable, value);
    set(format!("LAB_{name}_KUBECONFIG"), path(ADMIN));
    set(format!("LAB_{name}_KUBECONFIG_READER"), path(READER));
    set(format!("LAB_{name}_KUBECONFIG_NOBODY"), path(NOBODY));
    set(format!("LAB_{name}_AUDIT"), site.audit_log().display().to_string());
    set("LAB_KUBELAB".into(), kubelab.display().to_string());
    running
}
