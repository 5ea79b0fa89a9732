//! Story 49 on the lab: green while all is well, and red at the right checks when something is broken.
//!
//! Runs where `CHECKRUN_LAB_TARGET` and `LAB` (the lab's program, with its `--name`) say that a lab is up.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

/// A fault, the checks to run under it, and what must come of them.
struct Fault {
    name: &'static str,
    only: &'static str,
    failed: &'static [&'static str],
    blocked: &'static [&'static str],
}

const BROKER_STOPPED: Fault = Fault {
    name: "kafka/broker-stopped",
    only: "brokers,pod-sets,kafka-ready,quorum,messages",
    failed: &["brokers"],
    blocked: &["messages.topic", "messages.produce", "messages.consume", "messages.offsets"],
};
const TOPIC_LOST_MESSAGES: Fault = Fault {
    name: "kafka/topic-lost-messages",
    only: "messages",
    failed: &["messages.consume"],
    blocked: &["messages.offsets"],
};
const CRD_MISSING: Fault = Fault {
    name: "strimzi/crd-missing",
    only: "strimzi-operator",
    failed: &["strimzi-operator.crds[strimzipodsets.core.strimzi.io]"],
    blocked: &[],
};
const REGISTRY_ACCEPTS_EVERYTHING: Fault = Fault {
    name: "registry/registry-accepts-everything",
    only: "registry",
    failed: &["registry.level"],
    blocked: &["registry.v2", "registry.v3", "registry.versions", "registry.protobuf"],
};
const REGISTRY_DOWN: Fault = Fault {
    name: "registry/registry-down",
    only: "registry-up,registry-subjects",
    failed: &["registry-up"],
    blocked: &["registry-health", "registry-subjects"],
};
const LOG_SOURCE_SILENT: Fault = Fault {
    name: "logs/log-source-silent",
    only: "log-shipper,log-shipper-everywhere,logs-arrive",
    failed: &["log-shipper.ready", "logs-arrive"],
    blocked: &["log-shipper.logs", "log-shipper-everywhere"],
};
const MANAGER_DOWN: Fault = Fault {
    name: "volsync/manager-down",
    only: "volsync-operator",
    failed: &["volsync-operator.deployment"],
    blocked: &["volsync-operator.pods", "volsync-operator.logs"],
};
const SNAPSHOT_CRDS_MISSING: Fault = Fault {
    name: "volsync/snapshot-crds-missing",
    only: "volsync-snapshots",
    failed: &[
        "volsync-snapshots[volumesnapshots]",
        "volsync-snapshots[volumesnapshotclasses]",
        "volsync-snapshots[volumesnapshotcontents]",
    ],
    blocked: &[],
};
const VMAGENT_STOPPED: Fault =
    Fault { name: "metrics/vmagent-stopped", only: "vmagent", failed: &["vmagent.ready"], blocked: &["vmagent.logs"] };

/// One act comes after the other; the lanes of an act run side by side, as their parts do not feel each other's faults.
/// A scraper that is stopped does not see which pods go, and leaves their series behind: so its act scales nothing else
/// down, and is the first.
const ACTS: [&[&[Fault]]; 2] = [
    &[&[TOPIC_LOST_MESSAGES], &[REGISTRY_ACCEPTS_EVERYTHING], &[VMAGENT_STOPPED]],
    &[&[CRD_MISSING, BROKER_STOPPED], &[REGISTRY_DOWN], &[LOG_SOURCE_SILENT], &[MANAGER_DOWN, SNAPSHOT_CRDS_MISSING]],
];

/// The suite looks back at the logs of ten seconds on the lab, and an operator complains until the last broker is back.
const LOOKED_BACK: Duration = Duration::from_secs(12);

#[test]
fn story_49_passes_on_the_lab_and_fails_where_it_is_broken() {
    let Some((target, lab)) = lab() else {
        println!("left out: no lab is up (CHECKRUN_LAB_TARGET and LAB)");
        return;
    };
    let place = Place { target, lab };
    place.is_well("all is well");
    let misses: Vec<String> = ACTS.iter().flat_map(|act| place.act(act)).collect();
    assert!(misses.is_empty(), "{}", misses.join("\n"));
    std::thread::sleep(LOOKED_BACK);
    place.is_well("all is healed");
}

