//! The only node of a cluster: its network, containerd, kubelet and kube-proxy. Real pods run on it.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::pki::Pki;
use super::recipes::PAUSE_IMAGE;
use super::site::Site;
use crate::cache::tools;
use crate::cx::LabCx;
use crate::machine::cgroup;
use crate::machine::process::{Process, Start};
use crate::machine::room::Room;
use crate::objects::{Objects, Ref};

/// How long the node may take to be ready on a busy machine.
const LIMIT: Duration = Duration::from_secs(120);

/// A kubelet listens here wherever its root is, and clears the folder before: two that start at once stand in each
/// other's way, one after the other do not.
const DEVICES: &str = "/var/lib/kubelet/device-plugins/kubelet.sock";

/// Held by the kubelet that starts.
static STARTING: Mutex<()> = Mutex::const_new(());

/// The kubelet's process.
pub const KUBELET: &str = "kubelet";

/// Gives the room the node's address and a way to the services; there is no way out of it.
pub fn network(site: &Site, room: &Room) -> Result<()> {
    room.tool("ip", &["addr", "add", &format!("{}/32", site.node_ip()), "dev", "lo"])?;
    // without any route for them, packets to services never reach the rules that redirect them
    room.tool("ip", &["route", "add", &site.services(), "dev", "lo", "src", &site.node_ip()])?;
    room.run(|| fs::write("/proc/sys/net/ipv4/ip_forward", "1"))?.context("turning on forwarding in the room")
}

