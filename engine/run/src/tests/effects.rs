//! What checks make: announced before, undone after, listed where it could not be.

use checkrun_model::event::Event;
use checkrun_model::{Broken, Verdict};
use serde_json::json;

use super::probe::{Does, KINDS, World, fine};
use super::suite::{Draft, Ran, Suite, check, group, writer};

fn place(ran: &Ran, wanted: impl Fn(&Event) -> bool) -> usize {
    ran.events().position(wanted).expect("the event is there")
}

#[test]
fn a_fixture_is_undone_when_its_last_dependent_has_ended() {
    let (world, seen) = World::new(|id, _| if id == "make" { Does::Makes("topic") } else { fine() });
    let ran = Suite::new(vec![
        writer("make", world),
        check("use", world).needs(&["make"]),
        check("last", world).needs(&["use"]),
    ])
    .run();
    assert_eq!(ran.exit, 0);
    assert!(seen.made.lock().unwrap().is_empty());
    let last = place(&ran, |event| matches!(event, Event::Judged(judged) if judged.node == 2));
    assert!(place(&ran, |event| matches!(event, Event::Undone { already_gone: false, .. })) > last);
    assert!(
        place(&ran, |event| matches!(event, Event::Intended { .. }))
            < place(&ran, |event| matches!(event, Event::Made { .. }))
    );
}

#[test]
fn the_newest_goes_first_and_a_group_keeps_what_its_user_needs() {
    let (world, seen) = World::new(|id, _| match id {
        "space" => Does::Makes("space"),
        "g.inner" => Does::Makes("inner"),
        _ => fine(),
    });
    let drafts = vec![
        writer("space", world),
        group("g").needs(&["space"]),
        writer("g.inner", world).of("g"),
        check("user", world).needs(&["g"]),
    ];
    assert_eq!(Suite::new(drafts).run().exit, 0);
    assert_eq!(*seen.undone.lock().unwrap(), ["inner", "space"]);
}

#[test]
fn a_check_that_failed_half_way_is_undone_too() {
    let (world, seen) = World::new(|_, _| Does::MakesAndBreaks("half"));
    let ran = Suite::new(vec![writer("a", world)]).run();
    assert_eq!(ran.verdict("a").0, Verdict::Error);
    assert_eq!(*seen.undone.lock().unwrap(), ["half"]);
}

#[test]
fn what_is_to_be_kept_is_not_undone() {
    let (world, seen) = World::new(|_, _| Does::Makes("kept"));
    let ran = Suite::new(vec![Draft { keep: true, ..writer("a", world) }]).run();
    assert_eq!((ran.exit, seen.undone.lock().unwrap().len()), (0, 0));
}

#[test]
fn what_cannot_be_undone_is_listed_and_the_run_exits_3() {
    let (world, seen) = World::new(|_, _| Does::Makes("stuck"));
    seen.sticky.lock().unwrap().push("stuck".into());
    let ran = Suite::new(vec![writer("a", world)]).run();
    assert_eq!((ran.exit, ran.verdict("a").0), (3, Verdict::Passed));
    let listed = |event: &Event| matches!(event, Event::LeftBehind { object, why, .. } if object == "stuck" && why == "it sticks");
    place(&ran, listed);
}

#[test]
fn cleanup_entries_run_before_the_undoing_also_when_the_check_failed() {
    let (world, seen) = World::new(|_, look| if look == 1 { Does::MakesAndBreaks("thing") } else { fine() });
    let args = json!({"world": world, "effect": "write", "says": "{{ run.id }}"});
    let ran = Suite::new(vec![Draft { cleanup: vec![args], ..writer("a", world) }]).run();
    assert_eq!((ran.exit, seen.looks("a")), (1, 2));
    let cleaned = place(&ran, |event| matches!(event, Event::CleanedUp { failed: None, .. }));
    let undone: Vec<usize> =
        ran.events().enumerate().filter(|(_, event)| matches!(event, Event::Undone { .. })).map(|(at, _)| at).collect();
    assert!(undone.len() == 2 && cleaned < undone[1], "{undone:?}");
}

#[test]
fn a_cleanup_entry_that_does_not_do_its_work_leaves_something_behind() {
    let (world, _) =
        World::new(|_, look| if look == 1 { fine() } else { Does::Returns(json!({"over": "still there"})) });
    let args = json!({"world": world, "effect": "write"});
    let ran = Suite::new(vec![Draft { cleanup: vec![args], ..writer("a", world) }]).run();
    assert_eq!(ran.exit, 3);
    place(&ran, |event| matches!(event, Event::CleanedUp { failed: Some(why), .. } if why == "still there"));
}

