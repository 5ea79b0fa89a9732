//! What waiting checks look at: one list and one watch for each resource and namespace, shared by all of
//! them. A wait sees only states that were read after it began. Knows objects, no expectations.

mod feed;
mod state;
mod stream;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use checkrun_model::{Broken, Cx};
use serde_json::Value as Json;

use super::cluster::Cluster;
use super::object::{name, namespace};
use super::served::Resource;
use feed::Feed;

/// What a look came to.
pub(super) enum Look {
    /// The objects that are sought, sorted by namespace and name.
    Seen(Vec<Arc<Json>>),
    /// There is no right to list or watch, or no such verb: read it yourself, and say why.
    Poll(String),
}

/// Which objects a wait asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(super) struct Sought {
    pub(super) name: Option<String>,
    pub(super) labels: BTreeMap<String, String>,
}

impl Sought {
    fn fits(&self, object: &Json) -> bool {
        let labels = &object["metadata"]["labels"];
        self.name.as_deref().is_none_or(|sought| sought == name(object))
            && self.labels.iter().all(|(key, value)| labels[key].as_str() == Some(value))
    }
}

/// Namespace and name of an object: the order of a list.
type Id = (String, String);

fn id(object: &Json) -> Id {
    (namespace(object).to_owned(), name(object).to_owned())
}

/// What one feed is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Topic {
    cluster: String,
    resource: Arc<Resource>,
    /// None: all namespaces, or outside of them.
    namespace: Option<String>,
}

/// The feeds of one run.
#[derive(Default)]
struct Feeds {
    by_topic: Mutex<HashMap<Topic, Arc<Feed>>>,
    /// Which feeds each wait looks at.
    by_wait: Mutex<HashMap<u64, Vec<Arc<Feed>>>>,
}

impl Feeds {
    /// The feed of `topic`, started if there is none that goes on.
    fn feed(&self, cx: &Cx, cluster: &Arc<Cluster>, topic: Topic) -> Arc<Feed> {
        let mut feeds = self.by_topic.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = feeds.get(&topic).filter(|feed| !feed.has_ended()) {
            return Arc::clone(feed);
        }
        let feed =
            Feed::start(Arc::clone(cluster), Arc::clone(&cx.shared), topic.resource.clone(), topic.namespace.clone());
        feeds.insert(topic, Arc::clone(&feed));
        feed
    }

    /// Remembers who looks where, and forgets those who look no longer.
    fn remember(&self, wait: u64, feed: &Arc<Feed>) {
        let mut waits = self.by_wait.lock().unwrap_or_else(PoisonError::into_inner);
        if waits.get(&wait).is_some_and(|feeds| feeds.iter().any(|known| Arc::ptr_eq(known, feed))) {
            return;
        }
        waits.retain(|wait, feeds| feeds.iter().any(|feed| feed.is_asked_by(*wait)));
        waits.entry(wait).or_default().push(Arc::clone(feed));
    }

    fn of_wait(&self, wait: u64) -> Vec<Arc<Feed>> {
        self.by_wait.lock().unwrap_or_else(PoisonError::into_inner).get(&wait).cloned().unwrap_or_default()
    }
}

/// Looks at what the check waits for. What counts was read after its wait began, or after its own change.
///
/// # Errors
/// Nothing that counts could be read within the time of the check.
pub(super) async fn look(
    cx: &Cx,
    cluster: &Arc<Cluster>,
    resource: &Arc<Resource>,
    namespace: Option<&str>,
    sought: Sought,
) -> Result<Look, Broken> {
    if !resource.can("list") || !resource.can("watch") {
        return Ok(Look::Poll(format!("the cluster offers no watch of `{}`", resource.kind)));
    }
    let least = cx.wait_epoch.unwrap_or_else(|| cx.shared.epoch());
    let feeds = cx.shared.get::<Feeds>();
    let topic = Topic {
        cluster: cluster.name.clone(),
        resource: Arc::clone(resource),
        namespace: namespace.map(str::to_owned),
    };
    loop {
        let feed = feeds.feed(cx, cluster, topic.clone());
        if let Some(look) = feed.look(cx, &sought, least).await? {
            if matches!(look, Look::Seen(_)) {
                feeds.remember(cx.wait_id, &feed);
            }
            return Ok(look);
        }
    }
}

/// Resolves when something that this wait looks at has changed since it looked.
pub(super) async fn changed(cx: &Cx) {
    let feeds = cx.shared.get::<Feeds>().of_wait(cx.wait_id);
    let changes = feeds.iter().map(|feed| Box::pin(feed.changed(cx.wait_id)));
    match feeds.is_empty() {
        true => std::future::pending().await,
        false => drop(futures::future::select_all(changes).await),
    }
}
