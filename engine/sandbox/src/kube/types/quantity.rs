//! Quantities that are written as numbers are kept as texts, as the server keeps them. Pure.

use serde_json::Value as Json;

use super::schema::{Field, Schema};

/// Makes texts of the quantities of a built-in object.
pub(in crate::kube) fn spell(schema: Schema<'_>, value: &mut Json) {
    match value {
        Json::Number(number) if schema.called() == "Quantity" => *value = number.to_string().into(),
        Json::Object(map) => {
            for (name, value) in map {
                if let Field::Known(schema) = schema.field(name) {
                    spell(schema, value);
                }
            }
        }
        Json::Array(list) => {
            if let Field::Known(schema) = schema.items() {
                list.iter_mut().for_each(|item| spell(schema, item));
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
    fn a_number_of_cores_is_a_text_and_other_numbers_are_numbers() {
        let mut pod = json!({ "spec": { "priority": 1, "containers": [{ "resources": { "limits": { "cpu": 1, "memory": "1Gi" } } }] } });
        spell(Schema::built_in("", "v1", "Pod"), &mut pod);
        assert_eq!(pod["spec"]["containers"][0]["resources"]["limits"], json!({ "cpu": "1", "memory": "1Gi" }));
        assert_eq!(pod["spec"]["priority"], 1);
    }
}
