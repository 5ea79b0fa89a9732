//! Calls that block, each on a thread of its own with what is left of the check's time. A thread that hangs
//! is given up: the check goes on without it. Knows no Kafka.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use checkrun_model::clock::spoken;
use checkrun_model::{Broken, Cx, Node};
use tokio::sync::oneshot;

/// What a blocking call knows of time.
pub(super) struct Clock {
    end: Instant,
    given_up: Arc<AtomicBool>,
    cancelled: Arc<AtomicBool>,
}

impl Clock {
    /// Time left; zero when the check was given up.
    pub(super) fn left(&self) -> Duration {
        match self.given_up.load(Ordering::Relaxed) || self.cancelled.load(Ordering::Relaxed) {
            true => Duration::ZERO,
            false => self.end.saturating_duration_since(Instant::now()),
        }
    }

    /// Whether nothing is left.
    pub(super) fn over(&self) -> bool {
        self.left().is_zero()
    }

    /// Time for one call: what is left, but at most `most`, and never zero (a zero means "do not wait" to some calls).
    pub(super) fn slice(&self, most: Duration) -> Duration {
        self.left().clamp(Duration::from_millis(1), most.max(Duration::from_millis(1)))
    }

    /// Waits a little before another try.
    pub(super) fn pause(&self, most: Duration) {
        std::thread::sleep(self.left().min(most));
    }
}

/// Tells the thread when nobody waits for it any more.
struct GiveUp(Arc<AtomicBool>);

impl Drop for GiveUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on a thread of its own. It is told to end a little before the check does, so that what it saw
/// until then still counts.
///
/// # Errors
/// Those of `work`; or it did not come back in time.
pub(super) async fn on_thread<T: Send + 'static>(
    cx: &Cx,
    work: impl FnOnce(&Clock) -> Result<T, Broken> + Send + 'static,
) -> Result<T, Broken> {
    let (begun, remaining) = (Instant::now(), cx.remaining());
    let margin = (remaining / 10).min(Duration::from_millis(500));
    let give_up = GiveUp(Arc::default());
    let clock = Clock {
        end: Instant::now() + (remaining - margin),
        given_up: give_up.0.clone(),
        cancelled: cx.cancelled.clone(),
    };
    let (done, answer) = oneshot::channel();
    std::thread::Builder::new()
        .name("kafka".into())
        .spawn(move || drop(done.send(work(&clock))))
        .map_err(|why| Broken::fatal(format!("no thread for the Kafka client: {why}")))?;
    match tokio::time::timeout(remaining, answer).await {
        Ok(Ok(outcome)) => outcome.map_err(|broken| located(broken, cx, begun.elapsed())),
        Ok(Err(_)) => Err(Broken::fatal("the Kafka client ended without an answer")),
        Err(_) => {
            let broken = Broken::transient("the Kafka client did not come back").outage("", "no answer in time");
            Err(located(broken, cx, remaining))
        }
    }
}

/// An outage with the endpoint's address, which the client itself does not know, and the time that was waited.
pub(super) fn located(mut broken: Broken, cx: &Cx, waited: Duration) -> Broken {
    if let (Some(outage), Some(endpoint)) = (&mut broken.outage, &cx.place.endpoint)
        && outage.at.is_empty()
    {
        let text = |node: &Node, key: &str| node.get(key).and_then(|node| node.scalar_text()).map(String::from);
        let through = || {
            let through = endpoint.config.get("through")?;
            Some(format!("{} of {}", text(through, "service")?, text(through, "cluster")?))
        };
        let address = text(&endpoint.config, "bootstrap").or_else(through).unwrap_or_default();
        outage.at = format!("endpoint `{}` at {address}", endpoint.name);
        broken.cause = format!("{}: {} within {}", outage.at, broken.cause, spoken(waited));
    }
    broken
}

/// Drops `what` on a thread of its own: closing a client may wait for brokers that are gone.
pub(super) fn aside<T: Send + 'static>(what: T) {
    drop(std::thread::Builder::new().name("kafka-close".into()).spawn(move || drop(what)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::context;

    #[tokio::test]
    async fn a_thread_that_hangs_is_given_up_and_told() {
        let (mut cx, _) = context(Some(("kafka", serde_json::json!({ "bootstrap": "a:9092" }))));
        cx.deadline = Instant::now() + Duration::from_millis(100);
        let (told, hears) = std::sync::mpsc::channel();
        let hung = on_thread(&cx, move |clock| {
            std::thread::sleep(Duration::from_millis(300));
            told.send(clock.over()).unwrap();
            Ok(())
        });
        let broken = hung.await.unwrap_err();
        assert!(broken.transient && broken.cause.contains("endpoint `there` at a:9092"), "{broken:?}");
        assert!(broken.cause.contains("did not come back within "), "{broken:?}");
        assert!(hears.recv().unwrap());
    }

    #[tokio::test]
    async fn the_answer_of_a_thread_that_ends_in_time_counts() {
        let (cx, _) = context(None);
        assert_eq!(on_thread(&cx, |clock| Ok(clock.over())).await, Ok(false));
        assert!(!on_thread(&cx, |_| -> Result<(), Broken> { panic!("on purpose") }).await.unwrap_err().transient);
    }
}
