//! Files of a suite, its target and its inputs.

use super::support::{Case, TARGET, check, checks};

const ONE: &str = "  - id: a\n    look: { name: x }\n";

#[test]
fn a_suite_has_checks() {
    Case::new().mistake("spec::no-checks", "");
    Case::new().file("a.yaml", "checks: []\n").mistake("spec::no-checks", "");
}

#[test]
fn a_file_that_is_nothing_is_a_mistake() {
    checks(ONE).file("b.yaml", "foo: 1\n").mistake("spec::unknown-file", "foo");
    checks(ONE).file("b.yml", "checks: []\n").mistake("spec::unknown-file", "");
    checks(ONE).file("manifests/b.yaml", "foo: 1\n").plan();
    checks(ONE).file("sandbox/world.yaml", "world: x\n").plan();
    checks(ONE).file("sub/b.yaml", "checks:\n  - id: b\n    look: { name: x }\n").plan();
    checks(ONE).file("procedures/b.yaml", "procedure: x\n").mistake("spec::not-in-this-version", "");
}

#[test]
fn keys_of_files_are_checked() {
    checks(ONE).file("suite.yaml", "suite: s\ntitel: t\n").mistake("args::unknown-key", "titel");
    checks(ONE)
        .file("suite.yaml", "suite: s\nprerequisites: [x]\n")
        .mistake("spec::not-in-this-version", "prerequisites");
    checks(ONE).file("suite.yaml", "title: t\n").mistake("args::missing-key", "title: t");
    checks(ONE).file("b.yaml", "checks: []\ndiagnostics: []\n").mistake("spec::not-in-this-version", "diagnostics");
    checks(ONE).file("suite.yaml", "suite: s\ncriteria: nope.yaml\n").mistake("spec::file", "nope.yaml");
    checks(ONE).file("suite.yaml", "suite: s\nimports: [../nope.yaml]\n").mistake("spec::file", "../nope.yaml");
    checks(ONE).file("suite.yaml", "suite: s\ndefaults: { cluster: aps }\n").mistake("spec::unknown-cluster", "aps");
}

#[test]
fn two_criteria_of_one_id_are_a_mistake() {
    checks(ONE)
        .file("suite.yaml", "suite: s\ncriteria: c.yaml\n")
        .file("c.yaml", "criteria:\n  - { id: C.1, title: t }\n  - { id: C.1, title: u }\n")
        .mistake("spec::duplicate-criterion", "C.1");
}

#[test]
fn inputs_are_typed() {
    let with = |inputs: &str| {
        checks("  - id: a\n    look: { name: \"{{ inputs.i }}\" }\n")
            .file("suite.yaml", &format!("suite: s\ninputs: {{ i: {inputs} }}\n"))
    };
    with("{ type: string }").mistake("spec::missing-input", "i");
    with("{ type: strng, default: x }").mistake("args::unknown-value", "strng");
    with("{ type: integer, default: x }").mistake("spec::input-value", "x");
    with("{ type: integer, default: 0, minimum: 1 }").mistake("spec::input-value", "0");
    with("{ type: duration, default: 1h, maximum: 5m }").mistake("spec::input-value", "1h");
    with("{ type: string, default: x, one_of: [y, z] }").mistake("spec::input-value", "x");
    with("{ type: string, default: x, minimum: 1 }").mistake("spec::input", "1");
    with("{ type: integer }").input("i", "many").mistake("spec::input-value", "many");
    with("{ type: integer }").input("i", "3").input("j", "3").mistake("spec::unknown-input", "");
    let plan = with("{ type: string }").input("i", "007").plan();
    assert_eq!(plan.inputs["i"], "007");
}

#[test]
fn a_target_gives_inputs() {
    let case = checks("  - id: a\n    look: { name: \"{{ inputs.i }}\" }\n")
        .file("suite.yaml", "suite: s\ninputs: { i: { type: string, default: d } }\n")
        .outside("target.yaml", &format!("{TARGET}inputs: {{ i: t, unrelated: 1 }}\n"));
    assert_eq!(case.plan().inputs["i"], "t");
    assert_eq!(case.input("i", "o").plan().inputs["i"], "o");
}

