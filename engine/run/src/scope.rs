//! The names that a node's expressions and templates may read: inputs, `run`, and what its needs have saved.

use std::sync::Arc;

use checkrun_lang::{Expectation, Reads, Scope, Subject, Test, Tree, Value, What};
use checkrun_spec::plan::{Act, Body, NodeIx, PlanNode, Reach};

use crate::room::{Room, Saved};

/// A name with its value.
type Entry = (Arc<str>, Value);

/// The scope of a node, the observation still to come.
pub fn of(room: &Room, ix: NodeIx) -> Scope {
    let node = room.node(ix);
    let mut scope = Scope::default();
    for (name, value) in &node.bindings.names {
        scope.set(name, value.clone());
    }
    scope.set("run", room.run_value.clone());
    if !node.reach.is_empty() && reads_checks(node) {
        scope.set("checks", checks(room, node));
    }
    scope
}

/// Whether anything of the node reads `checks`; what is read is a need, so without needs nothing does.
fn reads_checks(node: &PlanNode) -> bool {
    matches!(node.body, Body::Group { .. }) || !node.needs.is_empty()
}

/// What the names after `checks.` stand for: only those that this node reads, a suite has thousands.
fn checks(room: &Room, node: &PlanNode) -> Value {
    let trees = endpoint_trees(room, node);
    let mut names: Vec<&str> = Vec::new();
    each_reads(node, &mut |reads| names.extend(first_names(reads)));
    for tree in &trees {
        tree_reads(tree, &mut |reads| names.extend(first_names(reads)));
    }
    names.sort_unstable();
    names.dedup();
    let entry = |name: &str| {
        let (name, reach) = node.reached(name)?;
        Some((Arc::clone(name), reached(room, reach)))
    };
    Value::object(names.into_iter().filter_map(entry).collect())
}

/// The names after `checks.` that are read.
fn first_names(reads: &Reads) -> impl Iterator<Item = &str> {
    reads.checks.iter().filter_map(|(path, _)| path.first().map(String::as_str))
}

/// Endpoints that a check describes itself may read what others saved; those of the target cannot.
fn endpoint_trees(room: &Room, node: &PlanNode) -> Vec<Tree> {
    let Body::Check(check) = &node.body else { return Vec::new() };
    let endpoints = check.acts().filter_map(|act| act.endpoint.as_ref());
    let inline = endpoints.filter(|endpoint| !room.target().endpoints.contains_key(&endpoint.name));
    inline.filter_map(|endpoint| room.plan.lang.tree(&endpoint.config, &room.plan.sources).ok()).collect()
}

fn reached(room: &Room, reach: &Reach) -> Value {
    match reach {
        Reach::Node(ix) => of_node(room, *ix),
        Reach::Instances(all) => {
            Value::object(all.iter().map(|(key, ix)| (Arc::clone(key), of_node(room, *ix))).collect())
        }
    }
}

/// Saved values, `started`, `ended`; of a group also its members by their own ids.
fn of_node(room: &Room, ix: NodeIx) -> Value {
    let Body::Group { members } = &room.node(ix).body else {
        let value = room.saved_value(ix, |saved| Value::object(of_saved(room, saved)));
        return value.unwrap_or_else(|| Value::object(Vec::new()));
    };
    // Its members may still end: nothing of a group is kept.
    let mut entries = room.saved(ix).map(|saved| of_saved(room, saved)).unwrap_or_default();
    entries.extend(of_members(room, ix, members));
    Value::object(entries)
}

fn of_saved(room: &Room, saved: &Saved) -> Vec<Entry> {
    let clock = room.clock();
    let moments = [("started", saved.started), ("ended", saved.ended)];
    let moments = moments.into_iter().map(|(name, at)| (name.into(), Value::time(clock.at(at))));
    saved.values.iter().cloned().chain(moments).collect()
}

/// Members by their ids within the group; instances of a `foreach` together under its id.
fn of_members(room: &Room, group: NodeIx, members: &[NodeIx]) -> Vec<Entry> {
    let prefix = room.node(group).id.len() + 1;
    let mut entries: Vec<Entry> = Vec::new();
    let mut instances: Vec<(Arc<str>, Vec<Entry>)> = Vec::new();
    for member in members {
        let id = room.node(*member).id.get(prefix..).unwrap_or_default();
        match id.strip_suffix(']').and_then(|id| id.split_once('[')) {
            None => entries.push((id.into(), of_node(room, *member))),
            Some((name, key)) => {
                let one = (Arc::from(key), of_node(room, *member));
                match instances.iter_mut().find(|(known, _)| **known == *name) {
                    Some((_, all)) => all.push(one),
                    None => instances.push((name.into(), vec![one])),
                }
            }
        }
    }
    entries.extend(instances.into_iter().map(|(name, all)| (name, Value::object(all))));
    entries
}

/// Everything in the node that reads names.
pub fn each_reads<'n>(node: &'n PlanNode, tell: &mut dyn FnMut(&'n Reads)) {
    if let Some((when, _)) = &node.when {
        tell(when.reads());
    }
    for (_, save, _) in &node.saves {
        tell(save.reads());
    }
    let Body::Check(check) = &node.body else { return };
    check.expect.iter().for_each(|expectation| expectation_reads(expectation, tell));
    for act in check.acts() {
        act_reads(act, tell);
    }
}

fn act_reads<'n>(act: &'n Act, tell: &mut dyn FnMut(&'n Reads)) {
    if act.prepared.is_none() {
        tree_reads(&act.args, tell);
    }
}

fn tree_reads<'n>(tree: &'n Tree, tell: &mut dyn FnMut(&'n Reads)) {
    tree.reads().into_iter().for_each(|(_, reads)| tell(reads));
}

fn expectation_reads<'n>(expectation: &'n Expectation, tell: &mut dyn FnMut(&'n Reads)) {
    match &expectation.what {
        What::Ready | What::None => {}
        What::Expr(expr) => tell(expr.reads()),
        What::Matcher(matcher) => {
            if let Subject::Value(expr) = &matcher.subject {
                tell(expr.reads());
            }
            if let Some(test) = &matcher.test {
                test_reads(test, tell);
            }
        }
    }
}

fn test_reads<'n>(test: &'n Test, tell: &mut dyn FnMut(&'n Reads)) {
    match test {
        Test::Equals(tree) | Test::In(tree) | Test::Matches(tree) => tree_reads(tree, tell),
        Test::All(inner) | Test::Any(inner) | Test::None(inner) => test_reads(inner, tell),
        Test::Exists | Test::Absent | Test::Ready | Test::Nothing => {}
    }
}
