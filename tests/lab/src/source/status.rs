//! What the stand-in says of an object, as source-controller would: conditions, artifact, what it has handled. Pure.

use serde_json::{Value, json};

/// The annotation that asks for a reconciliation.
const REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";

/// The value of the annotation that asks for a reconciliation.
pub fn requested(object: &Value) -> &Value {
    &object["metadata"]["annotations"][REQUESTED]
}

/// Whether the object wants to be looked at before its interval is over.
pub fn wants_a_look(object: &Value) -> bool {
    let asked = requested(object);
    object["status"]["observedGeneration"] != object["metadata"]["generation"]
        || (!asked.is_null() && *asked != object["status"]["lastHandledReconcileAt"])
}

/// The artifact is of the newest revision. `more` are fields of the kind's own.
pub fn ready(object: &Value, artifact: &Value, reason: &str, words: &str, more: Value) -> Value {
    let mut status = base(object, artifact);
    status["conditions"] = json!([
        condition(object, "Ready", "True", reason, words),
        condition(object, "ArtifactInStorage", "True", reason, words),
    ]);
    if let (Some(all), Value::Object(more)) = (status.as_object_mut(), more) {
        all.extend(more);
    }
    status
}

/// It could not be fetched; an older artifact stays.
pub fn failed(object: &Value, reason: &str, words: &str) -> Value {
    let artifact = &object["status"]["artifact"];
    let mut status = base(object, artifact);
    let mut conditions = vec![
        condition(object, "Reconciling", "True", "ProgressingWithRetry", words),
        condition(object, "Ready", "False", reason, words),
        condition(object, "FetchFailed", "True", reason, words),
    ];
    if !artifact.is_null() {
        let words = format!("stored artifact for revision '{}'", artifact["revision"].as_str().unwrap_or_default());
        conditions.push(condition(object, "ArtifactInStorage", "True", "Succeeded", &words));
    }
    status["conditions"] = json!(conditions);
    status
}

fn base(object: &Value, artifact: &Value) -> Value {
    let mut status = json!({ "observedGeneration": object["metadata"]["generation"] });
    for (key, value) in [("artifact", artifact), ("lastHandledReconcileAt", requested(object))] {
        if !value.is_null() {
            status[key] = value.clone();
        }
    }
    status
}

fn condition(object: &Value, kind: &str, status: &str, reason: &str, words: &str) -> Value {
    json!({
        "type": kind, "status": status, "reason": reason, "message": words,
        "observedGeneration": object["metadata"]["generation"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conditions::status as said;

    #[test]
    fn a_failure_keeps_the_artifact_and_says_so() {
        let o = json!({ "metadata": { "generation": 2 }, "status": { "artifact": { "revision": "main@sha1:1" } } });
        let seen = json!({ "status": failed(&o, "GitOperationFailed", "refused") });
        assert_eq!((said(&seen, "Ready"), said(&seen, "ArtifactInStorage")), (Some("False"), Some("True")));
        assert_eq!(seen["status"]["artifact"]["revision"], "main@sha1:1");
        let never = json!({ "status": failed(&json!({ "metadata": {} }), "GitOperationFailed", "refused") });
        assert_eq!(said(&never, "ArtifactInStorage"), None);
    }

    #[test]
    fn a_request_counts_until_it_was_handled() {
        let mut o = json!({
            "metadata": { "generation": 1, "annotations": { REQUESTED: "t1" } }, "status": { "observedGeneration": 1 },
        });
        assert!(wants_a_look(&o));
        o["status"] = ready(&o, &json!({ "revision": "r" }), "Succeeded", "stored", json!({ "url": "u" }));
        assert!(!wants_a_look(&o) && o["status"]["url"] == "u");
        o["metadata"]["generation"] = json!(2);
        assert!(wants_a_look(&o));
    }
}
