//! What the parts of one S3 share: what it keeps, what is wrong with it, who hears of changes.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use super::depot::Depot;
use super::{Config, Trouble};
use crate::clock::Clock;

/// An S3, as its API, its door and its world see it.
pub(super) struct Shared {
    clock: Clock,
    pub(super) config: Config,
    depot: Mutex<Depot>,
    state: Mutex<(Option<Trouble>, Duration)>,
    /// Another number after each change.
    changes: watch::Sender<u64>,
}

impl Shared {
    pub(super) fn new(config: Config, clock: Clock) -> Self {
        Self { clock, config, depot: Mutex::default(), state: Mutex::default(), changes: watch::Sender::new(0) }
    }

    /// The time of the world.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Looks at what it keeps.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Depot) -> R) -> R {
        look(&self.depot.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes what it keeps; whoever cares is told.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Depot) -> R) -> R {
        let done = change(&mut self.depot.lock().unwrap_or_else(PoisonError::into_inner));
        self.tell();
        done
    }

    /// What is wrong with it.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    /// How much longer answers take, by the wall's clock.
    pub(super) fn slow(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Lets something else be wrong, or nothing.
    pub(super) fn set(&self, change: impl FnOnce(&mut (Option<Trouble>, Duration))) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.tell();
    }

    /// Hears of changes.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn tell(&self) {
        self.changes.send_modify(|number| *number += 1);
    }
}
