use serde_json::json;

use super::*;

fn pod(name: &str, app: &str) -> Json {
    json!({ "metadata": { "namespace": "a", "name": name, "labels": { "app": app } } })
}

fn by_name(wait: u64, name: &str) -> Asker {
    (wait, Sought { name: Some(name.into()), ..Sought::default() })
}

fn by_app(wait: u64, app: &str) -> Asker {
    (wait, Sought { labels: BTreeMap::from([("app".to_owned(), app.to_owned())]), ..Sought::default() })
}

/// A state whose askers live as long as the returned flag.
fn asked(askers: &[(&Asker, u64)]) -> (State, Arc<AtomicBool>) {
    let (mut state, owner) = (State::default(), Arc::new(AtomicBool::new(false)));
    for (asker, least) in askers {
        assert!(state.ask(asker, Arc::downgrade(&owner), *least, Instant::now()));
    }
    (state, owner)
}

fn names(state: &mut State, asker: &Asker) -> Option<Vec<String>> {
    match state.known(asker) {
        Known::Objects(objects) => Some(objects.iter().map(|object| id(object).1).collect()),
        _ => None,
    }
}

#[test]
fn a_list_that_began_before_the_wait_is_no_answer() {
    let one = by_name(1, "x");
    let (mut state, _owner) = asked(&[(&one, 5)]);
    state.listed(4, vec![pod("x", "web")]);
    state.followed();
    assert!(names(&mut state, &one).is_none() && state.is_wanting());
    state.listed(5, vec![pod("x", "web")]);
    state.followed();
    assert_eq!(names(&mut state, &one).unwrap(), ["x"]);
    assert!(!state.is_wanting());
}

#[test]
fn nothing_is_answered_while_the_watch_is_cut() {
    let one = by_name(1, "x");
    let (mut state, owner) = asked(&[(&one, 0)]);
    state.listed(0, vec![pod("x", "web")]);
    state.followed();
    state.cut();
    assert!(state.ask(&one, Arc::downgrade(&owner), 0, Instant::now()));
    assert!(names(&mut state, &one).is_none());
    state.listed(0, vec![pod("x", "web")]);
    assert_eq!(names(&mut state, &one).unwrap(), ["x"], "who waits for a list is answered by it");
    assert!(state.ask(&one, Arc::downgrade(&owner), 0, Instant::now()));
    assert!(names(&mut state, &one).is_none(), "and nobody later, until it is followed");
}

#[test]
fn events_change_what_is_seen_and_wake_only_whom_they_concern() {
    let (web, db) = (by_app(1, "web"), by_app(2, "db"));
    let (mut state, _owner) = asked(&[(&web, 0), (&db, 0)]);
    state.listed(0, vec![pod("x", "web")]);
    state.followed();
    assert_eq!((names(&mut state, &web).unwrap().len(), names(&mut state, &db).unwrap().len()), (1, 0));
    state.happened(Change::Is, pod("y", "web"));
    assert!(state.has_news(1) && !state.has_news(2));
    assert_eq!(names(&mut state, &web).unwrap(), ["x", "y"]);
    state.happened(Change::Is, pod("x", "db"));
    assert!(state.has_news(1) && state.has_news(2), "an object that leaves one selection for another");
    assert_eq!(
        (names(&mut state, &web).unwrap(), names(&mut state, &db).unwrap()),
        (vec!["y".into()], vec!["x".into()])
    );
    state.happened(Change::Gone, pod("y", "web"));
    assert_eq!(names(&mut state, &web).unwrap(), [""; 0]);
}

#[test]
fn of_a_long_list_only_what_is_asked_for_is_kept() {
    let one = by_name(1, "pod-7");
    let (mut state, owner) = asked(&[(&one, 0)]);
    state.listed(0, (0..=KEPT_WHOLE).map(|n| pod(&format!("pod-{n}"), "web")).collect());
    state.followed();
    assert_eq!((state.kept(), names(&mut state, &one).unwrap()), (1, vec!["pod-7".into()]));
    state.happened(Change::Is, pod("pod-9", "web"));
    assert_eq!(state.kept(), 1);
    let late = by_name(2, "pod-8");
    state.ask(&late, Arc::downgrade(&owner), 0, Instant::now());
    assert!(
        names(&mut state, &late).is_none() && state.is_wanting(),
        "who joins later needs a list that has its objects"
    );
}

#[test]
fn of_a_short_list_who_joins_later_is_answered_at_once() {
    let (one, two) = (by_name(1, "x"), by_name(2, "y"));
    let (mut state, owner) = asked(&[(&one, 3)]);
    state.listed(3, vec![pod("x", "web"), pod("y", "web")]);
    state.followed();
    state.ask(&two, Arc::downgrade(&owner), 3, Instant::now());
    assert_eq!(names(&mut state, &two).unwrap(), ["y"]);
}

#[test]
fn a_feed_ends_with_the_last_wait_and_answers_nobody_after() {
    let one = by_name(1, "x");
    let (mut state, owner) = asked(&[(&one, 0)]);
    assert!(!state.end_if_idle(Instant::now()));
    owner.store(true, Ordering::Relaxed);
    assert!(state.end_if_idle(Instant::now()) && state.has_ended());
    assert!(!state.ask(&one, Arc::downgrade(&owner), 0, Instant::now()));

    let (mut state, owner) = asked(&[(&one, 0)]);
    drop(owner);
    let next = Arc::new(AtomicBool::new(false));
    assert!(state.ask(&one, Arc::downgrade(&next), 0, Instant::now()));
    assert!(!state.end_if_idle(Instant::now()), "a check that looks again goes on");
    drop(next);
    assert!(state.end_if_idle(Instant::now()));
}
