//! Showing objects in the form that is asked for.

use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::gate::Desk;
use super::path::Spot;
use super::request::{Form, Request};
use super::table::{Beside, table};
use crate::kube::object::version;
use crate::kube::refusal::Refusal;
use crate::kube::store::Key;
use crate::kube::types::resource::Resource;
use crate::kube::view;

/// Shows one object.
pub(super) fn get(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let form = desk.request.form()?;
    let key = Key::new(&spot.resource, spot.place(), spot.name());
    let found = desk.server.read(|store| store.get(&key).cloned());
    let stored = found.ok_or_else(|| Refusal::not_found(spot.resource.about(spot.name())))?;
    let object = view::shown(&spot.resource, &stored);
    Ok(Answer::json(200, &formed(desk, &spot.resource, form, object)))
}

/// How much of an object shall stand beside its row.
pub(super) fn beside(request: &Request) -> Beside {
    match request.parameter("includeObject") {
        Some("Object") => Beside::Object,
        Some("None") => Beside::Nothing,
        _ => Beside::Metadata,
    }
}

/// One object in a form.
pub(super) fn formed(desk: &Desk, resource: &Resource, form: Form, object: Json) -> Json {
    match form {
        Form::Object => object,
        Form::Partial => view::partial(&object),
        Form::Table => {
            let metadata = json!({ "resourceVersion": version(&object) });
            table(resource, &[object], metadata, beside(&desk.request), desk.server.clock.now())
        }
    }
}
