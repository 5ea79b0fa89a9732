//! The schema of an object, in the language of OpenAPI as Kubernetes writes it: which fields there are, and how
//! lists and maps are merged. One reading for built-in and defined kinds. Checks nothing itself.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value as Json;

/// Made by `data/make.sh`.
static BUILT_IN: LazyLock<Json> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/schemas.json")).unwrap_or_default());

/// Group, version and kind, and the name of the schema.
static KINDS: LazyLock<HashMap<(&str, &str, &str), &str>> = LazyLock::new(|| {
    let kinds = |node: &'static Json| node["x-kubernetes-group-version-kind"].as_array().into_iter().flatten();
    let text = |one: &'static Json, key: &str| one[key].as_str().unwrap_or_default();
    let named = |(name, node): (&'static String, &'static Json)| {
        kinds(node).map(move |one| ((text(one, "group"), text(one, "version"), text(one, "kind")), name.as_str()))
    };
    BUILT_IN.as_object().into_iter().flatten().flat_map(named).collect()
});

/// Where references lead.
const PLACE: &str = "#/components/schemas/";

/// The metadata of every object.
const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

static TEXT: LazyLock<Json> = LazyLock::new(|| serde_json::json!({ "type": "string" }));
static ANY: Json = Json::Null;

/// A place in a schema.
#[derive(Debug, Clone, Copy)]
pub(in crate::kube) struct Schema<'a> {
    node: &'a Json,
    /// What leads here, if that is a reference: marks may stand beside it.
    reference: &'a Json,
    /// What it was called before it was looked up.
    name: &'a str,
    /// The outermost place of a defined kind: its metadata is the one that all have.
    root: bool,
}

/// How a list is merged.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::kube) enum Listing<'a> {
    /// As one value.
    Atomic,
    /// Each item once.
    Set,
    /// Items are known by these fields.
    Map(Vec<&'a str>),
}

/// What is known of a field.
pub(in crate::kube) enum Field<'a> {
    Known(Schema<'a>),
    /// Anything may stand there.
    Open,
    /// There is no such field.
    Unknown,
}

