//! Slots: so many at a time, and who comes next. Knows nothing of locks or verdicts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use checkrun_spec::plan::NodeIx;

/// What a slot is wanted for, most urgent first: a wait that looks again, an undoing, a first look of one
/// that keeps others out, any other first look; of these the one with the longest chain behind it.
#[derive(Debug, Clone, Copy)]
pub enum For {
    /// A waiting check looks again.
    Again,
    /// What a check made is undone; `newer` are undone first.
    Undo {
        /// The higher, the later it was made.
        newer: u32,
    },
    /// A check is looked at for the first time.
    First {
        /// It holds a lock alone.
        alone: bool,
        /// Length of the chain that follows it.
        height: u32,
    },
}

/// Free slots and those who wait for one.
#[derive(Debug)]
pub struct Slots {
    free: usize,
    asked: u32,
    line: BinaryHeap<Reverse<(u8, u32, NodeIx)>>,
}

impl Slots {
    /// So many slots, at least one.
    pub fn new(jobs: usize) -> Self {
        Self { free: jobs.max(1), asked: 0, line: BinaryHeap::new() }
    }

    /// Waits for a slot.
    pub fn ask(&mut self, what: For, who: NodeIx) {
        let (class, order) = match what {
            For::Again => {
                self.asked = self.asked.wrapping_add(1);
                (0, self.asked)
            }
            For::Undo { newer } => (1, u32::MAX - newer),
            For::First { alone: true, height } => (2, u32::MAX - height),
            For::First { alone: false, height } => (3, u32::MAX - height),
        };
        self.line.push(Reverse((class, order, who)));
    }

    /// The next one, who has a slot now.
    pub fn next(&mut self) -> Option<NodeIx> {
        if self.free == 0 {
            return None;
        }
        let Reverse((_, _, who)) = self.line.pop()?;
        self.free -= 1;
        Some(who)
    }

    /// A slot was given back.
    pub fn free(&mut self) {
        self.free += 1;
    }
}
