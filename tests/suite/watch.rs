//! Two hundred checks that wait for Pods of one namespace ask a real API server for one list and one watch: its
//! own audit log says so.
//!
//! Runs where `CHECKRUN_LAB_TARGET` says that a lab is up.

use std::fmt::Write as _;

use serde_json::Value as Json;

use crate::support::lab::Lab;
use crate::support::{Folder, Ran};

const PODS: usize = 200;

#[test]
fn two_hundred_waits_are_one_list_and_one_watch_of_a_real_server() {
    let Some(lab) = Lab::find() else {
        println!("left out: no lab is up (CHECKRUN_LAB_TARGET)");
        return;
    };
    let space = format!("watch-{}", std::process::id());
    lab.kubectl(&["create", "namespace", &space]);
    let folder = Folder::with(&checks(&space)).file("s/suite.yaml", "suite: s\ndefaults: { cluster: apps }\n");
    let folder = folder.file("pods.yaml", &pods());
    lab.kubectl(&["create", "-n", &space, "-f", folder.path().join("pods.yaml").to_str().unwrap()]);
    let audit = std::env::var("LAB_APPS_AUDIT").unwrap();
    let run = folder.start(&format!("s --target {} --jobs 200", lab.target));
    let reads = |verb: &str| asked(&audit, &space, verb);
    for _ in 0..300 {
        if reads("watch") > 0 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    lab.kubectl(&["label", "pods", "--all", "-n", &space, "go=yes"]);
    let ran = Ran::from(run.wait_with_output().unwrap());
    let seen = (reads("list"), reads("watch"), reads("get"));
    lab.kubectl(&["delete", "namespace", &space, "--wait=false"]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert_eq!(seen, (1, 1, 0), "lists, watches, gets of single pods");
}

/// A check a pod: each waits for the label that nobody has given yet.
fn checks(space: &str) -> String {
    let mut text = "checks:\n".to_owned();
    for n in 0..PODS {
        let _ = write!(
            text,
            "  - id: p{n}\n    kube.get: {{ kind: Pod, namespace: {space}, name: p{n} }}\n    \
             expect:\n      - metadata.labels.go == \"yes\"\n    within: 2m\n"
        );
    }
    text
}

/// Pods that no scheduler looks after: they cost the lab nothing.
fn pods() -> String {
    let one = |n| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{ name: p{n} }}\nspec:\n  schedulerName: nobody\n  \
             containers: [{{ name: c, image: none }}]\n"
        )
    };
    (0..PODS).map(one).collect::<Vec<_>>().join("---\n")
}

/// How often pods of the namespace were asked for, but by kubectl and the cluster itself.
fn asked(audit: &str, space: &str, verb: &str) -> usize {
    let text = std::fs::read_to_string(audit).unwrap_or_default();
    let events = text.lines().filter(|line| line.contains(space)).filter_map(|line| serde_json::from_str(line).ok());
    let ours = |event: &Json| {
        let agent = event["userAgent"].as_str().unwrap_or_default();
        event["verb"] == verb
            && event["objectRef"]["resource"] == "pods"
            && event["objectRef"]["namespace"] == space
            && !agent.starts_with("kube")
            && event["user"]["username"] == "admin"
    };
    // A request leaves a line at each of its stages; its id is the same.
    events.filter(ours).map(|event: Json| event["auditID"].to_string()).collect::<std::collections::BTreeSet<_>>().len()
}