/// The target's path and the lab's command line.
fn lab() -> Option<(String, Vec<String>)> {
    let words = std::env::var("LAB").ok()?.split_whitespace().map(str::to_owned).collect();
    Some((std::env::var("CHECKRUN_LAB_TARGET").ok()?, words))
}

/// How a run ended, the verdict of each check, and what was printed.
struct Ran {
    exit: Option<i32>,
    verdicts: BTreeMap<String, String>,
    said: String,
}

/// Where the suite runs.
struct Place {
    target: String,
    lab: Vec<String>,
}

impl Place {
    fn is_well(&self, when: &str) {
        let ran = self.run(None);
        assert_eq!(ran.exit, Some(0), "{when}: {:?}\n{}", wrong(&ran.verdicts), ran.said);
    }

    /// What the suite did not see of faults whose lanes run side by side.
    fn act(&self, lanes: &[&'static [Fault]]) -> Vec<String> {
        std::thread::scope(|scope| {
            let lane = |faults: &&'static [Fault]| {
                let faults = *faults;
                scope.spawn(move || faults.iter().filter_map(|fault| self.miss(fault)).collect::<Vec<_>>())
            };
            let running: Vec<_> = lanes.iter().map(lane).collect();
            running.into_iter().flat_map(|lane| lane.join().expect("a lane ends")).collect()
        })
    }

    /// Breaks, runs, heals; a sentence if the suite did not see what it should.
    fn miss(&self, fault: &Fault) -> Option<String> {
        let start = Instant::now();
        self.order(&["fault", fault.name]);
        let Ran { exit, verdicts, said } = self.run(Some(fault.only));
        self.order(&["heal", fault.name]);
        println!("{}: {:.0} s", fault.name, start.elapsed().as_secs_f64());
        let is = |id: &&&str, verdict: &str| verdicts.get(**id).is_some_and(|seen| seen == verdict);
        let unlike = |ids: &[&'static str], verdict: &str| -> Vec<&str> {
            ids.iter().filter(|id| !is(id, verdict)).copied().collect()
        };
        let (failed, blocked) = (unlike(fault.failed, "failed"), unlike(fault.blocked, "blocked"));
        let seen = exit == Some(1) && failed.is_empty() && blocked.is_empty();
        (!seen).then(|| {
            let (name, seen) = (fault.name, wrong(&verdicts));
            let should = format!("should have failed {failed:?}, been blocked {blocked:?}");
            format!("{name}: exit {exit:?}; {should}; seen {seen:?}\n{said}")
        })
    }

    fn order(&self, words: &[&str]) {
        let mut command = Command::new(&self.lab[0]);
        let status = command.args(&self.lab[1..]).args(words).status().expect("the lab's program starts");
        assert!(status.success(), "lab {words:?}: {status}");
    }

    /// A run in a folder of its own.
    fn run(&self, only: Option<&str>) -> Ran {
        let work = tempfile::tempdir().expect("a folder");
        let report = work.path().join("report.json");
        let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks/story-49");
        let mut command = Command::new(env!("CARGO_BIN_EXE_checkrun"));
        command.current_dir(work.path()).arg("run").arg(suite).args(["--target", &self.target, "--report"]);
        command.arg(format!("json={}", report.display()));
        if let Some(only) = only {
            command.args(["--only", only]);
        }
        let output = command.output().expect("checkrun starts");
        let text = std::fs::read_to_string(&report).unwrap_or_default();
        let document: Json = serde_json::from_str(&text).unwrap_or_default();
        let verdicts = document["checks"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|check| Some((check["id"].as_str()?.to_owned(), check["verdict"].as_str()?.to_owned())));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        Ran { exit: output.status.code(), verdicts: verdicts.collect(), said }
    }
}

fn wrong(verdicts: &BTreeMap<String, String>) -> Vec<String> {
    verdicts
        .iter()
        .filter(|(_, verdict)| !["passed", "skipped"].contains(&verdict.as_str()))
        .map(|(id, verdict)| format!("{id} {verdict}"))
        .collect()
}
