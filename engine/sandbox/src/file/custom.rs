//! A small definition of a custom kind: its objects may hold anything, and have a status.

use serde_json::{Value as Json, json};

use super::shape::CustomShape;

/// The definition; a sentence where the kind has no group.
pub(super) fn definition(shape: &CustomShape) -> Result<Json, String> {
    let (kind, group) =
        shape.kind.split_once('.').ok_or_else(|| format!("`{}` is no custom kind; write `Kind.group`", shape.kind))?;
    let singular = kind.to_lowercase();
    let plural = shape.plural.clone().unwrap_or_else(|| format!("{singular}s"));
    let scope = if shape.cluster_wide { "Cluster" } else { "Namespaced" };
    let anything = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let schema = json!({ "type": "object", "properties": { "spec": anything, "status": anything }, "x-kubernetes-preserve-unknown-fields": true });
    Ok(json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{plural}.{group}") },
        "spec": {
            "group": group,
            "scope": scope,
            "names": { "kind": kind, "listKind": format!("{kind}List"), "plural": plural, "singular": singular },
            "versions": [{
                "name": shape.version, "served": true, "storage": true,
                "schema": { "openAPIV3Schema": schema },
                "subresources": { "status": {} },
            }],
        },
    }))
}
