//! JSON Schemas of world files and their libraries, for the YAML language server. Loading never reads them.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use crate::file::shape::{LibraryShape, WorldShape};

/// Both: file name (without its end) and schema.
#[must_use]
pub fn schemas() -> Vec<(&'static str, Json)> {
    vec![
        ("world", of::<WorldShape>("A world of the sandbox: sandbox/world.yaml")),
        ("world-library", of::<LibraryShape>("Behaviours and faults that worlds share")),
    ]
}

fn of<T: JsonSchema>(title: &str) -> Json {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    without_null(&mut schema);
    schema["title"] = title.into();
    schema
}

/// A key is left out, never null: the loader refuses null, so the schema does not offer it.
fn without_null(schema: &mut Json) {
    match schema {
        Json::Object(map) => {
            if let Some(Json::Array(types)) = map.get_mut("type") {
                types.retain(|one| one != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    map.insert("type".into(), only);
                }
            }
            if let Some(Json::Array(any)) = map.get_mut("anyOf") {
                any.retain(|one| one["type"] != "null");
                if let [Json::Object(only)] = any.as_slice() {
                    let only = only.clone();
                    map.remove("anyOf");
                    for (key, value) in only {
                        map.entry(key).or_insert(value);
                    }
                }
            }
            if map.get("default").is_some_and(Json::is_null) {
                map.remove("default");
            }
            map.values_mut().for_each(without_null);
        }
        Json::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}
