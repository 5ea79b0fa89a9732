//! What becomes of checks: verdicts, reasons, saves, exit codes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use checkrun_model::event::{Event, Evidence};
use checkrun_model::{Broken, Effect, Importance, LockMode, Verdict};
use checkrun_spec::plan::SecretSource;
use serde_json::json;

use super::probe::{Does, World, fine, not_yet};
use super::suite::{Draft, Suite, check, group, writer};

#[test]
fn a_graph_runs_in_order_and_passes() {
    let (world, seen) = World::new(|_, _| fine());
    let ran =
        Suite::new(vec![check("c", world).needs(&["b"]), check("b", world).needs(&["a"]), check("a", world)]).run();
    assert_eq!(ran.exit, 0);
    assert_eq!(*seen.order.lock().unwrap(), ["a", "b", "c"]);
    assert!(matches!(ran.events().next(), Some(Event::RunStarted(_))));
    assert!(matches!(ran.events().nth(1), Some(Event::Planned { .. })));
    assert!(matches!(ran.events().last(), Some(Event::RunEnded { exit: 0, .. })));
}

#[test]
fn a_failure_blocks_what_needs_it_and_names_the_root() {
    let (world, _) = World::new(|id, _| if id == "a" { not_yet() } else { fine() });
    let ran = Suite::new(vec![
        check("a", world),
        check("b", world).needs(&["a"]),
        check("c", world).needs(&["b"]),
        check("d", world),
    ])
    .run();
    assert_eq!(ran.exit, 1);
    assert_eq!(ran.verdict("a"), (Verdict::Failed, "it is fine: ok is false"));
    assert_eq!(ran.verdict("b"), (Verdict::Blocked, "needs a, failed"));
    assert_eq!(ran.verdict("c"), (Verdict::Blocked, "needs b, blocked because of a, failed"));
    assert_eq!(ran.judged("c").root, Some(0));
    assert_eq!(ran.verdict("d").0, Verdict::Passed);
}

#[test]
fn a_skip_skips_what_needs_it_with_the_first_cause_and_validates_nothing() {
    let (world, _) = World::new(|_, _| fine());
    let skipped = Draft { skip: Some("not configured"), ..check("a", world) };
    let ran = Suite::new(vec![skipped, check("b", world).needs(&["a"])]).run();
    assert_eq!(ran.exit, 2, "nothing was judged");
    assert_eq!(ran.verdict("b"), (Verdict::Skipped, "needs a, skipped: not configured"));
}

#[test]
fn a_check_that_only_judges_reads_what_others_saved_and_says_when_it_began() {
    let (world, _) = World::new(|_, _| fine());
    let judge = |id, expect| Draft { args: json!(null), expect: vec![expect], ..check(id, world) }.needs(&["a"]);
    let ran = Suite::new(vec![
        Draft { saves: vec![("fine", "ok")], ..check("a", world) },
        judge("right", "checks.a.fine == true"),
        judge("wrong", "checks.a.fine == false"),
        judge("unclear", "checks.a.fine < 1"),
    ])
    .run();
    assert_eq!(ran.verdict("right").0, Verdict::Passed);
    assert_eq!(ran.verdict("wrong").0, Verdict::Failed);
    assert_eq!(ran.verdict("unclear").0, Verdict::Error);
    let looked = ran.events().filter(|event| matches!(event, Event::Started { .. })).count();
    assert_eq!(looked, 1, "only the one that looks at something is told to have started");
    for id in ["right", "wrong", "unclear"] {
        let judged = ran.judged(id);
        assert_eq!(judged.attempts, 1);
        assert!(judged.started.is_some_and(|began| began <= judged.ended && began >= ran.judged("a").ended));
    }
}

#[test]
fn what_cannot_observe_is_an_error() {
    let (world, _) = World::new(|id, _| match id {
        "broken" => Does::Breaks(Broken::transient("connection refused")),
        "panics" => Does::Panics,
        _ => fine(),
    });
    let ran = Suite::new(vec![check("broken", world), check("panics", world), check("fine", world)]).run();
    assert_eq!(ran.exit, 1);
    assert_eq!(ran.verdict("broken"), (Verdict::Error, "connection refused"));
    assert_eq!(ran.verdict("panics"), (Verdict::Error, "the kind panicked: as the test asked"));
    assert_eq!(ran.verdict("fine").0, Verdict::Passed);
}

