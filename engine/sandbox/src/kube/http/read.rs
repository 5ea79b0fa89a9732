//! Showing objects in the form that is asked for.

use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::gate::Desk;
use super::path::Spot;
use super::request::Form;
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
    Ok(Answer::json(200, &formed(&spot.resource, form, object)))
}

/// One object in a form.
pub(super) fn formed(_resource: &Resource, form: Form, object: Json) -> Json {
    match form {
        Form::Object => object,
        Form::Partial => view::partial(&object),
        Form::Table => json!(object),
    }
}
