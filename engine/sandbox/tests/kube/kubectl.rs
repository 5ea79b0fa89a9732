//! What the real `kubectl` does: the one that `KUBECTL` names (a command with its first words), else one that is installed.

use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;

use crate::stage::{Stage, pod};

/// The command of `kubectl`; whether somebody named it.
fn kubectl() -> (Command, bool) {
    let named = std::env::var("KUBECTL").ok();
    let mut words = named.as_deref().unwrap_or("kubectl").split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words);
    (command, named.is_some())
}

/// Runs `kubectl` on a cluster.
struct Shell {
    stage: Stage,
    kubeconfig: tempfile::NamedTempFile,
    home: tempfile::TempDir,
}

impl Shell {
    /// None where there is no `kubectl` and none is named: then the test is left out, and says so.
    async fn open(test: &str) -> Option<Self> {
        let (mut command, named) = kubectl();
        let found = command.arg("version").arg("--client").stdout(Stdio::null()).status().await;
        if found.is_err() && !named {
            println!("left out: {test}: there is no kubectl");
            return None;
        }
        // Without TLS it would not show its token.
        let stage = Stage::secure().await;
        let kubeconfig = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&kubeconfig, &stage.kubeconfig).unwrap();
        Some(Self { stage, kubeconfig, home: tempfile::tempdir().unwrap() })
    }

    /// Whether it went well, and what it wrote.
    async fn run(&self, command: &str, input: Option<&str>) -> (bool, String) {
        let mut child = kubectl()
            .0
            .args(command.split(' '))
            .env("KUBECONFIG", self.kubeconfig.path())
            .env("HOME", self.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stdin, input.unwrap_or_default().as_bytes()).await.unwrap();
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.success(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
    }

    /// What it wrote.
    async fn does(&self, command: &str) -> String {
        let (well, text) = self.run(command, None).await;
        assert!(well, "kubectl {command}: {text}");
        text
    }
}

/// The words of each line.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

const WEB: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  replicas: 2\n  selector: { matchLabels: { app: web } }\n  template:\n    metadata: { labels: { app: web } }\n    spec: { containers: [ { name: c, image: \"nginx:1\" } ] }\n";

#[tokio::test]
async fn what_is_there_is_got_and_described() {
    let Some(shell) = Shell::open("what_is_there_is_got_and_described").await else { return };
    shell.stage.cluster.put(pod("p")).unwrap();
    shell.stage.cluster.log("default", "p", "c", "hello").unwrap();
    let pods = shell.does("get pods -o wide").await;
    assert_eq!(rows(&pods)[0][..5], ["NAME", "READY", "STATUS", "RESTARTS", "AGE"]);
    assert_eq!(rows(&pods)[1][..4], ["p", "1/1", "Running", "0"]);
    assert!(shell.does("get pod p -o jsonpath={.status.phase}").await.starts_with("Running"));
    assert!(shell.does("describe pod p").await.lines().any(|line| line.split_whitespace().eq(["Status:", "Running"])));
    assert_eq!(shell.does("logs p").await, "hello\n");
    assert!(
        shell.does("wait --for=jsonpath={.status.phase}=Running pod/p --timeout=5s").await.contains("condition met")
    );
    assert!(shell.does("get all").await.contains("pod/p"));
    assert!(shell.does("explain deployment.spec.replicas").await.contains("<integer>"));
    assert!(shell.does("api-resources --api-group=apps").await.contains("deploy"));
    let (well, text) = shell.run("get pod none", None).await;
    assert!(!well && text.contains("pods \"none\" not found"), "{text}");
    let (well, text) = shell.run("exec p -- ls", None).await;
    assert!(!well && text.contains("the sandbox does not support pods/exec"), "{text}");
}

#[tokio::test]
async fn an_object_is_applied_changed_and_deleted() {
    let Some(shell) = Shell::open("an_object_is_applied_changed_and_deleted").await else { return };
    for (command, input, expected) in [
        ("apply -f -", WEB.to_owned(), "deployment.apps/web created"),
        ("apply -f -", WEB.to_owned(), "deployment.apps/web unchanged"),
        ("apply -f -", WEB.replace("nginx:1", "nginx:2"), "deployment.apps/web configured"),
        (
            "apply --server-side --force-conflicts -f -",
            WEB.replace("nginx:1", "nginx:3"),
            "deployment.apps/web serverside-applied",
        ),
        ("scale deployment web --replicas=5", String::new(), "deployment.apps/web scaled"),
        ("set image deployment/web c=nginx:4", String::new(), "deployment.apps/web image updated"),
        ("label deployment web a=b", String::new(), "deployment.apps/web labeled"),
        ("annotate deployment web a=b", String::new(), "deployment.apps/web annotated"),
        ("patch deployment web -p {\"spec\":{\"paused\":true}}", String::new(), "deployment.apps/web patched"),
    ] {
        let (well, text) = shell.run(command, Some(&input)).await;
        assert!(well && text.contains(expected), "kubectl {command}: {text}");
    }
    let shown = shell
        .does(
            "get deployment web -o jsonpath={.spec.replicas}/{.spec.paused}/{.spec.template.spec.containers[0].image}",
        )
        .await;
    assert_eq!(shown, "5/true/nginx:4");
    let (well, text) = shell.run("apply -f -", Some(&WEB.replace("replicas: 2", "replicaz: 2"))).await;
    assert!(!well && text.contains("unknown field \"spec.replicaz\""), "{text}");
    assert!(shell.does("delete deployment web --timeout=10s").await.contains("\"web\" deleted"));
    assert!(!shell.run("get deployment web", None).await.0);
}

#[tokio::test]
async fn a_defined_kind_is_used_like_any_other() {
    let Some(shell) = Shell::open("a_defined_kind_is_used_like_any_other").await else { return };
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "teas.x.io" },
        "spec": {
            "group": "x.io", "scope": "Namespaced", "names": { "kind": "Tea", "plural": "teas", "singular": "tea", "shortNames": ["te"] },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "additionalPrinterColumns": [{ "name": "Sort", "type": "string", "jsonPath": ".spec.sort" }],
                "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": { "type": "object", "required": ["sort"], "properties": { "sort": { "type": "string", "description": "Which one." } } } } } },
            }],
        },
    });
    let (well, text) = shell.run("apply -f -", Some(&definition.to_string())).await;
    assert!(well, "{text}");
    assert!(shell.does("wait --for=condition=Established crd/teas.x.io --timeout=5s").await.contains("condition met"));
    let tea = "apiVersion: x.io/v1\nkind: Tea\nmetadata: { name: a }\nspec: { sort: green }\n";
    assert!(shell.run("apply -f -", Some(tea)).await.1.contains("tea.x.io/a created"));
    assert_eq!(rows(&shell.does("get te").await)[1], ["a", "green"]);
    assert!(shell.does("explain tea.spec.sort").await.contains("Which one."));
    let (well, text) = shell.run("apply -f -", Some(&tea.replace("sort: green", "size: 1"))).await;
    assert!(!well && text.contains("spec.size"), "{text}");
    assert!(shell.does("delete tea a").await.contains("deleted"));
}