#[test]
fn targets_are_checked() {
    let with = |from: &str, to: &str| checks(ONE).outside("target.yaml", &TARGET.replace(from, to));
    with("allow: disrupt", "allow: dirsupt").mistake("args::unknown-value", "dirsupt");
    with("{ fake: { url: u,", "{ fakee: { url: u,").mistakes();
    with("url: u,", "ulr: u, url: v,").mistake("args::unknown-key", "ulr");
    with("secret('pw')", "secret('pww')").mistake("spec::unknown-secret", "\"{{ secret('pww') }}\"");
    with("secret('pw')", "inputs.x").mistake("target::template", "\"{{ inputs.x }}\"");
    with("defaults: { fake: db }", "defaults: { fake: dbb }").mistake("target::unknown-endpoint", "dbb");
    with("defaults: { fake: db }", "defaults: { fake: misc }").mistake("target::wrong-family", "misc");
    with("  misc:", "  apps:").mistake("target::name-twice", "apps");
}

#[test]
fn without_a_target_a_suite_can_be_validated_but_not_run() {
    let mut case = checks("  - id: a\n    cluster: anything\n    kube.make: { manifest: {} }\n");
    case.target = false;
    case.mistake("spec::no-target", "anything");
    case.validate_only = true;
    assert_eq!(check(&case.plan(), "a").act.as_ref().unwrap().cluster.as_ref().unwrap().name, "anything");
}

#[test]
fn a_broken_file_does_not_make_mistakes_elsewhere() {
    let case =
        checks("  - id: a\n    needs: [b]\n    look: { name: x }\n").file("b.yaml", "checks:\n  - id: b\n   look: x\n");
    let found = case.mistakes();
    assert!(found.iter().all(|line| line.starts_with("yaml::")), "{found:#?}");
    let case = checks(
        "  - id: a\n    needs: [b]\n    look: { name: x }\n  - id: b\n    look: { name: {{ x }} }\n    save: { n: items }\n",
    );
    case.mistake("yaml::bare-template", "{{ x }}");
}

#[test]
fn a_library_of_functions_and_hooks_is_compiled() {
    let hook = "  - id: a\n    look: { name: x }\n    hook: h.rhai\n    expect: [hook.n == 1]\n";
    let case = checks(hook).file("hooks/h.rhai", "fn observed(it) { #{ n: 1 } }\n");
    assert!(check(&case.plan(), "a").hook.is_some());
    checks(hook).mistake("spec::file", "h.rhai");
    checks(&hook.replace("h.rhai", "x/h.rhai")).mistake("spec::hook", "x/h.rhai");
}

#[test]
fn mistakes_of_the_suite_do_not_hide_those_of_its_checks() {
    let found = checks("  - id: a\n    needs: [nope]\n    kube.make: { manifest: {} }\n")
        .file("suite.yaml", "suite: s\ntitel: t\ndefaults: { cluster: apps, timeout: soon }\n")
        .mistakes();
    let codes: Vec<&str> = found.iter().map(|line| line.split(" | ").next().unwrap()).collect();
    assert_eq!(codes, ["args::unknown-key", "args::value", "spec::unknown-id"], "{found:#?}");
}

#[test]
fn inputs_come_from_a_file_and_options_win() {
    let suite = "suite: s\ninputs: { l: { type: list, default: [] }, i: { type: integer, default: 1 } }\n";
    let mut case = checks(ONE).file("suite.yaml", suite).outside("in.yaml", "l: [a]\ni: 2\n");
    case.input_file = true;
    assert_eq!(case.plan().inputs, serde_json::json!({ "l": ["a"], "i": 2 }));
    let case = case.input("l", "[b, c]");
    assert_eq!(case.plan().inputs["l"], serde_json::json!(["b", "c"]));
    case.outside("in.yaml", "ll: [a]\n").mistake("spec::unknown-input", "ll");
}
