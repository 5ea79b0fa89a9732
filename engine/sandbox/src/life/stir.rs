//! What is no cluster and changes all the same: a Kafka, an S3. Tells who must look, and wakes who sleeps meanwhile.

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::stage::Stage;
use crate::file::Sees;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stirred {
    /// The Kafka of this name.
    Kafka(String),
    /// The S3 of this name.
    S3(String),
}

impl Stirred {
    /// Whether a behaviour that sees this must look.
    pub(super) fn is_seen_by(&self, sees: &Sees) -> bool {
        match (self, sees) {
            (Self::Kafka(name), Sees::Kafka(seen)) | (Self::S3(name), Sees::S3(seen)) => seen == name || seen == "*",
            _ => false,
        }
    }
}

/// All of a world, with what has changed of each since it was asked last.
pub(super) struct Stirs(Vec<(Stirred, Box<dyn FnMut() -> bool + Send>)>);

impl Stirs {
    /// Those of a stage; `waker` hears of each change.
    pub(super) fn of(stage: &Stage, waker: &UnboundedSender<()>) -> Self {
        let kafka = stage.kafka.iter().map(|(name, one)| (Stirred::Kafka(name.clone()), watched(one.changes(), waker)));
        let s3 = stage.s3.iter().map(|(name, one)| (Stirred::S3(name.clone()), watched(one.changes(), waker)));
        Self(kafka.chain(s3).collect())
    }

    /// Those that have changed since this was asked last.
    pub(super) fn take(&mut self) -> Vec<Stirred> {
        self.0.iter_mut().filter_map(|(which, changed)| changed().then(|| which.clone())).collect()
    }
}

/// Whether anything has changed since this was asked last; the waker hears of it at once.
fn watched<T: Send + Sync + 'static>(
    mut of: watch::Receiver<T>,
    waker: &UnboundedSender<()>,
) -> Box<dyn FnMut() -> bool + Send> {
    let (mut heard, waker) = (of.clone(), waker.clone());
    tokio::spawn(async move { while heard.changed().await.is_ok() && waker.send(()).is_ok() {} });
    Box::new(move || {
        let changed = of.has_changed().unwrap_or(false);
        of.mark_unchanged();
        changed
    })
}
