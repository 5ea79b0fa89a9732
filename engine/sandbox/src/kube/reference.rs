//! How the world names objects. Knows no store.

use super::refusal::qualified;

/// One object: `Ref::new("Kafka.kafka.strimzi.io", Some("kafka"), "cluster")`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ref {
    /// `Pod`, or `Kind.group` outside of the core group; a bare kind is found in any group that has it alone.
    pub kind: String,
    /// None for what lives outside of namespaces.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl Ref {
    /// Names an object.
    #[must_use]
    pub fn new(kind: &str, namespace: Option<&str>, name: &str) -> Self {
        Self { kind: kind.to_owned(), namespace: namespace.map(str::to_owned), name: name.to_owned() }
    }

    /// The object that this JSON is.
    #[must_use]
    pub fn of(object: &serde_json::Value) -> Self {
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let group =
            object["apiVersion"].as_str().and_then(|version| version.split_once('/')).map_or("", |(group, _)| group);
        Self {
            kind: qualified(object["kind"].as_str().unwrap_or_default(), group),
            namespace: text(&object["metadata"]["namespace"]),
            name: text(&object["metadata"]["name"]).unwrap_or_default(),
        }
    }
}
