//! A cluster does what clusters do, asked with the real kubectl: workloads, logs, exec, port-forward, claims, rights.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use super::{LIMIT, text};
use crate::cache::Cache;
use crate::cluster::pki::{NOBODY, READER};
use crate::cluster::recipes::{self, BUSYBOX_IMAGE};
use crate::ended::Ended;
use crate::plainhttp;
use crate::target::write_whole;

/// Asks cluster `name`; the answer tells what was seen.
pub async fn whole(name: &str, target: &Value) -> Result<String> {
    let kubeconfig = PathBuf::from(text(target, &["clusters", name, "kubeconfig"])?);
    let kubelab = Cache::open()?.made(&recipes::kubelab())?.join("kubelab");
    let user = Kubectl { kubelab, kubeconfig, namespace: format!("lab-smoke-{name}-{}", std::process::id()) };
    tokio::task::spawn_blocking(move || {
        let seen = all(&user);
        // the namespace goes on its own; a failure to say so must not hide the first one
        let _ = user.run(&["delete", "namespace", &user.namespace, "--wait=false"]);
        seen
    })
    .await?
}

/// kubectl with one identity in one namespace.
struct Kubectl {
    kubelab: PathBuf,
    kubeconfig: PathBuf,
    namespace: String,
}

impl Kubectl {
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.kubelab);
        command.arg("kubectl").arg("--kubeconfig").arg(&self.kubeconfig).args(["-n", &self.namespace]).args(words);
        command
    }

    fn run(&self, words: &[&str]) -> Result<String> {
        let out = self.command(words).output().context("starting kubectl")?;
        let said = String::from_utf8_lossy(&out.stderr);
        ensure!(out.status.success(), "kubectl {}: {} {}", words.join(" "), out.status, said.trim());
        Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    }

    /// The same with another user's kubeconfig, which lies beside the administrator's.
    fn as_user(&self, user: &str) -> Self {
        let file = format!("{user}.kubeconfig");
        Self {
            kubelab: self.kubelab.clone(),
            kubeconfig: self.kubeconfig.with_file_name(file),
            namespace: self.namespace.clone(),
        }
    }

    /// `can-i` says no with exit code 1, too.
    fn can(&self, words: &[&str]) -> Result<bool> {
        let words: Vec<&str> = ["auth", "can-i"].iter().chain(words).copied().collect();
        let out = self.command(&words).output().context("starting kubectl")?;
        match String::from_utf8_lossy(&out.stdout).trim() {
            "yes" => Ok(true),
            "no" => Ok(false),
            other => bail!("can-i said `{other}`: {}", String::from_utf8_lossy(&out.stderr).trim()),
        }
    }
}

fn all(kubectl: &Kubectl) -> Result<String> {
    let start = Instant::now();
    make(kubectl)?;
    let log = kubectl.run(&["logs", "deployment/web"])?;
    ensure!(log.contains("started on web"), "the log is `{log}`");
    exec(kubectl)?;
    proxies(kubectl)?;
    port_forward(kubectl)?;
    rights(kubectl)?;
    claim_outlives_pod(kubectl)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(format!("rollout, logs, exec, proxies, port-forward, rights, a claim that outlives its pod ({seconds:.1} s)"))
}

fn make(kubectl: &Kubectl) -> Result<()> {
    kubectl.run(&["create", "namespace", &kubectl.namespace])?;
    let file = std::env::temp_dir().join(format!("{}.json", kubectl.namespace));
    write_whole(&file, json!({"apiVersion": "v1", "kind": "List", "items": objects()}).to_string().as_bytes())?;
    let applied = kubectl.run(&["apply", "-f", &file.to_string_lossy()]);
    std::fs::remove_file(&file).context("removing the manifest")?;
    applied?;
    let limit = format!("--timeout={}s", LIMIT.as_secs());
    for workload in ["deployment/web", "statefulset/db"] {
        kubectl.run(&["rollout", "status", workload, &limit])?;
    }
    Ok(())
}

fn exec(kubectl: &Kubectl) -> Result<()> {
    let told = kubectl.run(&["exec", "db-0", "--", "cat", "/etc/hostname"])?;
    ensure!(told == "db-0", "exec told `{told}`");
    let status = kubectl.command(&["exec", "db-0", "--", "sh", "-c", "exit 7"]).stderr(Stdio::null()).status()?;
    ensure!(status.code() == Some(7), "the exit code 7 of a command came back as {status}");
    Ok(())
}

