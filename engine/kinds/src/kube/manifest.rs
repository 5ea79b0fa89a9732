//! What a manifest says: objects with a kind and a name, each to be made. Sends nothing.

use checkrun_model::{Node, SpecError};
use serde_json::Value as Json;

/// The objects of a manifest: itself, or its list.
pub(super) fn objects(manifest: &Json) -> &[Json] {
    match manifest {
        Json::Array(list) => list,
        one => std::slice::from_ref(one),
    }
}

/// Mistakes of the manifest at `node`.
pub(super) fn errors(node: &Node) -> Vec<SpecError> {
    match node.as_list() {
        Some([]) => vec![SpecError::new("manifest::empty", node.span, "the manifest holds no object", "empty")],
        Some(list) => list.iter().flat_map(object_errors).collect(),
        None if node.as_map().is_some() => object_errors(node),
        None => vec![
            SpecError::new(
                "manifest::object",
                node.span,
                format!("{} is no object", node.sort_name()),
                "not an object",
            )
            .help("write the object here, or the name of a `.yaml` file of the suite"),
        ],
    }
}

fn object_errors(node: &Node) -> Vec<SpecError> {
    let text = |keys: &[&str]| {
        let place = keys.iter().try_fold(node, |node, key| node.get(key));
        match place.and_then(Node::as_text).filter(|text| !text.is_empty()) {
            Some(_) => None,
            None => {
                let path = keys.join(".");
                Some(SpecError::new(
                    "manifest::object",
                    place.unwrap_or(node).span,
                    format!("an object needs `{path}`"),
                    "not there",
                ))
            }
        }
    };
    let mut errors: Vec<SpecError> =
        [&["apiVersion"][..], &["kind"], &["metadata", "name"]].into_iter().filter_map(text).collect();
    if let Some(status) = node.entry("status") {
        let error =
            SpecError::new("manifest::status", status.key_span, "`status` is not ours to say", "would be ignored");
        errors.push(error.help("remove it"));
    }
    errors
}
