//! CustomResourceDefinitions: what they define, and what is said in their status. Knows no store.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use jsonschema::Validator;
use serde_json::{Value as Json, json};

use super::resource::{Part, Resource};
use crate::kube::object::{items, name, time};
use crate::kube::refusal::Cause;

/// What a version of a defined kind has that built-in kinds have in the program.
#[derive(Debug)]
pub(in crate::kube) struct Custom {
    /// `openAPIV3Schema`.
    pub(in crate::kube) schema: Json,
    /// Made of the schema when it is first needed.
    pub(in crate::kube) validator: OnceLock<Result<Validator, String>>,
    /// `additionalPrinterColumns`.
    pub(in crate::kube) columns: Vec<Json>,
    /// Where its scale subresource finds what it shows.
    pub(in crate::kube) scale: Option<Json>,
    pub(in crate::kube) list_kind: String,
    /// Fields that a field selector may name, beside the metadata.
    pub(in crate::kube) selectable: Vec<String>,
}

/// The served versions, the most mature first.
pub(in crate::kube) fn resources(definition: &Json) -> Vec<Resource> {
    let spec = &definition["spec"];
    let mut served: Vec<Resource> =
        items(&spec["versions"]).filter(|version| version["served"] == true).map(|one| resource(spec, one)).collect();
    served.sort_by_key(|resource| rank(&resource.version));
    served
}

/// Versions by their maturity, the best first: `v2`, `v1`, `v1beta2`, `v1beta1`, `v1alpha1`, the rest.
fn rank(version: &str) -> (u8, i64, i64, String) {
    let digits = |text: &str| text.parse::<i64>().unwrap_or(0);
    let rest = version.strip_prefix('v').unwrap_or_default();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (major, stage) = rest.split_at(end);
    let (class, minor) = match stage {
        "" if !major.is_empty() => (0, 0),
        _ if stage.starts_with("beta") => (1, digits(&stage[4..])),
        _ if stage.starts_with("alpha") => (2, digits(&stage[5..])),
        _ => (3, 0),
    };
    (class, -digits(major), -minor, version.to_owned())
}

fn resource(spec: &Json, version: &Json) -> Resource {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let texts = |value: &Json| items(value).map(text).collect::<Vec<_>>();
    let (names, group) = (&spec["names"], text(&spec["group"]));
    let kind = text(&names["kind"]);
    let verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    let list_kind = names["listKind"].as_str().map_or_else(|| format!("{kind}List"), str::to_owned);
    let singular = names["singular"].as_str().map_or_else(|| kind.to_lowercase(), str::to_owned);
    let schema = version["schema"]["openAPIV3Schema"].clone();
    let custom = Custom {
        schema: if schema.is_null() { json!({ "x-kubernetes-preserve-unknown-fields": true }) } else { schema },
        validator: OnceLock::new(),
        columns: items(&version["additionalPrinterColumns"]).cloned().collect(),
        scale: version["subresources"].get("scale").filter(|scale| scale.is_object()).cloned(),
        list_kind,
        selectable: items(&version["selectableFields"]).map(|field| text(&field["jsonPath"])).collect(),
    };
    Resource {
        parts: parts(&version["subresources"], &kind, &group, &text(&version["name"])),
        version: text(&version["name"]),
        plural: text(&names["plural"]),
        singular,
        namespaced: spec["scope"] == "Namespaced",
        verbs: verbs.map(str::to_owned).to_vec(),
        short: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        custom: Some(Arc::new(custom)),
        kind,
        group,
    }
}

fn parts(subresources: &Json, kind: &str, group: &str, version: &str) -> Vec<Part> {
    let part = |name: &str, kind: &str, group: &str, version: &str| Part {
        name: name.to_owned(),
        kind: kind.to_owned(),
        group: group.to_owned(),
        version: version.to_owned(),
        verbs: ["get", "patch", "update"].map(str::to_owned).to_vec(),
    };
    let status = subresources["status"].is_object().then(|| part("status", kind, group, version));
    let scale = subresources["scale"].is_object().then(|| part("scale", "Scale", "autoscaling", "v1"));
    status.into_iter().chain(scale).collect()
}

/// What is wrong with a definition.
pub(in crate::kube) fn wrong(definition: &Json) -> Vec<Cause> {
    let (spec, mut causes) = (&definition["spec"], Vec::new());
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    for (field, value) in [
        ("spec.group", &spec["group"]),
        ("spec.scope", &spec["scope"]),
        ("spec.names.plural", &spec["names"]["plural"]),
        ("spec.names.kind", &spec["names"]["kind"]),
    ] {
        if text(value).is_empty() {
            causes.push(Cause::required(field, ""));
        }
    }
    let called = format!("{}.{}", text(&spec["names"]["plural"]), text(&spec["group"]));
    if name(definition) != called {
        let why = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid("metadata.name", &json!(name(definition)), why));
    }
    if items(&spec["versions"]).filter(|version| version["storage"] == true).count() != 1 {
        let why = "must have exactly one version marked as storage version";
        causes.push(Cause::invalid("spec.versions", &spec["versions"], why));
    }
    for (at, version) in items(&spec["versions"]).enumerate() {
        if !version["schema"]["openAPIV3Schema"].is_object() {
            causes.push(Cause::required(format!("spec.versions[{at}].schema.openAPIV3Schema"), "schemas are required"));
        }
    }
    causes
}

/// What the controllers of the server fill in.
pub(in crate::kube) fn accepted(definition: &mut Json, now: Timestamp) {
    let names = &mut definition["spec"]["names"];
    let kind = names["kind"].as_str().unwrap_or_default().to_owned();
    if names["singular"].is_null() {
        names["singular"] = kind.to_lowercase().into();
    }
    if names["listKind"].is_null() {
        names["listKind"] = format!("{kind}List").into();
    }
    let names = names.clone();
    if definition["spec"]["conversion"].is_null() {
        definition["spec"]["conversion"] = json!({ "strategy": "None" });
    }
    let since = definition["status"]["conditions"][0]["lastTransitionTime"].as_str().map(str::to_owned);
    let since = since.unwrap_or_else(|| time(now));
    let condition = |kind: &str, reason: &str, message: &str| json!({ "lastTransitionTime": since, "message": message, "reason": reason, "status": "True", "type": kind });
    let stored = items(&definition["spec"]["versions"]).find(|version| version["storage"] == true);
    let stored = stored.map_or(Json::Null, |version| version["name"].clone());
    definition["status"] = json!({
        "acceptedNames": names,
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "storedVersions": [stored],
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_go_by_their_maturity() {
        let mut versions = ["v1alpha1", "v1beta2", "v2", "foo", "v1", "v1beta10"];
        versions.sort_by_key(|version| rank(version));
        assert_eq!(versions, ["v2", "v1", "v1beta10", "v1beta2", "v1alpha1", "foo"]);
    }

    #[test]
    fn a_definition_serves_its_versions() {
        let version = |name: &str, storage: bool| json!({ "name": name, "served": true, "storage": storage, "schema": { "openAPIV3Schema": { "type": "object" } }, "subresources": { "status": {} } });
        let definition = json!({ "metadata": { "name": "teas.x.io" }, "spec": { "group": "x.io", "scope": "Namespaced", "names": { "plural": "teas", "kind": "Tea" }, "versions": [version("v1beta1", false), version("v1", true)] } });
        assert_eq!(wrong(&definition), []);
        let served = resources(&definition);
        assert_eq!(served.iter().map(|one| one.version.as_str()).collect::<Vec<_>>(), ["v1", "v1beta1"]);
        assert!(served[0].has_status());
    }
}
