//! Commands that read suites and run nothing: validate, plan, list, explain.

use crate::support::{BAD, Folder, GOOD};

const WRONG: &str = "checks:\n  - id: a\n    exec: { command: [\"true\"] }\n    exepct: [ready]\n";

#[test]
fn a_valid_suite_says_so() {
    let ran = Folder::with(GOOD).checkrun("validate s");
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "s: 1 check valid\n", ""));
}

#[test]
fn mistakes_are_shown_to_people_with_a_caret() {
    let ran = Folder::with(WRONG).checkrun("validate s");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("s/checks.yaml:4:5"), "{}", ran.all());
    assert!(ran.err.ends_with("1 error\n"), "{}", ran.all());
}

#[test]
fn mistakes_are_shown_to_machines_as_json() {
    let ran = Folder::with(WRONG).checkrun("validate s --format json");
    assert_eq!(ran.code, 2);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let first = &document["diagnostics"][0];
    assert_eq!((&first["file"], &first["line"], &first["column"]), (&"s/checks.yaml".into(), &4.into(), &5.into()));
    assert!(first["code"].is_string() && first["help"].as_str().unwrap().contains("expect"));
}

#[test]
fn mistakes_are_shown_to_github_as_annotations() {
    let ran = Folder::with(WRONG).checkrun("validate s --format github");
    assert_eq!(ran.code, 2);
    assert!(ran.out.starts_with("::error file=s/checks.yaml,line=4,col=5,"), "{}", ran.all());
}

#[test]
fn all_suites_are_validated_even_if_the_first_is_wrong() {
    let folder = Folder::with(WRONG).file("t/suite.yaml", "suite: t\n").file("t/checks.yaml", GOOD);
    let ran = folder.checkrun("validate s t");
    assert_eq!(ran.code, 2);
    assert!(ran.out.contains("t: 1 check valid"), "{}", ran.all());
}

#[test]
fn a_plan_puts_what_is_needed_first() {
    let checks = "checks:\n  - id: later\n    needs: [sooner]\n    exec: { command: [\"true\"] }\n  - id: sooner\n    exec: { command: [\"true\"] }\n";
    let ran = Folder::with(checks).checkrun("plan s");
    assert_eq!(ran.code, 0, "{}", ran.all());
    assert!(ran.out.find("sooner").unwrap() < ran.out.find("later").unwrap(), "{}", ran.all());
    assert!(ran.out.contains("would run: 2 write"), "{}", ran.all());
}

#[test]
fn a_plan_lists_what_claims_to_be_harmless() {
    let claim =
        "checks:\n  - id: a\n    exec: { command: [\"true\"] }\n    effect: read\n    reason: true does nothing\n";
    let ran = Folder::with(claim).checkrun("plan s");
    assert!(ran.out.contains("claims `effect: read`: a: true does nothing"), "{}", ran.all());
}

#[test]
fn a_plan_says_what_is_not_permitted() {
    let ran = Folder::with(GOOD).checkrun("plan s --allow read");
    assert!(ran.out.contains("skipped:"), "{}", ran.all());
    assert!(ran.out.contains("would run: nothing; 1 skipped"), "{}", ran.all());
}

#[test]
fn a_list_has_ids_titles_and_criteria() {
    let checks = GOOD.replace("    exec", "    title: It is good\n    covers: [A1]\n    exec");
    let folder = Folder::with(&checks)
        .file("s/suite.yaml", "suite: s\ncriteria: criteria.yaml\n")
        .file("s/criteria.yaml", "criteria:\n  - { id: A1, title: All is good, group: A }\n");
    let ran = folder.checkrun("list s");
    assert_eq!(ran.out, "good  It is good  [A1]\n", "{}", ran.all());
}

#[test]
fn a_check_is_explained_with_its_rule_its_effect_and_its_expectations() {
    let ran = Folder::with(BAD).checkrun("explain s bad");
    assert_eq!(ran.code, 0, "{}", ran.all());
    for said in ["its own rule: exit 0", "effect: write", "stdout == \"three\\n\"", "(s/checks.yaml:5)", "- two"] {
        assert!(ran.out.contains(said), "{said}: {}", ran.all());
    }
}

#[test]
fn a_check_that_is_not_there_is_not_explained() {
    let ran = Folder::with(BAD).checkrun("explain s bed");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("did you mean `bad`?"), "{}", ran.all());
}