#[test]
fn a_look_that_takes_too_long_is_an_error() {
    let (world, _) = World::new(|_, _| Does::Pends);
    let ran = Suite::new(vec![Draft { timeout: Duration::from_millis(50), ..check("a", world) }]).run();
    assert_eq!(ran.verdict("a"), (Verdict::Error, "no answer within its timeout of 50ms"));
}

#[test]
fn one_that_hangs_is_given_up_and_keeps_its_lock() {
    let (world, seen) = World::new(|id, _| if id == "a" { Does::Hangs(Duration::from_secs(60)) } else { fine() });
    let lock = vec![("kafka", LockMode::Shared)];
    let a = Draft { timeout: Duration::from_millis(50), locks: lock.clone(), ..check("a", world) };
    let b = Draft { locks: vec![("kafka", LockMode::Alone)], ..check("b", world) };
    let began = std::time::Instant::now();
    let ran = Suite::new(vec![a, b, check("c", world)]).run();
    assert!(began.elapsed() < Duration::from_secs(50), "the process does not wait for it");
    assert_eq!(
        ran.verdict("a"),
        (Verdict::Error, "no answer within its timeout of 50ms; it does not end and was given up")
    );
    assert_eq!(ran.verdict("b"), (Verdict::Blocked, "lock kafka is kept by a, which does not end"));
    assert_eq!((seen.looks("b"), ran.verdict("c").0), (0, Verdict::Passed));
}

#[test]
fn a_kind_that_holds_its_thread_does_not_hold_the_run() {
    let (world, _) = World::new(|id, _| if id == "a" { Does::Blocks(Duration::from_secs(60)) } else { fine() });
    let a = Draft { timeout: Duration::from_millis(50), ..check("a", world) };
    let began = std::time::Instant::now();
    let ran = Suite::new(vec![a, check("b", world)]).run();
    assert!(began.elapsed() < Duration::from_secs(50));
    assert_eq!((ran.verdict("a").0, ran.verdict("b").0), (Verdict::Error, Verdict::Passed));
}

#[test]
fn no_more_looks_at_a_time_than_jobs() {
    let (world, seen) = World::new(|_, _| Does::Takes(Duration::from_millis(10)));
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mut suite = Suite::new(ids.map(|id| check(id, world)).to_vec());
    suite.jobs = 3;
    assert_eq!(suite.run().exit, 0);
    assert_eq!(seen.most.load(Ordering::SeqCst), 3);
}

#[test]
fn expectations_are_judged_beside_the_rule_and_point_at_their_line() {
    let (world, _) = World::new(|_, _| Does::Returns(json!({"ok": true, "count": 2})));
    let ran =
        Suite::new(vec![Draft { expect: vec!["count == 2", "count == inputs.three"], ..check("a", world) }]).run();
    let judged = ran.judged("a");
    assert_eq!(judged.verdict, Verdict::Failed);
    assert_eq!(judged.findings.len(), 3);
    let snippet = judged.findings[2].snippet.as_ref().unwrap();
    assert_eq!((&*snippet.at.file, snippet.at.line, judged.findings[0].snippet.is_none()), ("checks.yaml", 1, true));
}

#[test]
fn saved_values_reach_those_who_need_them() {
    let (world, _) =
        World::new(|id, _| if id == "a" { Does::Returns(json!({"ok": true, "name": "kafka-0"})) } else { fine() });
    let a = Draft { saves: vec![("first", "name")], ..check("a", world) };
    let args = json!({"world": world, "says": "pod {{ checks.a.first }} of {{ run.id }}"});
    let b =
        Draft { args, expect: vec!["said.starts_with(\"pod \" + checks.a.first)"], ..check("b", world) }.needs(&["a"]);
    let ran = Suite::new(vec![a, b]).run();
    assert_eq!(ran.verdict("b"), (Verdict::Passed, ""));
    assert_eq!(ran.judged("a").saved, json!({"first": "kafka-0"}));
}