impl<'a> Schema<'a> {
    /// Of a built-in kind. Anything goes if it has none.
    pub(in crate::kube) fn built_in(group: &str, version: &str, kind: &str) -> Schema<'static> {
        let found = KINDS.get(&(group, version, kind)).and_then(|name| BUILT_IN.as_object()?.get_key_value(*name));
        found.map_or(Schema::new(&ANY), |(name, node)| Schema { node, reference: &ANY, name, root: false })
    }

    /// Of a defined kind, given its `openAPIV3Schema`.
    pub(in crate::kube) fn custom(node: &'a Json) -> Self {
        Schema { node, reference: &ANY, name: "", root: true }
    }

    /// Of what nothing is said of: anything goes.
    pub(in crate::kube) fn nothing() -> Schema<'static> {
        Schema::new(&ANY)
    }

    fn new(node: &'a Json) -> Self {
        match node["$ref"].as_str().and_then(|to| to.strip_prefix(PLACE)) {
            Some(name) => Schema { node: &BUILT_IN[name], reference: node, name, root: false },
            None => Schema { node, reference: &ANY, name: "", root: false },
        }
    }

    pub(in crate::kube) fn node(&self) -> &'a Json {
        self.node
    }

    /// `DeploymentSpec`: the last word of what it is called.
    pub(in crate::kube) fn called(&self) -> &'a str {
        self.name.rsplit('.').next().unwrap_or_default()
    }

    /// `object`, `array`, `string`, `integer`, …; empty where anything goes.
    pub(in crate::kube) fn sort(&self) -> &'a str {
        self.node["type"].as_str().unwrap_or_default()
    }

    /// `int-or-string`, `date-time`, …
    pub(in crate::kube) fn format(&self) -> &'a str {
        self.node["format"].as_str().unwrap_or_default()
    }

    fn is(&self, mark: &str) -> bool {
        self.node[mark] == true
    }

    pub(in crate::kube) fn keeps_unknown(&self) -> bool {
        self.is("x-kubernetes-preserve-unknown-fields")
    }

    pub(in crate::kube) fn is_int_or_string(&self) -> bool {
        self.is("x-kubernetes-int-or-string") || self.format() == "int-or-string"
    }

    /// An object within an object, with metadata of its own.
    fn is_embedded(&self) -> bool {
        self.root || self.is("x-kubernetes-embedded-resource")
    }

    /// What may stand in the field of this name.
    pub(in crate::kube) fn field(&self, name: &str) -> Field<'a> {
        if self.is_embedded() {
            match name {
                "apiVersion" | "kind" => return Field::Known(Schema::new(&TEXT)),
                "metadata" => {
                    return Field::Known(Schema { node: &BUILT_IN[META], reference: &ANY, name: META, root: false });
                }
                _ => {}
            }
        }
        if let Some(node) = self.node["properties"].get(name) {
            return Field::Known(Schema::new(node));
        }
        match &self.node["additionalProperties"] {
            Json::Object(_) => Field::Known(Schema::new(&self.node["additionalProperties"])),
            Json::Bool(true) => Field::Open,
            _ if self.keeps_unknown() || self.is_free() => Field::Open,
            _ => Field::Unknown,
        }
    }

    /// Says nothing of its fields. A structural schema that says nothing has none.
    fn is_free(&self) -> bool {
        let says_nothing = self.node.get("properties").is_none() && self.node.get("additionalProperties").is_none();
        self.node.is_null() || (says_nothing && (!self.name.is_empty() || self.sort().is_empty()))
    }

    /// What may stand in a list.
    pub(in crate::kube) fn items(&self) -> Field<'a> {
        match self.node.get("items") {
            Some(node) => Field::Known(Schema::new(node)),
            None => Field::Open,
        }
    }

    /// How the list here is merged by server-side apply.
    pub(in crate::kube) fn listing(&self) -> Listing<'a> {
        match self.node["x-kubernetes-list-type"].as_str() {
            Some("set") => Listing::Set,
            Some("map") => {
                let keys = self.node["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
                Listing::Map(keys.filter_map(Json::as_str).collect())
            }
            _ => Listing::Atomic,
        }
    }

    /// Whether the map here is one value to server-side apply.
    pub(in crate::kube) fn is_atomic_map(&self) -> bool {
        self.node["x-kubernetes-map-type"] == "atomic"
    }

    /// The field that items of the list here are known by to a strategic merge patch.
    pub(in crate::kube) fn merge_key(&self) -> Option<&'a str> {
        self.node["x-kubernetes-patch-merge-key"].as_str()
    }

    /// Whether a strategic merge patch does this here: `merge`, `replace`, `retainKeys`.
    pub(in crate::kube) fn patches_by(&self, strategy: &str) -> bool {
        let said = |node: &'a Json| node["x-kubernetes-patch-strategy"].as_str().unwrap_or_default();
        [self.node, self.reference].into_iter().any(|node| said(node).split(',').any(|one| one == strategy))
    }

    /// The names and schemas of the fields here.
    pub(in crate::kube) fn fields(&self) -> impl Iterator<Item = (&'a String, Schema<'a>)> {
        self.node["properties"].as_object().into_iter().flatten().map(|(name, node)| (name, Schema::new(node)))
    }
}

/// The schemas of the built-in kinds, as `components.schemas` of OpenAPI.
pub(in crate::kube) fn built_in() -> &'static Json {
    &BUILT_IN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_through_references() {
        let pod = Schema::built_in("", "v1", "Pod");
        let Field::Known(spec) = pod.field("spec") else { panic!("a pod has a spec") };
        let Field::Known(containers) = spec.field("containers") else { panic!("a spec has containers") };
        assert_eq!(containers.listing(), Listing::Map(vec!["name"]));
        assert_eq!((containers.merge_key(), spec.called()), (Some("name"), "PodSpec"));
        assert!(matches!(spec.field("container"), Field::Unknown));
    }

    #[test]
    fn a_defined_kind_has_the_metadata_of_all() {
        let node = serde_json::json!({ "type": "object", "properties": { "spec": { "type": "object" } } });
        let schema = Schema::custom(&node);
        assert!(matches!(schema.field("metadata"), Field::Known(meta) if meta.called() == "ObjectMeta"));
        let Field::Known(spec) = schema.field("spec") else { panic!("it has a spec") };
        assert!(matches!(spec.field("any"), Field::Unknown));
    }
}
