//! Sets of fields, as `managedFields` names them: which fields an object has, and which differ between two. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::kube::object::map;
use crate::kube::types::schema::{Field, Listing, Schema};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Field(String),
    /// An item of a list that is known by some of its fields: those, as JSON.
    Key(String),
    /// An item of a set: itself, as JSON.
    Value(String),
}

/// From the outside to a field.
pub(super) type Path = Vec<Step>;
/// Fields.
pub(super) type Fields = BTreeSet<Path>;
/// Fields and what they are; null stands for what is only a place for others.
pub(super) type Values = BTreeMap<Path, Json>;

/// What the server itself fills in belongs to nobody.
const NOBODYS: [&str; 10] = [
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "generation",
    "managedFields",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// The fields of an object that can have an owner.
pub(super) fn of(schema: Schema<'_>, object: &Json) -> Values {
    let mut plain = object.clone();
    let fields = map(&mut plain);
    fields.shift_remove("apiVersion");
    fields.shift_remove("kind");
    if let Some(Json::Object(metadata)) = fields.get_mut("metadata") {
        metadata.retain(|name, _| !NOBODYS.contains(&name.as_str()));
        if metadata.is_empty() {
            fields.shift_remove("metadata");
        }
    }
    let mut values = Values::new();
    walk(schema, &plain, &mut Vec::new(), &mut values);
    values.remove(&Vec::new());
    values
}

fn walk(schema: Schema<'_>, value: &Json, path: &mut Path, values: &mut Values) {
    match value {
        Json::Object(map) if !map.is_empty() && !schema.is_atomic_map() => {
            for (name, value) in map {
                path.push(Step::Field(name.clone()));
                match schema.field(name) {
                    Field::Known(inner) => walk(inner, value, path, values),
                    Field::Open | Field::Unknown => open(value, path, values),
                }
                path.pop();
            }
        }
        Json::Array(list) if schema.listing() != Listing::Atomic => {
            for item in list {
                path.push(step(&schema.listing(), item));
                values.insert(path.clone(), Json::Null);
                if let Field::Known(inner) = schema.items() {
                    walk(inner, item, path, values);
                }
                path.pop();
            }
        }
        other => drop(values.insert(path.clone(), other.clone())),
    }
}

/// Where no schema says how, maps are taken apart and lists are one value.
fn open(value: &Json, path: &mut Path, values: &mut Values) {
    match value {
        Json::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                path.push(Step::Field(name.clone()));
                open(value, path, values);
                path.pop();
            }
        }
        other => drop(values.insert(path.clone(), other.clone())),
    }
}

/// How an item of a list is known.
pub(super) fn step(listing: &Listing<'_>, item: &Json) -> Step {
    match listing {
        Listing::Map(keys) => {
            let mut sorted = keys.clone();
            sorted.sort_unstable();
            let known = sorted.into_iter().filter(|key| !item[*key].is_null());
            let key: Map<String, Json> = known.map(|key| (key.to_owned(), item[key].clone())).collect();
            Step::Key(Json::Object(key).to_string())
        }
        Listing::Set | Listing::Atomic => Step::Value(item.to_string()),
    }
}

/// What is in `new` and not the same in `old`, and what is in `old` alone.
pub(super) fn differences(old: &Values, new: &Values) -> (Fields, Fields) {
    let changed = new.iter().filter(|(path, value)| old.get(*path) != Some(value));
    let gone = old.keys().filter(|path| !new.contains_key(*path));
    (changed.map(|(path, _)| path.clone()).collect(), gone.cloned().collect())
}

/// As `fieldsV1` says it.
pub(super) fn json(fields: &Fields) -> Json {
    let mut tree = json!({});
    for path in fields {
        let mut place = &mut tree;
        for step in path {
            let word = match step {
                Step::Field(name) => format!("f:{name}"),
                Step::Key(key) => format!("k:{key}"),
                Step::Value(value) => format!("v:{value}"),
            };
            place = map(place).entry(word).or_insert_with(|| json!({}));
        }
        if fields.range(path.clone()..).nth(1).is_some_and(|next| next.starts_with(path)) {
            map(place).insert(".".to_owned(), json!({}));
        }
    }
    tree
}

