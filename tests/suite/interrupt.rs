//! Signals: the first ends the run and cleans up, and the run says so.

use std::io::{BufRead, BufReader};
use std::process::Command;

use crate::support::{Folder, Ran};

const LONG: &str = "checks:\n  - id: quick\n    exec: { command: [\"true\"] }\n  - id: long\n    needs: [quick]\n    exec: { command: [sleep, \"60\"] }\n    timeout: 2m\n";

#[test]
fn a_signal_ends_the_run_with_130_and_names_it() {
    let folder = Folder::with(LONG);
    let mut child = folder.start("s -v");
    // `long` starts when `quick` has passed; the signal is for a run that is under way.
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("passed quick") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "the run ended before its first check");
    }
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{}", ran.all());
    assert!(ran.out.contains("stopped by SIGTERM"), "{}", ran.all());
}
