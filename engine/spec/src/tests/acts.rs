//! Arguments: templates, files, places, permission.

use checkrun_model::{Effect, LockMode};
use serde_json::json;

use super::support::{Case, check, checks, node};
use crate::Permission;

fn args(case: &Case, id: &str) -> serde_json::Value {
    let plan = case.plan();
    check(&plan, id).act.as_ref().unwrap().args.deferred().to_json()
}

fn with_inputs(inputs: &str, check: &str) -> Case {
    checks(check).file("suite.yaml", &format!("suite: s\ninputs:\n{inputs}"))
}

#[test]
fn inputs_keep_their_type_where_they_are_the_whole_scalar() {
    let case = with_inputs(
        "  n: { type: integer, default: 3 }\n  t: { type: string, default: 012 }\n  w: { type: duration, default: 90s }\n",
        "  - id: a\n    look: { name: \"{{ inputs.t }}-{{ inputs.n }}\", n: \"{{ inputs.n }}\", wait: \"{{ inputs.w }}\" }\n    within: \"{{ inputs.w }}\"\n",
    );
    let args = args(&case, "a");
    assert_eq!((&args["name"], &args["n"]), (&json!("012-3"), &json!(3)));
    assert_eq!(check(&case.plan(), "a").within.unwrap().as_secs(), 90);
}

#[test]
fn text_arguments_take_plain_scalars_as_written() {
    checks("  - id: a\n    look: { name: 1.10, labels: { x: true, y: 012 } }\n").plan();
    checks("  - id: a\n    look: { name: x, n: '3' }\n").mistake("args::type", "'3'");
}

#[test]
fn values_of_the_run_are_decoded_later() {
    let case = checks("  - id: a\n    look: { name: \"{{ run.id }}\", n: many }\n");
    case.mistake("args::type", "many");
    let plan = checks("  - id: a\n    look: { name: \"x-{{ run.id }}\", n: \"{{ checks.b.n }}\" }\n  - id: b\n    look: { name: y }\n    save: { n: items.len() }\n").plan();
    assert!(check(&plan, "a").act.as_ref().unwrap().prepared.is_none());
}

#[test]
fn unknown_names_of_templates_are_found_at_load() {
    let error = with_inputs(
        "  count: { type: integer, default: 3 }\n",
        "  - id: a\n    look: { name: \"{{ inputs.cuont }}\" }\n",
    )
    .mistake("spec::unknown-input", "cuont");
    assert_eq!(error.help.as_deref(), Some("did you mean `count`?"));
    checks("  - id: a\n    look: { name: \"{{ nope }}\" }\n").mistake("spec::unknown-name", "nope");
    checks("  - id: a\n    look: { name: \"{{ run.nope }}\" }\n").mistake("spec::unknown-name", "nope");
    checks("  - id: a\n    look: { name: \"{{ file('x.txt') }}\" }\n").mistake("template::file", "file('x.txt')");
}

#[test]
fn what_must_be_known_before_the_run_cannot_wait_for_it() {
    checks("  - id: a\n    look: { name: x }\n    within: \"{{ run.id }}\"\n").mistake("spec::known-too-late", "id");
    checks("  - id: a\n    cluster: \"{{ run.id }}\"\n    look: { name: x }\n").mistake("spec::known-too-late", "id");
}

#[test]
fn secrets_stand_in_arguments_only() {
    checks("  - id: a\n    look: { name: \"{{ secret('pw') }}\" }\n").plan();
    let error = checks("  - id: a\n    look: { name: \"{{ secret('pww') }}\" }\n")
        .mistake("spec::unknown-secret", "secret('pww')");
    assert_eq!(error.help.as_deref(), Some("did you mean `pw`?"));
    checks("  - id: a\n    title: \"{{ secret('pw') }}\"\n    look: { name: x }\n")
        .mistake("spec::secret-here", "secret('pw')");
    checks("  - id: a\n    look: { name: x }\n    expect:\n      - { path: $.a, equals: \"{{ secret('pw') }}\" }\n")
        .mistake("spec::secret-here", "secret('pw')");
}

