//! `within` and `holds_for`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use checkrun_lang::SecretRef;
use checkrun_model::event::Event;
use checkrun_model::kind::BoxFuture;
use checkrun_model::{Broken, Clock, Cx, Verdict};
use checkrun_spec::plan::SecretSource;
use serde_json::json;

use super::probe::{Does, World, fine, not_yet};
use super::suite::{Draft, Suite, check, writer};
use crate::Embedded;

fn holds(draft: Draft, millis: u64) -> Draft {
    Draft { holds_for: Some(Duration::from_millis(millis)), ..draft }
}

#[test]
fn it_looks_until_it_holds_and_tells_what_changed() {
    let (world, _) = World::new(|_, look| match look {
        1 => Does::Breaks(Broken::transient("connection refused")),
        2 | 3 => not_yet(),
        _ => fine(),
    });
    let ran = Suite::new(vec![check("a", world).within(10_000)]).run();
    let judged = ran.judged("a");
    assert_eq!((judged.verdict, judged.attempts), (Verdict::Passed, 4));
    let told: Vec<&str> = judged.transitions.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(told, ["connection refused", "it is fine: ok is false"]);
    let waits = ran.events().filter(|event| matches!(event, Event::Waiting { .. })).count();
    assert_eq!(waits, 2, "once for each change");
}

/// A cluster that does not answer at first.
fn slow_secret<'a>(_: &'a SecretRef, _: &'a Cx) -> BoxFuture<'a, Result<String, Broken>> {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let answer = match ASKED.fetch_add(1, Ordering::SeqCst) {
        0 | 1 => Err(Broken::transient("the cluster does not answer")),
        _ => Ok("hunter2-9981".into()),
    };
    Box::pin(std::future::ready(answer))
}

fn no_secret<'a>(_: &'a SecretRef, _: &'a Cx) -> BoxFuture<'a, Result<String, Broken>> {
    Box::pin(std::future::ready(Err(Broken::transient("the cluster does not answer"))))
}

#[test]
fn what_a_check_needs_before_its_first_look_is_waited_for_too() {
    let (world, seen) = World::new(|_, _| fine());
    let args = json!({"world": world, "says": "{{ secret('db') }}"});
    let draft = Draft { args, ..check("a", world) };
    let secret = SecretRef::Kube { namespace: "n".into(), name: "s".into(), key: "k".into() };
    let source = SecretSource::Kube { cluster: "apps".into(), secret };
    let run = |draft: Draft, reader: crate::SecretReader| {
        let mut suite = Suite::new(vec![draft]);
        suite.secrets.insert("db".into(), source.clone());
        suite.reader = Some(reader);
        suite.run()
    };
    let ran = run(draft.clone().within(20_000), slow_secret);
    let judged = ran.judged("a");
    assert_eq!((judged.verdict, seen.looks("a"), judged.transitions.len()), (Verdict::Passed, 1, 1));
    let began = Instant::now();
    assert_eq!(run(draft.clone().within(400), no_secret).verdict("a").0, Verdict::Error);
    assert!(began.elapsed() >= Duration::from_millis(200) && began.elapsed() < Duration::from_secs(5));
    assert_eq!(run(draft, no_secret).verdict("a"), (Verdict::Error, "the cluster does not answer"));
}

#[test]
fn the_first_look_is_immediate() {
    let (world, _) = World::new(|_, _| fine());
    let ran = Suite::new(vec![check("a", world).within(60_000)]).run();
    assert_eq!(ran.judged("a").attempts, 1);
}

#[test]
fn at_the_deadline_it_failed_with_what_was_seen_last() {
    let (world, _) =
        World::new(|_, look| if look % 2 == 1 { not_yet() } else { Does::Breaks(Broken::transient("refused")) });
    let ran = Suite::new(vec![check("a", world).within(1_500)]).run();
    let judged = ran.judged("a");
    assert_eq!((judged.verdict, judged.reason.as_str()), (Verdict::Failed, "it is fine: ok is false"));
    assert!(judged.attempts >= 2);
    assert!(ran.events().any(|event| matches!(event, Event::Observed { .. })));
}

#[test]
fn at_the_deadline_it_is_an_error_if_nothing_was_ever_seen() {
    let (world, _) = World::new(|_, _| Does::Breaks(Broken::transient("refused")));
    let ran = Suite::new(vec![check("a", world).within(1_500)]).run();
    assert_eq!(ran.verdict("a"), (Verdict::Error, "refused"));
    assert!(ran.judged("a").attempts >= 2);
}

