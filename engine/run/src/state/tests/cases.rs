//! Single rules of the schedule.

use checkrun_model::{LockMode, Verdict};
use checkrun_spec::plan::NodeIx;

use crate::state::graph::{Graph, Shape};
use crate::state::{Cause, JUDGING, States, Step};

fn check(needs: &[u32]) -> Shape {
    Shape { needs: needs.iter().map(|need| NodeIx(*need)).collect(), ..Shape::default() }
}

fn drain(states: &mut States) -> Vec<Step> {
    std::iter::from_fn(|| states.step()).collect()
}

#[test]
fn the_longest_chain_is_looked_at_first() {
    let shapes = vec![check(&[]), check(&[]), check(&[1]), check(&[2])];
    let mut states = States::new(Graph::new(shapes), 1);
    assert_eq!(drain(&mut states), vec![Step::Start(NodeIx(1))]);
}

#[test]
fn a_wait_gives_its_slot_to_another_and_comes_before_new_ones() {
    let mut states = States::new(Graph::new(vec![check(&[]), check(&[]), check(&[])]), 1);
    assert_eq!(drain(&mut states), vec![Step::Start(NodeIx(0))]);
    states.waits(NodeIx(0));
    assert_eq!(drain(&mut states), vec![Step::Start(NodeIx(1))]);
    states.wants_look(NodeIx(0));
    states.ended(NodeIx(1), Verdict::Passed.into());
    assert_eq!(drain(&mut states), vec![Step::Look(NodeIx(0))]);
}

#[test]
fn a_check_that_only_judges_waits_for_no_look_and_few_at_a_time_are_under_way() {
    let judges = |count: usize| vec![Shape { judges: true, ..Shape::default() }; count];
    let mut states = States::new(Graph::new([vec![check(&[]), check(&[])], judges(1)].concat()), 1);
    assert_eq!(drain(&mut states), vec![Step::Start(NodeIx(0)), Step::Start(NodeIx(2))]);
    let mut states = States::new(Graph::new(judges(JUDGING + 2)), 1);
    assert_eq!(drain(&mut states).len(), JUDGING);
    states.ended(NodeIx(0), Verdict::Passed.into());
    assert_eq!(drain(&mut states).len(), 1);
}

#[test]
fn blocked_names_the_root_and_skipped_the_first_cause() {
    let mut states = States::new(Graph::new(vec![check(&[]), check(&[0]), check(&[1])]), 1);
    drain(&mut states);
    states.ended(NodeIx(0), Verdict::Failed.into());
    let steps = drain(&mut states);
    let Some(Step::Settled(NodeIx(2), settled)) = steps.last() else { panic!("{steps:?}") };
    assert_eq!(
        (settled.verdict, settled.cause, settled.root),
        (Verdict::Blocked, Cause::Need(NodeIx(1)), Some(NodeIx(0)))
    );

    let left_out = Shape { left_out: true, ..Shape::default() };
    let mut states = States::new(Graph::new(vec![left_out, check(&[0]), check(&[1])]), 1);
    let steps = drain(&mut states);
    let Some(Step::Settled(NodeIx(2), settled)) = steps.last() else { panic!("{steps:?}") };
    assert_eq!((settled.verdict, settled.root), (Verdict::Skipped, Some(NodeIx(0))));
}

#[test]
fn a_group_holds_its_lock_until_what_its_members_made_is_undone() {
    let lock = || vec![("kafka".into(), LockMode::Alone)];
    let group = Shape { group: true, locks: lock(), ..Shape::default() };
    let member = Shape { parent: Some(NodeIx(0)), ..Shape::default() };
    let other = Shape { locks: lock(), ..Shape::default() };
    let mut states = States::new(Graph::new(vec![group, member, other]), 4);
    assert_eq!(drain(&mut states)[0], Step::Open(NodeIx(0)));
    states.may_have_made(NodeIx(1));
    states.ended(NodeIx(1), Verdict::Passed.into());
    let steps = drain(&mut states);
    assert!(matches!(steps[..], [Step::Sum(NodeIx(0), _), Step::Unmake(NodeIx(1))]), "{steps:?}");
    states.ended(NodeIx(0), Verdict::Passed.into());
    assert_eq!(drain(&mut states), vec![]);
    states.unmade(NodeIx(1));
    assert_eq!(drain(&mut states), vec![Step::Start(NodeIx(2))]);
}

#[test]
fn a_minor_member_does_not_fail_its_group_and_an_unwanted_skip_does_not_pass_it() {
    let group = || Shape { group: true, ..Shape::default() };
    let member = || Shape { parent: Some(NodeIx(0)), ..Shape::default() };
    let minor = Shape { minor: true, ..member() };
    let mut states = States::new(Graph::new(vec![group(), minor, member()]), 4);
    drain(&mut states);
    states.ended(NodeIx(1), Verdict::Failed.into());
    states.ended(NodeIx(2), Verdict::Passed.into());
    let steps = drain(&mut states);
    let [Step::Sum(_, sum)] = steps[..] else { panic!("{steps:?}") };
    assert_eq!(sum.verdict, Verdict::Passed);

    let left_out = Shape { left_out: true, ..member() };
    let mut states = States::new(Graph::new(vec![group(), left_out, member()]), 4);
    drain(&mut states);
    states.ended(NodeIx(2), Verdict::Passed.into());
    let steps = drain(&mut states);
    let [Step::Sum(_, sum)] = steps[..] else { panic!("{steps:?}") };
    assert_eq!((sum.verdict, sum.root), (Verdict::Skipped, Some(NodeIx(1))));
}

#[test]
fn a_chain_of_many_thousands_ends() {
    let count = 20_000;
    let shapes = (0..count).map(|place| if place == 0 { check(&[]) } else { check(&[place - 1]) }).collect();
    let mut states = States::new(Graph::new(shapes), 1);
    drain(&mut states);
    states.ended(NodeIx(0), Verdict::Failed.into());
    assert_eq!(drain(&mut states).len(), count as usize - 1);
    assert!(states.finished());
    assert_eq!(states.verdict(NodeIx(count - 1)), Some(Verdict::Blocked));
}
