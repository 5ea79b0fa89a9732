//! Random plans under random fates: the run always ends, and no rule of the schedule is broken on the way.

mod cases;

use std::collections::BTreeSet;

use checkrun_model::{LockMode, Verdict};
use checkrun_spec::plan::NodeIx;
use proptest::prelude::*;

use super::graph::{Graph, Shape, at, node};
use super::{Cause, End, States, Step};

/// A plan drawn at random: `(depth, group, needs, locks, flags)` for each node.
type Drawn = Vec<(u8, bool, Vec<u8>, Vec<(u8, bool)>, u8)>;

fn drawn() -> impl Strategy<Value = Drawn> {
    let needs = prop::collection::vec(any::<u8>(), 0..3);
    let locks = prop::collection::vec((0_u8..3, any::<bool>()), 0..3);
    prop::collection::vec((0_u8..4, prop::bool::weighted(0.3), needs, locks, any::<u8>()), 1..16)
}

/// Nodes nested by depth; a need that would close a circle is left out.
fn shapes(drawn: &Drawn) -> Vec<Shape> {
    let mut shapes: Vec<Shape> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (place, (depth, group, _, locks, flags)) in drawn.iter().enumerate() {
        open.truncate(usize::from(*depth));
        shapes.push(Shape {
            parent: open.last().map(|place| node(*place)),
            group: *group,
            locks: if flags % 3 == 0 { named(locks) } else { Vec::new() },
            asks: flags % 5 == 0,
            left_out: flags % 17 == 0,
            minor: flags % 7 == 0,
            judges: flags % 4 == 1 && !group,
            needs: Vec::new(),
        });
        if *group {
            open.push(place);
        }
    }
    for (place, (_, _, needs, ..)) in drawn.iter().enumerate() {
        for need in needs {
            let need = node(usize::from(*need) % shapes.len());
            shapes[place].needs.push(need);
            if shapes[place].needs.iter().filter(|known| **known == need).count() > 1 || has_circle(&shapes) {
                shapes[place].needs.pop();
            }
        }
    }
    shapes
}

fn named(locks: &[(u8, bool)]) -> Vec<(std::sync::Arc<str>, LockMode)> {
    let mode = |alone: bool| if alone { LockMode::Alone } else { LockMode::Shared };
    let mut seen = BTreeSet::new();
    let locks = locks.iter().filter(|(id, _)| seen.insert(*id));
    locks.map(|(id, alone)| (format!("lock{id}").into(), mode(*alone))).collect()
}

/// Whether some node would have to end before it starts.
fn has_circle(shapes: &[Shape]) -> bool {
    let count = shapes.len();
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); 2 * count];
    for (place, shape) in shapes.iter().enumerate() {
        before[2 * place + 1].push(2 * place);
        before[2 * place].extend(shape.needs.iter().map(|need| 2 * at(*need) + 1));
        if let Some(parent) = shape.parent.map(at) {
            before[2 * place].push(2 * parent);
            before[2 * parent + 1].push(2 * place + 1);
        }
    }
    let mut left: Vec<usize> = before.iter().map(Vec::len).collect();
    let mut done: Vec<usize> = (0..2 * count).filter(|point| left[*point] == 0).collect();
    let mut next = 0;
    while next < done.len() {
        for (point, list) in before.iter().enumerate() {
            let times = list.iter().filter(|earlier| **earlier == done[next]).count();
            if times > 0 {
                left[point] -= times;
                if left[point] == 0 {
                    done.push(point);
                }
            }
        }
        next += 1;
    }
    done.len() < 2 * count
}

/// What is seen from outside, kept apart from the states' own books.
struct World {
    shapes: Vec<Shape>,
    jobs: usize,
    verdicts: Vec<Option<Verdict>>,
    started: Vec<bool>,
    holding: Vec<bool>,
    abandoned: Vec<bool>,
    made: Vec<bool>,
    unmade: Vec<bool>,
    looking: Vec<NodeIx>,
    judging: Vec<NodeIx>,
    waiting: Vec<NodeIx>,
    wanting: Vec<NodeIx>,
    asked: Vec<NodeIx>,
    sums: Vec<(NodeIx, Verdict)>,
    unmaking: Vec<NodeIx>,
    stopped: bool,
}

