//! The words of the states: steps, causes, phases.

use checkrun_model::Verdict;
use checkrun_spec::plan::NodeIx;

use super::graph::LockId;

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Its needs passed: does its `when` hold? Answered by [`States::go`] or [`States::ended`].
    Ask(NodeIx),
    /// It waits for this lock, held by that node.
    LockWait(NodeIx, LockId, Option<NodeIx>),
    /// A group has started.
    Open(NodeIx),
    /// A check is admitted and looks for the first time.
    Start(NodeIx),
    /// A check that waited looks again.
    Look(NodeIx),
    /// It has its verdict without having been looked at.
    Settled(NodeIx, Settled),
    /// All members of a group have ended. Answered by [`States::ended`].
    Sum(NodeIx, Settled),
    /// What it made is to be undone. Answered by [`States::unmade`].
    Unmake(NodeIx),
}

/// A verdict with what it follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// The verdict.
    pub verdict: Verdict,
    /// Why.
    pub cause: Cause,
    /// Where the chain of causes begins.
    pub root: Option<NodeIx>,
}

/// Why a node has its verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Its own doing.
    Own,
    /// The plan left it out.
    LeftOut,
    /// This need did not pass.
    Need(NodeIx),
    /// The group around it did not start.
    Group(NodeIx),
    /// This lock is kept by a check that was given up, or by a group that waits for this node.
    Lock(LockId),
    /// The run was stopped.
    Stopped,
    /// Its turn can never come.
    Stuck,
}

/// How a check ended.
#[derive(Debug, Clone, Copy)]
pub struct End {
    /// Its verdict.
    pub verdict: Verdict,
    /// It was given up and may still be at work: its locks are kept.
    pub abandoned: bool,
    /// A skip that its author asked for.
    pub willing: bool,
}

impl From<Verdict> for End {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, abandoned: false, willing: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Something before it has not ended.
    Idle,
    Asked,
    InLine,
    /// It holds its locks and waits for a slot.
    Queued,
    Looking,
    Waiting,
    /// A group whose members run.
    Open,
    /// A group all of whose members have ended.
    Summing,
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unmaking {
    /// It made nothing.
    Nothing,
    Due,
    Queued,
    Running,
    Done,
}

#[derive(Debug)]
pub(super) struct State {
    pub phase: Phase,
    pub settled: Option<Settled>,
    /// Needs and gates that have not ended, and the group that has not started.
    pub before: usize,
    /// Members that have not ended.
    pub open_members: usize,
    /// Dependents that are not released, and the group around it if it is not clear.
    pub held_by: usize,
    /// Members that are not released.
    pub unreleased_members: usize,
    pub unmaking: Unmaking,
    pub holds_locks: bool,
    /// Its locks stay taken: it was given up.
    pub keeps_locks: bool,
    /// Undoings under way at it or below, for which it keeps its locks.
    pub undoing_below: usize,
    /// Skipped because its author said when.
    pub willing: bool,
    pub started: bool,
    /// The how manyth it was to start.
    pub order: u32,
}

/// What is to be looked at again after a change, in turn: chains of thousands must not nest calls.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    Ready(NodeIx),
    Ended(NodeIx),
    Clear(NodeIx),
    Released(NodeIx),
}
