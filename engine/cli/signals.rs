//! SIGINT and SIGTERM into requests to the run that goes on: the first ends it and cleans up, the second stops at once.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use checkrun_run::Stop;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Caught;

/// Listens for the life of the process.
#[derive(Clone, Default)]
pub struct Signals(Arc<Mutex<Heard>>);

/// What has come so far, and the run that is told.
#[derive(Default)]
struct Heard {
    stops: Vec<Stop>,
    run: Option<Sender<Stop>>,
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
        let mut heard = self.heard();
        let stop = if heard.stops.is_empty() { Stop::Soon(name) } else { Stop::Now };
        heard.stops.push(stop);
        if let Some(run) = &heard.run {
            // A run that has ended hears nothing and needs nothing.
            let _ = run.send(stop);
        }
    }

    /// Where the next run hears of them, also of those that came before it.
    #[must_use]
    pub fn for_run(&self) -> Receiver<Stop> {
        let (sender, receiver) = channel();
        let mut heard = self.heard();
        for stop in &heard.stops {
            let _ = sender.send(*stop);
        }
        heard.run = Some(sender);
        receiver
    }

    /// Whether one has come.
    #[must_use]
    pub fn came(&self) -> bool {
        !self.heard().stops.is_empty()
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_signal_ends_the_run_and_the_second_stops_it() {
        let signals = Signals::default();
        let run = signals.for_run();
        signals.take(SIGTERM);
        signals.take(SIGINT);
        assert_eq!(run.try_iter().collect::<Vec<_>>(), [Stop::Soon("SIGTERM"), Stop::Now]);
    }

    #[test]
    fn a_signal_that_came_before_the_run_is_not_lost() {
        let signals = Signals::default();
        signals.take(SIGINT);
        assert_eq!(signals.for_run().try_iter().collect::<Vec<_>>(), [Stop::Soon("SIGINT")]);
        assert!(signals.came());
    }
}
