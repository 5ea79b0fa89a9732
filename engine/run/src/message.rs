//! What workers say to the owner of the run's state. The owner alone writes events.

use checkrun_model::event::{Event, Judged};
use checkrun_model::{Intent, IntentId};
use checkrun_spec::plan::NodeIx;
use serde_json::Value as Json;
use tokio::sync::oneshot;

use crate::journal::sync::Reply;
use crate::life::cleanup::Gone;
use crate::room::Saved;
use crate::state::End;

/// A message to the owner.
pub enum Msg {
    /// Write this.
    Write(Event),
    /// The check waits now and gives its slot back.
    Waits(NodeIx),
    /// It wants to look again, and goes on when it is answered.
    WantsLook(NodeIx, oneshot::Sender<()>),
    /// An effect is about to happen: answer when all that was written is on the disk.
    Safe(Reply),
    /// An effect that can be undone is about to happen. Not answered where it must not.
    Intend {
        /// The check.
        node: NodeIx,
        /// What.
        what: Intent,
        /// Its number, at once.
        id: oneshot::Sender<IntentId>,
        /// Answered when it is on the disk.
        safe: Reply,
    },
    /// The effect happened.
    Made(IntentId, Json),
    /// It did not.
    Void(IntentId),
    /// A check has ended.
    Ended(NodeIx, Box<Ending>),
    /// Several that only judge have ended.
    AllEnded(Vec<(NodeIx, Ending)>),
    /// An effect was undone, or why not.
    Undone(IntentId, Result<Gone, String>),
    /// All of a check's clean-up was tried.
    Unmade(NodeIx),
    /// Evidence could not be kept: the program cannot do its work.
    Trouble(String),
}

/// How a check ended.
pub struct Ending {
    /// For the states.
    pub end: End,
    /// The last look, if it is to be written.
    pub observed: Option<Box<Event>>,
    /// The verdict.
    pub judged: Judged,
    /// What it leaves for others; only where it passed.
    pub saved: Option<Saved>,
}
