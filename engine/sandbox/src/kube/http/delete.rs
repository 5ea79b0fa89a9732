//! Deleting one object or all that are selected.

use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::gate::Desk;
use super::list::Wanted;
use super::path::Spot;
use crate::kube::object::uid;
use crate::kube::refusal::{Cause, Refusal};
use crate::kube::store::{Deleted, Deletion, Key, Propagation};
use crate::kube::types::resource::Resource;
use crate::kube::view;

/// Kinds whose last state is the answer.
const SHOWN: [&str; 7] =
    ["Pod", "PodTemplate", "PersistentVolumeClaim", "PersistentVolume", "ServiceAccount", "Service", "ResourceQuota"];

/// The options of a deletion: in the body, or in the query.
fn options(desk: &Desk) -> Result<(Json, Deletion), Refusal> {
    let body = if desk.request.body.is_empty() { json!({}) } else { desk.request.object()? };
    let text = |value: &Json| value.as_str().map(str::to_owned);
    let policy =
        text(&body["propagationPolicy"]).or_else(|| desk.request.parameter("propagationPolicy").map(str::to_owned));
    let orphan = body["orphanDependents"].as_bool();
    let propagation = match policy.as_deref() {
        Some("Background") => Some(Propagation::Background),
        Some("Foreground") => Some(Propagation::Foreground),
        Some("Orphan") => Some(Propagation::Orphan),
        None => orphan.map(|orphan| if orphan { Propagation::Orphan } else { Propagation::Background }),
        Some(other) => {
            let why = format!("Invalid value: {other:?}: supported values: \"Background\", \"Foreground\", \"Orphan\"");
            let cause = Cause { reason: "FieldValueNotSupported", field: "propagationPolicy".into(), why };
            return Err(Refusal::invalid("meta.k8s.io", "DeleteOptions", "", &[cause]));
        }
    };
    let grace = match desk.request.number("gracePeriodSeconds")? {
        Some(seconds) => i64::try_from(seconds).ok(),
        None => body["gracePeriodSeconds"].as_i64(),
    };
    let conditions = &body["preconditions"];
    let how =
        Deletion { uid: text(&conditions["uid"]), version: text(&conditions["resourceVersion"]), grace, propagation };
    Ok((body, how))
}

/// Jobs leave their pods behind where nothing is said; everything else takes what it owns along.
fn defaulted(resource: &Resource, mut how: Deletion) -> Deletion {
    if resource.group == "batch" && resource.kind == "Job" && how.propagation.is_none() {
        how.propagation = Some(Propagation::Orphan);
    }
    how
}

/// Deletes one object.
pub(super) fn one(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let resource = &spot.resource;
    let (body, how) = options(desk)?;
    let act = desk.server.act(desk.request.by(), desk.request.dry(&body)?);
    let key = Key::new(resource, spot.place(), spot.name());
    let how = defaulted(resource, how);
    let deleted = desk.server.write(|store| store.delete(resource, &key, &how, &act))?;
    Ok(match deleted {
        Deleted::Going(object) => Answer::json(200, &view::shown(resource, &object)),
        Deleted::Gone(object) if resource.custom.is_none() && SHOWN.contains(&resource.kind.as_str()) => {
            Answer::json(200, &view::shown(resource, &object))
        }
        Deleted::Gone(object) => Answer::json(200, &success(resource, &object)),
    })
}

fn success(resource: &Resource, object: &Json) -> Json {
    let mut details = json!({ "name": crate::kube::object::name(object), "kind": resource.plural, "uid": uid(object) });
    if !resource.group.is_empty() {
        details["group"] = resource.group.clone().into();
    }
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details })
}

/// Deletes all that are selected; they are the answer.
pub(super) fn all(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let resource = &spot.resource;
    let (body, how) = options(desk)?;
    let act = desk.server.act(desk.request.by(), desk.request.dry(&body)?);
    let wanted = Wanted::read(&desk.request, spot)?;
    let how = defaulted(resource, how);
    let (items, revision) = desk.server.write(|store| {
        let shelf = resource.shelf();
        let meant = store.shelf(&shelf, spot.namespace.as_deref()).filter(|(_, object)| wanted.shown(object).is_some());
        let keys: Vec<Key> = meant.map(|(key, _)| key.clone()).collect();
        let mut items = Vec::new();
        for key in keys {
            // One that went with another is not there any more.
            if let Ok(Deleted::Going(object) | Deleted::Gone(object)) = store.delete(resource, &key, &how, &act) {
                items.push(view::shown(resource, &object));
            }
        }
        (items, store.revision())
    });
    let body = json!({
        "kind": resource.list_kind(), "apiVersion": resource.api_version(),
        "metadata": { "resourceVersion": revision.to_string() }, "items": items,
    });
    Ok(Answer::json(200, &body))
}
