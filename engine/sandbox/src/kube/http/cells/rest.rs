//! Cells of events, volumes, roles and what carries data.

use serde_json::{Map, Value as Json};

use super::{first, text};
use crate::kube::object::{at, is_going, items, name};

/// The cell of this name, if it is one of these.
pub(super) fn cell(word: &str, object: &Json) -> Option<String> {
    let found = |paths: &[&str]| first(object, paths).as_str().unwrap_or_default().trim().to_owned();
    Some(match word {
        "regarding" => regarding(object),
        "source" => {
            found(&["source.component", "reportingComponent", "reportingController", "deprecatedSource.component"])
        }
        "message" => found(&["message", "note"]),
        "count" => first(object, &["series.count", "count", "deprecatedCount"]).as_i64().unwrap_or(1).to_string(),
        "secrets" => items(&object["secrets"]).count().to_string(),
        "modes" => modes(at(object, "spec.accessModes")),
        "claim_modes" => modes(at(object, "status.accessModes")),
        "phase" if is_going(object) => "Terminating".to_owned(),
        "phase" => text(object, "status.phase"),
        "claim" => match at(object, "spec.claimRef.name").as_str() {
            Some(name) => format!("{}/{name}", text(object, "spec.claimRef.namespace")),
            None => String::new(),
        },
        "reference" => {
            format!("{}/{}", text(object, "spec.scaleTargetRef.kind"), text(object, "spec.scaleTargetRef.name"))
        }
        "role" => format!("{}/{}", text(object, "roleRef.kind"), text(object, "roleRef.name")),
        "users" => subjects(object, "User"),
        "groups" => subjects(object, "Group"),
        "accounts" => subjects(object, "ServiceAccount"),
        "class_name" => {
            let default = &object["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"];
            let mark = if default == "true" { " (default)" } else { "" };
            format!("{}{mark}", name(object))
        }
        _ => return None,
    })
}

/// How many entries it carries.
pub(super) fn data(object: &Json) -> String {
    let count = |key: &str| object[key].as_object().map_or(0, Map::len);
    (count("data") + count("binaryData")).to_string()
}

fn regarding(event: &Json) -> String {
    let of = if event["regarding"].is_object() { &event["regarding"] } else { &event["involvedObject"] };
    format!("{}/{}", text(of, "kind").to_lowercase(), text(of, "name"))
}

fn modes(list: &Json) -> String {
    items(list).filter_map(Json::as_str).map(mode).collect::<Vec<_>>().join(",")
}

fn mode(mode: &str) -> &str {
    match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    }
}

fn subjects(binding: &Json, kind: &str) -> String {
    let named = items(&binding["subjects"]).filter(|subject| subject["kind"] == kind);
    let shown = named.map(|subject| match (kind, subject["namespace"].as_str()) {
        ("ServiceAccount", Some(namespace)) => format!("{namespace}/{}", subject["name"].as_str().unwrap_or_default()),
        _ => subject["name"].as_str().unwrap_or_default().to_owned(),
    });
    shown.collect::<Vec<_>>().join(", ")
}
