//! The lab's own small definitions of kinds whose projects publish no Go module that the registries have: names, versions
//! and status of the real ones. A field that is not read is kept, as it came.

use serde_json::{Value, json};

const fn kind(name: &'static str, plural: &'static str, group: &'static str, status: fn() -> Value) -> Kind {
    Kind { name, plural, group, status }
}

struct Kind {
    name: &'static str,
    plural: &'static str,
    group: &'static str,
    status: fn() -> Value,
}

const KINDS: [Kind; 3] = [
    kind("Dragonfly", "dragonflies", "dragonflydb.io", dragonfly),
    kind("AutoscalingRunnerSet", "autoscalingrunnersets", "actions.github.com", runner_set),
    kind("AutoscalingListener", "autoscalinglisteners", "actions.github.com", listener),
];

/// The three definitions.
pub fn all() -> Vec<Value> {
    KINDS.iter().map(definition).collect()
}

fn definition(kind: &Kind) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{}.{}", kind.plural, kind.group) },
        "spec": {
            "group": kind.group, "scope": "Namespaced",
            "names": {
                "kind": kind.name, "listKind": format!("{}List", kind.name), "plural": kind.plural,
                "singular": kind.name.to_lowercase(),
            },
            "versions": [{
                "name": "v1alpha1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                    "spec": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                    "status": (kind.status)(),
                } } },
            }],
        },
    })
}

fn dragonfly() -> Value {
    json!({ "type": "object", "properties": { "phase": { "type": "string" }, "isRollingUpdate": { "type": "boolean" } } })
}

fn runner_set() -> Value {
    let number = || json!({ "type": "integer" });
    json!({ "type": "object", "properties": {
        "currentRunners": number(), "pendingEphemeralRunners": number(), "runningEphemeralRunners": number(),
        "failedEphemeralRunners": number(), "phase": { "type": "string" },
    } })
}

fn listener() -> Value {
    json!({ "type": "object" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    /// Where a collection of the projects' own definitions is.
    const COLLECTION: &str = "CHECKRUN_CRDS";

    /// Every definition below a folder, which has one folder a project.
    fn collected(folder: &PathBuf) -> Vec<Value> {
        let projects = std::fs::read_dir(folder).unwrap().flatten().map(|e| e.path()).filter(|p| p.is_dir());
        projects.flat_map(|p| crate::definitions::read(&p).unwrap_or_default()).collect()
    }

    /// Every field that ours knows, the real one knows with the same type.
    fn held_against(ours: &Value, real: &Value, place: &str) {
        for (name, field) in ours["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}.{name}");
            let other = &real["properties"][name];
            assert!(other.is_object(), "{place} is not in the real one");
            assert_eq!(field["type"], other["type"], "{place}");
            held_against(field, other, &place);
            held_against(&field["items"], &other["items"], &format!("{place}[]"));
        }
    }

    #[test]
    fn ours_say_nothing_that_the_real_ones_do_not() {
        let Some(folder) = std::env::var_os(COLLECTION).map(PathBuf::from) else {
            println!("left out: {COLLECTION} names no folder of the projects' own definitions");
            return;
        };
        let real = collected(&folder);
        for ours in all().into_iter().chain(crate::strimzi::crds::all()) {
            let name = &ours["metadata"]["name"];
            for version in ours["spec"]["versions"].as_array().unwrap() {
                let named = real.iter().filter(|r| r["metadata"]["name"] == *name);
                let versions = named.clone().flat_map(|r| r["spec"]["versions"].as_array().unwrap());
                let same = versions.clone().find(|v| v["name"] == version["name"] && v["served"] == true);
                let same = same.unwrap_or_else(|| panic!("no real {name} serves {}", version["name"]));
                assert_eq!(version["subresources"]["status"], same["subresources"]["status"], "{name}");
                let status = |v: &Value| v["schema"]["openAPIV3Schema"]["properties"]["status"].clone();
                held_against(&status(version), &status(same), &format!("{name} status"));
            }
            let other = real.iter().find(|r| r["metadata"]["name"] == *name).unwrap();
            assert_eq!(
                (&ours["spec"]["scope"], &ours["spec"]["names"]["kind"]),
                (&other["spec"]["scope"], &other["spec"]["names"]["kind"])
            );
        }
    }
}
