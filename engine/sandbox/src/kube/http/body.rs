//! What a request writes: an object of the kind that its path leads to, decoded as strictly as is asked for.

use serde_json::Value as Json;

use super::gate::Desk;
use super::path::Spot;
use crate::kube::admit::{self, Admitted};
use crate::kube::object::{metadata, name, namespace};
use crate::kube::patch::owners::Manager;
use crate::kube::refusal::{Cause, Refusal};
use crate::kube::store::{Act, Face};
use crate::kube::types::resource::Resource;

/// What becomes of fields that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strictness {
    Ignore,
    Warn,
    Strict,
}

impl Strictness {
    pub(super) fn of(desk: &Desk) -> Result<Self, Refusal> {
        match desk.request.parameter("fieldValidation") {
            None | Some("Warn") => Ok(Self::Warn),
            Some("Ignore") => Ok(Self::Ignore),
            Some("Strict") => Ok(Self::Strict),
            Some(other) => {
                let supported = "supported values: \"Ignore\", \"Strict\", \"Warn\"";
                let why = format!("Unsupported value: {other:?}: {supported}");
                let cause = Cause { reason: "FieldValueNotSupported", field: "fieldValidation".into(), why };
                Err(Refusal::invalid("meta.k8s.io", "CreateOptions", "", &[cause]))
            }
        }
    }
}

/// What was written and what is said beside it.
pub(super) struct Written {
    pub(super) object: Json,
    pub(super) warnings: Vec<String>,
}

/// What the request does, and when.
pub(super) fn act(desk: &Desk) -> Result<Act, Refusal> {
    Ok(desk.server.act(desk.request.by(), desk.request.dry(&Json::Null)?))
}

/// Which part of an object the path leads to.
pub(super) fn face(spot: &Spot) -> Face {
    if spot.part == "status" { Face::Status } else { Face::Main }
}

/// Who writes, as the owner of fields.
pub(super) fn manager(desk: &Desk, spot: &Spot, applies: bool) -> Manager {
    Manager { name: desk.request.manager(), applies, part: spot.part.clone() }
}

/// An object of a request body, decoded.
pub(super) fn decoded(desk: &Desk, resource: &Resource, object: Json) -> Result<Written, Refusal> {
    let strictness = Strictness::of(desk)?;
    is_of(resource, &object)?;
    let (kind, version) = (&resource.kind, &resource.version);
    let cannot =
        |why: &str| Refusal::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"));
    let admitted = admit::decode(resource, object).map_err(|why| cannot(&why))?;
    judged(strictness, admitted, cannot)
}

/// A patched object, decoded.
pub(super) fn patched(resource: &Resource, strictness: Strictness, object: Json) -> Result<Written, Refusal> {
    let text = Json::from(object.to_string());
    let cannot = |why: &str| Refusal::invalid("", "", "", &[Cause::invalid("patch", &text, why)]);
    let admitted = admit::decode(resource, object).map_err(|why| cannot(&why))?;
    judged(strictness, admitted, cannot)
}

fn judged(strictness: Strictness, admitted: Admitted, cannot: impl Fn(&str) -> Refusal) -> Result<Written, Refusal> {
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
    let (known, expected) = (&resource.kind, resource.api_version());
    if (kind.is_empty() && version.is_empty() && resource.custom.is_none()) || (kind == known && version == expected) {
        return Ok(());
    }
    Err(Refusal::bad_request(match (kind, version) {
        ("", _) => "Object 'Kind' is missing".to_owned(),
        (_, "") => "Object 'apiVersion' is missing".to_owned(),
        (kind, _) if kind == known => {
            format!("the API version in the data ({version}) does not match the expected API version ({expected})")
        }
        _ => format!("{kind} in version {version:?} cannot be handled as a {known}: it is of another kind"),
    }))
}

/// The namespace of the body is the one of the path.
pub(super) fn at_place(spot: &Spot, object: &mut Json) -> Result<(), Refusal> {
    if !spot.resource.namespaced {
        metadata(object).shift_remove("namespace");
        return Ok(());
    }
    let own = namespace(object);
    if !own.is_empty() && own != spot.place() {
        let why = "the namespace of the provided object does not match the namespace sent on the request";
        return Err(Refusal::bad_request(why));
    }
    metadata(object).insert("namespace".into(), spot.place().into());
    Ok(())
}

/// The name of the body is the one of the path.
pub(super) fn of_name(spot: &Spot, object: &Json) -> Result<(), Refusal> {
    match name(object) == spot.name() {
        true => Ok(()),
        false => Err(Refusal::bad_request(format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            name(object),
            spot.name()
        ))),
    }
}