#[test]
fn a_save_that_cannot_be_read_is_an_error() {
    let (world, _) = World::new(|_, _| fine());
    let ran = Suite::new(vec![Draft { saves: vec![("name", "it.nothing")], ..check("a", world) }]).run();
    let (verdict, reason) = ran.verdict("a");
    assert_eq!(verdict, Verdict::Error);
    assert!(reason.starts_with("save `name` cannot be read"), "{reason}");
}

#[test]
fn when_skips_with_its_text_and_a_group_takes_its_members_along() {
    let (world, seen) = World::new(|_, _| fine());
    let group = Draft { when: Some("inputs.three == 4"), ..group("g") };
    let ran = Suite::new(vec![group, check("g.a", world).of("g"), check("b", world)]).run();
    assert_eq!(ran.exit, 0);
    let (verdict, reason) = ran.verdict("g");
    assert!(verdict == Verdict::Skipped && reason.starts_with("when inputs.three == 4"), "{reason}");
    assert!(ran.verdict("g.a").1.starts_with("its group g, skipped"), "{:?}", ran.verdict("g.a"));
    assert_eq!(seen.looks("g.a"), 0);
}

#[test]
fn a_group_sums_up_its_members_and_saves() {
    let (world, _) =
        World::new(|id, _| if id == "h.bad" { not_yet() } else { Does::Returns(json!({"ok": true, "n": 7})) });
    let group_with_output = Draft { saves: vec![("out", "checks.member.n")], ..group("g") };
    let member = Draft { saves: vec![("n", "n")], ..check("member", world) }.of("g");
    let user = Draft { expect: vec!["n == checks.g.out"], ..check("user", world) }.needs(&["g"]);
    let bad = vec![group("h"), check("h.bad", world).of("h"), check("last", world).needs(&["h"])];
    let ran = Suite::new([vec![group_with_output, member, user], bad].concat()).run();
    assert_eq!((ran.verdict("g").0, ran.verdict("user").0), (Verdict::Passed, Verdict::Passed));
    assert_eq!(ran.verdict("h"), (Verdict::Failed, "h.bad failed"));
    assert_eq!(ran.verdict("last"), (Verdict::Blocked, "needs h, failed because of h.bad, failed"));
}

#[test]
fn a_group_whose_output_cannot_be_read_fails_the_run_though_all_members_passed() {
    let (world, _) = World::new(|_, _| fine());
    let unreadable = Draft { saves: vec![("out", "checks.member.n.nothing")], ..group("g") };
    let member = Draft { saves: vec![("n", "ok")], ..check("member", world) }.of("g");
    let ran = Suite::new(vec![unreadable, member]).run();
    assert_eq!((ran.verdict("member").0, ran.verdict("g").0, ran.exit), (Verdict::Passed, Verdict::Error, 1));
}

#[test]
fn where_nothing_passed_and_nothing_had_to_nothing_is_proven() {
    let (world, _) = World::new(|_, _| not_yet());
    let minor = Draft { severity: Importance::Minor, ..check("a", world) };
    assert_eq!(Suite::new(vec![minor]).run().exit, 2);
}

#[test]
fn a_minor_failure_does_not_fail_the_run() {
    let (world, _) = World::new(|id, _| if id == "a" { not_yet() } else { fine() });
    let minor = Draft { severity: Importance::Minor, ..check("a", world) };
    assert_eq!(Suite::new(vec![minor, check("b", world)]).run().exit, 0);
}

#[test]
fn what_is_not_allowed_is_skipped_also_when_only_its_values_say_so() {
    let (world, seen) = World::new(|_, _| fine());
    let critical = Draft { allowed: Effect::Read, severity: Importance::Critical, ..writer("a", world) };
    let mut suite = Suite::new(vec![critical, check("b", world)]);
    let ran = suite.run();
    assert_eq!((ran.exit, ran.verdict("a").0, seen.looks("a")), (0, Verdict::Skipped, 0));
    suite.require_all = true;
    assert_eq!(suite.run().exit, 1);
    suite.read_only = true;
    assert!(suite.run().verdict("a").1.contains("read-only"));
}

