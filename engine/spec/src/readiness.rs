//! Reads the rules that say when an object is ready; compiled only where a check asks `ready`.

use std::sync::Arc;

use checkrun_lang::{Expr, Known, Lang, ReadinessRule, ReadinessRules};
use checkrun_model::{Node, Sources, de};
use serde::Deserialize;

use crate::diags::Diags;

/// Its name in messages.
const NAME: &str = "readiness.yaml";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    readiness: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    kind: String,
    #[serde(default)]
    without_generation: bool,
    #[serde(default)]
    #[expect(dead_code, reason = "compiled from the tree, where its place is")]
    failed: Vec<Failed>,
    #[expect(dead_code, reason = "compiled from the tree, where its place is")]
    ready: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "compiled from the tree, where its place is")]
struct Failed {
    when: String,
    reason: String,
}

/// Compiles the rules of a text.
pub(crate) fn rules(text: &'static str, lang: &Lang, sources: &mut Sources, diags: &mut Diags) -> ReadinessRules {
    let source = sources.add(NAME, text);
    let reading = checkrun_yaml::document(source, text);
    diags.extend(reading.errors);
    let Some(root) = reading.documents.first() else { return ReadinessRules::default() };
    let Some(file) = diags.take(de::from_node::<File>(root)) else { return ReadinessRules::default() };
    let nodes = root.get("readiness").and_then(Node::as_list).unwrap_or(&[]);
    let known = Known { names: Vec::new(), fields: Some(&[]), open: true };
    let mut compile = |node: &Node| -> Option<Arc<Expr>> {
        let faults = lang.expr(&node.scalar_text()?, &known);
        diags.take(faults.map_err(|faults| faults.into_iter().map(|fault| fault.in_node(node, sources)).collect()))
    };
    let mut rules = Vec::with_capacity(nodes.len());
    for (rule, node) in file.readiness.into_iter().zip(nodes) {
        let failed = node.get("failed").and_then(Node::as_list).unwrap_or(&[]).iter();
        let failed =
            failed.filter_map(|node| Some((compile(node.get("when")?)?, compile(node.get("reason")?)?))).collect();
        let ready = node.get("ready").and_then(Node::as_list).unwrap_or(&[]).iter().filter_map(&mut compile).collect();
        rules.push(ReadinessRule { kind: rule.kind, failed, ready, without_generation: rule.without_generation });
    }
    ReadinessRules { rules }
}
