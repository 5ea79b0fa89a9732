//! Strategic merge patches of built-in kinds: lists are merged by the key that the schema names, and directives say
//! what a merge cannot. Pure.

use serde_json::{Map, Value as Json};

use crate::kube::object::{items, map};
use crate::kube::refusal::Refusal;
use crate::kube::types::schema::{Field, Schema};

/// Says what becomes of what it stands in: `replace`, `delete`, `merge`.
const PATCH: &str = "$patch";
/// Names the only fields that stay.
const RETAIN: &str = "$retainKeys";
/// Names values that go out of a list of plain values.
const DELETE: &str = "$deleteFromPrimitiveList/";
/// Says in which order a list is to be.
const ORDER: &str = "$setElementOrder/";

/// Changes `object` by `patch`.
///
/// # Errors
/// A directive is not known, or an item has not the key of its list.
pub(super) fn merge(schema: Schema<'_>, object: &mut Json, patch: &Json) -> Result<(), Refusal> {
    let Json::Object(fields) = patch else {
        *object = patch.clone();
        return Ok(());
    };
    match fields.get(PATCH).and_then(Json::as_str) {
        Some("replace") => {
            *object = plain(fields);
            return Ok(());
        }
        Some("delete") => {
            *object = Json::Null;
            return Ok(());
        }
        Some("merge") | None => {}
        Some(other) => return Err(Refusal::bad_request(format!("Unknown patch type: {other}"))),
    }
    if let Some(kept) = fields.get(RETAIN) {
        map(object).retain(|name, _| items(kept).any(|one| one == name));
    }
    for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with('$')) {
        let inner = schema.field(name);
        let there = map(object);
        match (value, inner) {
            (Json::Null, _) => drop(there.shift_remove(name)),
            (Json::Array(list), Field::Known(inner)) if inner.patches_by("merge") => {
                merge_list(inner, there.entry(name.clone()).or_insert_with(|| Json::Array(Vec::new())), list)?;
            }
            (Json::Object(_), Field::Known(inner)) => {
                let place = there.entry(name.clone()).or_insert_with(|| Json::Object(Map::new()));
                merge(inner, place, value)?;
                if place.is_null() {
                    there.shift_remove(name);
                }
            }
            (value, _) => drop(there.insert(name.clone(), value.clone())),
        }
    }
    lists(schema, object, fields);
    Ok(())
}

/// The directives that speak of a list from beside it.
fn lists(schema: Schema<'_>, object: &mut Json, fields: &Map<String, Json>) {
    for (directive, values) in fields {
        if let Some(name) = directive.strip_prefix(DELETE) {
            if let Some(Json::Array(list)) = map(object).get_mut(name) {
                list.retain(|item| !items(values).any(|gone| gone == item));
            }
        } else if let Some(name) = directive.strip_prefix(ORDER) {
            let key = match schema.field(name) {
                Field::Known(inner) => inner.merge_key(),
                Field::Open | Field::Unknown => None,
            };
            if let Some(Json::Array(list)) = map(object).get_mut(name) {
                let same = |a: &Json, b: &Json| key.map_or(a == b, |key| a[key] == b[key]);
                let last = items(values).count();
                list.sort_by_key(|item| items(values).position(|one| same(one, item)).unwrap_or(last));
            }
        }
    }
}

/// Without directives.
fn plain(fields: &Map<String, Json>) -> Json {
    fields
        .iter()
        .filter(|(name, _)| !name.starts_with('$'))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn merge_list(schema: Schema<'_>, object: &mut Json, patch: &[Json]) -> Result<(), Refusal> {
    if !object.is_array() {
        *object = Json::Array(Vec::new());
    }
    let Json::Array(list) = object else { return Ok(()) };
    if patch.iter().any(|item| item[PATCH] == "replace") {
        *list = patch.iter().filter(|item| item.get(PATCH).is_none()).cloned().collect();
        return Ok(());
    }
    let Some(key) = schema.merge_key() else {
        for item in patch.iter().filter(|item| !list.contains(item)).cloned().collect::<Vec<_>>() {
            list.push(item);
        }
        return Ok(());
    };
    for item in patch {
        if item[key].is_null() {
            let why = format!("map: {item} does not contain declared merge key: {key}");
            return Err(Refusal::bad_request(why));
        }
        let found = list.iter().position(|one| one[key] == item[key]);
        match (item[PATCH].as_str(), found, schema.items()) {
            (Some("delete"), found, _) => drop(found.map(|at| list.remove(at))),
            (_, Some(at), Field::Known(inner)) => merge(inner, &mut list[at], item)?,
            (_, Some(at), _) => list[at] = item.clone(),
            (_, None, _) => list.push(item.as_object().map_or_else(|| item.clone(), plain)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(mut object: Json, patch: Json) -> Json {
        merge(Schema::built_in("", "v1", "Pod"), &mut object, &patch).unwrap();
        object
    }

    #[test]
    fn lists_are_merged_by_their_key() {
        let pod = json!({ "spec": { "containers": [{ "name": "a", "image": "1" }, { "name": "b", "image": "1" }], "tolerations": [{ "key": "x" }] } });
        let patch = json!({ "spec": { "containers": [{ "name": "b", "image": "2" }, { "name": "c", "image": "3" }], "tolerations": [{ "key": "y" }] } });
        let spec = &patched(pod, patch)["spec"];
        let images: Vec<&Json> = items(&spec["containers"]).map(|container| &container["image"]).collect();
        assert_eq!(images, [&json!("1"), &json!("2"), &json!("3")]);
        assert_eq!(spec["tolerations"], json!([{ "key": "y" }]));
    }

    #[test]
    fn directives_delete_replace_and_order() {
        let pod = || json!({ "metadata": { "finalizers": ["a", "b"] }, "spec": { "containers": [{ "name": "a" }, { "name": "b" }] } });
        let without = patched(pod(), json!({ "spec": { "containers": [{ "name": "a", "$patch": "delete" }] } }));
        assert_eq!(without["spec"]["containers"], json!([{ "name": "b" }]));
        let ordered =
            patched(pod(), json!({ "spec": { "$setElementOrder/containers": [{ "name": "b" }, { "name": "a" }] } }));
        assert_eq!(ordered["spec"]["containers"], json!([{ "name": "b" }, { "name": "a" }]));
        let freed = patched(pod(), json!({ "metadata": { "$deleteFromPrimitiveList/finalizers": ["a"] } }));
        assert_eq!(freed["metadata"]["finalizers"], json!(["b"]));
        let replaced = patched(pod(), json!({ "spec": { "$patch": "replace", "nodeName": "n" } }));
        assert_eq!(replaced["spec"], json!({ "nodeName": "n" }));
    }

    #[test]
    fn an_item_without_its_key_is_refused() {
        let refused =
            merge(Schema::built_in("", "v1", "Pod"), &mut json!({}), &json!({ "spec": { "containers": [{}] } }));
        assert_eq!(refused.unwrap_err().message, "map: {} does not contain declared merge key: name");
    }
}
