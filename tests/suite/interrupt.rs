//! Signals: the first ends the run and cleans up, and the run says so.

use std::io::{BufRead, BufReader};
use std::process::Command;

use crate::support::{Folder, Ran};

const LONG: &str = "checks:\n  - id: quick\n    exec: { command: [\"true\"] }\n  - id: long\n    needs: [quick]\n    exec: { command: [sleep, \"60\"] }\n    timeout: 2m\n";

/// Sends the signal to a run of `words` once its check `quick` has passed: `long` is under way then.
fn signalled(folder: &Folder, words: &str, signal: &str) -> Ran {
    let mut child = folder.start(words);
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("passed quick") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the run ended before its first check");
    }
    let killed = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn a_signal_ends_the_run_with_130_and_names_it() {
    for signal in ["TERM", "HUP"] {
        let ran = signalled(&Folder::with(LONG), "s -v", signal);
        assert_eq!(ran.code, 130, "{}", ran.all());
        assert!(ran.out.contains(&format!("stopped by SIG{signal}")), "{}", ran.all());
    }
}

/// As `nohup` starts it.
#[test]
#[cfg(target_os = "linux")]
fn a_run_that_is_to_outlive_its_terminal_does() {
    let folder = Folder::with(&LONG.replace("\"60\"", "\"2\""));
    let checkrun = env!("CARGO_BIN_EXE_checkrun");
    let script = format!("trap '' HUP; {checkrun} s & run=$!; sleep 1; kill -HUP $run; wait $run");
    let output = Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    let ran = Ran::from(output);
    assert_eq!(ran.code, 0, "{}", ran.all());
}

#[test]
fn a_suite_that_was_broken_since_does_not_keep_a_run_from_being_cleaned_up() {
    let checks = "checks:\n  - id: quick\n    exec: { command: [\"true\"] }\n  - id: long\n    needs: [quick]\n    \
                  exec: { command: [sleep, \"60\"] }\n    effect: write\n    reason: it makes something\n    \
                  timeout: 2m\n    cleanup:\n      - exec: { command: [touch, /tmp/gone] }\n";
    let folder = Folder::with(checks).file("target.yaml", "target: here\n");
    let mark = folder.path().join("gone");
    let checks = checks.replace("/tmp/gone", mark.to_str().unwrap());
    let folder = folder.file("s/checks.yaml", &checks);
    let mut child = folder.start("s --target target.yaml");
    let journal = || folder.runs().first().map(|run| std::fs::read_to_string(run.join("journal.jsonl")).unwrap());
    let begun = std::time::Instant::now();
    while !journal().is_some_and(|text| text.contains("cleanup:exec")) {
        assert!(begun.elapsed().as_secs() < 30, "nothing was announced");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let folder = folder.file("s/checks.yaml", "checks: [").file("s/suite.yaml", "nonsense: true\n");
    let ran = folder.checkrun("cleanup last");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(mark.exists() && ran.out.contains("undone: "), "{}", ran.all());
}
