//! Stopping: by a signal, by a second one, by options, by a disk that takes nothing more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use checkrun_model::event::Event;
use checkrun_model::{RunFacts, Verdict};
use serde_json::json;

use super::probe::{Does, World, fine, not_yet};
use super::suite::{Draft, Suite, check, writer};
use crate::Stop;

#[test]
fn a_request_to_stop_ends_what_runs_and_cleans_up() {
    let (world, seen) = World::new(|id, _| match id {
        "make" => Does::Makes("topic"),
        _ => Does::Pends,
    });
    let suite = Suite::new(vec![
        writer("make", world),
        check("runs", world).needs(&["make"]),
        check("later", world).needs(&["runs"]),
    ]);
    let began = Instant::now();
    let ran = suite.run_watched(|line, stop| {
        if matches!(line.event, Event::Started { node: 1 }) {
            stop.send(Stop::Soon("SIGINT")).unwrap();
        }
    });
    assert!(began.elapsed() < Duration::from_secs(15));
    assert_eq!(ran.exit, 130);
    assert!(ran.events().any(|event| matches!(event, Event::Interrupted { by } if by == "SIGINT")));
    assert_eq!(ran.verdict("runs"), (Verdict::Error, "the run was stopped before it had its verdict"));
    assert_eq!(ran.verdict("later").0, Verdict::Skipped);
    assert!(ran.judged("runs").stopped && ran.judged("later").stopped && !ran.judged("make").stopped);
    assert_eq!(*seen.undone.lock().unwrap(), ["topic"]);
}

/// A check that passes when `others` have begun to look.
fn signal(world: u64) -> Draft {
    check("signal", world).within(60_000)
}

/// A world whose checks do what `does` says, and whose signal waits for so many of them.
fn begun(others: usize, does: impl Fn(&str, usize) -> Does + Send + Sync + 'static) -> (u64, Arc<World>) {
    let begun = AtomicUsize::new(0);
    World::new(move |id, look| match id {
        "signal" if begun.load(Ordering::SeqCst) >= others => fine(),
        "signal" => not_yet(),
        _ => {
            begun.fetch_add(1, Ordering::SeqCst);
            does(id, look)
        }
    })
}

#[test]
fn an_act_under_way_may_end_and_begins_nothing_new() {
    let (world, seen) = begun(5, |id, _| match id {
        "acts" => Does::AtGate,
        "announces" => Does::AtGateMakes("topic"),
        "rereads" => Does::AtGateUnmet,
        _ => Does::Pends,
    });
    let began = Instant::now();
    let args = json!({"world": world, "effect": "write", "rereads": true});
    let mut suite = Suite::new(vec![
        writer("acts", world),
        writer("announces", world),
        check("reads", world),
        writer("pends", world),
        Draft { args, ..check("rereads", world) }.within(60_000),
        signal(world),
    ]);
    suite.jobs = 6;
    let world = Arc::clone(&seen);
    let ran = suite.run_watched(move |line, stop| match &line.event {
        Event::Judged(judged) if judged.node == 5 => stop.send(Stop::Soon("SIGINT")).unwrap(),
        Event::Interrupted { .. } => world.gate.cancel(),
        _ => {}
    });
    assert!(began.elapsed() < Duration::from_secs(15), "one that does not end is cut off");
    assert_eq!((ran.exit, ran.verdict("acts").0), (130, Verdict::Passed));
    let reason = "the run was stopped before it had its verdict";
    assert_eq!(ran.verdict("reads"), (Verdict::Error, reason));
    assert_eq!(ran.verdict("pends"), (Verdict::Error, reason));
    let refused =
        format!("{reason}; seen last: the last look saw nothing: the run is being stopped, so no effect may start");
    assert_eq!(ran.verdict("announces"), (Verdict::Error, refused.as_str()));
    assert!(ran.judged("announces").stopped);
    assert!(seen.made.lock().unwrap().is_empty());
    let unmet = format!("{reason}; seen last: it is fine: ok is false");
    assert_eq!(ran.verdict("rereads"), (Verdict::Error, unmet.as_str()));
    assert_eq!(seen.looks("rereads"), 1);
}

