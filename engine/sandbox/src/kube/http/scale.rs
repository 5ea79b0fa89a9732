//! The scale of a workload: how many replicas it shall have, in one form for all kinds.

use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::body::{act, manager};
use super::gate::{Desk, denied};
use super::path::Spot;
use crate::kube::admit;
use crate::kube::object::{at, map, text, version};
use crate::kube::patch::{self, owners};
use crate::kube::refusal::{Cause, Refusal};
use crate::kube::store::{Face, Key};
use crate::kube::types::resource::Resource;
use crate::kube::view;

/// Where a kind keeps what its scale shows: wanted, there, and the selector of its pods.
fn places(resource: &Resource) -> (String, String, String) {
    let Some(scale) = resource.custom.as_ref().and_then(|custom| custom.scale.as_ref()) else {
        return ("spec.replicas".into(), "status.replicas".into(), String::new());
    };
    let path = |key: &str| scale[key].as_str().unwrap_or_default().trim_start_matches('.').to_owned();
    (path("specReplicasPath"), path("statusReplicasPath"), path("labelSelectorPath"))
}

/// `app=web,tier=a`
fn selector(object: &Json, place: &str) -> String {
    if !place.is_empty() {
        return at(object, place).as_str().unwrap_or_default().to_owned();
    }
    let labels = match &object["spec"]["selector"]["matchLabels"] {
        Json::Object(labels) => labels,
        _ => match &object["spec"]["selector"] {
            Json::Object(labels) => labels,
            _ => return String::new(),
        },
    };
    let pairs = labels.iter().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    pairs.collect::<Vec<_>>().join(",")
}

fn shown(resource: &Resource, object: &Json) -> Json {
    let (wanted, there, of) = places(resource);
    let mut metadata = json!({});
    for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if !text(object, key).is_empty() {
            metadata[key] = text(object, key).into();
        }
    }
    let mut status = json!({ "replicas": at(object, &there).as_i64().unwrap_or(0) });
    let selector = selector(object, &of);
    if !selector.is_empty() {
        status["selector"] = selector.into();
    }
    let spec = match at(object, &wanted).as_i64() {
        Some(replicas) if replicas != 0 => json!({ "replicas": replicas }),
        _ => json!({}),
    };
    json!({ "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata, "spec": spec, "status": status })
}

/// Shows or changes the scale of an object.
pub(super) fn answer(desk: &Desk, spot: &Spot, verb: &str) -> Result<Answer, Refusal> {
    let resource = &spot.resource;
    let key = Key::new(resource, spot.place(), spot.name());
    if verb == "get" {
        let found = desk.server.read(|store| store.get(&key).cloned());
        let found = found.ok_or_else(|| Refusal::not_found(resource.about(spot.name())))?;
        return Ok(Answer::json(200, &shown(resource, &found)));
    }
    denied(desk, spot)?;
    let (act, manager) = (act(desk)?, manager(desk, spot, false));
    let changed = desk.server.write(|store| {
        store.update(resource, &key, Face::Main, &act, |old| {
            let scale = asked(desk, verb, &shown(resource, old))?;
            let replicas = replicas(spot, &scale)?;
            let old = view::shown(resource, old);
            let mut new = old.clone();
            set(&mut new, &places(resource).0, replicas);
            admit::valid(resource, &new)?;
            owners::updated(resource, &old, &mut new, &manager, act.now);
            new["metadata"]["resourceVersion"] = version(&scale).into();
            Ok(view::stored(resource, new))
        })
    })?;
    Ok(Answer::json(200, &shown(resource, &changed)))
}

/// The scale that is asked for: the whole, or a patch of what it is.
fn asked(desk: &Desk, verb: &str, now: &Json) -> Result<Json, Refusal> {
    if verb == "update" {
        return desk.request.object();
    }
    let mut scale = now.clone();
    map(&mut scale["metadata"]).shift_remove("resourceVersion");
    match desk.request.media() {
        "application/merge-patch+json" | "application/strategic-merge-patch+json" => {
            let unread = |why| Refusal::bad_request(format!("error decoding patch: {why}"));
            patch::merge::merge(&mut scale, &serde_json::from_slice(&desk.request.body).map_err(unread)?);
        }
        "application/json-patch+json" => {
            let unread = |why| Refusal::bad_request(format!("error decoding patch: {why}"));
            let patch: json_patch::Patch = serde_json::from_slice(&desk.request.body).map_err(unread)?;
            json_patch::patch(&mut scale, &patch).map_err(|why| Refusal::new(422, "Invalid", why.to_string()))?;
        }
        _ => return Err(Refusal::unsupported("applying a scale")),
    }
    Ok(scale)
}

fn replicas(spot: &Spot, scale: &Json) -> Result<i64, Refusal> {
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas >= 0 {
        return Ok(replicas);
    }
    let why = "must be greater than or equal to 0";
    let cause = Cause::invalid("spec.replicas", &replicas.into(), why);
    Err(Refusal::invalid("autoscaling", "Scale", spot.name(), &[cause]))
}

fn set(object: &mut Json, path: &str, value: i64) {
    let mut place = object;
    for part in path.split('.') {
        place = map(place).entry(part.to_owned()).or_insert(Json::Null);
    }
    *place = value.into();
}
