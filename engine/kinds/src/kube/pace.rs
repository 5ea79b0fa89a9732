//! How fast one cluster is asked: a steady rate with room for a burst. Knows no request.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between requests, once the burst is used up: 50 a second.
const STEP: Duration = Duration::from_millis(20);

/// Requests that may come at once: 100.
const BURST: Duration = Duration::from_secs(2);

/// Turns at one server.
#[derive(Default)]
pub(super) struct Pace(Mutex<Option<Instant>>);

impl Pace {
    /// Waits for the next turn.
    pub(super) async fn turn(&self) {
        let wait = self.book(Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Books the next turn; how long it is until then.
    fn book(&self, now: Instant) -> Duration {
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = next.unwrap_or(now).max(now);
        *next = Some(due + STEP);
        (due - now).saturating_sub(BURST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_at_once_and_the_rest_at_the_rate() {
        let (pace, now) = (Pace::default(), Instant::now());
        let waits: Vec<Duration> = (0..150).map(|_| pace.book(now)).collect();
        assert_eq!(waits[100], Duration::ZERO);
        assert_eq!(waits[149], STEP * 49);
        assert_eq!(pace.book(now + Duration::from_secs(60)), Duration::ZERO);
    }
}
