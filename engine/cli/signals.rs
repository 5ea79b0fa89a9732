//! SIGINT, SIGTERM and SIGHUP (the terminal was closed) into requests to the run that goes on: the first ends it and
//! cleans up, the second stops at once.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use checkrun_run::Stop;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
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
            Caught::new(listened(ignores_hangup())).map_err(|error| format!("cannot listen for signals: {error}"))?;
        let shared = signals.clone();
        thread::spawn(move || {
            for signal in caught.forever() {
                shared.take(signal);
            }
        });
        Ok(signals)
    }

    fn take(&self, signal: i32) {
        let name = match signal {
            SIGINT => "SIGINT",
            SIGHUP => "SIGHUP",
            _ => "SIGTERM",
        };
        let mut heard = self.heard();
        // A terminal that closes is told by the kernel and by the shell: the second time is no second request.
        if signal == SIGHUP && !heard.stops.is_empty() {
            return;
        }
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

/// The signals that are requests to stop.
fn listened(ignores_hangup: bool) -> Vec<i32> {
    let mut signals = vec![SIGINT, SIGTERM];
    if !ignores_hangup {
        signals.push(SIGHUP);
    }
    signals
}

/// Whether whoever started us (`nohup`) wants us to outlive the terminal.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("SigIgn:")?.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (SIGHUP - 1) != 0)
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
    fn a_closed_terminal_ends_the_run_like_any_other_request() {
        let signals = Signals::default();
        let run = signals.for_run();
        signals.take(SIGHUP);
        signals.take(SIGHUP);
        assert_eq!(run.try_iter().collect::<Vec<_>>(), [Stop::Soon("SIGHUP")]);
        signals.take(SIGINT);
        assert_eq!(run.try_iter().collect::<Vec<_>>(), [Stop::Now]);
    }

    #[test]
    fn a_signal_that_came_before_the_run_is_not_lost() {
        let signals = Signals::default();
        signals.take(SIGINT);
        assert_eq!(signals.for_run().try_iter().collect::<Vec<_>>(), [Stop::Soon("SIGINT")]);
        assert!(signals.came());
    }
}
