//! Reading one object: by itself for a single look, from the shared watch for a wait.

use std::sync::Arc;

use checkrun_model::{Asked, Broken, Cx, Observation, Ruling};
use serde_json::{Value as Json, json};

use super::cluster::Cluster;
use super::object::{self, bare, name};
use super::place::Spot;
use super::watch::{self, Look, Sought};

/// The object at `spot`, if there is one; a sentence for the evidence where it could not be watched.
///
/// # Errors
/// It cannot be read.
pub(super) async fn read(
    cx: &Cx,
    cluster: &Arc<Cluster>,
    spot: &Spot,
) -> Result<(Option<Json>, Option<String>), Broken> {
    let mut note = None;
    if cx.wait_epoch.is_some() {
        let sought = Sought { name: Some(spot.name.clone()), ..Sought::default() };
        match watch::look(cx, cluster, &spot.resource, spot.namespace.as_deref(), sought).await? {
            Look::Seen(objects) => return Ok((objects.first().map(|object| Json::clone(object)), None)),
            Look::Poll(why) => note = Some(polled(&why)),
        }
    }
    Ok((cluster.read(spot, cx.deadline).await?.map(bare), note))
}

/// The sentence for the evidence of a wait that cannot watch.
pub(super) fn polled(why: &str) -> String {
    format!("polled, not watched: {why}")
}

/// What is seen of an object: itself, or nothing.
pub(super) fn seen(object: Option<Json>, note: Option<String>) -> Observation {
    let value = object.unwrap_or_else(|| json!({}));
    object::observation(value, note.into_iter().collect())
}

/// The rule that an object is there.
pub(super) fn there(seen: &Json, called: &str, asked: Asked) -> Ruling {
    match !name(seen).is_empty() || asked.allow_empty {
        true => Ruling::Met,
        false => Ruling::NotYet(format!("{called} does not exist")),
    }
}
