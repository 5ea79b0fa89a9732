//! Keys of checks, expectations, and the rules between them.

use super::support::{check, checks, node};

#[test]
fn a_simple_check_is_planned_whole() {
    let plan = checks(
        "  - id: one
    title: The first
    look: { name: x, n: 3 }
    expect: [ready, items.len() > 0]
    within: 5m
    save: { count: items.len() }
",
    )
    .plan();
    let body = check(&plan, "one");
    assert_eq!(&*node(&plan, "one").title, "The first");
    assert_eq!(body.expect.len(), 2);
    assert_eq!((body.within.unwrap().as_secs(), body.timeout.as_secs()), (300, 7));
    assert!(body.act.as_ref().unwrap().prepared.is_some());
    assert_eq!(plan.readiness.rules.len(), 1);
}

#[test]
fn a_misspelt_kind_is_an_unknown_key_or_kind() {
    let error = checks("  - id: a\n    lok: { name: x }\n    expect: [ready]\n").mistake("spec::unknown-key", "lok");
    assert_eq!(error.message, "unknown key or kind `lok`");
    assert_eq!(error.help.as_deref(), Some("did you mean `look`?"));
    let error = checks("  - id: a\n    kube.banana: { name: x }\n").mistake("spec::unknown-key", "kube.banana");
    assert!(error.help.unwrap().contains("`kube.kill`, `kube.make`"));
}

#[test]
fn a_misspelt_key_is_suggested() {
    let error = checks("  - id: a\n    look: { name: x }\n    wihtin: 5m\n").mistake("spec::unknown-key", "wihtin");
    assert_eq!(error.help.as_deref(), Some("did you mean `within`?"));
    let error = checks("  - id: a\n    look: { nam: x, name: y }\n").mistake("args::unknown-key", "nam");
    assert_eq!(error.help.as_deref(), Some("did you mean `name`?"));
}

#[test]
fn what_a_later_version_knows_is_refused_by_name() {
    for key in ["during", "waive", "baseline", "on_failure"] {
        let error = checks(&format!("  - id: a\n    look: {{ name: x }}\n    {key}: [b]\n"))
            .mistake("spec::not-in-this-version", key);
        assert!(error.message.contains("not in this version"), "{}", error.message);
    }
}

#[test]
fn a_check_has_one_kind() {
    checks("  - id: a\n    look: { name: x }\n    post: { body: y }\n").mistake("spec::two-kinds", "post");
}

#[test]
fn ids_are_checked() {
    checks("  - look: { name: x }\n").mistake("spec::missing-id", "look");
    checks("  - id: A_b\n    look: { name: x }\n").mistake("spec::id", "A_b");
    checks("  - id: a\n    look: { name: x }\n  - id: a\n    look: { name: y }\n").mistake("spec::duplicate-id", "a");
}

#[test]
fn nothing_to_judge_is_refused() {
    checks("  - id: a\n    title: t\n").mistake("spec::nothing-to-judge", "a");
    checks("  - id: a\n    expect: [1 == 1]\n").mistake("spec::reads-nothing", "1 == 1");
    checks("  - id: a\n    look: { name: x }\n    expect: []\n").mistake("spec::expect-empty", "[]");
    checks("  - id: a\n    ask: { query: x }\n").mistake("spec::expect-missing", "ask");
}

#[test]
fn empty_expectations_are_refused() {
    checks("  - id: a\n    look: { name: x }\n    expect:\n      - {}\n").mistake("spec::matcher-empty", "{}");
    checks("  - id: a\n    look: { name: x }\n    expect:\n      - { path: $.a }\n")
        .mistake("spec::matcher-empty", "{ path: $.a }");
    checks("  - id: a\n    look: { name: x }\n    expect:\n      - ~\n").mistake("spec::null-item", "~");
    checks("  - id: a\n    look: { name: x }\n    expect:\n      -\n      - ready\n").mistake("yaml::null-item", "-");
    checks("  - id: a\n    look: { name: x }\n    expect: [true]\n").mistake("spec::expect", "true");
}

#[test]
fn matchers_have_one_subject_and_one_test() {
    let with = |matcher: &str| checks(&format!("  - id: a\n    look: {{ name: x }}\n    expect:\n      - {matcher}\n"));
    with("{ path: $.a, equals: 1, in: [2] }").mistake("spec::matcher", "in");
    with("{ path: $.a, value: b, equals: 1 }").mistake("spec::matcher", "value");
    with("{ equals: 1 }").mistake("spec::matcher", "{ equals: 1 }");
    with("{ path: $.a, exists: false }").mistake("spec::matcher", "false");
    with("{ path: $.a, equals: }").mistake("spec::matcher", "");
    with("{ path: $.a, in: 3 }").mistake("spec::matcher", "3");
    with("{ path: $.a, count: 0 }").mistake("spec::matcher", "0");
    with("{ path: $.a, matches: '(' }").mistake("spec::regex", "'('");
    with("{ path: $.a, euqals: 1 }").mistake("spec::unknown-key", "euqals");
    with("{ path: $.a, all: { in: [1, 2] }, count: 3 }").plan();
    with("{ path: $.a, none: true }").plan();
    with("{ value: 'items.len()', equals: 3 }").plan();
}

