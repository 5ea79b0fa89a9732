//! Objects as rows and columns, for people who read `kubectl get`: columns by a table for built-in kinds, by their
//! definition for others.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::cells::{age, cell, since};
use crate::kube::object::{items, name};
use crate::kube::types::resource::Resource;
use crate::kube::view;

/// By kind: name, source and priority of each column. A source is a path, `#path` for a number that may be missing,
/// `?path` for a boolean that may be, `~path` for a time, or `@word` for what is put together.
static TABLE: LazyLock<Json> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/columns.json")).unwrap_or_default());

/// What a column shows.
enum Source {
    /// Of a built-in kind.
    Built(String),
    /// A JSONPath and a type, of a defined kind.
    Custom(String, String),
}

struct Column {
    name: String,
    priority: i64,
    sort: String,
    source: Source,
}

/// How much of an object stands beside its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    Metadata,
    Object,
}

fn columns(resource: &Resource) -> Vec<Column> {
    let built = |name: &str, source: &str, priority: i64| Column {
        name: name.to_owned(),
        priority,
        sort: if source.starts_with('#') { "integer".to_owned() } else { "string".to_owned() },
        source: Source::Built(source.to_owned()),
    };
    if let Some(custom) = &resource.custom {
        let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let of = |column: &Json| Column {
            name: text(&column["name"]),
            priority: column["priority"].as_i64().unwrap_or(0),
            sort: text(&column["type"]),
            source: Source::Custom(text(&column["jsonPath"]), text(&column["type"])),
        };
        let mut all = vec![built("Name", "name", 0)];
        all.extend(custom.columns.iter().map(of));
        if custom.columns.is_empty() {
            all.push(built("Age", "@age", 0));
        }
        return all;
    }
    match &TABLE[&resource.kind] {
        Json::Array(list) => list
            .iter()
            .map(|one| {
                let text = |at: usize| one[at].as_str().unwrap_or_default();
                built(text(0), text(1), one[2].as_i64().unwrap_or(0))
            })
            .collect(),
        _ => vec![built("Name", "name", 0), built("Created At", "metadata.creationTimestamp", 0)],
    }
}

impl Column {
    fn definition(&self) -> Json {
        let format = if matches!(&self.source, Source::Built(source) if source == "name") { "name" } else { "" };
        json!({ "name": self.name, "type": self.sort, "format": format, "description": "", "priority": self.priority })
    }

    fn cell(&self, object: &Json, now: Timestamp) -> Json {
        match &self.source {
            Source::Built(source) if source == "name" => name(object).into(),
            Source::Built(source) if source == "@age" => age(object, now).into(),
            Source::Built(source) => cell(source, object, now),
            Source::Custom(path, sort) => custom(path, sort, object, now),
        }
    }
}

/// The table of some objects as they are shown.
pub(super) fn table(resource: &Resource, objects: &[Json], metadata: Json, beside: Beside, now: Timestamp) -> Json {
    let columns = columns(resource);
    let row = |object: &Json| {
        let cells: Vec<Json> = columns.iter().map(|column| column.cell(object, now)).collect();
        match beside {
            Beside::Nothing => json!({ "cells": cells }),
            Beside::Metadata => json!({ "cells": cells, "object": view::partial(object) }),
            Beside::Object => json!({ "cells": cells, "object": object }),
        }
    };
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": columns.iter().map(Column::definition).collect::<Vec<_>>(),
        "rows": objects.iter().map(row).collect::<Vec<_>>(),
    })
}

/// What a JSONPath of a printer column finds: the first thing, or nothing.
fn custom(path: &str, sort: &str, object: &Json, now: Timestamp) -> Json {
    let found = find(object, path);
    match (sort, found) {
        (_, None | Some(Json::Null)) => Json::Null,
        ("date", Some(value)) => match value.as_str() {
            Some(text) => since(text, now).into(),
            None => Json::Null,
        },
        ("string", Some(value)) => match value {
            Json::String(_) => value.clone(),
            other => other.to_string().into(),
        },
        (_, Some(value)) => value.clone(),
    }
}

