//! Commands, options, exit codes.

use crate::support::{BAD, Folder, GOOD};

#[test]
fn an_address_in_a_check_is_held_to_the_endpoint_at_that_address() {
    let target = "target: t\nendpoints: { shop: { http: { url: \"http://127.0.0.1:1/api\" }, allow: read } }\n";
    let check = |url: &str| {
        let text = format!("checks:\n  - id: a\n    http: {{ method: POST, url: \"{url}\", json: {{}} }}\n");
        Folder::with(&text).file("target.yaml", target).checkrun("plan s --target target.yaml")
    };
    let held = check("http://127.0.0.1:1/list");
    assert!(held.all().contains("`endpoints.shop.allow: read`"), "{}", held.all());
    let elsewhere = check("http://127.0.0.1:2/list");
    assert!(!elsewhere.all().contains("not allowed"), "{}", elsewhere.all());
}

#[test]
fn what_is_not_in_this_version_is_refused_by_name() {
    let folder = Folder::with(GOOD);
    let commands = [
        "coverage s",
        "diff a b",
        "graph s",
        "history",
        "new",
        "prove last",
        "rbac s",
        "record last",
        "replay last",
        "resume last",
        "rollback s x",
        "sign last",
        "test s",
        "verify last",
        "s --require-prerequisites",
        "s --yes",
        "s --accept-data-loss",
        "s --report html",
    ];
    for words in commands {
        let ran = folder.checkrun(words);
        assert_eq!(ran.code, 2, "{words}: {}", ran.all());
        assert!(ran.err.contains("not in this version"), "{words}: {}", ran.all());
    }
    assert!(folder.runs().is_empty());
}

#[test]
fn a_slip_in_a_command_is_named() {
    let ran = Folder::with(GOOD).checkrun("validat s");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("did you mean `checkrun validate`?"), "{}", ran.all());
}

#[test]
fn the_version_is_said_in_both_ways() {
    let folder = Folder::with(GOOD);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(folder.checkrun("--version").out, format!("checkrun {version}\n"));
    let facts: serde_json::Value = serde_json::from_str(&folder.checkrun("version --json").out).unwrap();
    assert_eq!(facts["version"], version);
    assert!(facts["kinds"].as_array().unwrap().iter().any(|kind| kind == "exec"));
}

#[test]
fn a_run_whose_checks_pass_exits_0() {
    let ran = Folder::with(GOOD).checkrun("s");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.out.lines().last().unwrap().starts_with("s: passed (exit 0)"), "{}", ran.all());
}

#[test]
fn a_check_that_does_not_hold_exits_1_with_its_caret() {
    let ran = Folder::with(BAD).checkrun("run s");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.out.contains("s/checks.yaml:5:9"), "{}", ran.all());
    assert!(ran.out.contains("^^^^^^^^^^^^^^^^^^^"), "{}", ran.all());
    assert!(ran.out.contains("two"), "{}", ran.all());
}

#[test]
fn a_minor_check_does_not_fail_the_run() {
    let minor = BAD.replace("    exec:", "    severity: minor\n    exec:");
    let both = format!("{GOOD}{}", minor.trim_start_matches("checks:\n"));
    let ran = Folder::with(&both).checkrun("s");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.out.contains("1 failed, 1 passed"), "{}", ran.all());
}

#[test]
fn a_program_that_is_not_there_is_an_error_and_not_a_failure() {
    let ran = Folder::with("checks:\n  - id: a\n    exec: { command: [no-such-program-here] }\n").checkrun("s");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.out.contains("could not observe"), "{}", ran.all());
}

#[test]
fn a_wrong_suite_exits_2_and_nothing_runs() {
    let folder = Folder::with("checks:\n  - id: a\n    exce: { command: [\"true\"] }\n");
    let ran = folder.checkrun("s");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.err.contains("did you mean `exec`?"), "{}", ran.all());
    assert!(folder.runs().is_empty());
}

#[test]
fn one_wrong_suite_keeps_the_others_from_running() {
    let folder = Folder::with(GOOD).file("t/suite.yaml", "suite: t\n").file("t/checks.yaml", "checks: []\n");
    let ran = folder.checkrun("s t");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(folder.runs().is_empty());
}

#[test]
fn of_several_suites_the_worst_exit_code_counts() {
    let folder = Folder::with(BAD).file("t/suite.yaml", "suite: t\n").file("t/checks.yaml", GOOD);
    let ran = folder.checkrun("s t");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert_eq!(folder.runs().len(), 2);
    assert!(ran.out.contains("t: passed"), "{}", ran.all());
}

#[test]
fn a_suite_that_is_not_there_exits_2() {
    assert_eq!(Folder::with(GOOD).checkrun("run nowhere").code, 2);
}

#[test]
fn a_selection_of_nothing_exits_2() {
    let ran = Folder::with(GOOD).checkrun("s --only nothing-of-the-kind");
    assert_eq!(ran.code, 2, "{}", ran.all());
}

#[test]
fn a_run_that_skips_everything_judges_nothing_and_exits_2() {
    let ran = Folder::with(GOOD).checkrun("s --allow read");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.out.contains("skipped"), "{}", ran.all());
}

#[test]
fn wrong_options_exit_2() {
    let folder = Folder::with(GOOD);
    for words in ["", "s --jobs 0", "s --timeout soon", "s --input novalue", "s --report jsn", "s --no-such-option"] {
        assert_eq!(folder.checkrun(words).code, 2, "{words}");
    }
}

#[test]
fn a_check_to_trace_that_no_suite_has_is_refused() {
    let ran = Folder::with(GOOD).checkrun("s --trace goo");
    assert_eq!(ran.code, 2, "{}", ran.all());
    assert!(ran.err.contains("did you mean `good`?"), "{}", ran.all());
}

#[test]
fn a_trace_tells_what_each_look_saw() {
    let ran = Folder::with(BAD).checkrun("s --trace bad");
    assert!(ran.err.contains("bad look 1 saw {\"stdout\":\"two"), "{}", ran.all());
}

#[test]
fn verbose_has_a_line_for_every_check() {
    let folder = Folder::with(GOOD);
    assert!(!folder.checkrun("s").err.contains("good"));
    assert!(folder.checkrun("s -v").err.contains("passed good"));
}
