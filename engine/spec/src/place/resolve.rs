//! Names into nodes: what `needs` and `checks.…` stand for, innermost first, and that what is read is saved.

use std::collections::HashMap;
use std::sync::Arc;

use checkrun_model::{Span, SpecError};

use super::expand::{Names, Placer};
use crate::diags::near;
use crate::plan::{NodeIx, PlanNode, Reach};
use crate::source::item::Item;
use crate::source::text::Ref;

/// What a path of names leads to.
struct Found {
    /// Its first name, and what that stands for.
    first: (Arc<str>, Reach),
    /// The nodes at its end; what follows are names that they save.
    nodes: Vec<NodeIx>,
}

/// What a node's texts lead to.
#[derive(Default)]
struct Links {
    needs: Vec<NodeIx>,
    inferred: Vec<NodeIx>,
    reach: Vec<(Arc<str>, Reach)>,
}

impl Placer<'_> {
    /// Resolves the names of all nodes.
    pub(crate) fn resolve(&mut self) {
        for at in 0..self.nodes.len() {
            let mut links = Links::default();
            self.said(at, &mut links);
            self.read(at, &mut links);
            let inferred: Vec<NodeIx> =
                links.inferred.iter().copied().filter(|need| !links.needs.contains(need)).collect();
            let node = &mut self.nodes[at];
            node.needs = links.needs;
            node.needs.extend(&inferred);
            node.inferred = inferred;
            if !links.reach.is_empty() {
                links.reach.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
                node.reach = links.reach.into();
            }
        }
    }

    /// `needs:` as it is written.
    fn said(&mut self, at: usize, links: &mut Links) {
        let origin = &self.origins[at];
        let (item, scope) = (origin.item, origin.scope);
        for need in &item.needs {
            let Some(found) = self.find(at, &need.path, need.span, scope, false) else { continue };
            for node in found.nodes {
                if self.is_around(node, at) {
                    self.circular(at, node, need.span);
                } else {
                    add(&mut links.needs, node);
                }
            }
        }
    }

    /// What follows from references and from the order of steps.
    fn read(&mut self, at: usize, links: &mut Links) {
        let origin = &self.origins[at];
        let (item, scope, inner) = (origin.item, origin.scope, origin.inner);
        origin.before.iter().for_each(|before| add(&mut links.inferred, *before));
        let outputs = origin.outputs;
        for reference in item.when.iter().flat_map(|when| &when.refs).chain(check_refs(item)) {
            self.follow(at, reference, scope, true, links);
        }
        let saves = item.saves.iter().map(|(_, save)| save);
        let outputs = outputs.into_iter().flat_map(|template| template.outputs.iter().map(|(_, output)| output));
        for reference in saves.chain(outputs).flat_map(|save| &save.refs) {
            // A group's saves are read when its members have ended: they follow, they are not waited for.
            self.follow(at, reference, inner.unwrap_or(scope), inner.is_none(), links);
        }
    }

    fn follow(&mut self, at: usize, reference: &Ref, scope: usize, need: bool, links: &mut Links) {
        let Some(found) = self.find(at, &reference.path, reference.span, scope, true) else { return };
        for node in found.nodes.into_iter().filter(|_| need) {
            if self.is_around(node, at) {
                self.circular(at, node, reference.span);
            } else {
                add(&mut links.inferred, node);
            }
        }
        let (name, reach) = found.first;
        match links.reach.iter().find(|(known, _)| *known == name) {
            Some((_, other)) if *other != reach => {
                let message = format!("`checks.{name}` means two things here: one around the group and one within it");
                let error = SpecError::new("spec::ambiguous-name", reference.span, message, "which?");
                self.diags.push(error.help("rename one of the two checks"));
            }
            Some(_) => {}
            None => links.reach.push((name, reach)),
        }
    }

    /// Whether `node` is `at` or a group around it.
    fn is_around(&self, node: NodeIx, at: usize) -> bool {
        let mut here = NodeIx(u32::try_from(at).unwrap_or(u32::MAX));
        loop {
            if here == node {
                return true;
            }
            match self.nodes[here.0 as usize].parent {
                Some(parent) => here = parent,
                None => return false,
            }
        }
    }

    fn circular(&mut self, at: usize, node: NodeIx, span: Span) {
        let message = if node.0 as usize == at {
            format!("`{}` needs itself", self.nodes[at].id)
        } else {
            format!(
                "`{}` is a member of `{}` and cannot wait for its end",
                self.nodes[at].id, self.nodes[node.0 as usize].id
            )
        };
        let error = SpecError::new("spec::cycle", span, message, "never ready");
        self.diags.push(error.help("name another member, or a check outside"));
    }

    /// Walks a path from a scope outwards, then inwards through groups and instances.
    fn find(&mut self, at: usize, path: &[String], span: Span, scope: usize, may_read: bool) -> Option<Found> {
        let (name, rest) = path.split_first()?;
        let Some((name, (first, item))) = self.innermost(name, scope) else {
            self.unknown(at, name, span, scope);
            return None;
        };
        match self.walk(first.clone(), item, rest, span, may_read) {
            Ok(nodes) => Some(Found { first: (Arc::clone(name), first.clone()), nodes }),
            Err(error) => {
                self.diags.extend(error);
                None
            }
        }
    }

    fn innermost(&self, name: &str, scope: usize) -> Option<(&Arc<str>, &(Reach, &Item))> {
        let mut scope = Some(scope);
        while let Some(names) = scope.map(|at| &self.scopes[at]) {
            if let Some(found) = names.ids.get_key_value(name) {
                return Some(found);
            }
            scope = names.outer;
        }
        None
    }

    fn walk(
        &self,
        mut here: Reach,
        item: &Item,
        rest: &[String],
        span: Span,
        may_read: bool,
    ) -> Result<Vec<NodeIx>, Option<SpecError>> {
        let mut broken = item.broken;
        for next in rest {
            match &here {
                Reach::Instances(instances) => match instances.iter().find(|(key, _)| **key == **next) {
                    Some((_, node)) => here = Reach::Node(*node),
                    None => {
                        let error = self.no_such(next, instances.iter().map(|(key, _)| &**key), item, span, broken);
                        let of_each = instances.iter().find(|(_, node)| may_read && self.saves(*node, next));
                        return Err(match of_each {
                            Some((key, _)) => error.map(|error| {
                                error.help(format!(
                                    "it is made for each item: write `checks.{}[\"{key}\"].{next}`",
                                    item.id
                                ))
                            }),
                            None => error,
                        });
                    }
                },
                Reach::Node(node) => match self.member(*node, next) {
                    Some((reach, member)) => {
                        broken |= member.broken;
                        here = reach.clone();
                    }
                    None if may_read && (broken || self.saves(*node, next)) => break,
                    None => {
                        let known = self.known(*node, may_read);
                        return Err(self.no_such(next, known.iter().map(String::as_str), item, span, broken));
                    }
                },
            }
        }
        Ok(nodes(&here))
    }

    /// The error of a name that a node has not; nothing where the node itself could not be read.
    fn no_such<'k>(
        &self,
        name: &str,
        known: impl Iterator<Item = &'k str> + Clone,
        item: &Item,
        span: Span,
        broken: bool,
    ) -> Option<SpecError> {
        let message = format!("`{}` has no `{name}`", item.id);
        let error = SpecError::new("spec::unknown-save", span, message, "not saved, no member, no instance");
        (!broken && !self.incomplete).then(|| error.help(near(name, known, "it has")))
    }

    fn member(&self, node: NodeIx, name: &str) -> Option<(&Reach, &Item)> {
        let inner = self.origins[node.0 as usize].inner?;
        self.scopes[inner].ids.get(name).map(|(reach, item)| (reach, *item))
    }

    fn saves(&self, node: NodeIx, name: &str) -> bool {
        matches!(name, "started" | "ended")
            || self.nodes[node.0 as usize].saves.iter().any(|(save, ..)| **save == *name)
    }

    fn known(&self, node: NodeIx, may_read: bool) -> Vec<String> {
        let inner = self.origins[node.0 as usize].inner;
        let members = inner.into_iter().flat_map(|scope| self.scopes[scope].ids.keys().map(|id| id.to_string()));
        let saves = self.nodes[node.0 as usize].saves.iter().map(|(name, ..)| name.to_string());
        let times = ["started".to_owned(), "ended".to_owned()];
        let reads = saves.chain(times).filter(|_| may_read);
        members.chain(reads).collect()
    }

    /// A name that nothing has. The check that asks, and groups around it, are no answer.
    fn unknown(&mut self, asks: usize, name: &str, span: Span, scope: usize) {
        if self.incomplete {
            return;
        }
        let mut ids: Vec<String> = Vec::new();
        let mut at = Some(scope);
        while let Some(Names { outer, ids: here }) = at.map(|at| &self.scopes[at]) {
            let others =
                here.iter().filter(|(_, (reach, _))| !nodes(reach).iter().any(|node| self.is_around(*node, asks)));
            ids.extend(others.map(|(id, _)| id.to_string()));
            at = *outer;
        }
        let error = SpecError::new("spec::unknown-id", span, format!("there is no check `{name}`"), "not known");
        self.diags.push(error.help(near(name, ids.iter().map(String::as_str), "other checks")));
    }
}

fn nodes(reach: &Reach) -> Vec<NodeIx> {
    match reach {
        Reach::Node(node) => vec![*node],
        Reach::Instances(instances) => instances.iter().map(|(_, node)| *node).collect(),
    }
}

fn add(list: &mut Vec<NodeIx>, node: NodeIx) {
    if !list.contains(&node) {
        list.push(node);
    }
}

fn check_refs(item: &Item) -> impl Iterator<Item = &Ref> {
    let refs = match &item.body {
        crate::source::item::ItemBody::Check(check) => check.refs.as_slice(),
        _ => &[],
    };
    refs.iter()
}

/// Members of groups, by the group.
pub(crate) fn members(nodes: &[PlanNode]) -> HashMap<NodeIx, Vec<NodeIx>> {
    let mut members: HashMap<NodeIx, Vec<NodeIx>> = HashMap::new();
    for (at, node) in nodes.iter().enumerate() {
        if let Some(parent) = node.parent {
            members.entry(parent).or_default().push(NodeIx(u32::try_from(at).unwrap_or(u32::MAX)));
        }
    }
    members
}
