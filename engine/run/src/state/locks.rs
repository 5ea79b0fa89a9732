//! Who holds which lock, and who waits for it. Knows holders by number, not what they do.
//!
//! A holder gets all of its locks at once or none. Each lock has one line of waiting holders in the order in
//! which they asked, the same order in all lines; nobody is served before somebody ahead with whom it does
//! not get along. So nobody waits in a circle, and one who wants a lock alone is not passed by for ever.

use std::collections::VecDeque;

use checkrun_model::LockMode;
use checkrun_spec::plan::NodeIx;

use super::graph::LockId;

/// All locks of a run.
#[derive(Debug, Default)]
pub struct Locks {
    table: Vec<Lock>,
}

#[derive(Debug, Default, Clone)]
struct Lock {
    alone: bool,
    holders: Vec<NodeIx>,
    line: VecDeque<(NodeIx, LockMode)>,
    /// Its holder was given up and may still be at work: nobody gets it any more.
    kept: bool,
}

/// The locks that a holder wants.
pub type Wants = [(LockId, LockMode)];

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// It holds them.
    Granted,
    /// It waits for this lock, among them.
    Waits(LockId, Option<NodeIx>),
    /// This one will never be free.
    Never(LockId, Option<NodeIx>),
}

impl Locks {
    /// So many free locks.
    pub fn new(count: usize) -> Self {
        Self { table: vec![Lock::default(); count] }
    }

    /// Takes all of them, or waits in line.
    pub fn ask(&mut self, who: NodeIx, wants: &Wants) -> Asked {
        if let Some((id, _)) = wants.iter().find(|(id, _)| self.lock(*id).kept) {
            return Asked::Never(*id, self.lock(*id).holders.first().copied());
        }
        let hindrance =
            wants.iter().find(|(id, mode)| !self.lock(*id).free_for(*mode) || !self.lock(*id).line_allows(*mode));
        let Some(&(id, _)) = hindrance else {
            self.take(who, wants);
            return Asked::Granted;
        };
        for (id, mode) in wants {
            self.table[*id as usize].line.push_back((who, *mode));
        }
        let lock = self.lock(id);
        Asked::Waits(id, lock.holders.first().copied().or_else(|| lock.line.front().map(|(ahead, _)| *ahead)))
    }

    /// Gives them back; who may go on now. `wants_of` tells what those in line want.
    pub fn release<'w>(&mut self, who: NodeIx, wants: &Wants, wants_of: impl Fn(NodeIx) -> &'w Wants) -> Vec<NodeIx> {
        for (id, _) in wants {
            let lock = &mut self.table[*id as usize];
            lock.holders.retain(|holder| *holder != who);
            lock.alone = false;
        }
        self.serve(wants, &wants_of)
    }

    /// Leaves the line; who may go on because of that.
    pub fn leave<'w>(&mut self, who: NodeIx, wants: &Wants, wants_of: impl Fn(NodeIx) -> &'w Wants) -> Vec<NodeIx> {
        for (id, _) in wants {
            self.table[*id as usize].remove(who);
        }
        self.serve(wants, &wants_of)
    }

    /// Its holder was given up: nobody gets these any more. Who waited for them in vain.
    pub fn keep(&mut self, wants: &Wants) -> Vec<(NodeIx, LockId)> {
        let mut vain = Vec::new();
        for (id, _) in wants {
            let lock = &mut self.table[*id as usize];
            lock.kept = true;
            vain.extend(lock.line.iter().map(|(who, _)| (*who, *id)));
        }
        vain
    }

    /// Sends everybody in line away.
    pub fn disband(&mut self) {
        for lock in &mut self.table {
            lock.line.clear();
        }
    }

    fn lock(&self, id: LockId) -> &Lock {
        &self.table[id as usize]
    }

    fn take(&mut self, who: NodeIx, wants: &Wants) {
        for (id, mode) in wants {
            let lock = &mut self.table[*id as usize];
            lock.alone = *mode == LockMode::Alone;
            lock.holders.push(who);
        }
    }

    fn serve<'w>(&mut self, freed: &Wants, wants_of: &impl Fn(NodeIx) -> &'w Wants) -> Vec<NodeIx> {
        let mut served = Vec::new();
        for (id, _) in freed {
            for who in self.front(*id) {
                let wants = wants_of(who);
                if wants.iter().all(|(id, mode)| self.may_take(who, *id, *mode)) {
                    for (id, _) in wants {
                        self.table[*id as usize].remove(who);
                    }
                    self.take(who, wants);
                    served.push(who);
                }
            }
        }
        served
    }

    /// Those with nobody in their way in this line: the first, and while all want it shared, those behind.
    fn front(&self, id: LockId) -> Vec<NodeIx> {
        let line = &self.lock(id).line;
        let shared = line.iter().take_while(|(_, mode)| *mode == LockMode::Shared).count();
        line.iter().take(shared.max(1)).map(|(who, _)| *who).collect()
    }

    fn may_take(&self, who: NodeIx, id: LockId, mode: LockMode) -> bool {
        let lock = self.lock(id);
        let ahead_gets_along = || {
            let mut ahead = lock.line.iter().take_while(|(waiting, _)| *waiting != who);
            ahead.all(|(_, theirs)| mode == LockMode::Shared && *theirs == LockMode::Shared)
        };
        !lock.kept && lock.free_for(mode) && ahead_gets_along()
    }
}

