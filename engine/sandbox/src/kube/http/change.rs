//! Making and replacing objects.

use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::body::{act, at_place, decoded, face, manager, of_name};
use super::gate::{Desk, denied};
use super::path::Spot;
use super::read::formed;
use crate::kube::admit;
use crate::kube::object::version;
use crate::kube::patch::owners;
use crate::kube::refusal::{Cause, Refusal};
use crate::kube::store::{Key, fit};
use crate::kube::types::resource::Resource;
use crate::kube::view;

/// Makes an object.
pub(super) fn create(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let resource = &spot.resource;
    if resource.namespaced && spot.namespace.is_none() {
        return Err(Refusal::method_not_allowed());
    }
    let (form, act) = (desk.request.form()?, act(desk)?);
    let mut written = decoded(desk, resource, desk.request.object()?)?;
    at_place(spot, &mut written.object)?;
    if !version(&written.object).is_empty() {
        return Err(Refusal::new(500, "", "resourceVersion should not be set on objects to be created"));
    }
    denied(desk, spot)?;
    admit::valid(resource, &written.object)?;
    let nothing = json!({});
    if resource.has_status() {
        fit(
            resource,
            face(spot),
            &json!({ "apiVersion": resource.api_version(), "metadata": {} }),
            &mut written.object,
        );
    }
    owners::updated(resource, &nothing, &mut written.object, &manager(desk, spot, false), act.now);
    let made = desk.server.write(|store| store.create(resource, view::stored(resource, written.object), &act))?;
    Ok(Answer::json(201, &formed(desk, resource, form, view::shown(resource, &made))).warn(&written.warnings))
}

/// Replaces an object.
pub(super) fn update(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let resource = &spot.resource;
    let (form, act) = (desk.request.form()?, act(desk)?);
    let mut written = decoded(desk, resource, desk.request.object()?)?;
    at_place(spot, &mut written.object)?;
    of_name(spot, &written.object)?;
    denied(desk, spot)?;
    let (warnings, manager) = (written.warnings, manager(desk, spot, false));
    let key = Key::new(resource, spot.place(), spot.name());
    let changed = desk.server.write(|store| {
        store.update(resource, &key, face(spot), &act, |old| {
            let mut new = written.object;
            versioned(resource, spot, &new)?;
            admit::valid(resource, &new)?;
            let claimed = version(&new).to_owned();
            let old = view::shown(resource, old);
            fit(resource, face(spot), &old, &mut new);
            owners::updated(resource, &old, &mut new, &manager, act.now);
            new["metadata"]["resourceVersion"] = claimed.into();
            Ok(view::stored(resource, new))
        })
    })?;
    Ok(Answer::json(200, &formed(desk, resource, form, view::shown(resource, &changed))).warn(&warnings))
}

/// Objects of a defined kind are only replaced in the version that was read.
fn versioned(resource: &Resource, spot: &Spot, object: &Json) -> Result<(), Refusal> {
    if !version(object).is_empty() || resource.custom.is_none() {
        return Ok(());
    }
    let cause = Cause {
        reason: "FieldValueInvalid",
        field: "metadata.resourceVersion".into(),
        why: "Invalid value: 0: must be specified for an update".into(),
    };
    Err(Refusal::invalid(&resource.group, &resource.kind, spot.name(), &[cause]))
}
