//! Patching objects, and applying them.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::body::{Strictness, act, at_place, face, manager, of_name, patched};
use super::gate::{Desk, denied};
use super::path::Spot;
use super::read::formed;
use crate::kube::admit;
use crate::kube::object::version;
use crate::kube::patch::apply::{self, Applied};
use crate::kube::patch::{self, owners};
use crate::kube::refusal::{Cause, Refusal};
use crate::kube::store::{Act, Key, Store, fit};
use crate::kube::view;

fn option(field: &str, why: &str, reason: &'static str) -> Refusal {
    let cause = Cause { reason, field: field.into(), why: why.into() };
    Refusal::invalid("meta.k8s.io", "PatchOptions", "", &[cause])
}

/// Changes an object by saying less than the whole.
pub(super) fn patch(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let resource = &spot.resource;
    let (form, act) = (desk.request.form()?, act(desk)?);
    denied(desk, spot)?;
    let way = patch::Way::read(desk.request.media(), &desk.request.body, resource)?;
    let applies = matches!(way, patch::Way::Apply(_));
    if applies && desk.request.parameter("fieldManager").is_none() {
        return Err(option("fieldManager", "Required value: is required for apply patch", "FieldValueRequired"));
    }
    if !applies && desk.request.parameter("force").is_some() {
        let why = "Forbidden: may not be specified for non-apply patch";
        return Err(option("force", why, "FieldValueForbidden"));
    }
    let mut warnings = Vec::new();
    let (status, stored) = desk.server.write(|store| match &way {
        patch::Way::Apply(config) => applied(desk, spot, store, config, &act),
        way => changed(desk, spot, store, way, &act, &mut warnings).map(|object| (200, object)),
    })?;
    let object = view::shown(resource, &stored);
    Ok(Answer::json(status, &formed(desk, resource, form, object)).warn(&warnings))
}

fn changed(
    desk: &Desk,
    spot: &Spot,
    store: &mut Store,
    way: &patch::Way,
    act: &Act,
    warnings: &mut Vec<String>,
) -> Result<Arc<Json>, Refusal> {
    let resource = &spot.resource;
    let (strictness, manager) = (Strictness::of(desk)?, manager(desk, spot, false));
    let key = Key::new(resource, spot.place(), spot.name());
    store.update(resource, &key, face(spot), act, |old| {
        let old = view::shown(resource, old);
        let mut object = old.clone();
        way.change(resource, &mut object)?;
        let written = patched(resource, strictness, object)?;
        *warnings = written.warnings;
        let mut new = written.object;
        admit::valid(resource, &new)?;
        let claimed = version(&new).to_owned();
        fit(resource, face(spot), &old, &mut new);
        owners::updated(resource, &old, &mut new, &manager, act.now);
        new["metadata"]["resourceVersion"] = claimed.into();
        Ok(view::stored(resource, new))
    })
}

/// Applies an object; it is made if there is none.
fn applied(desk: &Desk, spot: &Spot, store: &mut Store, config: &Json, act: &Act) -> Result<(u16, Arc<Json>), Refusal> {
    let resource = &spot.resource;
    let mut config = config.clone();
    let word = |key: &str| config[key].as_str().unwrap_or_default();
    if word("apiVersion") != resource.api_version() || word("kind") != resource.kind {
        let why = format!("invalid object type: {}, Kind={}", word("apiVersion"), word("kind"));
        return Err(Refusal::bad_request(why));
    }
    apply::known(resource, &config)?;
    at_place(spot, &mut config)?;
    of_name(spot, &config)?;
    let manager = manager(desk, spot, true);
    let applied = Applied { config: &config, manager: &manager, force: desk.request.says("force"), now: act.now };
    let key = Key::new(resource, spot.place(), spot.name());
    if store.get(&key).is_some() {
        let changed = store.update(resource, &key, face(spot), act, |old| {
            let old = view::shown(resource, old);
            finished(spot, &old, apply::apply(resource, &old, &applied)?)
        });
        return changed.map(|object| (200, object));
    }
    if !spot.part.is_empty() {
        return Err(Refusal::not_found(resource.about(spot.name())));
    }
    let nothing = json!({ "apiVersion": resource.api_version(), "kind": resource.kind, "metadata": {} });
    let mut object = apply::apply(resource, &nothing, &applied)?;
    crate::kube::object::metadata(&mut object).shift_remove("resourceVersion");
    let made = finished(spot, &nothing, object)?;
    store.create(resource, made, act).map(|object| (201, object))
}

/// An applied object, held against its resource.
fn finished(spot: &Spot, old: &Json, object: Json) -> Result<Json, Refusal> {
    let resource = &spot.resource;
    let claimed = version(&object).to_owned();
    let mut new = patched(resource, Strictness::Ignore, object)?.object;
    admit::valid(resource, &new)?;
    fit(resource, face(spot), old, &mut new);
    if !claimed.is_empty() {
        new["metadata"]["resourceVersion"] = claimed.into();
    }
    Ok(view::stored(resource, new))
}
