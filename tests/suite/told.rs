//! What is told at the end: one cause once, what a stop left apart, only the criteria that were asked for.

use crate::support::Folder;

const TARGET: &str = "target: t\nclusters: { apps: { kubeconfig: apps.kubeconfig, context: admin, allow: write } }\n";

/// A kubeconfig whose server nobody listens for, with a password that nobody may see.
const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: admin\n\
    clusters: [{ name: c, cluster: { server: \"http://127.0.0.1:1\" } }]\n\
    users: [{ name: u, user: { token: hush-hush } }]\n\
    contexts: [{ name: admin, context: { cluster: c, user: u } }]\n";

#[test]
fn a_cluster_that_is_down_is_one_block_with_its_address_and_settings() {
    let check = |n: usize| {
        format!("  - id: c{n}\n    cluster: apps\n    kube.get: {{ kind: Pod, namespace: a, name: p{n} }}\n")
    };
    let checks: String = (0..8).map(check).collect();
    let folder =
        Folder::with(&format!("checks:\n{checks}")).file("target.yaml", TARGET).file("apps.kubeconfig", KUBECONFIG);
    let ran = folder.checkrun("s --target target.yaml --report junit=junit.xml");
    let said = ran.all();
    assert_eq!(ran.code, 1, "{said}");
    assert_eq!(said.matches("could not observe:").count(), 1, "{said}");
    for part in [
        "error 8 checks, cluster `apps` at http://127.0.0.1:1",
        "checks: c0, c1, c2, c3, c4, c5 and 2 more",
        "context `admin` of",
        "apps.kubeconfig",
        "8 error of 8 checks",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let junit = std::fs::read_to_string(folder.path().join("junit.xml")).unwrap();
    assert_eq!(junit.matches("<error ").count(), 8, "every check keeps its own entry: {junit}");
    assert!(!said.contains("hush-hush") && !junit.contains("hush-hush"));
}

#[test]
fn what_a_timeout_stopped_is_no_error_and_the_run_did_not_pass() {
    let checks = "checks:\n  - id: sleeps\n    exec: { command: [sleep, \"60\"] }\n  - id: later\n    needs: [sleeps]\n    exec: { command: [\"true\"] }\n";
    let ran = Folder::with(checks).checkrun("s --timeout 1s");
    let said = ran.all();
    assert_eq!(ran.code, 1, "{said}");
    assert!(said.contains("stopped by --timeout 1s; 1 stopped, 1 not run of 2 checks"), "{said}");
    assert!(
        said.contains("stopped 1 check by --timeout 1s while they looked: sleeps\nnot run 1 check: later\n"),
        "{said}"
    );
    assert!(!said.contains("could not observe"), "{said}");
}

#[test]
fn a_selection_tells_its_own_criteria_and_validates_none_by_a_part_of_its_checks() {
    let checks = "checks:\n\
        \x20 - { id: a, covers: [A.1], exec: { command: [\"true\"] } }\n\
        \x20 - { id: b, covers: [A.1, B.1], exec: { command: [\"true\"] } }\n";
    let criteria = "criteria:\n  - { id: A.1, title: One }\n  - { id: B.1, title: Two }\n";
    let folder = Folder::with(checks).file("s/suite.yaml", "suite: s\ncriteria: criteria.yaml\n");
    let ran = folder.file("s/criteria.yaml", criteria).checkrun("s --only a");
    let said = ran.all();
    assert!(said.contains("1 not validated of 1 criterion; 1 criterion not in this run"), "{said}");
    assert!(said.contains("A.1 (b skipped)") && !said.contains("B "), "{said}");
}

#[test]
fn what_a_run_makes_by_its_id_it_may_take_away() {
    let checks = "checks:\n\
        \x20 - { id: own, cluster: apps, kube.delete: { kind: ConfigMap, namespace: a, name: \"x-{{ run.id }}\" } }\n\
        \x20 - { id: other, cluster: apps, kube.delete: { kind: ConfigMap, namespace: \"a-{{ run.id }}\", name: x } }\n";
    let ran = Folder::with(checks)
        .file("target.yaml", TARGET)
        .file("apps.kubeconfig", KUBECONFIG)
        .checkrun("plan s --target target.yaml");
    let said = ran.all();
    assert!(said.contains("write, kube.delete, cluster apps, on what is the run's own"), "{said}");
    assert!(said.contains("the effect of `kube.delete` is destroy"), "{said}");
}

#[test]
fn validate_says_what_it_did_not_look_at_without_a_target() {
    let checks = "checks:\n\
        \x20 - { id: a, cluster: apps, locks: { apps: alone }, kube.get: { kind: Pod, namespace: a, name: \"{{ secret('x') }}\" } }\n\
        \x20 - { id: b, endpoint: shop, http: { path: /, method: POST } }\n";
    let folder = Folder::with(checks);
    let said = folder.checkrun("validate s").all();
    let line =
        "not looked at without `--target`: cluster apps, endpoints of http, its secrets, what is allowed there\n";
    assert!(said.contains(line), "{said}");
    let alone = Folder::with("checks:\n  - { id: a, exec: { command: [\"true\"] } }\n").checkrun("validate s").all();
    assert!(!alone.contains("not looked at"), "{alone}");
}
