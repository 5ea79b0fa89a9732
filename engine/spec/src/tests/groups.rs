//! Groups, templates, foreach, what they hand down.

use super::support::{Case, check, checks, needs, node};

const TWO: &str = "  - id: g
    needs: [z]
    cluster: apps
    defaults: { timeout: 3s }
    covers: { one: [C.1] }
    steps:
      - id: one
        post: { body: x }
        save: { n: it }
      - id: two
        post: { body: \"{{ cluster }}\" }
        timeout: 1s
    save: { m: checks.one.n }
  - id: z
    post: { body: x }
";

fn with_criteria(case: Case) -> Case {
    case.file("suite.yaml", "suite: s\ncriteria: criteria.yaml\n")
        .file("criteria.yaml", "criteria:\n  - { id: C.1, title: t }\n  - { id: C.2, title: t, group: D }\n")
}

#[test]
fn steps_follow_each_other_and_inherit() {
    let plan = with_criteria(checks(TWO)).plan();
    let ids: Vec<&str> = plan.nodes.iter().map(|node| &*node.id).collect();
    assert_eq!(ids, ["g", "g.one", "g.two", "z"]);
    assert_eq!((needs(&plan, "g"), needs(&plan, "g.two")), (vec!["z"], vec!["g.one"]));
    assert_eq!(check(&plan, "g.one").timeout.as_secs(), 3);
    assert_eq!(check(&plan, "g.two").timeout.as_secs(), 1);
    assert_eq!(node(&plan, "g.one").covers, ["C.1"]);
    assert_eq!(node(&plan, "g").saves.len(), 1);
    assert_eq!(plan.criteria.iter().map(|c| c.group.as_str()).collect::<Vec<_>>(), ["C", "D"]);
}

#[test]
fn criteria_and_members_must_exist() {
    let error = with_criteria(checks("  - id: a\n    covers: [C.3]\n    post: { body: x }\n"))
        .mistake("spec::unknown-criterion", "C.3");
    assert!(error.help.unwrap().contains("C.1"));
    let found = with_criteria(checks(&TWO.replace("one: [C.1]", "onne: [C.1]"))).mistakes();
    assert!(found[0].starts_with("spec::unknown-id | onne") && found.len() == 1, "{found:#?}");
    with_criteria(checks("  - id: a\n    covers: { b: [C.1] }\n    post: { body: x }\n"))
        .mistake("spec::covers", "{ b: [C.1] }");
}

#[test]
fn foreach_makes_instances() {
    let plan = checks(
        "  - id: f
    foreach: { c: [infra, apps] }
    cluster: \"{{ c }}\"
    title: \"On {{ c }}\"
    steps:
      - id: one
        kube.make: { manifest: { name: \"{{ c }}\" } }
        save: { n: it }
      - id: two
        post: { body: \"{{ checks.one.n }}\" }
  - id: all
    needs: [f]
    post: { body: x }
  - id: some
    expect: [checks.f.apps.one.n == 1]
",
    )
    .plan();
    assert_eq!(needs(&plan, "all"), ["f[infra]", "f[apps]"]);
    assert_eq!(needs(&plan, "some"), ["f[apps].one"]);
    assert_eq!(needs(&plan, "f[apps].two"), ["f[apps].one"]);
    assert_eq!(&*node(&plan, "f[apps]").title, "On apps");
    assert_eq!(check(&plan, "f[apps].one").act.as_ref().unwrap().cluster.as_ref().unwrap().name, "apps");
}

#[test]
fn foreach_lists_are_checked() {
    let with = |list: &str| {
        checks(&format!("  - id: a\n    foreach: {{ c: {list} }}\n    when: c != 0\n    post: {{ body: x }}\n"))
    };
    with("[]").mistake("spec::foreach-empty", "[]");
    with("[x, x]").mistake("spec::foreach-key", "x");
    with("[{ a: 1 }]").mistake("spec::foreach-key", "{ a: 1 }");
    with("x").mistake("spec::foreach", "x");
    assert_eq!(with("[{ key: k, v: 1 }]").plan().nodes[0].id.as_ref(), "a[k]");
    checks("  - id: a\n    foreach: { c: [], d: [] }\n    post: { body: x }\n")
        .mistake("spec::foreach", "{ c: [], d: [] }");
    checks("  - id: a\n    foreach: { inputs: [x] }\n    post: { body: x }\n").mistake("spec::name-taken", "inputs");
    checks("  - id: a\n    foreach: { c: \"{{ checks.b.n }}\" }\n    post: { body: x }\n  - id: b\n    look: { name: x }\n    save: { n: items }\n")
        .mistake("spec::not-in-this-version", "b");
    checks("  - id: a\n    foreach: { c: [] }\n    allow_empty: true\n    post: { body: \"{{ c }}\" }\n  - id: b\n    needs: [a]\n    post: { body: x }\n").plan();
}

const LIB: &str = "template: op
inputs:
  name: { type: string }
  list: { type: list, default: [] }
  n: { type: integer, default: 1, maximum: 5 }
checks:
  - id: one
    look: { name: \"{{ inputs.name }}\", n: \"{{ inputs.n }}\" }
    save: { n: items.len() }
  - id: each
    foreach: { x: \"{{ inputs.list }}\" }
    allow_empty: true
    post: { body: \"{{ x }}\" }
outputs: { total: checks.one.n }
";

fn using(check: &str) -> Case {
    checks(check)
        .file("suite.yaml", "suite: s\nimports: [../lib/op.yaml]\ninputs: { outer: { type: string, default: o } }\n")
        .outside("lib/op.yaml", LIB)
}

#[test]
fn templates_are_unfolded_with_their_own_inputs() {
    let plan = using("  - id: u\n    use: op\n    with: { name: \"{{ inputs.outer }}\", list: [a, b] }\n  - id: v\n    expect: [checks.u.total > 0, checks.u.one.n > 0]\n").plan();
    let ids: Vec<&str> = plan.nodes.iter().map(|node| &*node.id).collect();
    assert_eq!(ids, ["u", "u.one", "u.each[a]", "u.each[b]", "v"]);
    assert_eq!(check(&plan, "u.one").act.as_ref().unwrap().args.deferred().to_json()["name"], "o");
    assert_eq!(needs(&plan, "v"), ["u", "u.one"]);
}

#[test]
fn uses_of_templates_are_checked() {
    let error = using("  - id: u\n    use: opp\n    with: { name: x }\n").mistake("spec::unknown-template", "opp");
    assert!(error.help.unwrap().contains("did you mean `op`?"));
    let error = using("  - id: u\n    use: op\n    with: { name: x, nam: y }\n").mistake("spec::unknown-input", "nam");
    assert_eq!(error.help.as_deref(), Some("did you mean `name`?"));
    using("  - id: u\n    use: op\n").mistake("spec::missing-input", "op");
    using("  - id: u\n    use: op\n    with: { name: x, n: 9 }\n").mistake("spec::input-value", "9");
    using("  - id: u\n    use: op\n    with: { name: \"{{ run.id }}\" }\n")
        .mistake("spec::not-in-this-version", "\"{{ run.id }}\"");
    using("  - id: u\n    use: op\n    with: { name: x }\n  - id: v\n    expect: [checks.u.totl > 0]\n")
        .mistake("spec::unknown-save", "u");
}

#[test]
fn nothing_of_the_suite_is_in_a_templates_reach() {
    let lib = LIB
        .replace("outputs:", "  - id: reach\n    expect: [checks.z.n > 0]\noutputs:")
        .replace("{{ inputs.n }}", "{{ inputs.outer }}");
    let found = using(
        "  - id: u\n    use: op\n    with: { name: x }\n  - id: z\n    look: { name: x }\n    save: { n: items }\n",
    )
    .outside("lib/op.yaml", &lib)
    .mistakes();
    let heads: Vec<&str> = found.iter().map(|line| line.split(" | ").next().unwrap()).collect();
    assert_eq!(heads, ["spec::unknown-input", "spec::unknown-id"], "{found:#?}");
}

#[test]
fn a_template_does_not_use_itself() {
    let lib = "template: op\nchecks:\n  - id: again\n    use: op\n";
    using("  - id: u\n    use: op\n").outside("lib/op.yaml", lib).mistake("spec::template-cycle", "op");
}

#[test]
fn a_member_does_not_take_what_its_group_holds() {
    let plan = checks("  - id: g\n    locks: { db: alone }\n    checks:\n      - id: a\n        ask: { query: x }\n        expect: [rows.len() > 1]\n").plan();
    assert_eq!((node(&plan, "g").locks.len(), node(&plan, "g.a").locks.len()), (1, 0));
    checks("  - id: g\n    locks: { db: shared }\n    checks:\n      - id: a\n        locks: { db: alone }\n        post: { body: x }\n").mistake("spec::lock", "db");
}

#[test]
fn a_group_saves_no_name_of_a_member() {
    checks(&TWO.replace("    covers: { one: [C.1] }\n", "").replace("m: checks.one.n", "one: checks.two.ended"))
        .mistake("spec::name-taken", "checks.two.ended");
    checks("  - id: g\n    allow_empty: true\n    checks: [{ id: a, post: { body: x } }]\n")
        .mistake("spec::allow-empty", "allow_empty");
}

#[test]
fn nested_foreach_unfolds_to_a_bounded_number_of_checks() {
    let list = (0..300).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let nested = format!(
        "  - id: a\n    foreach: {{ x: [{list}] }}\n    checks:\n      - id: b\n        foreach: {{ y: [{list}] }}\n        checks:\n          \
         - id: c\n            foreach: {{ z: [{list}] }}\n            look: {{ name: \"{{{{ x }}}}-{{{{ y }}}}-{{{{ z }}}}\" }}\n  - id: after\n    needs: [a]\n    look: {{ name: x }}\n"
    );
    let error = checks(&nested).mistake("spec::too-many-checks", &format!("[{list}]"));
    assert!(error.message.contains("more than 50000"), "{}", error.message);
}
