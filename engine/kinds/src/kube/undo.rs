//! Unmaking what a run made: by path and UID, or by the run's mark where the UID was never learnt.

use std::time::{Duration, Instant};

use checkrun_model::{Broken, Cx, Undone};
use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::ask::Ask;
use super::cluster::Cluster;
use super::object::{held_by, marked_by, uid};
use super::place::Spot;
use crate::unconfirmed;

/// Between two looks whether it is gone, at first and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// What is needed to find an object again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// Its path at the API server.
    pub(super) path: String,
    /// For people.
    pub(super) object: String,
    /// Once it is known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) uid: String,
}

impl Identity {
    /// Of an object that is about to be made.
    pub(super) fn of(spot: &Spot) -> Self {
        Self { path: spot.path(), object: spot.called(), uid: String::new() }
    }

    /// As the ledger keeps it.
    pub(super) fn json(&self) -> Json {
        json!(self)
    }

    /// From the ledger.
    ///
    /// # Errors
    /// It was not written by this kind.
    pub(super) fn read<'a, T: Deserialize<'a>>(identity: &'a Json) -> Result<T, Broken> {
        T::deserialize(identity).map_err(|why| Broken::fatal(format!("the intent cannot be read: {why}")))
    }

    /// The object, if it is there and still is what this run made.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) async fn found(&self, cluster: &Cluster, cx: &Cx) -> Result<Result<Json, Undone>, Broken> {
        let patience = unconfirmed::patience(cx.remaining());
        let end = Instant::now() + patience;
        let object = loop {
            if let Some(object) = cluster.ask(&Ask::get(self.path.clone()), cx.deadline).await?.found()? {
                break object;
            }
            if !self.uid.is_empty() {
                return Ok(Err(Undone::AlreadyGone));
            }
            // The request to make it may still be under way.
            if Instant::now() >= end {
                return Ok(Err(unconfirmed::not_seen(&self.object, patience)));
            }
            tokio::time::sleep(unconfirmed::PAUSE).await;
        };
        let ours = if self.uid.is_empty() { marked_by(&object) == Some(&cx.run.id) } else { uid(&object) == self.uid };
        if ours {
            return Ok(Ok(object));
        }
        let why = format!("{} is there, but is not what run {} made", self.object, cx.run.id);
        Ok(Err(Undone::NotOurs(why)))
    }
}

/// Deletes what an intent names and waits until it is gone.
///
/// # Errors
/// It cannot be deleted, or is not gone in time.
pub(super) async fn unmake(identity: &Json, cx: &Cx) -> Result<Undone, Broken> {
    let identity: Identity = Identity::read(identity)?;
    let cluster = Cluster::of(cx).await?;
    let object = match identity.found(&cluster, cx).await? {
        Ok(object) => object,
        Err(undone) => return Ok(undone),
    };
    let uid = uid(&object).to_owned();
    if cluster.ask(&deletion(&identity.path, &uid, None), cx.deadline).await?.found()?.is_none() {
        return Ok(Undone::AlreadyGone);
    }
    gone(&cluster, &identity, &uid, cx).await.map(|()| Undone::Done)
}

/// The request that deletes the object with this UID, and no other of its name.
pub(super) fn deletion(path: &str, uid: &str, grace: Option<u64>) -> Ask {
    let mut options = json!({
        "apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background", "preconditions": { "uid": uid },
    });
    if let Some(seconds) = grace {
        options["gracePeriodSeconds"] = seconds.into();
    }
    Ask::change(Method::DELETE, path, "application/json", &options)
}

async fn gone(cluster: &Cluster, identity: &Identity, sought: &str, cx: &Cx) -> Result<(), Broken> {
    let mut pause = PAUSE.0;
    loop {
        let there = cluster.ask(&Ask::get(identity.path.clone()), cx.deadline).await?.found()?;
        let Some(object) = there.filter(|object| uid(object) == sought) else {
            return Ok(());
        };
        if cx.remaining() <= pause {
            return Err(Broken::transient(format!("{} is still there: {}", identity.object, held_by(&object))));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}