#[test]
fn what_does_not_get_better_ends_the_wait_at_once() {
    let (world, seen) = World::new(|id, _| match id {
        "forbidden" => Does::Breaks(Broken::fatal("403")),
        "over" => Does::Returns(json!({"over": "the Job failed"})),
        _ => Does::Returns(json!({"ok": true, "count": "3"})),
    });
    let sorts = Draft { expect: vec!["count == 3"], ..check("sorts", world) };
    let drafts =
        vec![check("forbidden", world).within(60_000), check("over", world).within(60_000), sorts.within(60_000)];
    let ran = Suite::new(drafts).run();
    assert_eq!(ran.verdict("forbidden"), (Verdict::Error, "403"));
    assert_eq!(ran.verdict("over"), (Verdict::Failed, "it is fine: the Job failed"));
    assert_eq!(ran.verdict("sorts").0, Verdict::Error);
    assert_eq!((seen.looks("forbidden"), seen.looks("over"), seen.looks("sorts")), (1, 1, 1));
}

/// A world that goes 600 times as fast as the wall's clock; `settles` is what it still had to do.
fn fast(drafts: Vec<Draft>, settles: impl Fn() + Send + Sync + 'static) -> Suite {
    let clock = Clock::new(jiff::Timestamp::now(), 600.0);
    let settled = move || -> BoxFuture<'static, ()> {
        settles();
        Box::pin(std::future::ready(()))
    };
    Suite { sandbox: Some((clock, Embedded::new(settled, Vec::new))), ..Suite::new(drafts) }
}