#[test]
fn a_cluster_kind_needs_a_cluster_of_the_target() {
    checks("  - id: a\n    kube.make: { manifest: {} }\n").mistake("spec::no-cluster", "kube.make");
    let error = checks("  - id: a\n    cluster: aps\n    kube.make: { manifest: {} }\n")
        .mistake("spec::unknown-cluster", "aps");
    assert_eq!(error.help.as_deref(), Some("did you mean `apps`?"));
    let plan = checks("  - id: a\n    cluster: apps\n    kube.make: { manifest: { c: \"{{ cluster }}\" } }\n").plan();
    let act = check(&plan, "a").act.as_ref().unwrap();
    assert_eq!(act.cluster.as_ref().unwrap().name, "apps");
    assert_eq!(act.args.deferred().to_json()["manifest"]["c"], "apps");
}

#[test]
fn endpoints_are_named_or_the_default_of_their_family() {
    let plan = checks("  - id: a\n    ask: { query: x }\n    expect: [rows.len() > 1]\n").plan();
    assert_eq!(check(&plan, "a").act.as_ref().unwrap().endpoint.as_ref().unwrap().name, "db");
    assert_eq!(node(&plan, "a").locks, [("db".into(), LockMode::Shared)]);
    checks("  - id: a\n    endpoint: misc\n    ask: { query: x }\n    expect: [rows.len() > 1]\n")
        .mistake("spec::wrong-endpoint", "misc");
    checks("  - id: a\n    endpoint: dbb\n    ask: { query: x }\n    expect: [rows.len() > 1]\n")
        .mistake("spec::unknown-endpoint", "dbb");
    checks("  - id: a\n    endpoint: db\n    look: { name: x }\n").mistake("spec::endpoint", "db");
    let plan = checks(
        "  - id: a\n    endpoint: { fake: { url: here } }\n    ask: { query: x }\n    expect: [rows.len() > 1]\n",
    )
    .plan();
    assert_eq!(check(&plan, "a").act.as_ref().unwrap().endpoint.as_ref().unwrap().config.to_json()["url"], "here");
}

#[test]
fn what_is_not_allowed_is_skipped_with_the_key_to_change() {
    let kill = "  - id: a\n    cluster: apps\n    locks: { db: alone }\n    kube.kill: { what: volume }\n";
    let plan = checks(kill).plan();
    let why = node(&plan, "a").skip.clone().unwrap();
    assert!(why.contains("`clusters.apps.allow: disrupt`") && why.contains("`clusters.apps.allow: destroy`"), "{why}");
    let pod = kill.replace("volume", "pod");
    assert_eq!(node(&checks(&pod).plan(), "a").skip, None);
    let mut case = checks(&pod);
    case.permission = Permission { allow: Some(Effect::Write), read_only: false };
    assert!(node(&case.plan(), "a").skip.as_ref().unwrap().contains("--allow write"));
    case.permission = Permission { allow: None, read_only: true };
    assert!(node(&case.plan(), "a").skip.as_ref().unwrap().contains("--read-only"));
}

#[test]
fn an_effect_that_is_not_decided_counts_as_the_worst() {
    let plan = checks(
        "  - id: a\n    cluster: apps\n    locks: { db: alone }\n    kube.kill: { what: \"{{ checks.b.w }}\" }\n  - id: b\n    look: { name: x }\n    save: { w: items }\n",
    )
    .plan();
    assert_eq!(check(&plan, "a").planned_effect, Effect::Destroy);
}

#[test]
fn a_disrupt_without_locks_is_a_warning() {
    checks("  - id: a\n    cluster: apps\n    kube.kill: { what: pod }\n").mistake("spec::no-lock", "kube.kill");
    checks("  - id: a\n    locks: { dbb: alone }\n    look: { name: x }\n").mistake("spec::unknown-lock", "dbb");
}

#[test]
fn manifests_are_grafted() {
    let make =
        |vars: &str| format!("  - id: a\n    cluster: apps\n    kube.make: {{ manifest: manifests/m.yaml{vars} }}\n");
    let manifest = |text: &str, vars: &str| checks(&make(vars)).file("manifests/m.yaml", text);
    assert_eq!(args(&manifest("a: '{{ x }}'\n", ""), "a")["manifest"], json!({ "a": "{{ x }}" }));
    assert_eq!(args(&manifest("a: 1\n---\nb: 2\n", ""), "a")["manifest"], json!([{ "a": 1 }, { "b": 2 }]));
    let filled = manifest("a: '{{ x }}'\nb: 'n-{{ x }}'\n", ", vars: { x: 3 }");
    assert_eq!(args(&filled, "a"), json!({ "manifest": { "a": 3, "b": "n-3" } }));
    let late = manifest("a: '{{ x }}-b'\n", ", vars: { x: \"y-{{ run.id }}\" }").plan();
    assert!(check(&late, "a").act.as_ref().unwrap().prepared.is_none());
}

