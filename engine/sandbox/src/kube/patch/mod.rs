//! Ways to change an object by saying less than the whole.

pub(super) mod merge;

use serde_json::Value as Json;

use super::refusal::Refusal;
use super::types::resource::Resource;

const JSON: &str = "application/json-patch+json";
const MERGE: &str = "application/merge-patch+json";

/// A patch, as it was read.
#[derive(Debug)]
pub(super) enum Way {
    /// RFC 6902.
    Json(json_patch::Patch),
    /// RFC 7386.
    Merge(Json),
}

impl Way {
    /// Reads a patch of this media type.
    pub(super) fn read(media: &str, body: &[u8], _resource: &Resource) -> Result<Self, Refusal> {
        let unread = |why: serde_json::Error| Refusal::bad_request(format!("error decoding patch: {why}"));
        match media {
            JSON => serde_json::from_slice(body).map(Self::Json).map_err(unread),
            MERGE => serde_json::from_slice(body).map(Self::Merge).map_err(unread),
            _ => Err(Refusal::unsupported_media(&[JSON, MERGE])),
        }
    }

    /// Changes an object.
    pub(super) fn change(&self, _resource: &Resource, object: &mut Json) -> Result<(), Refusal> {
        match self {
            Self::Merge(patch) => {
                merge::merge(object, patch);
                Ok(())
            }
            Self::Json(patch) => json_patch::patch(object, patch).map_err(|why| {
                Refusal::new(
                    422,
                    "Invalid",
                    format!("the server rejected our request due to an error in our request: {why}"),
                )
            }),
        }
    }
}
