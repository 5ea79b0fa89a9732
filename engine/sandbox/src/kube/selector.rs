//! Which objects are meant: selectors by label and by field. Pure.

use serde_json::Value as Json;

use super::object::at;
use super::refusal::Refusal;
use super::types::resource::Resource;

/// What a label must be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Want {
    In(Vec<String>),
    NotIn(Vec<String>),
    There,
    Missing,
}

/// `app=web,tier in (a, b),!legacy`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Labels(Vec<(String, Want)>);

impl Labels {
    /// Reads a selector; the empty one selects everything.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let wants = split(text).into_iter().map(|part| requirement(&part, text));
        Ok(Self(wants.collect::<Result<_, _>>()?))
    }

    pub(super) fn fits(&self, object: &Json) -> bool {
        let labels = &object["metadata"]["labels"];
        self.0.iter().all(|(key, want)| match (labels[key].as_str(), want) {
            (Some(value), Want::In(values)) => values.iter().any(|one| one == value),
            (Some(value), Want::NotIn(values)) => values.iter().all(|one| one != value),
            (None, Want::NotIn(_) | Want::Missing) | (Some(_), Want::There) => true,
            (None, Want::In(_) | Want::There) | (Some(_), Want::Missing) => false,
        })
    }
}

/// The parts between commas that stand in no parentheses.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth, mut part) = (Vec::new(), 0, String::new());
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    if !text.trim().is_empty() {
        parts.push(part);
    }
    parts
}

fn requirement(part: &str, whole: &str) -> Result<(String, Want), Refusal> {
    let part = part.trim();
    let set = |list: &str| {
        let inner = list.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(inner.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>())
    };
    let parsed = if let Some((key, list)) = part.split_once(" notin ") {
        set(list).map(|values| (key, Want::NotIn(values)))
    } else if let Some((key, list)) = part.split_once(" in ") {
        set(list).map(|values| (key, Want::In(values)))
    } else if let Some((key, value)) = part.split_once("!=") {
        Some((key, Want::NotIn(vec![value.trim().to_owned()])))
    } else if let Some((key, value)) = part.split_once('=') {
        let value = value.strip_prefix('=').unwrap_or(value);
        Some((key, Want::In(vec![value.trim().to_owned()])))
    } else if let Some(key) = part.strip_prefix('!') {
        Some((key, Want::Missing))
    } else {
        Some((part, Want::There))
    };
    let edge = |c: char| c.is_ascii_alphanumeric();
    let right = |key: &str| {
        key.starts_with(edge)
            && key.ends_with(edge)
            && key.chars().all(|c| edge(c) || matches!(c, '-' | '_' | '.' | '/'))
    };
    parsed
        .map(|(key, want)| (key.trim().to_owned(), want))
        .filter(|(key, _)| right(key))
        .ok_or_else(|| Refusal::bad_request(format!("unable to parse requirement: found '{part}' in '{whole}'")))
}

/// `metadata.name=a,status.phase!=Running`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(Vec<(String, bool, String)>);

impl Fields {
    /// Reads a selector; the empty one selects everything.
    pub(super) fn parse(text: &str, resource: &Resource) -> Result<Self, Refusal> {
        let part = |part: &str| {
            let (path, equal, value) = if let Some((path, value)) = part.split_once("!=") {
                (path, false, value)
            } else if let Some((path, value)) = part.split_once('=') {
                (path, true, value.strip_prefix('=').unwrap_or(value))
            } else {
                let why = format!("invalid selector: '{text}'; can't understand '{part}'");
                return Err(Refusal::bad_request(why));
            };
            match selectable(resource, path) {
                true => Ok((path.to_owned(), equal, value.to_owned())),
                false => Err(Refusal::bad_request(unselectable(resource, path))),
            }
        };
        Ok(Self(text.split(',').filter(|part| !part.trim().is_empty()).map(part).collect::<Result<_, _>>()?))
    }

    /// Whether it fits an object as its resource shows it.
    pub(super) fn fits(&self, object: &Json) -> bool {
        self.0.iter().all(|(path, equal, value)| (shown(at(object, path)) == *value) == *equal)
    }
}

fn shown(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Why a field cannot be selected by: kinds that have fields of their own say it in other words.
fn unselectable(resource: &Resource, path: &str) -> String {
    match own(resource).is_empty() && resource.custom.is_none() {
        true => format!("{path:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""),
        false => format!("field label not supported: {path}"),
    }
}

/// The fields that the server can select by.
fn selectable(resource: &Resource, path: &str) -> bool {
    let defined = resource.custom.as_ref().map(|custom| custom.selectable.as_slice()).unwrap_or_default();
    path == "metadata.name"
        || (path == "metadata.namespace" && resource.namespaced)
        || own(resource).contains(&path)
        || defined.iter().any(|one| one.trim_start_matches('.') == path)
}

/// The fields of a built-in kind, beside its metadata.
fn own(resource: &Resource) -> &'static [&'static str] {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Pod") => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        ("", "Event") => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        ("events.k8s.io", "Event") => &[
            "regarding.kind",
            "regarding.namespace",
            "regarding.name",
            "regarding.uid",
            "regarding.apiVersion",
            "regarding.resourceVersion",
            "regarding.fieldPath",
            "reason",
            "reportingController",
            "type",
        ],
        ("", "Secret") => &["type"],
        ("", "Namespace") => &["status.phase"],
        ("", "Node") => &["spec.unschedulable"],
        ("", "Service") => &["spec.clusterIP", "spec.type"],
        ("", "ReplicationController") => &["status.replicas"],
        ("batch", "Job") => &["status.successful"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_are_selected_by_value_by_set_and_by_being_there() {
        let object = json!({ "metadata": { "labels": { "app": "web", "x.io/tier": "a" } } });
        for (selector, fits) in [
            ("", true),
            ("app=web", true),
            ("app==web", true),
            ("app=db", false),
            ("app!=db,x.io/tier=a", true),
            ("x.io/tier in (a, b)", true),
            ("x.io/tier notin (a,b)", false),
            ("app", true),
            ("!app", false),
            ("other!=x", true),
            ("other", false),
            ("other notin (x)", true),
        ] {
            assert_eq!(Labels::parse(selector).unwrap().fits(&object), fits, "{selector}");
        }
        assert!(Labels::parse("a b=c").is_err() && Labels::parse("=x").is_err());
    }

    #[test]
    fn a_field_that_cannot_be_selected_by_is_refused() {
        let catalogue = crate::kube::types::catalogue::Catalogue::default();
        let pod = catalogue.named("Pod").unwrap();
        let running = Fields::parse("status.phase=Running,metadata.name!=x", pod).unwrap();
        assert!(running.fits(&json!({ "metadata": { "name": "y" }, "status": { "phase": "Running" } })));
        let refused = Fields::parse("spec.foo=x", pod).unwrap_err();
        assert_eq!(refused.message, "field label not supported: spec.foo");
    }
}