#[test]
fn ten_minutes_of_a_fast_world_are_a_second() {
    let (world, _) = World::new(|_, _| not_yet());
    let began = Instant::now();
    let ran = fast(vec![check("a", world).within(600_000)], || {}).run();
    assert_eq!(ran.verdict("a"), (Verdict::Failed, "it is fine: ok is false"));
    assert!((1..20).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[test]
fn the_last_look_comes_after_all_that_a_world_had_to_do() {
    let fixed = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&fixed);
    let (world, _) = World::new(move |_, _| if now.load(Ordering::SeqCst) { fine() } else { not_yet() });
    let ran = fast(vec![check("a", world).within(60_000)], move || fixed.store(true, Ordering::SeqCst)).run();
    assert_eq!(ran.judged("a").verdict, Verdict::Passed);
}

#[test]
fn a_change_wakes_the_wait() {
    let fixed = Arc::new(AtomicBool::new(false));
    let now = Arc::clone(&fixed);
    let (world, seen) = World::new(move |_, _| if now.load(Ordering::SeqCst) { fine() } else { not_yet() });
    let began = Instant::now();
    let helper = std::thread::spawn(move || {
        while seen.looks("a") < 9 {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(60));
        fixed.store(true, Ordering::SeqCst);
        let changed = Instant::now();
        seen.changed.notify_waiters();
        changed
    });
    let ran = Suite::new(vec![check("a", world).within(60_000)]).run();
    let changed = helper.join().unwrap();
    assert_eq!(ran.verdict("a").0, Verdict::Passed);
    let (polled, woken) = (changed - began, changed.elapsed());
    assert!(woken < polled, "woken after {woken:?}, by polling it would have been up to two seconds");
}

#[test]
fn a_wait_holds_no_slot() {
    let (world, seen) = World::new(|id, look| if id == "waits" && look < 4 { not_yet() } else { fine() });
    let mut suite = Suite::new(vec![check("waits", world).within(60_000), check("b", world), check("c", world)]);
    suite.jobs = 1;
    assert_eq!(suite.run().exit, 0);
    assert_eq!(seen.order.lock().unwrap()[..3], ["waits", "b", "c"]);
}

#[test]
fn holds_for_looks_again_until_the_time_is_over() {
    let (world, _) = World::new(|_, _| fine());
    let ran = Suite::new(vec![holds(check("a", world), 700)]).run();
    let judged = ran.judged("a");
    assert_eq!(judged.verdict, Verdict::Passed);
    let took = judged.ended.duration_since(judged.started.unwrap());
    assert!(judged.attempts >= 2 && took.as_millis() >= 700, "{judged:?}");
}

#[test]
fn a_break_fails_at_once_without_within_and_goes_back_to_waiting_with_it() {
    let script = |_: &str, look: usize| if look == 3 { not_yet() } else { fine() };
    let (world, _) = World::new(script);
    let ran = Suite::new(vec![holds(check("a", world), 10_000)]).run();
    assert_eq!((ran.verdict("a").0, ran.judged("a").attempts), (Verdict::Failed, 3));
    let (world, _) = World::new(script);
    let ran = Suite::new(vec![holds(check("a", world).within(60_000), 3_000)]).run();
    let judged = ran.judged("a");
    assert_eq!(judged.verdict, Verdict::Passed);
    assert!(judged.transitions.iter().any(|(_, what)| what == "it is fine: ok is false"));
    assert!(judged.attempts >= 5);
}

#[test]
fn a_trouble_while_it_must_hold_is_an_error_not_a_pass() {
    let (world, _) = World::new(|_, look| if look == 3 { Does::Breaks(Broken::transient("cut")) } else { fine() });
    let ran = Suite::new(vec![holds(check("a", world), 10_000)]).run();
    assert_eq!(ran.verdict("a"), (Verdict::Error, "cut"));
}

#[test]
fn the_first_observation_stays_in_reach() {
    let (world, _) = World::new(|_, look| Does::Returns(json!({"ok": true, "restarts": usize::from(look >= 3)})));
    let stays = Draft { expect: vec!["restarts == first.restarts"], ..check("a", world) };
    let ran = Suite::new(vec![holds(stays, 10_000)]).run();
    assert_eq!((ran.verdict("a").0, ran.judged("a").attempts), (Verdict::Failed, 3));
}

#[test]
fn what_writes_acts_once() {
    let (world, seen) = World::new(|_, _| not_yet());
    let ran = Suite::new(vec![writer("a", world).within(60_000)]).run();
    assert_eq!((ran.verdict("a").0, seen.looks("a")), (Verdict::Failed, 1));
    let (world, seen) = World::new(|_, _| Does::Breaks(Broken::transient("refused")));
    let ran = Suite::new(vec![writer("a", world).within(60_000)]).run();
    assert_eq!((ran.verdict("a").0, seen.looks("a")), (Verdict::Error, 1));
}

#[test]
fn what_is_read_after_an_act_has_no_more_time_than_is_left() {
    let (world, _) = World::new(|_, look| if look == 1 { not_yet() } else { Does::Takes(Duration::from_millis(900)) });
    let args = json!({"world": world, "effect": "write", "rereads": true});
    let ran = Suite::new(vec![Draft { args, ..check("a", world) }.within(300)]).run();
    assert_eq!(ran.judged("a").verdict, Verdict::Failed, "what is read after `within` is too late");
}

#[test]
fn what_acts_once_cannot_show_that_it_holds() {
    let (world, seen) = World::new(|_, _| fine());
    let ran = Suite::new(vec![holds(writer("a", world), 60_000)]).run();
    assert_eq!((ran.verdict("a").0, seen.looks("a")), (Verdict::Error, 0));
}

#[test]
fn a_wait_after_a_write_asks_for_what_is_newer_than_it() {
    let (world, seen) = World::new(|id, look| if id == "reads" && look < 2 { not_yet() } else { fine() });
    let args = json!({"world": world, "effect": "write", "rereads": true});
    let rereads = Draft { args, ..check("rereads", world) }.within(60_000);
    let reads = check("reads", world).within(60_000).needs(&["rereads"]);
    let single = check("single", world).needs(&["rereads"]);
    assert_eq!(Suite::new(vec![rereads, reads, single]).run().exit, 0);
    let epochs = seen.epochs.lock().unwrap();
    let of = |id: &str| epochs.iter().filter(|(other, _)| other == id).map(|(_, epoch)| *epoch).collect::<Vec<_>>();
    assert_eq!(of("rereads"), [Some(0)]);
    assert_eq!(of("reads"), [Some(1), Some(1)], "taken when its wait began, after the effect had ended");
    assert_eq!(of("single"), [None]);
}

#[test]
fn a_save_that_cannot_be_read_yet_is_waited_for() {
    let (world, _) =
        World::new(|_, look| if look < 3 { fine() } else { Does::Returns(json!({"ok": true, "name": "x"})) });
    let ran = Suite::new(vec![Draft { saves: vec![("name", "it.name")], ..check("a", world) }.within(60_000)]).run();
    assert_eq!((ran.verdict("a").0, ran.judged("a").attempts), (Verdict::Passed, 3));
}

#[test]
fn a_look_that_takes_too_long_is_not_yet() {
    let (world, _) = World::new(|_, look| if look == 1 { Does::Pends } else { fine() });
    let slow = Draft { timeout: Duration::from_millis(50), ..check("a", world) };
    let ran = Suite::new(vec![slow.within(60_000)]).run();
    assert_eq!((ran.verdict("a").0, ran.judged("a").attempts), (Verdict::Passed, 2));
}
