//! Story 49 on the lab and in its sandbox: the same suite, the same verdicts, but for what is named here with its reason.
//!
//! Runs where `CHECKRUN_LAB_TARGET` says that a lab is up.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value as Json;

use crate::support::lab::Lab;

/// Checks whose verdicts differ: on the lab, in the sandbox, and why.
const DIFFERENT: &[(&str, &str, &str, &str)] = &[(
    "registry-kafka",
    "skipped",
    "passed",
    "the lab's registry stores in the lab's Kafka and does not tell in which (no /v1/metadata/id); the sandbox's tells",
)];

#[test]
fn story_49_has_the_same_verdicts_on_the_lab_and_in_the_sandbox() {
    let Some(lab) = Lab::find() else {
        println!("left out: no lab is up (CHECKRUN_LAB_TARGET)");
        return;
    };
    let (on_lab, in_sandbox) = (verdicts(&lab.target), verdicts("sandbox"));
    let mut wrong = Vec::new();
    println!("{:<60} {:<10} {:<10}", "check", "lab", "sandbox");
    for (id, lab) in &on_lab {
        let sandbox = in_sandbox.get(id).map_or("-", String::as_str);
        let known = DIFFERENT.iter().find(|(named, ..)| named == id);
        println!("{id:<60} {lab:<10} {sandbox:<10} {}", known.map_or("", |(.., why)| why));
        let wanted = known.map_or((lab.as_str(), lab.as_str()), |(_, lab, sandbox, _)| (*lab, *sandbox));
        if wanted != (lab.as_str(), sandbox) {
            wrong.push(format!("{id}: {lab} on the lab, {sandbox} in the sandbox"));
        }
    }
    wrong.extend(in_sandbox.keys().filter(|id| !on_lab.contains_key(*id)).map(|id| format!("{id}: not on the lab")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The verdict of every check, groups left out.
fn verdicts(target: &str) -> BTreeMap<String, String> {
    let work = tempfile::tempdir().unwrap();
    let report = work.path().join("report.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_checkrun"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).args(["checks/story-49", "--target", target, "--out"]);
    command.arg(work.path().join("runs")).arg("--report").arg(format!("json={}", report.display()));
    let output = command.output().unwrap();
    let text = std::fs::read_to_string(&report).unwrap_or_default();
    let document: Json = serde_json::from_str(&text).unwrap_or_default();
    assert!(output.status.success(), "{target}: {}", String::from_utf8_lossy(&output.stdout));
    let checks = document["checks"].as_array().into_iter().flatten().filter(|check| check["group"] == false);
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    checks.map(|check| (text(&check["id"]), text(&check["verdict"]))).collect()
}