/// The simple JSONPaths of printer columns: names, `['…']`, numbers, `*`, and filters by one equality.
fn find<'a>(object: &'a Json, path: &str) -> Option<&'a Json> {
    let mut found = vec![object];
    for step in steps(path) {
        found = found.into_iter().flat_map(|value| step_into(value, &step)).collect();
    }
    found.into_iter().next()
}

/// `.a.b[0]['c.d'][?(@.type=="Ready")].e` in its steps.
fn steps(path: &str) -> Vec<String> {
    let (mut steps, mut step, mut depth) = (Vec::new(), String::new(), 0);
    let mut characters = path.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\\' if characters.peek() == Some(&'.') => step.extend(characters.next()),
            '.' if depth == 0 => steps.push(std::mem::take(&mut step)),
            '[' => {
                if depth == 0 {
                    steps.push(std::mem::take(&mut step));
                } else {
                    step.push(c);
                }
                depth += 1;
            }
            ']' => {
                depth -= 1;
                if depth > 0 {
                    step.push(c);
                }
            }
            c => step.push(c),
        }
    }
    steps.push(step);
    steps.retain(|step| !step.is_empty());
    steps
}

fn step_into<'a>(value: &'a Json, step: &str) -> Vec<&'a Json> {
    if let Some(filter) = step.strip_prefix("?(@.").and_then(|rest| rest.strip_suffix(')')) {
        let Some((path, wanted)) = filter.split_once("==") else { return Vec::new() };
        let wanted = wanted.trim().trim_matches(['"', '\'']);
        let fits =
            |item: &&Json| find(item, path.trim()).is_some_and(|found| found == wanted || found.to_string() == wanted);
        return items(value).filter(fits).collect();
    }
    let word = step.trim_matches(['"', '\'']);
    match (value, word.parse::<usize>()) {
        (Json::Array(list), _) if word == "*" => list.iter().collect(),
        (Json::Array(list), Ok(at)) => list.get(at).into_iter().collect(),
        (Json::Object(map), _) if word == "*" => map.values().collect(),
        (other, _) => other.get(word).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printer_columns_find_what_their_paths_say() {
        let object = json!({
            "status": { "conditions": [{ "type": "A", "status": "False" }, { "type": "Ready", "status": "True" }], "list": [1, 2] },
            "metadata": { "annotations": { "x.io/y": "z" } },
        });
        for (path, expected) in [
            (".status.conditions[?(@.type==\"Ready\")].status", json!("True")),
            (".status.conditions[?(@.type=='None')].status", Json::Null),
            (".status.list[1]", json!(2)),
            (".metadata.annotations.x\\.io/y", json!("z")),
            (".metadata.annotations['x.io/y']", json!("z")),
        ] {
            assert_eq!(custom(path, "", &object, Timestamp::UNIX_EPOCH), expected, "{path}");
        }
    }

    #[test]
    fn a_pod_has_its_row() {
        let pod = json!({
            "metadata": { "name": "x", "creationTimestamp": "1970-01-01T00:00:00Z" }, "spec": { "containers": [{}, {}] },
            "status": { "phase": "Running", "containerStatuses": [{ "ready": true, "restartCount": 2, "state": { "running": {} } }] },
        });
        let catalogue = crate::kube::types::catalogue::Catalogue::default();
        let now = "1970-01-01T00:05:30Z".parse().unwrap();
        let table = table(catalogue.named("Pod").unwrap(), &[pod], json!({}), Beside::Nothing, now);
        assert_eq!(
            table["rows"][0]["cells"].as_array().unwrap()[..5],
            [json!("x"), json!("1/2"), json!("Running"), json!("2"), json!("5m30s")]
        );
    }
}
