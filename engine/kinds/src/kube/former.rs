//! A merge patch and the one that takes it back: the former values of exactly the fields that it sets. Pure.

use serde_json::{Map, Value as Json};

/// The merge patch (RFC 7386) that gives the fields which `patch` sets in `object` their former values.
pub(super) fn inverse(patch: &Json, object: &Json) -> Json {
    let (Json::Object(fields), Json::Object(former)) = (patch, object) else {
        return object.clone();
    };
    let mut back = Map::new();
    for (key, value) in fields {
        let was = match (former.get(key), value) {
            // Field by field: others may have set theirs beside ours meanwhile.
            (None, Json::Object(fields)) if !fields.is_empty() => inverse(value, &Json::Object(Map::new())),
            // To take a field away, a merge patch says null.
            (None, _) => Json::Null,
            (Some(was @ Json::Object(_)), Json::Object(_)) => inverse(value, was),
            (Some(was), _) => was.clone(),
        };
        back.insert(key.clone(), was);
    }
    back.into()
}

/// The mappings that `patch` makes in `object`, as JSON pointers, outer ones first.
pub(super) fn made(patch: &Json, object: &Json) -> Vec<String> {
    let mut pointers = Vec::new();
    find_made(patch, object, "", &mut pointers);
    pointers
}

fn find_made(patch: &Json, object: &Json, at: &str, pointers: &mut Vec<String>) {
    for (key, value) in patch.as_object().into_iter().flatten().filter(|(_, value)| value.is_object()) {
        let pointer = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
        if object.get(key).is_none() {
            pointers.push(pointer.clone());
        }
        find_made(value, object.get(key).unwrap_or(&Json::Null), &pointer, pointers);
    }
}

/// Takes mappings that the patch has made away as a whole, where nobody has set anything else in them since.
pub(super) fn tightened(mut back: Json, made: &[String], patch: &Json, now: &Json) -> Json {
    for pointer in made {
        let ours = patch.pointer(pointer).zip(now.pointer(pointer)).is_some_and(|(patch, now)| within(patch, now));
        if let (true, Some(place)) = (ours, back.pointer_mut(pointer)) {
            *place = Json::Null;
        }
    }
    back
}

/// Whether `now` holds nothing but what `patch` has set.
fn within(patch: &Json, now: &Json) -> bool {
    match (patch, now) {
        (Json::Object(patch), Json::Object(now)) => {
            now.iter().all(|(key, now)| patch.get(key).is_some_and(|patch| within(patch, now)))
        }
        _ => true,
    }
}

/// The fields of `object` that are no longer as `patch` has set them, by path.
pub(super) fn drifted(patch: &Json, object: &Json) -> Vec<String> {
    let mut paths = Vec::new();
    compare(patch, object, "", &mut paths);
    paths
}

fn compare(patch: &Json, object: &Json, path: &str, paths: &mut Vec<String>) {
    match patch {
        Json::Object(fields) if object.is_object() || !fields.is_empty() => {
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                compare(value, object.get(key).unwrap_or(&Json::Null), &path, paths);
            }
        }
        _ if patch == object => {}
        _ => paths.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// RFC 7386, as the server does it.
    fn merged(object: &Json, patch: &Json) -> Json {
        let Json::Object(fields) = patch else { return patch.clone() };
        let mut merged = object.as_object().cloned().unwrap_or_default();
        for (key, value) in fields {
            match value {
                Json::Null => drop(merged.shift_remove(key)),
                value => drop(merged.insert(key.clone(), self::merged(object.get(key).unwrap_or(&Json::Null), value))),
            }
        }
        merged.into()
    }

    #[test]
    fn what_a_patch_has_set_goes_back_and_nothing_else() {
        let object = json!({ "spec": { "replicas": 3, "paused": false, "list": [1, 2], "deep": { "a": 1, "b": 2 } }, "metadata": { "name": "x" } });
        for patch in [
            json!({ "spec": { "replicas": 0 } }),
            json!({ "spec": { "suspend": true, "list": [3] } }),
            json!({ "spec": { "deep": null } }),
            json!({ "spec": { "deep": { "a": 5, "c": 6 } } }),
            json!({ "spec": { "deep": "text" } }),
            json!({ "metadata": { "annotations": { "a/b": "c" } } }),
        ] {
            let patched = merged(&object, &patch);
            assert_ne!(patched, object, "{patch}");
            let back = tightened(inverse(&patch, &object), &made(&patch, &object), &patch, &patched);
            assert_eq!(merged(&patched, &back), object, "{patch}");
            assert_eq!(drifted(&patch, &patched), [""; 0], "{patch}");
        }
    }

    #[test]
    fn what_others_have_set_beside_it_stays() {
        let (object, patch) = (json!({ "metadata": {} }), json!({ "metadata": { "annotations": { "a/b": "ours" } } }));
        let now = json!({ "metadata": { "annotations": { "a/b": "ours", "theirs": "x" } } });
        let back = tightened(inverse(&patch, &object), &made(&patch, &object), &patch, &now);
        assert_eq!(merged(&now, &back), json!({ "metadata": { "annotations": { "theirs": "x" } } }));
        let empty = json!({ "volume": { "emptyDir": {} } });
        let patch = json!({ "volume": { "emptyDir": { "medium": "Memory" } } });
        let back = tightened(inverse(&patch, &empty), &made(&patch, &empty), &patch, &merged(&empty, &patch));
        assert_eq!(merged(&merged(&empty, &patch), &back), empty, "an empty mapping is not nothing");
    }

    #[test]
    fn what_others_have_changed_since_is_named() {
        let patch = json!({ "spec": { "replicas": 0, "suspend": true, "old": null } });
        let now = json!({ "spec": { "replicas": 5, "suspend": true, "other": 1 } });
        assert_eq!(drifted(&patch, &now), ["spec.replicas"]);
        assert_eq!(drifted(&patch, &json!({ "spec": { "replicas": 0, "suspend": true, "old": 1 } })), ["spec.old"]);
    }
}
