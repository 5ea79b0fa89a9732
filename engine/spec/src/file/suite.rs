//! `suite.yaml` and the criteria file: their typed forms.

use std::collections::HashMap;

use checkrun_model::event::Criterion;
use checkrun_model::{Node, SpecError, args, de};
use schemars::JsonSchema;
use serde::Deserialize;

use super::read::Doc;
use crate::diags::Diags;
use crate::later;

/// A suite: what its folder is about, and what it asks for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SuiteFile {
    /// Its name.
    pub(crate) suite: String,
    /// One line about it.
    pub(crate) title: Option<String>,
    /// Typed inputs, by name.
    #[serde(default)]
    #[schemars(with = "Option<std::collections::BTreeMap<String, crate::inputs::Shape>>")]
    #[expect(dead_code, reason = "read from the tree, in its order")]
    inputs: serde::de::IgnoredAny,
    /// What holds for every check unless it says otherwise.
    pub(crate) defaults: Option<Defaults>,
    /// Template files, relative to the suite's folder: `../lib/operator.yaml`.
    #[serde(default)]
    pub(crate) imports: Vec<String>,
    /// The file of the items that the checks cover.
    pub(crate) criteria: Option<String>,
}

/// What holds for every check below unless it says otherwise.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Defaults {
    /// A cluster of the target.
    pub(crate) cluster: Option<String>,
    /// An endpoint of the target, for the kinds of its family.
    pub(crate) endpoint: Option<String>,
    /// Time for one observation.
    pub(crate) timeout: Option<args::Duration>,
}

/// The items that a story asks for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CriteriaFile {
    /// The items, in the order in which reports show them.
    criteria: Vec<CriterionShape>,
}

/// An item that a story asks for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CriterionShape {
    /// `AC5.v1`; checks name it under `covers:`.
    id: String,
    /// Its text.
    title: String,
    /// What it belongs to; else the part of its id before the first dot.
    group: Option<String>,
}

/// Reads `suite.yaml`. Of one with mistakes, what can be read: the other files are checked all the same.
pub(crate) fn suite(doc: &Doc, diags: &mut Diags) -> SuiteFile {
    let root = later::without(&doc.root, later::SUITE, diags);
    diags.take(de::from_node(&root)).unwrap_or_else(|| parts(&doc.root))
}

fn parts(root: &Node) -> SuiteFile {
    let text = |key: &str| root.get(key).and_then(Node::as_text).map(str::to_owned);
    let imports = root.get("imports").and_then(Node::as_list).unwrap_or(&[]).iter();
    let cluster = |node: &Node| node.get("cluster").and_then(Node::as_text).map(str::to_owned);
    let some = |node: &Node| Defaults { cluster: cluster(node), ..Defaults::default() };
    SuiteFile {
        suite: text("suite").unwrap_or_default(),
        title: None,
        inputs: serde::de::IgnoredAny,
        defaults: root.get("defaults").map(|node| de::from_node(node).unwrap_or_else(|_| some(node))),
        imports: imports.filter_map(Node::as_text).map(str::to_owned).collect(),
        criteria: text("criteria"),
    }
}

/// Reads the criteria file; none where it has mistakes, so that not every criterion is called unknown.
pub(crate) fn criteria(doc: &Doc, diags: &mut Diags) -> Option<Vec<Criterion>> {
    let file = diags.take(de::from_node::<CriteriaFile>(&doc.root))?;
    let nodes = doc.root.get("criteria").and_then(Node::as_list).unwrap_or(&[]);
    let mut first: HashMap<&str, &Node> = HashMap::new();
    for (criterion, node) in file.criteria.iter().zip(nodes) {
        let id = node.get("id").unwrap_or(node);
        if let Some(before) = first.insert(&criterion.id, id) {
            let message = format!("the criterion `{}` stands here twice", criterion.id);
            diags.push(
                SpecError::new("spec::duplicate-criterion", id.span, message, "again").also(before.span, "first"),
            );
        }
    }
    let group = |shape: &CriterionShape| shape.id.split('.').next().unwrap_or("").to_owned();
    let whole = |shape: CriterionShape| Criterion {
        group: shape.group.clone().unwrap_or_else(|| group(&shape)),
        id: shape.id,
        title: shape.title,
    };
    Some(file.criteria.into_iter().map(whole).collect())
}
