use std::collections::BTreeMap;

use serde::Deserialize;

use super::from_node;
use crate::args::Duration;
use crate::{Entry, Node, NodeValue, SourceId, Span, SpecError};

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Args {
    name: String,
    count: Option<u32>,
    mode: Option<Mode>,
    within: Option<Duration>,
    #[serde(default)]
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Fast,
    Slow,
}

/// A node whose span is its number, so that a test can say which one an error means.
fn node(at: usize, value: NodeValue) -> Node {
    Node::new(Span::new(SourceId(0), at, at + 1), value)
}

fn text(at: usize, text: &str) -> Node {
    node(at, NodeValue::Text(text.into()))
}

fn map(at: usize, entries: Vec<(&str, Node)>) -> Node {
    let entries = entries.into_iter().map(|(key, value)| {
        let key_span = Span::new(SourceId(0), value.span.start as usize + 100, value.span.end as usize + 100);
        Entry { key: key.into(), key_span, value }
    });
    node(at, NodeValue::Map(entries.collect()))
}

fn places(errors: &[SpecError]) -> Vec<(&'static str, u32)> {
    errors.iter().filter_map(|error| Some((error.code, error.span()?.start))).collect()
}

#[test]
fn every_mistake_of_a_tree_is_found_in_one_go() {
    let tree = map(
        0,
        vec![
            ("count", text(1, "many")),
            ("naem", text(2, "x")),
            ("mode", text(3, "fsat")),
            ("within", text(4, "soon")),
        ],
    );
    let errors = from_node::<Args>(&tree).unwrap_err();
    let mut found = places(&errors);
    found.sort_unstable();
    assert_eq!(
        found,
        vec![
            ("args::missing-key", 0),
            ("args::type", 1),
            ("args::unknown-key", 102),
            ("args::unknown-value", 3),
            ("args::value", 4),
        ]
    );
    assert!(errors.iter().any(|error| error.help.as_deref() == Some("did you mean `name`?")));
    assert!(errors.iter().any(|error| error.help.as_deref() == Some("did you mean `fast`?")));
}

#[test]
fn a_plain_scalar_is_text_as_it_was_written() {
    let mut version = node(2, NodeValue::Float(1.1));
    version.written = Some("1.10".into());
    let tree = map(0, vec![("name", text(1, "x")), ("labels", map(3, vec![("version", version)]))]);
    let args: Args = from_node(&tree).unwrap();
    assert_eq!(args.labels["version"], "1.10");
}

#[test]
fn a_deferred_scalar_fits_every_type_and_hides_no_mistake_beside_it() {
    let deferred = |at| node(at, NodeValue::Deferred);
    let fine =
        map(0, vec![("name", deferred(1)), ("count", deferred(2)), ("mode", deferred(3)), ("within", deferred(4))]);
    assert!(from_node::<Args>(&fine).is_ok());
    let wrong = map(0, vec![("name", deferred(1)), ("cuont", deferred(2))]);
    assert_eq!(places(&from_node::<Args>(&wrong).unwrap_err()), vec![("args::unknown-key", 102)]);
}

#[test]
fn a_key_without_a_value_is_a_mistake() {
    let tree = map(0, vec![("name", text(1, "x")), ("count", node(2, NodeValue::Null))]);
    assert_eq!(places(&from_node::<Args>(&tree).unwrap_err()), vec![("args::empty", 2)]);
}