/// The journal of a run that was killed: everything after `upto` is lost, and its process is no more.
fn killed(ran: &Ran, upto: impl Fn(&Event) -> bool) {
    let keep = place(ran, upto) + 1;
    let path = ran.dir.join("journal.jsonl");
    std::fs::remove_file(&path).unwrap();
    let mut journal = crate::journal::Journal::create(&ran.dir).unwrap();
    for event in ran.events().take(keep) {
        let mut event = event.clone();
        if let Event::RunStarted(started) = &mut event {
            started.pid_started += 1;
        }
        journal.write(event);
    }
    journal.flush();
}

#[test]
fn a_killed_run_is_cleaned_up_from_its_journal_once() {
    let (world, seen) = World::new(|_, look| if look == 1 { Does::Makes("topic") } else { fine() });
    let entry = json!({"world": world, "effect": "write"});
    let mut suite = Suite::new(vec![Draft { cleanup: vec![entry], endpoint: true, ..writer("a", world) }]);
    suite.drafts[0].args = json!({"world": world, "effect": "write", "at_endpoint": true});
    let ran = suite.run();
    killed(&ran, |event| matches!(event, Event::Made { .. }));
    seen.made.lock().unwrap().push("topic".into());
    seen.undone.lock().unwrap().clear();

    let again = || crate::cleanup(&ran.dir, suite.plan(), KINDS, None, Vec::new()).unwrap();
    let began = std::time::Instant::now();
    assert_eq!(again().exit, 0);
    assert!(began.elapsed() >= crate::life::ACT_ENDS, "what the check had asked for when it was killed may still come");
    assert_eq!(*seen.undone.lock().unwrap(), ["topic"]);
    assert_eq!(seen.looks("cleanup"), 1, "the entry was run");
    let read = || crate::journal::read::read(&ran.dir.join("journal.jsonl")).unwrap().lines;
    let lines = read();
    assert!(lines.iter().any(|line| matches!(line.event, Event::Undone { .. })));
    assert!(matches!(lines.last().unwrap().event, Event::RunEnded { exit: 3, .. }));
    assert_eq!(again().exit, 0);
    assert_eq!(read(), lines, "nothing is left to do");
}

#[test]
fn what_a_check_that_erred_had_asked_for_may_still_come() {
    let (world, _) = World::new(|id, _| match id {
        "a" => Does::Breaks(Broken::transient("no answer")),
        _ => fine(),
    });
    let entry = json!({"world": world, "effect": "write"});
    let suite = Suite::new(vec![Draft { cleanup: vec![entry], ..writer("a", world) }]);
    let ran = suite.run();
    killed(&ran, |event| matches!(event, Event::Judged(_)));
    let began = std::time::Instant::now();
    assert_eq!(crate::cleanup(&ran.dir, suite.plan(), KINDS, None, Vec::new()).unwrap().exit, 0);
    assert!(began.elapsed() >= crate::life::ACT_ENDS);
}

#[test]
fn what_was_never_seen_is_said_and_not_called_gone() {
    let (world, _) = World::new(|_, _| Does::Makes("unseen"));
    let suite = Suite::new(vec![writer("a", world)]);
    let ran = suite.run();
    assert_eq!(ran.exit, 0);
    let unknown = |event: &Event| matches!(event, Event::Undone { already_gone: false, unknown: Some(what), .. } if what == "unseen was never confirmed");
    let told = |event: &Event| matches!(event, Event::RunEnded { remarks, .. } if remarks.iter().any(|one| one == "unseen was never confirmed"));
    assert!(ran.events().any(unknown) && ran.events().any(told));
    killed(&ran, |event| matches!(event, Event::Made { .. }));
    assert_eq!(crate::cleanup(&ran.dir, suite.plan(), KINDS, None, Vec::new()).unwrap().exit, 0);
    let lines = crate::journal::read::read(&ran.dir.join("journal.jsonl")).unwrap().lines;
    assert!(lines.iter().any(|line| unknown(&line.event)) && lines.iter().any(|line| told(&line.event)));
}

#[test]
fn a_run_that_lives_is_not_cleaned_up() {
    let (world, _) = World::new(|_, _| fine());
    let suite = Suite::new(vec![check("a", world)]);
    let ran = suite.run();
    let error = crate::cleanup(&ran.dir, suite.plan(), KINDS, None, Vec::new()).unwrap_err();
    assert!(error.0.contains("still alive"), "{error:?}");
}

#[test]
fn what_clean_up_cannot_undo_stays_listed_for_the_next_time() {
    let (world, seen) = World::new(|_, _| Does::Makes("stuck"));
    seen.sticky.lock().unwrap().push("stuck".into());
    let suite = Suite::new(vec![writer("a", world)]);
    let ran = suite.run();
    killed(&ran, |event| matches!(event, Event::Made { .. }));
    let again = || crate::cleanup(&ran.dir, suite.plan(), KINDS, None, Vec::new()).unwrap().exit;
    assert_eq!(again(), 3);
    seen.sticky.lock().unwrap().clear();
    assert_eq!(again(), 0);
}
