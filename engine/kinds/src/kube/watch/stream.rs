//! The task behind a feed: lists, then watches, and lists again when the watch is cut, forgotten or too old.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use checkrun_model::{Broken, Shared};
use futures::StreamExt as _;
use kube::core::WatchEvent;

use super::feed::Feed;
use super::state::Change;
use crate::kube::ask::jittered;
use crate::kube::cluster::Cluster;
use crate::kube::object::bare;
use crate::kube::refusal::late;
use crate::kube::served::Resource;

/// For one list.
const LIST: Duration = Duration::from_secs(30);

/// For the first sign of a watch.
const OPEN: Duration = Duration::from_secs(15);

/// The server ends a watch after so many seconds.
const WATCH: u32 = 280;

/// A server says something at least once a minute; a watch that is silent for longer is dead.
const SILENCE: Duration = Duration::from_secs(75);

/// A feed that nobody asks goes on for so long: the next wait may be near.
const GRACE: Duration = Duration::from_secs(3);

/// Between two tries, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Where a feed comes from.
pub(super) struct Source {
    pub(super) cluster: Arc<Cluster>,
    pub(super) shared: Arc<Shared>,
    pub(super) resource: Arc<Resource>,
    pub(super) namespace: Option<String>,
}

/// Why a watch has ended.
enum End {
    /// Somebody wants a newer list.
    Wanted,
    /// Nobody asks.
    Idle,
    /// It was cut, or its place in history is forgotten.
    Cut(Option<Broken>),
    /// There is no right to watch.
    Denied(String),
}

/// A feed whose task does not come to its end (it panicked) answers nobody.
struct Fed(Arc<Feed>);

impl Drop for Fed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.change(super::state::State::abandon);
        }
    }
}

/// Keeps the feed going until nobody asks.
pub(super) async fn run(feed: Arc<Feed>, source: Source) {
    let _fed = Fed(Arc::clone(&feed));
    let mut pause = PAUSE.0;
    while !feed.end_if_idle() {
        // Taken before the list is asked for: what the list shows is not older.
        let epoch = source.shared.epoch();
        let (namespace, all) = (source.namespace.as_deref(), BTreeMap::new());
        let listed = source.cluster.list(&source.resource, namespace, &all, Instant::now() + LIST);
        let end = match listed.await {
            Ok(listing) => {
                pause = PAUSE.0;
                feed.change(|state| state.listed(epoch, listing.items));
                source.follow(&feed, &listing.version).await
            }
            Err(broken) if broken.transient => End::Cut(Some(broken)),
            Err(broken) => End::Denied(broken.cause),
        };
        match end {
            End::Wanted | End::Idle => {
                feed.change(super::state::State::cut);
                continue;
            }
            End::Denied(why) => return feed.change(|state| state.deny(why)),
            End::Cut(None) => feed.change(super::state::State::cut),
            End::Cut(Some(broken)) => feed.change(|state| state.fails(broken)),
        }
        tokio::time::sleep(jittered(pause)).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

impl Source {
    /// Follows what happens after the list.
    async fn follow(&self, feed: &Feed, version: &str) -> End {
        let path = self.resource.list_path(self.namespace.as_deref());
        let path =
            format!("{path}?watch=true&allowWatchBookmarks=true&timeoutSeconds={WATCH}&resourceVersion={version}");
        let opened = tokio::select! {
            opened = tokio::time::timeout(OPEN, self.cluster.watch(path)) => opened,
            () = newer_is_wanted(feed) => return End::Wanted,
        };
        let mut events = match opened {
            Ok(Ok(events)) => Box::pin(events),
            Ok(Err(broken)) if broken.transient => return End::Cut(Some(broken)),
            Ok(Err(broken)) => return End::Denied(broken.cause),
            Err(_) => {
                return End::Cut(Some(late(&self.cluster.site, "opening a watch", OPEN)));
            }
        };
        feed.change(super::state::State::followed);
        let idle = nobody_asks(feed);
        tokio::pin!(idle);
        loop {
            let event = tokio::select! {
                event = tokio::time::timeout(SILENCE, events.next()) => event,
                () = newer_is_wanted(feed) => return End::Wanted,
                () = &mut idle => return End::Idle,
            };
            match event {
                Ok(Some(Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)))) => {
                    feed.change(|state| state.happened(Change::Is, bare(object)));
                }
                Ok(Some(Ok(WatchEvent::Deleted(object)))) => {
                    feed.change(|state| state.happened(Change::Gone, bare(object)))
                }
                Ok(Some(Ok(WatchEvent::Bookmark(_)))) => {}
                // A list will say the same to whoever reads for himself.
                Ok(Some(Err(broken))) if !broken.transient => return End::Denied(broken.cause),
                Ok(Some(Ok(WatchEvent::Error(_)) | Err(_)) | None) | Err(_) => return End::Cut(None),
            }
        }
    }
}

async fn newer_is_wanted(feed: &Feed) {
    loop {
        feed.wanting.notified().await;
        if feed.is_wanting() {
            return;
        }
    }
}

async fn nobody_asks(feed: &Feed) {
    loop {
        tokio::time::sleep(GRACE).await;
        if feed.is_idle() {
            return;
        }
    }
}
