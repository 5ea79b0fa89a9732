//! Which objects a behaviour means, and what it is to be ready. Knows no store.

use serde_json::Value as Json;

use crate::file::On;
use crate::kube::Ref;

/// Whether `kind` as it is written means the kind of an object, `Kind.group`.
pub(crate) fn means(written: &str, kind: &str) -> bool {
    written == kind || (!written.contains('.') && kind.split_once('.').is_some_and(|(bare, _)| bare == written))
}

/// Whether an object is one of those.
pub(super) fn fits(on: &On, of: &Ref, object: &Json) -> bool {
    let name = on.name.as_deref().is_none_or(|name| match name.strip_suffix('*') {
        Some(start) => of.name.starts_with(start),
        None => of.name == name,
    });
    let namespace = on.namespace.as_ref().is_none_or(|namespace| of.namespace.as_ref() == Some(namespace));
    means(&on.kind, &of.kind) && namespace && name && has_labels(object, &on.labels)
}

/// Whether it has these labels.
pub(super) fn has_labels(object: &Json, labels: &std::collections::BTreeMap<String, String>) -> bool {
    let own = &object["metadata"]["labels"];
    labels.iter().all(|(key, value)| own[key.as_str()] == value.as_str())
}

/// `a=b,c=d`
pub(super) fn selector(labels: &std::collections::BTreeMap<String, String>) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// Whether a pod runs, is ready, and stays.
pub(super) fn is_ready(pod: &Json) -> bool {
    let ready = |condition: &Json| condition["type"] == "Ready" && condition["status"] == "True";
    pod["status"]["phase"] == "Running"
        && pod["metadata"]["deletionTimestamp"].is_null()
        && pod["status"]["conditions"].as_array().is_some_and(|all| all.iter().any(ready))
}

/// Whether a merge patch would change nothing.
pub(super) fn covers(object: &Json, patch: &Json) -> bool {
    match patch {
        Json::Object(entries) => {
            let Some(own) = object.as_object() else { return false };
            entries.iter().all(|(key, patch)| match (own.get(key), patch) {
                (None, Json::Null) => true,
                (None, _) => false,
                (Some(value), patch) => !patch.is_null() && covers(value, patch),
            })
        }
        other => object == other,
    }
}

/// The value at a path of keys, `spec.trigger.manual`; null where there is none.
pub(super) fn at<'j>(object: &'j Json, path: &str) -> &'j Json {
    path.split('.').fold(object, |value, key| &value[key])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_kind_is_meant_with_and_without_its_group() {
        assert!(means("Deployment", "Deployment.apps") && means("Deployment.apps", "Deployment.apps"));
        assert!(
            means("Pod", "Pod")
                && !means("Kafka.other", "Kafka.kafka.strimzi.io")
                && !means("Deploy", "Deployment.apps")
        );
    }

    #[test]
    fn a_patch_that_changes_nothing_is_seen() {
        let object = json!({ "a": { "b": [1], "c": 2 } });
        assert!(covers(&object, &json!({ "a": { "b": [1] } })) && covers(&object, &json!({ "d": null })));
        for patch in
            [json!({ "a": { "b": [2] } }), json!({ "a": null }), json!({ "d": 1 }), json!({ "a": { "c": { "d": 1 } } })]
        {
            assert!(!covers(&object, &patch), "{patch}");
        }
    }
}
