//! Merge patches (RFC 7386). Pure.

use serde_json::Value as Json;

/// Changes `object` by `patch`; null takes a field away.
pub(in crate::kube) fn merge(object: &mut Json, patch: &Json) {
    json_patch::merge(object, patch);
}