/// Starts containerd and gives it the images.
pub async fn containers(cx: &LabCx, site: &Site, images: &[PathBuf], room: &Room) -> Result<()> {
    let dir = site.dir.join("containerd");
    for folder in [&dir, &site.dir.join("cni")] {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    fs::write(site.dir.join("cni/10-lab.conflist"), network_config(site).to_string())?;
    fs::write(dir.join("config.toml"), containerd_config(site)?)?;
    let program = tools::must("containerd", "containerd")?;
    let start = Start::new("containerd", program).arg("--config").arg(dir.join("config.toml"));
    let containerd = cx.spawn(start.args(["--log-level", "warn"]).room(room))?;
    let answers = || async { ctr(site, &["version"]).map(|_| ()) };
    cx.until("containerd", LIMIT, &[&containerd], answers).await?;
    for image in images {
        import(site, image).await?;
    }
    Ok(())
}

/// Gives the node an image from an archive.
pub async fn import(site: &Site, archive: &Path) -> Result<()> {
    let (site, archive) = (site.clone(), archive.to_owned());
    let work = move || ctr(&site, &["images", "import", &archive.to_string_lossy()]).map(|_| ());
    tokio::task::spawn_blocking(work).await?
}

/// Runs containerd's own client.
pub fn ctr(site: &Site, words: &[&str]) -> Result<String> {
    let program = tools::must("ctr", "containerd")?;
    let mut command = Command::new(program);
    command.arg("-a").arg(site.containerd()).args(["-n", "k8s.io"]).args(words);
    let out = command.output().context("starting ctr")?;
    if !out.status.success() {
        bail!("ctr {}: {}", words.join(" "), String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// Starts kubelet and kube-proxy and returns once the node is ready.
pub async fn up(cx: &LabCx, site: &Site, pki: &Pki, kubelab: &Path, room: &Room, objects: &Objects) -> Result<()> {
    cx.note_cgroup(&site.cgroup)?;
    cgroup::make(&site.cgroup)?;
    let dir = site.dir.join("kubelet");
    fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
    fs::write(dir.join("config.yaml"), kubelet_config(site, pki).to_string())?;
    fs::write(site.dir.join("proxy.yaml"), proxy_config(site).to_string())?;
    let start = |name: &str, config: &Path| {
        let config = format!("--config={}", config.display());
        Start::new(name, kubelab).arg(name).arg(config).room(room)
    };
    let kubelet = start(KUBELET, &dir.join("config.yaml"))
        .arg(format!("--kubeconfig={}", site.kubeconfig("kubelet").display()))
        .args([format!("--root-dir={}", dir.display()), format!("--cert-dir={}/pki", dir.display())])
        .args([format!("--hostname-override={}", site.node()), format!("--node-ip={}", site.node_ip())])
        .arg("--v=1");
    let kubelet = in_turn(cx, || cx.spawn(kubelet)).await?;
    let proxy = cx.spawn(start("kube-proxy", &site.dir.join("proxy.yaml")))?;
    let ready = || ready(site, objects);
    cx.until("the node to be ready", LIMIT, &[&kubelet, &proxy], ready).await
}

/// Lets `start` start a kubelet when no other one of the lab is starting, and returns once it listens.
pub async fn in_turn(cx: &LabCx, start: impl FnOnce() -> Result<Process>) -> Result<Process> {
    let _turn = STARTING.lock().await;
    let before = socket(Path::new(DEVICES));
    let kubelet = start()?;
    let listens =
        || async { socket(Path::new(DEVICES)).filter(|now| Some(*now) != before).context("it does not listen") };
    cx.until("the kubelet to listen to device plugins", LIMIT, &[&kubelet], listens).await?;
    Ok(kubelet)
}

/// What tells one socket at a path from the next: its number and when it was made.
fn socket(path: &Path) -> Option<(u64, i64, i64)> {
    let socket = fs::metadata(path).ok()?;
    Some((socket.ino(), socket.ctime(), socket.ctime_nsec()))
}

/// An error unless the node says that it is ready.
pub async fn ready(site: &Site, objects: &Objects) -> Result<()> {
    let node = objects.get(Ref("v1", "Node", "", &site.node())).await?.context("the node is not there")?;
    let conditions = node["status"]["conditions"].as_array();
    let ready = conditions.and_then(|all| all.iter().find(|c| c["type"] == "Ready")).unwrap_or(&Value::Null);
    match ready["status"] == "True" {
        true => Ok(()),
        false => bail!("the node's condition Ready is {}: {}", ready["status"], ready["message"]),
    }
}

fn network_config(site: &Site) -> Value {
    json!({
        "cniVersion": "0.4.0", "name": format!("lab-{}", site.name),
        "plugins": [{
            "type": "bridge", "bridge": "br-lab", "isGateway": true, "ipMasq": false, "hairpinMode": true,
            "ipam": {
                "type": "host-local", "dataDir": site.dir.join("cni-addresses"),
                "ranges": [[{"subnet": site.pods()}]], "routes": [{"dst": "0.0.0.0/0"}],
            },
        }],
    })
}

fn containerd_config(site: &Site) -> Result<String> {
    let dir = site.dir.join("containerd");
    let plugins = ["/usr/lib/cni", "/opt/cni/bin"].into_iter().find(|p| Path::new(p).join("bridge").exists());
    let plugins =
        plugins.context("the network plugins are missing; Debian's package is containernetworking-plugins")?;
    let runc = tools::must("runc", "runc")?;
    let (root, state) = (dir.join("root"), dir.join("state"));
    Ok(format!(
        r#"version = 2
root = {root:?}
state = {state:?}
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp"]
[grpc]
  address = {sock:?}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  netns_mounts_under_state_dir = true
  disable_apparmor = true
  # a machine may lack the right to lower this score; every sandbox would die of trying
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
        BinaryName = {runc:?}
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = {conf:?}
"#,
        sock = site.containerd(),
        conf = site.dir.join("cni"),
    ))
}

fn kubelet_config(site: &Site, pki: &Pki) -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
        "address": site.node_ip(), "healthzPort": 0, "readOnlyPort": 0,
        "authentication": {
            "anonymous": {"enabled": false}, "webhook": {"enabled": true},
            "x509": {"clientCAFile": pki.path("ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": pki.path("kubelet.crt"), "tlsPrivateKeyFile": pki.path("kubelet.key"),
        "containerRuntimeEndpoint": format!("unix://{}", site.containerd().display()),
        "cgroupDriver": "cgroupfs", "cgroupRoot": format!("/{}", site.cgroup), "enforceNodeAllocatable": [],
        "failCgroupV1": false, "failSwapOn": false, "makeIPTablesUtilChains": false,
        "localStorageCapacityIsolation": false,
        "resolvConf": "", "clusterDNS": [format!("10.9{}.0.10", site.index)],
        "podLogsDir": site.dir.join("podlogs"), "volumePluginDir": site.dir.join("kubelet/volumeplugins"),
        "nodeStatusUpdateFrequency": "2s", "nodeStatusReportFrequency": "30s",
        "evictionHard": {"memory.available": "50Mi"}, "imageGCHighThresholdPercent": 100, "imageMinimumGCAge": "24h",
        "maxPods": 250,
    })
}

fn proxy_config(site: &Site) -> Value {
    json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
        "mode": "iptables", "clusterCIDR": site.pods(), "hostnameOverride": site.node(),
        "healthzBindAddress": "127.0.0.1:10256", "metricsBindAddress": "127.0.0.1:10249",
        "clientConnection": {"kubeconfig": site.kubeconfig("proxy")},
        // the machine's limits stay as they are
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    })
}
