//! Story 49 on the lab: green while all is well, and red at the right checks when something is broken.
//!
//! Runs where `CHECKRUN_LAB_TARGET` and `LAB` (the lab's program, with its `--name`) say that a lab is up.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

/// A fault, the checks to run under it, and what must come of them.
struct Fault {
    name: &'static str,
    only: &'static str,
    failed: &'static [&'static str],
    blocked: &'static [&'static str],
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "kafka/broker-stopped",
        only: "brokers,pod-sets,kafka-ready,quorum,messages",
        failed: &["brokers"],
        blocked: &["messages.topic", "messages.produce", "messages.consume", "messages.offsets"],
    },
    Fault {
        name: "kafka/topic-lost-messages",
        only: "messages",
        failed: &["messages.consume"],
        blocked: &["messages.offsets"],
    },
    Fault {
        name: "strimzi/crd-missing",
        only: "strimzi-operator",
        failed: &["strimzi-operator.crds[strimzipodsets.core.strimzi.io]"],
        blocked: &[],
    },
    Fault {
        name: "registry/registry-accepts-everything",
        only: "registry",
        failed: &["registry.level"],
        blocked: &["registry.v2", "registry.v3", "registry.versions", "registry.protobuf"],
    },
    Fault {
        name: "registry/registry-down",
        only: "registry-up,registry-subjects",
        failed: &["registry-up"],
        blocked: &["registry-health", "registry-subjects"],
    },
    Fault {
        name: "logs/log-source-silent",
        only: "log-shipper,log-shipper-everywhere,logs-arrive",
        failed: &["log-shipper.ready", "logs-arrive"],
        blocked: &["log-shipper.logs", "log-shipper-everywhere"],
    },
    Fault {
        name: "volsync/manager-down",
        only: "volsync-operator",
        failed: &["volsync-operator.deployment"],
        blocked: &["volsync-operator.pods", "volsync-operator.logs"],
    },
    Fault {
        name: "volsync/snapshot-crds-missing",
        only: "volsync-snapshots",
        failed: &[
            "volsync-snapshots[volumesnapshots]",
            "volsync-snapshots[volumesnapshotclasses]",
            "volsync-snapshots[volumesnapshotcontents]",
        ],
        blocked: &[],
    },
    Fault { name: "metrics/vmagent-stopped", only: "vmagent", failed: &["vmagent.ready"], blocked: &["vmagent.logs"] },
];

#[test]
fn story_49_passes_on_the_lab_and_fails_where_it_is_broken() {
    let Some((target, lab)) = lab() else {
        println!("left out: no lab is up (CHECKRUN_LAB_TARGET and LAB)");
        return;
    };
    let work = tempfile::tempdir().expect("a folder");
    let (exit, verdicts) = run(&target, work.path(), None);
    assert_eq!(exit, Some(0), "all is well: {:?}", wrong(&verdicts));
    let mut misses = Vec::new();
    for fault in FAULTS {
        order(&lab, &["fault", fault.name]);
        let (exit, verdicts) = run(&target, work.path(), Some(fault.only));
        order(&lab, &["heal", fault.name]);
        let is = |id: &&&str, verdict: &str| verdicts.get(**id).is_some_and(|seen| seen == verdict);
        let unlike = |ids: &[&'static str], verdict: &str| -> Vec<&str> {
            ids.iter().filter(|id| !is(id, verdict)).copied().collect()
        };
        let (failed, blocked) = (unlike(fault.failed, "failed"), unlike(fault.blocked, "blocked"));
        if exit != Some(1) || !failed.is_empty() || !blocked.is_empty() {
            misses.push(format!(
                "{}: exit {exit:?}; should have failed {failed:?}, been blocked {blocked:?}; seen {:?}",
                fault.name,
                wrong(&verdicts)
            ));
        }
    }
    assert!(misses.is_empty(), "{}", misses.join("\n"));
    let (exit, verdicts) = run(&target, work.path(), None);
    assert_eq!(exit, Some(0), "all is healed: {:?}", wrong(&verdicts));
}

/// The target's path and the lab's command line.
fn lab() -> Option<(String, Vec<String>)> {
    let words = std::env::var("LAB").ok()?.split_whitespace().map(str::to_owned).collect();
    Some((std::env::var("CHECKRUN_LAB_TARGET").ok()?, words))
}

fn order(lab: &[String], words: &[&str]) {
    let status = Command::new(&lab[0]).args(&lab[1..]).args(words).status().expect("the lab's program starts");
    assert!(status.success(), "lab {words:?}: {status}");
}

fn run(target: &str, work: &Path, only: Option<&str>) -> (Option<i32>, BTreeMap<String, String>) {
    let report = work.join("report.json");
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/story-49");
    let mut command = Command::new(env!("CARGO_BIN_EXE_checkrun"));
    command.current_dir(work).arg("run").arg(suite).args(["--target", target, "--report"]);
    command.arg(format!("json={}", report.display()));
    if let Some(only) = only {
        command.args(["--only", only]);
    }
    let status = command.status().expect("checkrun starts");
    let text = std::fs::read_to_string(&report).unwrap_or_default();
    let document: Json = serde_json::from_str(&text).unwrap_or_default();
    let verdicts = document["checks"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|check| Some((check["id"].as_str()?.to_owned(), check["verdict"].as_str()?.to_owned())));
    (status.code(), verdicts.collect())
}

fn wrong(verdicts: &BTreeMap<String, String>) -> Vec<String> {
    verdicts
        .iter()
        .filter(|(_, verdict)| !["passed", "skipped"].contains(&verdict.as_str()))
        .map(|(id, verdict)| format!("{id} {verdict}"))
        .collect()
}
