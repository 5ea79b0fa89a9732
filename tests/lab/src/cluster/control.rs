//! The control plane of one cluster as processes: etcd, API server, controllers, scheduler. Knows no node.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::pki::{ADMIN, Pki};
use super::site::Site;
use crate::cx::LabCx;
use crate::machine::process::{Process, Start};
use crate::machine::room::Room;
use crate::objects::{Objects, Ref};

/// How long the API server may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// The API server's process.
pub const API_SERVER: &str = "kube-apiserver";

/// Starts the control plane and returns once a pod could be made in it.
pub async fn up(cx: &LabCx, site: &Site, pki: &Pki, kubelab: &Path, room: &Room) -> Result<Objects> {
    let program = |name: &str| Start::new(name, kubelab).arg(name).room(room);
    let etcd = cx.spawn(etcd(program("etcd"), site))?;
    write_audit_policy(site)?;
    let server = cx.spawn(api_server(program(API_SERVER), site, pki))?;
    cx.relay(site.api_port, room, site.api()).await?;
    let client = ready(cx, site, &[&etcd, &server]).await?;
    let controllers = cx.spawn(controllers(program("kube-controller-manager"), site, pki))?;
    let scheduler = cx.spawn(scheduler(program("kube-scheduler"), site))?;
    let objects = Objects::connect(&site.kubeconfig(ADMIN)).await?;
    // made by the controllers; no pod can be made before
    let account = Ref("v1", "ServiceAccount", "default", "default");
    cx.until("the default service account", LIMIT, &[&controllers, &scheduler], || async {
        objects.get(account).await?.context("it is not there")
    })
    .await?;
    drop(client);
    Ok(objects)
}

/// Returns once the API server says that it is ready.
pub async fn ready(cx: &LabCx, site: &Site, processes: &[&Process]) -> Result<kube::Client> {
    let config = kube::config::Kubeconfig::read_from(site.kubeconfig(ADMIN))?;
    let config = kube::Config::from_custom_kubeconfig(config, &kube::config::KubeConfigOptions::default()).await?;
    let client = kube::Client::try_from(config)?;
    cx.until("the API server's /readyz", LIMIT, processes, || async {
        let request = http::Request::get("/readyz").body(Vec::new())?;
        Ok(client.request_text(request).await?)
    })
    .await?;
    Ok(client)
}

fn etcd(start: Start, site: &Site) -> Start {
    let (client, peer) = ("http://127.0.0.1:2379", "http://127.0.0.1:2380");
    start
        .args(["--name", &site.name, "--unsafe-no-fsync", "--log-level=warn"])
        .arg("--data-dir")
        .arg(site.dir.join("etcd"))
        .args(["--listen-client-urls", client, "--advertise-client-urls", client])
        .args(["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer])
        .args(["--initial-cluster", &format!("{}={peer}", site.name)])
}

fn api_server(start: Start, site: &Site, pki: &Pki) -> Start {
    let file = |flag: &str, name: &str| format!("--{flag}={}", pki.path(name).display());
    start
        .args(["--etcd-servers=http://127.0.0.1:2379", "--bind-address=0.0.0.0", "--endpoint-reconciler-type=lease"])
        .args([format!("--secure-port={}", site.api_port), format!("--advertise-address={}", site.node_ip())])
        .args([file("tls-cert-file", "apiserver.crt"), file("tls-private-key-file", "apiserver.key")])
        .args([file("client-ca-file", "ca.crt"), file("token-auth-file", "tokens.csv")])
        .args(["--authorization-mode=Node,RBAC", "--anonymous-auth=true"])
        .arg("--service-account-issuer=https://kubernetes.default.svc")
        .args([file("service-account-signing-key-file", "accounts.key")])
        .args([file("service-account-key-file", "accounts.pub")])
        .args([file("kubelet-client-certificate", "kubelet-client.crt")])
        .args([file("kubelet-client-key", "kubelet-client.key"), file("kubelet-certificate-authority", "ca.crt")])
        .arg("--kubelet-preferred-address-types=InternalIP")
        .arg(format!("--service-cluster-ip-range={}", site.services()))
        .args(["--allow-privileged=true", "--enable-priority-and-fairness=false", "--profiling=false"])
        .args(["--event-ttl=24h", "--audit-log-mode=blocking-strict"])
        .arg(format!("--audit-log-path={}", site.audit_log().display()))
        .arg(format!("--audit-policy-file={}", site.dir.join("audit/policy.yaml").display()))
}

/// Notes who asked for what, not the bodies; what the cluster's own programs ask for is left out.
fn write_audit_policy(site: &Site) -> Result<()> {
    let policy = json!({
        "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "users": ["system:apiserver", "system:kube-controller-manager",
                "system:kube-scheduler", "system:kube-proxy"]},
            {"level": "None", "userGroups": ["system:nodes", "system:serviceaccounts:kube-system"]},
            {"level": "Metadata"},
        ],
    });
    let dir = site.dir.join("audit");
    std::fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
    std::fs::write(dir.join("policy.yaml"), policy.to_string()).context("writing the audit policy")
}

/// Both controllers and scheduler ask with their own user and need no election, as each is alone.
fn client(start: Start, site: &Site, user: &str) -> Start {
    let config = site.kubeconfig(user);
    let flags = ["kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"];
    start
        .args(flags.map(|f| format!("--{f}={}", config.display())))
        .arg(format!("--cert-dir={}", site.dir.join(format!("{user}-certs")).display()))
        .args(["--leader-elect=false", "--bind-address=127.0.0.1", "--profiling=false"])
        .args(["--kube-api-qps=500", "--kube-api-burst=1000"])
}

fn controllers(start: Start, site: &Site, pki: &Pki) -> Start {
    let file = |flag: &str, name: &str| format!("--{flag}={}", pki.path(name).display());
    client(start, site, "controllers")
        .args([file("service-account-private-key-file", "accounts.key"), file("root-ca-file", "ca.crt")])
        .args([file("cluster-signing-cert-file", "ca.crt"), file("cluster-signing-key-file", "ca.key")])
        .args(["--use-service-account-credentials=true", "--enable-hostpath-provisioner=true"])
        // a node that falls silent is seen after seconds, not after the usual 50
        .args(["--node-monitor-period=2s", "--node-monitor-grace-period=12s"])
}

fn scheduler(start: Start, site: &Site) -> Start {
    client(start, site, "scheduler")
}