impl Lock {
    fn free_for(&self, mode: LockMode) -> bool {
        !self.kept && !self.alone && (mode == LockMode::Shared || self.holders.is_empty())
    }

    fn remove(&mut self, who: NodeIx) {
        if self.line.front().is_some_and(|(first, _)| *first == who) {
            self.line.pop_front();
        } else {
            self.line.retain(|(waiting, _)| *waiting != who);
        }
    }

    /// Whether one who asks now, behind all others, gets along with them.
    fn line_allows(&self, mode: LockMode) -> bool {
        match mode {
            LockMode::Alone => self.line.is_empty(),
            LockMode::Shared => self.line.iter().all(|(_, theirs)| *theirs == LockMode::Shared),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: (LockId, LockMode) = (0, LockMode::Alone);
    const S: (LockId, LockMode) = (0, LockMode::Shared);
    const OTHER: (LockId, LockMode) = (1, LockMode::Shared);

    #[test]
    fn one_who_wants_it_alone_is_not_passed_by() {
        let wants: Vec<Vec<(LockId, LockMode)>> = vec![vec![S], vec![A], vec![S], vec![S]];
        let of = |who: NodeIx| wants[who.0 as usize].as_slice();
        let mut locks = Locks::new(1);
        assert_eq!(locks.ask(NodeIx(0), &wants[0]), Asked::Granted);
        assert_eq!(locks.ask(NodeIx(1), &wants[1]), Asked::Waits(0, Some(NodeIx(0))));
        assert!(
            matches!(locks.ask(NodeIx(2), &wants[2]), Asked::Waits(..)),
            "shared must not pass one that waits to be alone"
        );
        assert!(matches!(locks.ask(NodeIx(3), &wants[3]), Asked::Waits(..)));
        assert_eq!(locks.release(NodeIx(0), &wants[0], of), vec![NodeIx(1)]);
        assert_eq!(locks.release(NodeIx(1), &wants[1], of), vec![NodeIx(2), NodeIx(3)]);
    }

    #[test]
    fn all_at_once_or_none() {
        let wants: Vec<Vec<(LockId, LockMode)>> = vec![vec![A], vec![S, OTHER], vec![(1, LockMode::Alone)]];
        let of = |who: NodeIx| wants[who.0 as usize].as_slice();
        let mut locks = Locks::new(2);
        locks.ask(NodeIx(0), &wants[0]);
        assert!(matches!(locks.ask(NodeIx(1), &wants[1]), Asked::Waits(0, _)));
        assert!(matches!(locks.ask(NodeIx(2), &wants[2]), Asked::Waits(1, _)), "it asked later and must not pass");
        assert_eq!(locks.release(NodeIx(0), &wants[0], of), vec![NodeIx(1)]);
        assert_eq!(locks.release(NodeIx(1), &wants[1], of), vec![NodeIx(2)]);
    }

    #[test]
    fn who_leaves_the_line_lets_those_behind_go_on() {
        let wants: Vec<Vec<(LockId, LockMode)>> = vec![vec![S], vec![A], vec![S]];
        let of = |who: NodeIx| wants[who.0 as usize].as_slice();
        let mut locks = Locks::new(1);
        locks.ask(NodeIx(0), &wants[0]);
        locks.ask(NodeIx(1), &wants[1]);
        locks.ask(NodeIx(2), &wants[2]);
        assert_eq!(locks.leave(NodeIx(1), &wants[1], of), vec![NodeIx(2)]);
    }

    #[test]
    fn a_kept_lock_is_never_given_again() {
        let wants: Vec<Vec<(LockId, LockMode)>> = vec![vec![A], vec![S]];
        let mut locks = Locks::new(1);
        locks.ask(NodeIx(0), &wants[0]);
        locks.ask(NodeIx(1), &wants[1]);
        assert_eq!(locks.keep(&wants[0]), vec![(NodeIx(1), 0)]);
        assert_eq!(locks.ask(NodeIx(1), &wants[1]), Asked::Never(0, Some(NodeIx(0))));
    }
}
