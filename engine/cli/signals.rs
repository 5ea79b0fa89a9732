//! SIGINT and SIGTERM into requests to the run that goes on: the first ends it and cleans up, the second stops at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use checkrun_run::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Caught;

/// Listens for the life of the process.
#[derive(Clone, Default)]
pub struct Signals {
    count: Arc<AtomicUsize>,
    run: Arc<Mutex<Option<Sender<Stop>>>>,
}

impl Signals {
    /// Starts to listen.
    ///
    /// # Errors
    /// A sentence, where the system does not allow it.
    pub fn listen() -> Result<Self, String> {
        let signals = Self::default();
        let mut caught =
            Caught::new([SIGINT, SIGTERM]).map_err(|error| format!("cannot listen for signals: {error}"))?;
        let shared = signals.clone();
        thread::spawn(move || {
            for signal in caught.forever() {
                shared.take(signal);
            }
        });
        Ok(signals)
    }

    fn take(&self, signal: i32) {
        let name = if signal == SIGINT { "SIGINT" } else { "SIGTERM" };
        let stop = if self.count.fetch_add(1, Ordering::SeqCst) == 0 { Stop::Soon(name) } else { Stop::Now };
        if let Some(run) = &*self.run.lock().unwrap_or_else(PoisonError::into_inner) {
            // A run that has ended hears nothing and needs nothing.
            let _ = run.send(stop);
        }
    }

    /// Where the next run hears of them.
    #[must_use]
    pub fn for_run(&self) -> Receiver<Stop> {
        let (sender, receiver) = channel();
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    /// Whether one has come.
    #[must_use]
    pub fn came(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
    }
}
