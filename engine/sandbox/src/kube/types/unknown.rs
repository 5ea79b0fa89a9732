//! Fields that nobody knows: found, and taken away. Pure.

use serde_json::Value as Json;

use super::schema::{Field, Schema};

/// Takes away what the schema does not know; where it stood, as `spec.containers[0].nam`.
pub(in crate::kube) fn prune(schema: Schema<'_>, object: &mut Json) -> Vec<String> {
    let mut found = Vec::new();
    walk(schema, object, "", &mut found);
    found
}

fn walk(schema: Schema<'_>, value: &mut Json, path: &str, found: &mut Vec<String>) {
    match value {
        Json::Object(map) => {
            let dot = if path.is_empty() { "" } else { "." };
            map.retain(|name, value| {
                let path = format!("{path}{dot}{name}");
                match schema.field(name) {
                    Field::Known(schema) => walk(schema, value, &path, found),
                    Field::Open => {}
                    Field::Unknown => {
                        found.push(path);
                        return false;
                    }
                }
                true
            });
        }
        Json::Array(list) => {
            if let Field::Known(schema) = schema.items() {
                for (at, item) in list.iter_mut().enumerate() {
                    walk(schema, item, &format!("{path}[{at}]"), found);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_nobody_knows_is_named_and_taken_away() {
        let mut pod = json!({
            "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "x", "lables": {}, "labels": { "any": "y" } },
            "spec": { "containers": [{ "name": "c", "imag": "i", "resources": { "limits": { "cpu": 1 } } }] },
        });
        let found = prune(Schema::built_in("", "v1", "Pod"), &mut pod);
        assert_eq!(found, ["metadata.lables", "spec.containers[0].imag"]);
        assert_eq!(pod["metadata"], json!({ "name": "x", "labels": { "any": "y" } }));
        assert_eq!(pod["spec"]["containers"][0]["resources"]["limits"]["cpu"], 1);
    }

    #[test]
    fn what_a_schema_leaves_open_stays() {
        let schema = json!({ "type": "object", "properties": { "spec": { "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": { "known": { "type": "object" } } } } });
        let mut object = json!({ "spec": { "any": 1, "known": { "x": 1 } }, "more": 1, "metadata": { "name": "x" } });
        assert_eq!(prune(Schema::custom(&schema), &mut object), ["spec.known.x", "more"]);
    }
}
