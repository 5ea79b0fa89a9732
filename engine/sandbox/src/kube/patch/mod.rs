//! Ways to change an object by saying less than the whole, and who owns what was said.

pub(super) mod apply;
mod fields;
pub(super) mod merge;
pub(super) mod owners;
mod strategic;

use serde_json::Value as Json;

use super::refusal::Refusal;
use super::types::resource::Resource;

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

/// A patch, as it was read.
#[derive(Debug)]
pub(super) enum Way {
    /// RFC 6902.
    Json(json_patch::Patch),
    /// RFC 7386.
    Merge(Json),
    /// As the schema says.
    Strategic(Json),
    /// Server-side apply.
    Apply(Json),
}

impl Way {
    /// Reads a patch of this media type.
    ///
    /// # Errors
    /// It is not known for this resource, or cannot be read.
    pub(super) fn read(media: &str, body: &[u8], resource: &Resource) -> Result<Self, Refusal> {
        let unread = |why: serde_json::Error| Refusal::bad_request(format!("error decoding patch: {why}"));
        match media {
            JSON => serde_json::from_slice(body).map(Self::Json).map_err(unread),
            MERGE => serde_json::from_slice(body).map(Self::Merge).map_err(unread),
            STRATEGIC if resource.custom.is_none() => serde_json::from_slice(body).map(Self::Strategic).map_err(unread),
            APPLY => serde_yaml::from_slice(body)
                .map(Self::Apply)
                .map_err(|why| Refusal::bad_request(format!("error decoding YAML: {why}"))),
            _ if resource.custom.is_some() => Err(Refusal::unsupported_media(&[JSON, MERGE, APPLY])),
            _ => Err(Refusal::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")),
        }
    }

    /// Changes an object, by any way but apply.
    ///
    /// # Errors
    /// The patch does not fit the object.
    pub(super) fn change(&self, resource: &Resource, object: &mut Json) -> Result<(), Refusal> {
        match self {
            Self::Merge(patch) => {
                merge::merge(object, patch);
                Ok(())
            }
            Self::Strategic(patch) => strategic::merge(resource.schema(), object, patch),
            Self::Json(patch) => json_patch::patch(object, patch).map_err(|why| {
                let message = "the server rejected our request due to an error in our request";
                Refusal::new(422, "Invalid", format!("{message}: {why}"))
            }),
            Self::Apply(_) => Ok(()),
        }
    }
}