#[test]
fn a_manifest_sees_its_vars_and_nothing_else() {
    let make =
        |vars: &str| format!("  - id: a\n    cluster: apps\n    kube.make: {{ manifest: manifests/m.yaml{vars} }}\n");
    let manifest = |text: &str, vars: &str| checks(&make(vars)).file("manifests/m.yaml", text);
    manifest("a: '{{ y }}'\n", ", vars: { x: 3 }").load();
    let found = manifest("a: '{{ y }}'\n", ", vars: { x: 3 }").mistakes();
    assert!(found[0].starts_with("spec::vars | x") && found[1].starts_with("spec::vars | y"), "{found:#?}");
    manifest("a: '{{ x }} {{ run.id }}'\n", ", vars: { x: 3 }").mistake("spec::vars", "id");
    manifest("a: 1\na: 2\n", "").mistake("yaml::duplicate-key", "a");
    checks(&make("")).mistake("spec::file", "manifests/m.yaml");
    checks("  - id: a\n    cluster: apps\n    kube.make: { manifest: ../m.yaml }\n").mistake("spec::file", "../m.yaml");
    checks("  - id: a\n    cluster: apps\n    kube.make: { manifest: {}, vars: { x: 1 } }\n")
        .mistake("spec::vars", "vars");
}

#[test]
fn cleanup_is_a_list_of_kinds() {
    let plan =
        checks("  - id: a\n    look: { name: x }\n    cleanup:\n      - post: { body: \"{{ run.id }}\" }\n").plan();
    assert_eq!(check(&plan, "a").cleanup.len(), 1);
    assert_eq!(check(&plan, "a").planned_effect, Effect::Write);
    checks("  - id: a\n    look: { name: x }\n    cleanup:\n      - pots: { body: x }\n")
        .mistake("spec::unknown-key", "pots");
    checks("  - id: a\n    look: { name: x }\n    save: { n: items }\n    cleanup:\n      - post: { body: \"{{ checks.a.n }}\" }\n").mistake("spec::cycle", "a");
    let kill = "    cluster: apps\n    cleanup:\n      - kube.kill: { what: disk, name: NAME }\n";
    let own =
        checks(&format!("  - id: a\n    look: {{ name: x }}\n{}", kill.replace("NAME", "\"{{ run.id }}\""))).plan();
    assert_eq!(node(&own, "a").skip, None);
    let foreign = checks(&format!("  - id: a\n    look: {{ name: x }}\n{}", kill.replace("NAME", "x"))).plan();
    assert!(node(&foreign, "a").skip.as_ref().unwrap().contains("cleanup"));
}

#[test]
fn an_inline_endpoint_keeps_its_secret_as_a_template() {
    let plan = checks(
        "  - id: a\n    cluster: apps\n    endpoint: { fake: { url: \"{{ cluster }}\", password: \"{{ secret('pw') }}\" } }\n    ask: { query: x }\n    expect: [rows.len() > 1]\n",
    )
    .plan();
    let config = check(&plan, "a").act.as_ref().unwrap().endpoint.as_ref().unwrap().config.to_json();
    assert_eq!(config, serde_json::json!({ "url": "apps", "password": "{{ secret('pw') }}" }));
    checks("  - id: a\n    endpoint: { fake: { url: \"{{ run.id }}\" } }\n    ask: { query: x }\n    expect: [rows.len() > 1]\n")
        .mistake("spec::not-in-this-version", "{ fake: { url: \"{{ run.id }}\" } }");
    checks("  - id: a\n    endpoint: { fake: { url: u, password: \"{{ secret('nope') }}\" } }\n    ask: { query: x }\n    expect: [rows.len() > 1]\n")
        .mistake("spec::unknown-secret", "secret('nope')");
}