fn proxies(kubectl: &Kubectl) -> Result<()> {
    let path = format!("/api/v1/namespaces/{}/services/web:http/proxy/", kubectl.namespace);
    let through_server = kubectl.run(&["get", "--raw", &path])?;
    ensure!(through_server.starts_with("web"), "the service proxy told `{through_server}`");
    let ip = kubectl.run(&["get", "service", "web", "-o", "jsonpath={.spec.clusterIP}"])?;
    let inside = kubectl.run(&["exec", "db-0", "--", "wget", "-qO-", &format!("http://{ip}/")])?;
    ensure!(inside.starts_with("web"), "a pod that asked the service got `{inside}`");
    Ok(())
}

fn port_forward(kubectl: &Kubectl) -> Result<()> {
    let mut command = kubectl.command(&["port-forward", "deployment/web", ":8080"]);
    let mut forward = Ended(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("starting kubectl")?);
    // kept open to the end: kubectl tells of each connection there and dies if nobody listens
    let mut out = BufReader::new(forward.0.stdout.take().context("the output is a pipe")?);
    let mut line = String::new();
    out.read_line(&mut line).context("reading what kubectl says")?;
    let address = line.split_whitespace().find(|word| word.starts_with("127.0.0.1:"));
    let address = address.with_context(|| format!("kubectl port-forward said `{}`", line.trim()))?;
    let told = plainhttp::get(address, "/", LIMIT)?;
    ensure!(told.starts_with("web"), "the forwarded port told `{told}`");
    Ok(())
}

fn rights(kubectl: &Kubectl) -> Result<()> {
    let (reader, nobody) = (kubectl.as_user(READER), kubectl.as_user(NOBODY));
    let wanted: [(&Kubectl, &[&str], bool); 7] = [
        (kubectl, &["delete", "pods"], true),
        (&reader, &["list", "pods"], true),
        (&reader, &["get", "nodes"], true),
        (&reader, &["delete", "pods"], false),
        (&reader, &["get", "secrets"], false),
        (&reader, &["get", "pods", "--subresource=exec"], false),
        (&nobody, &["get", "pods"], false),
    ];
    for (who, words, may) in wanted {
        let file = who.kubeconfig.display();
        ensure!(who.can(words)? == may, "{file} can-i {}: expected {may}", words.join(" "));
    }
    Ok(())
}

fn claim_outlives_pod(kubectl: &Kubectl) -> Result<()> {
    let uid = |k: &Kubectl| k.run(&["get", "pod", "db-0", "-o", "jsonpath={.metadata.uid}"]);
    let mark = format!("mark-{}", std::process::id());
    kubectl.run(&["exec", "db-0", "--", "sh", "-c", &format!("echo {mark} >/data/mark")])?;
    let old = uid(kubectl)?;
    kubectl.run(&["delete", "pod", "db-0"])?;
    wait_until("the pod is made anew", || Ok(uid(kubectl)? != old))?;
    let limit = format!("--timeout={}s", LIMIT.as_secs());
    kubectl.run(&["wait", "pod/db-0", "--for=condition=Ready", &limit])?;
    let kept = kubectl.run(&["exec", "db-0", "--", "cat", "/data/mark"])?;
    ensure!(kept == mark, "the claim held `{kept}` after its pod was replaced, not `{mark}`");
    Ok(())
}

fn wait_until(what: &str, look: impl Fn() -> Result<bool>) -> Result<()> {
    let start = Instant::now();
    // a look that fails is one that saw nothing yet
    while !look().unwrap_or(false) {
        ensure!(start.elapsed() < LIMIT, "waited {} s in vain until {what}", LIMIT.as_secs());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Ok(())
}

/// A web server with a service, and a database of one pod with a claim.
fn objects() -> Vec<Value> {
    let web = "mkdir -p /www; hostname >/www/index.html; echo started on $(hostname); trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait";
    let db = "trap 'exit 0' TERM; while :; do sleep 0.2; done";
    let container =
        |name: &str, script: &str| json!({"name": name, "image": BUSYBOX_IMAGE, "command": ["/bin/sh", "-c", script]});
    let mut served = container("web", web);
    served["ports"] = json!([{"name": "http", "containerPort": 8080}]);
    served["readinessProbe"] = json!({"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1});
    let mut stored = container("db", db);
    stored["volumeMounts"] = json!([{"name": "data", "mountPath": "/data"}]);
    let claim = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}});
    let mut set = workload("StatefulSet", "db", &stored);
    set["spec"]["serviceName"] = json!("db");
    set["spec"]["volumeClaimTemplates"] = json!([{"metadata": {"name": "data"}, "spec": claim}]);
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
    });
    vec![workload("Deployment", "web", &served), service, set]
}

fn workload(kind: &str, name: &str, container: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 2, "containers": [container]},
            },
        },
    })
}
