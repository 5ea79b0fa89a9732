//! What must hold of every row of the registry, so that a new kind cannot forget it.

use std::collections::BTreeSet;
use std::sync::Arc;

use checkrun_model::{Entry, Files, KindEntry, LoadCx, Node, NodeValue, SourceId};

use super::{ENDPOINTS, KINDS};

/// Every file is there, and empty.
struct AnyFile;

impl Files for AnyFile {
    fn text(&self, _: &str) -> Result<Arc<str>, String> {
        Ok("".into())
    }
}

/// The checks of a kind's example.
fn example(entry: &KindEntry) -> Vec<Node> {
    let reading = checkrun_yaml::document(SourceId(0), entry.doc.example);
    assert!(reading.errors.is_empty(), "{}: {:?}", entry.doc.name, reading.errors);
    let document = reading.documents.into_iter().next().expect("one document");
    document.as_list().unwrap_or_else(|| panic!("{}: the example is not a list", entry.doc.name)).to_vec()
}

/// What is still a template, or a file to be grafted, is not known yet.
fn defer(node: &mut Node, grafts: &[&str]) {
    match &mut node.value {
        NodeValue::Text(text) if text.contains("{{") => node.value = NodeValue::Deferred,
        NodeValue::List(items) => items.iter_mut().for_each(|item| defer(item, &[])),
        NodeValue::Map(entries) => entries.iter_mut().for_each(|Entry { key, value, .. }| {
            let grafted = grafts.contains(&key.as_str()) && matches!(value.value, NodeValue::Text(_));
            if grafted {
                value.value = NodeValue::Deferred;
            }
            defer(value, &[]);
        }),
        _ => {}
    }
}

#[test]
fn every_example_is_a_check_that_its_kind_takes() {
    for entry in KINDS {
        let name = entry.doc.name;
        let checks = example(entry);
        let check = checks.iter().find(|check| check.get(name).is_some());
        let check = check.unwrap_or_else(|| panic!("{name}: the example does not use it"));
        assert!(check.get("id").is_some(), "{name}: the example has no id");
        assert!(entry.doc.rule_proves || check.get("expect").is_some(), "{name}: the example expects nothing");
        if name == "script" {
            continue; // It compiles a file that only a suite has; its own tests do.
        }
        let mut args = check.get(name).expect("found by it").clone();
        defer(&mut args, entry.doc.grafts);
        let taken = (entry.parse)(&args, &LoadCx { files: &AnyFile });
        assert!(taken.is_ok(), "{name}: {:?}", taken.err());
    }
}

#[test]
fn names_are_unique_and_arguments_that_are_named_exist() {
    let names: BTreeSet<_> = KINDS.iter().map(|entry| entry.doc.name).collect();
    assert_eq!(names.len(), KINDS.len());
    let families: BTreeSet<_> = ENDPOINTS.iter().map(|entry| entry.family).collect();
    assert_eq!(families.len(), ENDPOINTS.len());
    for entry in KINDS {
        let schema = (entry.schema)();
        for key in entry.doc.effect_keys.iter().chain(entry.doc.grafts) {
            assert!(schema["properties"].get(key).is_some(), "{}: no argument `{key}`", entry.doc.name);
        }
    }
}

#[test]
fn every_argument_and_field_is_explained() {
    for entry in KINDS {
        let (doc, schema) = (entry.doc, (entry.schema)());
        assert!(schema["description"].is_string(), "{}: no introduction", doc.name);
        for (key, argument) in schema["properties"].as_object().into_iter().flatten() {
            assert!(argument["description"].is_string(), "{}: `{key}` is not explained", doc.name);
        }
        assert!(doc.observation.iter().all(|field| !field.doc.is_empty()), "{}: a field is not explained", doc.name);
        let paths: BTreeSet<_> = doc.observation.iter().map(|field| field.path).collect();
        assert_eq!(paths.len(), doc.observation.len(), "{}: a field is listed twice", doc.name);
        assert!(
            doc.selection.is_none_or(|selection| paths.contains(selection)),
            "{}: what it selects is no field",
            doc.name
        );
    }
}

#[test]
fn every_setting_of_an_endpoint_is_explained() {
    for entry in ENDPOINTS {
        let schema = (entry.schema)();
        assert!(schema["description"].is_string(), "{}: no introduction", entry.family);
        for (key, setting) in schema["properties"].as_object().into_iter().flatten() {
            assert!(setting["description"].is_string(), "{}: `{key}` is not explained", entry.family);
        }
    }
}