#[test]
fn require_all_asks_for_every_check_that_may_fail_the_run() {
    for (severity, exit) in [(Importance::Major, 1), (Importance::Minor, 0)] {
        let (world, _) = World::new(|_, _| fine());
        let forbidden = Draft { allowed: Effect::Read, severity, ..writer("a", world) };
        let mut suite = Suite::new(vec![forbidden, check("b", world)]);
        suite.require_all = true;
        assert_eq!(suite.run().exit, exit, "{severity:?}");
    }
}

#[test]
fn secrets_stay_out_of_everything_that_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("secret");
    std::fs::write(&file, "hunter2-9981\n").unwrap();
    let (world, _) = World::new(|id, _| match id {
        "leaks" => Does::Returns(
            json!({"ok": false, "over": "user:hunter2-9981 refused", "big": "hunter2-9981 ".repeat(1000)}),
        ),
        "breaks" => Does::Breaks(Broken::fatal("aHVudGVyMi05OTgx is no password")),
        _ => fine(),
    });
    let args = json!({"world": world, "says": "{{ secret('db') }}"});
    let told = Draft { args, expect: vec!["said == \"x\""], saves: vec![], ..check("told", world) };
    let mut suite = Suite::new(vec![check("leaks", world), check("breaks", world), told]);
    suite.secrets.insert("db".into(), SecretSource::File(file));
    let ran = suite.run();
    assert_eq!(ran.verdict("breaks").1, "«secret:db» is no password");
    assert_eq!(ran.verdict("told").0, Verdict::Failed);
    let text = ran.on_disk();
    assert!(text.contains("«secret:db»"));
    assert!(!text.contains("hunter2") && !text.contains("aHVudGVy"), "{text}");
}

#[test]
fn a_missing_secret_is_that_checks_error() {
    let (world, _) = World::new(|_, _| fine());
    let args = json!({"world": world, "says": "{{ secret('db') }}"});
    let mut suite = Suite::new(vec![Draft { args, ..check("a", world) }]);
    suite.secrets.insert("db".into(), SecretSource::Env("CHECKRUN_TEST_NOT_SET".into()));
    assert_eq!(
        suite.run().verdict("a"),
        (Verdict::Error, "secret `db`: the environment has no `CHECKRUN_TEST_NOT_SET`")
    );
}

#[test]
fn large_observations_become_files_named_by_the_event() {
    let (world, _) = World::new(|_, _| Does::Returns(json!({"ok": true, "text": "x".repeat(10_000)})));
    let suite = Suite::new(vec![check("a", world)]);
    let ran = suite.run();
    let observed = ran.events().find_map(|event| match event {
        Event::Observed { seen: Evidence::File { path, .. }, .. } => Some(path),
        _ => None,
    });
    assert!(ran.dir.join(observed.unwrap()).is_file());
}

#[test]
fn the_witness_is_looked_at_in_the_same_attempt_and_must_be_seen() {
    let (world, seen) = World::new(|id, look| match (id, look) {
        ("broken", 2) => Does::Breaks(Broken::transient("refused")),
        _ => fine(),
    });
    let witnessed = |id| Draft { witness: Some(json!({"world": world})), ..check(id, world) };
    let ran = Suite::new(vec![witnessed("a"), witnessed("broken")]).run();
    assert_eq!((ran.judged("a").attempts, seen.looks("a")), (1, 2));
    assert!(ran.events().any(|event| matches!(event, Event::Observed { node: 0, witness: Some(_), .. })));
    assert_eq!(ran.verdict("broken"), (Verdict::Error, "the witness: refused"));
}

#[test]
fn a_hook_adds_values_and_judges_beside_the_rest() {
    let (world, _) = World::new(|_, _| Does::Returns(json!({"ok": true, "items": [1, 2]})));
    let hook = "fn observed(it) { #{ total: it.items[0] + it.items[1] } }\nfn judge(it) { if it.items.len() == 2 { true } else { \"odd\" } }";
    let a = Draft { hook: Some(hook), expect: vec!["hook.total == inputs.three"], ..check("a", world) };
    let b = Draft { hook: Some("fn judge(it) { \"not in order\" }"), ..check("b", world) };
    let ran = Suite::new(vec![a, b]).run();
    assert_eq!(ran.verdict("a"), (Verdict::Passed, ""));
    let (verdict, reason) = ran.verdict("b");
    assert!(verdict == Verdict::Failed && reason.contains("not in order"), "{reason}");
}
