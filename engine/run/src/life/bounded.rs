//! Deadlines of observations, and what is done about one that does not end.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A kind that knows its deadline ends by itself and says why; it gets this much longer for it.
const OWN_END: Duration = Duration::from_millis(150);
/// After this much more, work that was given up and goes on counts as hanging.
pub const GRACE: Duration = Duration::from_secs(2);

/// The value, or none at the deadline.
pub async fn by<T>(deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout_at((deadline + OWN_END).into(), work).await.ok()
}

/// Tells those who work for a check that nobody waits for them any more. Whoever works on a thread of its own
/// holds a clone, and is done when it drops it.
#[derive(Debug, Default)]
pub struct Flag(Mutex<Arc<AtomicBool>>);

impl Flag {
    /// The flag of what is done now.
    pub fn get(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Raises it. Whether somebody still works after that; what is done next has a fresh flag.
    pub async fn give_up(&self) -> bool {
        let flag = self.get();
        flag.store(true, Ordering::Relaxed);
        let end = Instant::now() + GRACE;
        // Two are held here; one that is dropped half way is waited for by who gives up next.
        while Arc::strong_count(&flag) > 2 && Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        Arc::strong_count(&flag) > 1
    }
}