#[test]
fn templates_do_not_stand_in_expressions() {
    checks("  - id: a\n    look: { name: x }\n    expect:\n      - 'x == \"{{ inputs.y }}\"'\n")
        .mistake("spec::template-in-expression", "'x == \"{{ inputs.y }}\"'");
}

#[test]
fn absence_needs_its_witness() {
    checks("  - id: a\n    look: { name: x }\n    expect: [none]\n").mistake("spec::witness-missing", "none");
    checks("  - id: a\n    post: { body: x }\n    expect: [none]\n").mistake("spec::none", "none");
    checks("  - id: a\n    look: { name: x }\n    expect: [ready]\n    witness: { name: y }\n")
        .mistake("spec::witness", "witness");
    let plan = checks("  - id: a\n    look: { name: x, n: 1 }\n    expect: [none]\n    witness: { name: y }\n").plan();
    let witness = check(&plan, "a").witness.as_ref().unwrap().args.deferred().to_json();
    assert_eq!(witness, serde_json::json!({ "n": 1, "name": "y" }));
}

#[test]
fn counting_to_zero_is_refused_with_advice() {
    let error = checks("  - id: a\n    ask: { query: x }\n    expect:\n      - rows.len() == 0\n")
        .mistake("spec::counts-to-zero", "rows.len() == 0");
    assert!(error.help.unwrap().contains("`none`"));
}

#[test]
fn ready_is_for_kinds_with_readiness() {
    checks("  - id: a\n    post: { body: x }\n    expect: [ready]\n").mistake("spec::ready", "ready");
}

#[test]
fn what_only_writes_cannot_wait() {
    let error = checks("  - id: a\n    post: { body: x }\n    within: 5m\n").mistake("spec::repeats", "5m");
    assert_eq!(error.help.as_deref(), Some("write a check that reads it"));
    checks("  - id: a\n    post: { body: x }\n    within: 5m\n    effect: read\n    reason: it only asks\n").plan();
}

#[test]
fn effects_are_raised_or_said_with_a_reason() {
    checks("  - id: a\n    post: { body: x }\n    effect: read\n").mistake("spec::reason", "read");
    checks("  - id: a\n    look: { name: x }\n    effect: read\n    reason: r\n").mistake("spec::effect", "read");
    let plan = checks("  - id: a\n    post: { body: x }\n    effect: read\n    reason: it only asks\n").plan();
    assert_eq!(check(&plan, "a").reason.as_deref(), Some("it only asks"));
    assert_eq!(check(&plan, "a").planned_effect, checkrun_model::Effect::Read);
}

#[test]
fn keys_of_groups_and_kinds_are_told_apart() {
    checks("  - id: a\n    look: { name: x }\n    with: { a: 1 }\n").mistake("spec::key-of-groups", "with");
    checks("  - id: a\n    checks: [{ id: b, look: { name: x } }]\n    within: 5m\n")
        .mistake("spec::key-of-checks", "within");
    checks("  - id: a\n    look: { name: x }\n    steps: [{ id: b, look: { name: x } }]\n")
        .mistake("spec::two-bodies", "look");
    checks("  - id: a\n    look: { name: x }\n    save: { n: items.len() }\n  - id: b\n    expect: [checks.a.n > 0]\n    within: 5m\n")
        .mistake("spec::key-of-kinds", "within");
}

#[test]
fn saves_have_names() {
    checks("  - id: a\n    look: { name: x }\n    save: { a-b: items }\n").mistake("spec::name", "a-b");
    checks("  - id: a\n    look: { name: x }\n    save: { started: items }\n").mistake("spec::name-taken", "started");
}

#[test]
fn a_hidden_field_is_a_warning() {
    let case = checks("  - id: a\n    look: { name: x }\n    expect: [first.n == 1]\n    holds_for: 1s\n");
    let error = case.mistake("spec::hidden-field", "first.n == 1");
    assert_eq!(error.severity, checkrun_model::DiagnosticSeverity::Warning);
    assert!(case.load().plan.is_some());
}

#[test]
fn all_mistakes_come_at_once_and_in_order() {
    let found = checks(
        "  - id: a
    look: { nme: x, n: many }
    expect: [readdy == 1, { path: $.x }]
    within: soon
  - id: b
    lok: {}
  - id: c
    needs: [zz]
    post: { body: {{ inputs.x }} }
  - id: d
    look: { name: \"{{ inputs.nope }}\" }
    covers: [X.1]
",
    )
    .mistakes();
    let codes: Vec<&str> = found.iter().map(|line| line.split(" | ").next().unwrap()).collect();
    assert_eq!(
        codes,
        [
            "args::missing-key",
            "args::unknown-key",
            "args::type",
            "spec::matcher-empty",
            "args::value",
            "spec::unknown-key",
            "spec::unknown-id",
            "yaml::bare-template",
            "spec::unknown-input",
            "spec::unknown-criterion"
        ],
        "{found:#?}"
    );
}

#[test]
fn an_allowed_empty_foreach_lets_no_instance_pass_unseen() {
    let plan =
        checks("  - id: a\n    foreach: { x: [one, two] }\n    allow_empty: true\n    look: { name: \"{{ x }}\" }\n")
            .plan();
    let empty = plan.nodes.iter().filter_map(|node| match &node.body {
        crate::plan::Body::Check(check) => Some(check.allow_empty),
        crate::plan::Body::Group { .. } => None,
    });
    assert_eq!(empty.collect::<Vec<_>>(), [false, false]);
}
