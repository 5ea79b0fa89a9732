//! Writing objects: making, replacing, patching. What is written is held against its resource first.

use std::sync::Arc;

use serde_json::Value as Json;

use super::answer::Answer;
use super::gate::{Desk, denied};
use super::path::Spot;
use super::read::formed;
use crate::kube::admit;
use crate::kube::object::{metadata, name, namespace, version};
use crate::kube::patch;
use crate::kube::refusal::{Cause, Refusal};
use crate::kube::store::{Act, Face, Key};
use crate::kube::types::resource::Resource;
use crate::kube::view;

/// What becomes of fields that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    Ignore,
    Warn,
    Strict,
}

impl Strictness {
    fn of(desk: &Desk) -> Result<Self, Refusal> {
        match desk.request.parameter("fieldValidation") {
            None | Some("Warn") => Ok(Self::Warn),
            Some("Ignore") => Ok(Self::Ignore),
            Some("Strict") => Ok(Self::Strict),
            Some(other) => Err(Refusal::new(
                422,
                "Invalid",
                format!(
                    " \"\" is invalid: fieldValidation: Unsupported value: {other:?}: supported values: \"Ignore\", \"Warn\", \"Strict\""
                ),
            )),
        }
    }
}

/// What was written and what is said beside it.
pub(super) struct Written {
    pub(super) object: Json,
    pub(super) warnings: Vec<String>,
}

fn act(desk: &Desk) -> Result<Act, Refusal> {
    Ok(desk.server.act(desk.request.by(), desk.request.dry(&Json::Null)?))
}

/// An object of a request body, decoded.
pub(super) fn decoded(desk: &Desk, resource: &Resource, object: Json) -> Result<Written, Refusal> {
    let strictness = Strictness::of(desk)?;
    is_of(resource, &object)?;
    let (kind, version) = (&resource.kind, &resource.version);
    let cannot =
        |why: &str| Refusal::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"));
    let admitted = admit::decode(resource, object).map_err(|why| cannot(&why))?;
    let warnings = match (strictness, admit::strict(&admitted.unknown)) {
        (Strictness::Strict, Some(why)) => return Err(cannot(&why)),
        (Strictness::Warn, _) => admitted.unknown.iter().map(|path| format!("unknown field {path:?}")).collect(),
        _ => Vec::new(),
    };
    Ok(Written { object: admitted.object, warnings })
}

/// Whether the body says that it is what the path leads to.
fn is_of(resource: &Resource, object: &Json) -> Result<(), Refusal> {
    let word = |key: &str| object[key].as_str().unwrap_or_default();
    let (version, kind) = (word("apiVersion"), word("kind"));
    if kind.is_empty() && version.is_empty() && resource.custom.is_none() {
        return Ok(());
    }
    if kind == resource.kind && version == resource.api_version() {
        return Ok(());
    }
    Err(Refusal::bad_request(match kind.is_empty() || version.is_empty() {
        true if kind.is_empty() => "Object 'Kind' is missing".to_owned(),
        true => "Object 'apiVersion' is missing".to_owned(),
        false if kind != resource.kind => {
            format!(
                "{kind} in version {:?} cannot be handled as a {}: no kind {kind:?} is registered there",
                version, resource.kind
            )
        }
        false => format!(
            "the API version in the data ({version}) does not match the expected API version ({})",
            resource.api_version()
        ),
    }))
}

/// The namespace of the body is the one of the path.
fn at_place(spot: &Spot, object: &mut Json) -> Result<(), Refusal> {
    if !spot.resource.namespaced {
        metadata(object).shift_remove("namespace");
        return Ok(());
    }
    let own = namespace(object);
    if !own.is_empty() && own != spot.place() {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    metadata(object).insert("namespace".into(), spot.place().into());
    Ok(())
}

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
        return Err(Refusal::bad_request("resourceVersion should not be set on objects to be created"));
    }
    denied(desk, spot)?;
    admit::valid(resource, &written.object)?;
    let made = desk.server.write(|store| store.create(resource, view::stored(resource, written.object), &act))?;
    let shown = formed(resource, form, view::shown(resource, &made));
    Ok(Answer::json(201, &shown).warn(&written.warnings))
}

/// Which part of an object the path leads to.
fn face(spot: &Spot) -> Face {
    if spot.part == "status" { Face::Status } else { Face::Main }
}

/// Replaces an object; some built-in ones are made if there is none.
pub(super) fn update(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let resource = &spot.resource;
    let (form, act) = (desk.request.form()?, act(desk)?);
    let mut written = decoded(desk, resource, desk.request.object()?)?;
    at_place(spot, &mut written.object)?;
    if name(&written.object) != spot.name() {
        let why = format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            name(&written.object),
            spot.name()
        );
        return Err(Refusal::bad_request(why));
    }
    denied(desk, spot)?;
    let warnings = std::mem::take(&mut written.warnings);
    let key = Key::new(resource, spot.place(), spot.name());
    let changed = desk.server.write(|store| {
        store.update(resource, &key, face(spot), &act, |_| {
            if version(&written.object).is_empty() && resource.custom.is_some() {
                let cause = Cause {
                    reason: "FieldValueInvalid",
                    field: "metadata.resourceVersion".into(),
                    why: "Invalid value: 0x0: must be specified for an update".into(),
                };
                return Err(Refusal::invalid(&resource.group, &resource.kind, spot.name(), &[cause]));
            }
            admit::valid(resource, &written.object)?;
            Ok(view::stored(resource, written.object))
        })
    })?;
    Ok(Answer::json(200, &formed(resource, form, view::shown(resource, &changed))).warn(&warnings))
}

/// Changes an object by saying less than the whole.
pub(super) fn patch(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let resource = &spot.resource;
    let (form, act, strictness) = (desk.request.form()?, act(desk)?, Strictness::of(desk)?);
    denied(desk, spot)?;
    let way = patch::Way::read(desk.request.media(), &desk.request.body, resource)?;
    let key = Key::new(resource, spot.place(), spot.name());
    let mut warnings = Vec::new();
    let changed = desk.server.write(|store| {
        store.update(resource, &key, face(spot), &act, |old| {
            let mut object = view::shown(resource, old);
            way.change(resource, &mut object)?;
            let patched = admitted(resource, strictness, object)?;
            warnings = patched.warnings;
            admit::valid(resource, &patched.object)?;
            Ok(view::stored(resource, patched.object))
        })
    })?;
    Ok(Answer::json(200, &formed(resource, form, view::shown(resource, &changed))).warn(&warnings))
}

/// A patched object, decoded.
fn admitted(resource: &Arc<Resource>, strictness: Strictness, object: Json) -> Result<Written, Refusal> {
    let text = object.to_string();
    let cannot = |why: &str| {
        let cause = Cause::invalid("patch", &Json::from(text.as_str()), why);
        Refusal::invalid("", "", "", &[cause])
    };
    let admitted = admit::decode(resource, object).map_err(|why| cannot(&why))?;
    let warnings = match (strictness, admit::strict(&admitted.unknown)) {
        (Strictness::Strict, Some(why)) => return Err(cannot(&why)),
        (Strictness::Warn, _) => admitted.unknown.iter().map(|path| format!("unknown field {path:?}")).collect(),
        _ => Vec::new(),
    };
    Ok(Written { object: admitted.object, warnings })
}