/// From `fieldsV1`.
pub(super) fn read(tree: &Json) -> Fields {
    let mut fields = Fields::new();
    gather(tree, &mut Vec::new(), &mut fields);
    fields.remove(&Vec::new());
    fields
}

fn gather(tree: &Json, path: &mut Path, fields: &mut Fields) {
    let inner = tree.as_object();
    if inner.is_none_or(|inner| inner.is_empty() || inner.contains_key(".")) {
        fields.insert(path.clone());
    }
    for (word, tree) in inner.into_iter().flatten() {
        let step = match word.split_once(':') {
            Some(("f", name)) => Step::Field(name.to_owned()),
            Some(("k", key)) => Step::Key(key.to_owned()),
            Some(("v", value)) => Step::Value(value.to_owned()),
            _ => continue,
        };
        path.push(step);
        gather(tree, path, fields);
        path.pop();
    }
}

/// `.spec.containers[name="c"].image`
pub(super) fn shown(path: &Path) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Field(name) => {
                text.push('.');
                text.push_str(name);
            }
            Step::Key(key) => {
                let key: Json = serde_json::from_str(key).unwrap_or_default();
                let pairs = key.as_object().into_iter().flatten().map(|(name, value)| format!("{name}={value}"));
                text.push_str(&format!("[{}]", pairs.collect::<Vec<_>>().join(",")));
            }
            Step::Value(value) => text.push_str(&format!("[={value}]")),
        }
    }
    text
}

/// Takes a field out of an object.
pub(super) fn remove(schema: Schema<'_>, value: &mut Json, path: &[Step]) {
    let Some((first, rest)) = path.split_first() else { return };
    match (first, value) {
        (Step::Field(name), Json::Object(map)) => {
            if rest.is_empty() {
                map.shift_remove(name);
            } else if let (Some(inner), Field::Known(schema)) = (map.get_mut(name), schema.field(name)) {
                remove(schema, inner, rest);
            } else if let Some(inner) = map.get_mut(name) {
                remove(schema, inner, rest);
            }
        }
        (Step::Key(_) | Step::Value(_), Json::Array(list)) => {
            let listing = schema.listing();
            let found = list.iter().position(|item| step(&listing, item) == *first);
            match (found, schema.items()) {
                (Some(at), _) if rest.is_empty() => drop(list.remove(at)),
                (Some(at), Field::Known(inner)) => remove(inner, &mut list[at], rest),
                _ => {}
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment() -> Schema<'static> {
        Schema::built_in("apps", "v1", "Deployment")
    }

    #[test]
    fn fields_are_written_as_the_api_writes_them() {
        let object = json!({
            "metadata": { "name": "x", "uid": "u", "labels": { "a": "b" } },
            "spec": { "replicas": 1, "template": { "spec": { "containers": [{ "name": "c", "image": "i" }] } } },
        });
        let fields: Fields = of(deployment(), &object).into_keys().collect();
        let written = json(&fields);
        assert_eq!(written["f:metadata"], json!({ "f:labels": { "f:a": {} } }));
        let containers = &written["f:spec"]["f:template"]["f:spec"]["f:containers"];
        assert_eq!(*containers, json!({ "k:{\"name\":\"c\"}": { "f:image": {}, "f:name": {}, ".": {} } }));
        assert_eq!(read(&written), fields);
    }

    #[test]
    fn a_field_is_found_and_taken_out() {
        let mut object =
            json!({ "spec": { "template": { "spec": { "containers": [{ "name": "c", "image": "i" }] } } } });
        let path = of(deployment(), &object).into_keys().find(|path| shown(path).ends_with(".image")).unwrap();
        assert_eq!(shown(&path), ".spec.template.spec.containers[name=\"c\"].image");
        remove(deployment(), &mut object, &path);
        assert_eq!(object["spec"]["template"]["spec"]["containers"], json!([{ "name": "c" }]));
    }
}