impl World {
    fn new(shapes: Vec<Shape>, jobs: usize) -> Self {
        let count = shapes.len();
        Self {
            shapes,
            jobs,
            verdicts: vec![None; count],
            started: vec![false; count],
            holding: vec![false; count],
            abandoned: vec![false; count],
            made: vec![false; count],
            unmade: vec![false; count],
            looking: vec![],
            judging: vec![],
            waiting: vec![],
            wanting: vec![],
            asked: vec![],
            sums: vec![],
            unmaking: vec![],
            stopped: false,
        }
    }

    fn begins(&mut self, ix: NodeIx) {
        let shape = &self.shapes[at(ix)];
        for need in &shape.needs {
            assert_eq!(
                self.verdicts[at(*need)],
                Some(Verdict::Passed),
                "{ix:?} started, its need {need:?} did not pass"
            );
        }
        if let Some(parent) = shape.parent {
            assert!(
                self.started[at(parent)] && self.verdicts[at(parent)].is_none(),
                "{ix:?} started outside its group's time"
            );
        }
        assert!(!std::mem::replace(&mut self.started[at(ix)], true), "{ix:?} started twice");
        assert!(!self.stopped, "{ix:?} started after the stop");
        self.holding[at(ix)] = true;
        for other in (0..self.shapes.len()).filter(|other| *other != at(ix) && self.holding[*other]) {
            if !self.within(other, at(ix)) && !self.within(at(ix), other) {
                assert!(!self.clash(other, at(ix)), "{ix:?} and {other} hold one lock, one of them alone");
            }
        }
    }

    fn within(&self, inner: usize, outer: usize) -> bool {
        std::iter::successors(Some(inner), |place| self.shapes[*place].parent.map(at)).any(|place| place == outer)
    }

    fn clash(&self, a: usize, b: usize) -> bool {
        let (a, b) = (&self.shapes[a].locks, &self.shapes[b].locks);
        let alone = |x: LockMode, y: LockMode| x == LockMode::Alone || y == LockMode::Alone;
        a.iter().any(|(name, mode)| b.iter().any(|(other, theirs)| name == other && alone(*mode, *theirs)))
    }

    fn judged(&mut self, ix: NodeIx, verdict: Verdict) {
        assert!(self.verdicts[at(ix)].replace(verdict).is_none(), "{ix:?} has two verdicts");
        self.holding[at(ix)] = self.abandoned[at(ix)];
    }

    /// Everything that could use what `ix` made: who needs it or a group around it, and so on.
    fn users(&self, ix: NodeIx) -> BTreeSet<usize> {
        let mut users = BTreeSet::new();
        let mut stack = vec![at(ix)];
        while let Some(place) = stack.pop() {
            let around: Vec<usize> = std::iter::successors(Some(place), |p| self.shapes[*p].parent.map(at)).collect();
            for other in 0..self.shapes.len() {
                let uses = self.shapes[other].needs.iter().any(|need| around.contains(&at(*need)))
                    || (users.contains(&place) && self.shapes[other].parent.map(at) == Some(place));
                if uses && users.insert(other) {
                    stack.push(other);
                }
            }
        }
        users
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Ask(ix) => self.asked.push(ix),
            Step::LockWait(..) => {}
            Step::Open(ix) => self.begins(ix),
            Step::Start(ix) => {
                self.begins(ix);
                let judges = self.shapes[at(ix)].judges;
                if judges { self.judging.push(ix) } else { self.looking.push(ix) }
            }
            Step::Look(ix) => {
                self.wanting.retain(|other| *other != ix);
                self.looking.push(ix);
            }
            Step::Settled(ix, settled) => {
                assert!(!self.started[at(ix)]);
                assert_ne!(settled.verdict, Verdict::Passed, "nobody passes without being looked at");
                assert_ne!(settled.cause, Cause::Stuck, "a plan without circles never gets stuck");
                self.judged(ix, settled.verdict);
            }
            Step::Sum(ix, settled) => {
                let mut members = (0..self.shapes.len()).filter(|place| self.shapes[*place].parent == Some(ix));
                assert!(members.all(|place| self.verdicts[place].is_some()), "{ix:?} summed before its members ended");
                self.sums.push((ix, settled.verdict));
            }
            Step::Unmake(ix) => {
                assert!(self.made[at(ix)] && !self.unmade[at(ix)], "{ix:?} has nothing to undo");
                for user in self.users(ix) {
                    assert!(self.verdicts[user].is_some(), "{ix:?} is undone while {user} may use it");
                    assert!(!self.made[user] || self.unmade[user], "{ix:?} is undone before {user}, which is newer");
                }
                self.unmaking.push(ix);
            }
        }
        assert!(self.looking.len() + self.unmaking.len() <= self.jobs, "more in flight than slots");
    }
}

