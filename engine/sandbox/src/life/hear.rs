//! What wakes the player of a world: a change, or that something is due. Does nothing itself.

use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::kube::Change;

/// Waits until a cluster or a Kafka has changed; the change of a cluster that was taken, if one was.
pub(super) async fn heard(
    changes: &mut [(String, UnboundedReceiver<Change>)],
    wake: &mut UnboundedReceiver<()>,
) -> Option<(String, Change)> {
    std::future::poll_fn(|cx| {
        for (name, changes) in &mut *changes {
            if let Poll::Ready(Some(change)) = changes.poll_recv(cx) {
                return Poll::Ready(Some((name.clone(), change)));
            }
        }
        match wake.poll_recv(cx) {
            Poll::Ready(Some(())) => Poll::Ready(None),
            // A world without Kafka has nobody who wakes.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Waits until that is due in the world; for ever where nothing is.
pub(super) async fn until(clock: crate::clock::Clock, due: Option<Timestamp>) {
    match due {
        Some(due) => {
            let left = due.duration_since(clock.now());
            clock.sleep(Duration::try_from(left).unwrap_or_default()).await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[tokio::test]
    async fn a_world_without_kafka_is_quiet() {
        let (changes, heard_of) = unbounded_channel();
        let mut clusters = vec![("apps".to_owned(), heard_of)];
        let (waker, mut wake) = unbounded_channel::<()>();
        drop(waker);
        let quiet = tokio::time::timeout(Duration::from_millis(30), heard(&mut clusters, &mut wake));
        assert!(quiet.await.is_err());
        drop(changes);
    }

    #[tokio::test]
    async fn a_kafka_that_stirs_wakes() {
        let (waker, mut wake) = unbounded_channel();
        waker.send(()).unwrap();
        assert!(heard(&mut [], &mut wake).await.is_none());
    }
}