#[test]
fn a_second_request_does_not_wait_for_acts() {
    let (world, _) = begun(1, |_, _| Does::Pends);
    let ran = Suite::new(vec![writer("pends", world), signal(world)]).run_watched(|line, stop| match &line.event {
        Event::Judged(judged) if judged.node == 1 => {
            stop.send(Stop::Soon("SIGINT")).unwrap();
            stop.send(Stop::Now).unwrap();
        }
        _ => {}
    });
    assert_eq!(ran.verdict("pends"), (Verdict::Error, "the run was stopped at once"));
}

#[test]
fn what_a_check_that_was_stopped_saw_last_is_kept() {
    let (world, _) = World::new(|_, look| match look {
        1 => Does::Breaks(checkrun_model::Broken::transient("refused")),
        2 => not_yet(),
        _ => Does::Pends,
    });
    let ran = Suite::new(vec![check("a", world).within(60_000)]).run_watched(|line, stop| {
        if matches!(&line.event, Event::Waiting { what, .. } if what.contains("ok is false")) {
            stop.send(Stop::Soon("SIGINT")).unwrap();
        }
    });
    let judged = ran.judged("a");
    assert_eq!((ran.exit, judged.verdict, judged.attempts), (130, Verdict::Error, 2));
    let wanted = "the run was stopped before it had its verdict; seen last: it is fine: ok is false";
    assert_eq!(judged.reason, wanted);
    assert_eq!(judged.findings.len(), 1);
    assert_eq!(judged.transitions.len(), 2);
    let last = ran.events().filter(|event| matches!(event, Event::Observed { attempt: 2, .. })).count();
    assert!(last >= 1);
}

#[test]
fn a_second_request_ends_at_once_and_lists_what_is_left() {
    let (world, seen) = World::new(|_, _| Does::MakesAndPends("topic"));
    let ran =
        Suite::new(vec![writer("make", world), check("later", world).needs(&["make"])]).run_watched(|line, stop| {
            if matches!(line.event, Event::Made { .. }) {
                stop.send(Stop::Now).unwrap();
            }
        });
    assert_eq!(ran.exit, 3);
    assert!(ran.events().any(|event| matches!(event, Event::LeftBehind { object, .. } if object == "topic")));
    assert_eq!((ran.verdict("make").0, ran.verdict("later").0), (Verdict::Error, Verdict::Skipped));
    assert!(seen.undone.lock().unwrap().is_empty());
}

#[test]
fn fail_fast_stops_at_the_first_that_does_not_pass() {
    let (world, seen) = World::new(|id, _| if id == "a" { not_yet() } else { fine() });
    let mut suite = Suite::new(vec![check("a", world), check("b", world), check("c", world)]);
    (suite.jobs, suite.fail_fast) = (1, true);
    let ran = suite.run();
    assert_eq!((ran.exit, ran.verdict("c").0, seen.looks("c")), (1, Verdict::Skipped, 0));
}

#[test]
fn the_time_of_the_run_ends_it_and_it_did_not_pass() {
    let (world, _) = World::new(|_, _| Does::Pends);
    let mut suite = Suite::new(vec![Draft { severity: checkrun_model::Importance::Minor, ..check("a", world) }]);
    suite.timeout = Some(Duration::from_millis(50));
    let ran = suite.run();
    assert_eq!(ran.exit, 1);
    assert!(ran.events().any(|event| matches!(event, Event::Interrupted { by } if by == "--timeout 50ms")));
    assert!(ran.judged("a").stopped, "told apart from what could not be observed");
}

#[test]
fn on_a_full_disk_no_effect_starts_and_the_run_exits_3() {
    let (world, seen) = World::new(|_, _| Does::Makes("topic"));
    let suite = Suite::new(vec![writer("a", world)]);
    let facts =
        RunFacts { id: "abcd1234".into(), started: jiff::Timestamp::now(), read_only: false, suite_dir: ".".into() };
    let dir = suite.out.path().to_owned();
    let (_stop, stops) = std::sync::mpsc::channel();
    let journal = crate::journal::Journal::on_full_disk();
    let ended = crate::on(journal, dir, facts, suite.plan(), suite.options(), Vec::new(), stops).unwrap();
    assert_eq!((ended.exit, seen.looks("a")), (3, 0));
}