/// A row of choices that a failing case can be replayed from.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick(&mut self, from: &mut Vec<NodeIx>) -> Option<NodeIx> {
        (!from.is_empty()).then(|| from.swap_remove(self.roll(from.len())))
    }

    fn verdict(&mut self) -> Verdict {
        match self.roll(10) {
            0 => Verdict::Failed,
            1 => Verdict::Error,
            2 => Verdict::Skipped,
            _ => Verdict::Passed,
        }
    }
}

fn live(world: &mut World, states: &mut States, dice: &mut Dice) -> bool {
    match dice.roll(9) {
        0 => {
            let Some(ix) = dice.pick(&mut world.asked) else { return false };
            if world.verdicts[at(ix)].is_some() {
                states.go(ix);
            } else if dice.roll(4) == 0 {
                world.judged(ix, Verdict::Skipped);
                states.ended(ix, End { willing: true, ..Verdict::Skipped.into() });
            } else {
                states.go(ix);
            }
        }
        1 => {
            let Some(ix) = dice.pick(&mut world.looking) else { return false };
            states.waits(ix);
            world.waiting.push(ix);
        }
        2 => {
            let Some(ix) = dice.pick(&mut world.waiting) else { return false };
            states.wants_look(ix);
            world.wanting.push(ix);
        }
        3 => {
            let Some(ix) = dice.pick(&mut world.unmaking) else { return false };
            world.unmade[at(ix)] = true;
            states.unmade(ix);
        }
        4 => {
            if world.sums.is_empty() {
                return false;
            }
            let (ix, verdict) = world.sums.swap_remove(dice.roll(world.sums.len()));
            world.judged(ix, verdict);
            states.ended(ix, verdict.into());
        }
        5 => {
            let pool = if dice.roll(4) == 0 { &mut world.waiting } else { &mut world.wanting };
            let Some(ix) = dice.pick(pool) else { return false };
            world.judged(ix, Verdict::Error);
            states.ended(ix, Verdict::Error.into());
        }
        6 => {
            let Some(ix) = dice.pick(&mut world.judging) else { return false };
            let verdict = dice.verdict();
            world.judged(ix, verdict);
            states.ended(ix, verdict.into());
        }
        _ => {
            let Some(ix) = dice.pick(&mut world.looking) else { return false };
            if dice.roll(3) == 0 {
                world.made[at(ix)] = true;
                states.may_have_made(ix);
            }
            let abandoned = dice.roll(12) == 0;
            let verdict = if abandoned { Verdict::Error } else { dice.verdict() };
            world.abandoned[at(ix)] = abandoned;
            world.judged(ix, verdict);
            states.ended(ix, End { abandoned, ..verdict.into() });
        }
    }
    true
}

fn play(drawn: &Drawn, jobs: usize, seed: u64, stop_at: Option<usize>) {
    let shapes = shapes(drawn);
    let mut world = World::new(shapes.clone(), jobs);
    let mut states = States::new(Graph::new(shapes), jobs);
    let mut dice = Dice(seed);
    let mut idle = 0;
    for round in 0..100_000 {
        while let Some(step) = states.step() {
            world.take(step);
        }
        if states.finished() {
            break;
        }
        if stop_at == Some(round) {
            world.stopped = true;
            world.asked.clear();
            states.stop();
            continue;
        }
        idle = if live(&mut world, &mut states, &mut dice) { 0 } else { idle + 1 };
        assert!(idle < 2000, "nothing can happen any more, and the run has not ended: {states:#?}");
    }
    assert!(states.finished(), "the run does not end");
    for place in 0..world.shapes.len() {
        assert!(world.verdicts[place].is_some(), "node {place} has no verdict");
        assert_eq!(world.made[place], world.unmade[place], "what node {place} made is left");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_run_ends_and_keeps_the_rules(
        drawn in drawn(),
        jobs in 1_usize..5,
        seed in any::<u64>(),
        stop_at in prop::option::weighted(0.2, 0_usize..40),
    ) {
        play(&drawn, jobs, seed, stop_at);
    }
}
