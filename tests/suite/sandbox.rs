//! Suites in the sandbox: story 49 passes there, and every fault of its world is found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::support::{Folder, GOOD};

/// Runs at once: most of a run is waiting for the world's clock.
const AT_ONCE: usize = 8;

/// How a run of story 49 ended.
struct Run {
    code: i32,
    said: String,
    report: Json,
    took: Duration,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs story 49 in the sandbox.
fn story(faults: &[&str]) -> Run {
    let out = tempfile::tempdir().unwrap();
    let report = out.path().join("report.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_checkrun"));
    command.current_dir(root()).stdin(Stdio::null()).env("NO_COLOR", "1");
    command.args(["checks/story-49", "--target", "sandbox", "--out"]).arg(out.path().join("runs"));
    command.arg("--report").arg(format!("json={}", report.display()));
    faults.iter().for_each(|fault| {
        command.args(["--fault", fault]);
    });
    let began = Instant::now();
    let output = command.output().unwrap();
    let took = began.elapsed();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).join("\n");
    let report = std::fs::read_to_string(report).ok().and_then(|text| serde_json::from_str(&text).ok());
    Run { code: output.status.code().unwrap_or(-1), said, report: report.unwrap_or_default(), took }
}

impl Run {
    /// Checks (no groups) by their verdict.
    fn verdicts(&self) -> BTreeMap<String, String> {
        let checks = self.report["checks"].as_array().cloned().unwrap_or_default();
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        checks
            .iter()
            .filter(|check| check["group"] == false)
            .map(|check| (text(&check["id"]), text(&check["verdict"])))
            .collect()
    }
}

#[test]
fn story_49_passes_in_the_sandbox_and_says_where_it_was() {
    let run = story(&[]);
    assert_eq!(run.code, 0, "{}", run.said);
    let verdicts = run.verdicts();
    let ran = verdicts.values().filter(|verdict| *verdict == "passed").count();
    assert!(ran * 10 >= verdicts.len() * 9, "{ran} of {}: {verdicts:?}", verdicts.len());
    assert!(run.took < Duration::from_secs(20), "{:?}", run.took);
    assert_eq!(run.report["run"]["sandbox"], true);
    assert!(run.report["run"]["environment"][0].as_str().unwrap().starts_with("SANDBOX"), "{}", run.said);
    assert!(run.said.contains("SANDBOX: the embedded world `story-49`"), "{}", run.said);
}

/// Faults of the world, and the checks that cannot pass with them.
fn faults() -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(root().join("checks/story-49/sandbox/faults.yaml")).unwrap();
    let file: Json = serde_yaml::from_str(&text).unwrap();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let breaks = |fault: &Json| fault["breaks"].as_array().into_iter().flatten().map(text).collect();
    file["faults"].as_array().unwrap().iter().map(|fault| (text(&fault["fault"]), breaks(fault))).collect()
}

#[test]
fn every_fault_is_found_and_what_is_none_is_not() {
    let faults = faults();
    assert!(faults.iter().filter(|(_, breaks)| !breaks.is_empty()).count() >= 25);
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some((fault, breaks)) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    wrong.lock().unwrap().extend(judge(fault, breaks));
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What is wrong with how a fault was met.
fn judge(fault: &str, breaks: &[String]) -> Option<String> {
    let run = story(&[fault]);
    let verdicts = run.verdicts();
    let code = i32::from(!breaks.is_empty());
    let good =
        |check: &&String| !matches!(verdicts.get(*check).map(String::as_str), Some("failed" | "error" | "blocked"));
    let unseen: Vec<&String> = breaks.iter().filter(good).collect();
    (run.code != code || !unseen.is_empty()).then(|| {
        format!("{fault}: exit {} (wanted {code}), not broken: {unseen:?} of {verdicts:?}\n{}", run.code, run.said)
    })
}

#[test]
fn a_fault_that_is_not_there_is_named_and_nothing_starts() {
    let words = |words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checkrun"));
        let output = command.current_dir(root()).args(words.split(' ')).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = words("checks/story-49 --target sandbox --fault broker-dwon");
    assert_eq!((code, said.contains("did you mean `broker-down`?")), (Some(2), true), "{said}");
    let (code, said) = words("checks/story-49 --fault broker-down");
    assert_eq!((code, said.contains("`--target sandbox`")), (Some(2), true), "{said}");
}

#[test]
fn a_suite_without_a_world_is_told_what_is_missing() {
    let ran = Folder::with(GOOD).checkrun("s --target sandbox");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.err.contains("sandbox/world.yaml"), "{}", ran.all());
}

#[test]
fn a_world_whose_behaviour_fails_proves_nothing() {
    let folder = Folder::with(GOOD)
        .file(
            "s/sandbox/world.yaml",
            "world: w\nclusters: { apps: {} }\nbehaviours:\n  - { behaviour: b, every: 1s, do: b.rhai }\n",
        )
        .file("s/sandbox/b.rhai", "fn acts(it, world) {\n    world.nothing\n}\n");
    let ran = folder.checkrun("s --target sandbox");
    assert_eq!(ran.code, 3, "{}", ran.all());
    assert!(ran.out.contains("broken (exit 3)"), "{}", ran.all());
    assert!(ran.out.contains("the behaviour `b`") && ran.out.contains("b.rhai, line 2"), "{}", ran.all());
}

#[test]
fn plans_of_a_sandbox_start_nothing_and_go_nowhere() {
    for words in ["validate", "plan", "list"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checkrun"));
        let output =
            command.current_dir(root()).args([words, "checks/story-49", "--target", "sandbox"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn a_sandbox_that_is_kept_up_serves_other_runs_and_takes_faults() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let mut command = Command::new(env!("CARGO_BIN_EXE_checkrun"));
    command.current_dir(root()).args(["sandbox", "checks/story-49"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut up = command.stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(up.stdout.take().unwrap()).lines();
    let mut input = up.stdin.take().unwrap();
    let target = lines.next().unwrap().unwrap().strip_prefix("target: ").map(PathBuf::from).unwrap();
    let out = tempfile::tempdir().unwrap();
    let only = |check: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_checkrun"));
        command.current_dir(root()).args(["checks/story-49", "--only", check, "--target"]).arg(&target);
        command.arg("--out").arg(out.path()).output().unwrap().status.code()
    };
    assert_eq!(only("registry-up"), Some(0));
    writeln!(input, "fault registry-not-ready").unwrap();
    assert!(lines.any(|line| line.unwrap() == "registry-not-ready is on"));
    // A pod that is not ready takes its Deployment along in the time of the world.
    assert!((0..20).any(|_| only("registry-up") == Some(1)));
    writeln!(input, "quit").unwrap();
    assert_eq!(up.wait().unwrap().code(), Some(0));
    assert!(!target.exists(), "what it wrote is gone");
}

#[test]
fn the_shop_of_the_docs_passes_and_its_fault_is_found() {
    let run = |fault: &[&str]| {
        let out = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_checkrun"));
        command.current_dir(root()).args(["examples/shop", "--target", "sandbox", "--out"]).arg(out.path()).args(fault);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, said) = run(&[]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run(&["--fault", "orders-errors"]);
    assert_eq!((code, said.contains("parts[orders].log")), (Some(1), true), "{said}");
}
