//! A tree of a suite whose scalars may be templates. A value goes into the tree, never into text that is parsed again.

use std::sync::Arc;

use checkrun_model::{Entry, Node, NodeValue, Sources, Span, SpecError};

use super::Template;
use crate::expr::Reads;
use crate::fault::{EvalError, Fault, place};
use crate::scope::Scope;

/// A tree in which scalars may hold `{{ }}`. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tree {
    node: Arc<Node>,
    /// In the order of the tree.
    holes: Arc<[Hole]>,
}

/// A scalar that is a template.
#[derive(Debug, Clone)]
struct Hole {
    /// Its number among all nodes, in the order of the tree.
    number: usize,
    /// The scalar.
    span: Span,
    /// The part of it that a message should point at, per read name.
    template: Arc<Template>,
}

impl Tree {
    pub(crate) fn compile(
        node: &Node,
        sources: &Sources,
        template: impl Fn(&str) -> Result<Arc<Template>, Vec<Fault>>,
    ) -> Result<Self, Vec<SpecError>> {
        let mut compiler = Compiler { template, sources, holes: Vec::new(), errors: Vec::new(), number: 0 };
        compiler.visit(node);
        if compiler.errors.is_empty() {
            Ok(Self { node: Arc::new(node.clone()), holes: compiler.holes.into() })
        } else {
            Err(compiler.errors)
        }
    }

    /// A tree without templates.
    #[must_use]
    pub fn constant(node: Node) -> Self {
        Self { node: Arc::new(node), holes: Arc::new([]) }
    }

    /// The tree as written.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// What its templates read, each with the span of the scalar.
    #[must_use]
    pub fn reads(&self) -> Vec<(Span, &Reads)> {
        self.holes.iter().map(|hole| (hole.span, &hole.template.reads)).collect()
    }

    /// What its templates read, each with the node of the scalar, so that a name can be pointed at ([`point`]).
    #[must_use]
    pub fn readers(&self) -> Vec<(&Node, &Reads)> {
        let mut found = Vec::new();
        numbered(&self.node, &mut 0, &mut |number, node| {
            if let Ok(at) = self.holes.binary_search_by_key(&number, |hole| hole.number) {
                found.push((node, &self.holes[at].template.reads));
            }
        });
        found
    }

    /// Whether nothing is left to render.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.holes.is_empty()
    }

    /// With the names that `scope` has filled in; what reads others stays a template. For load time.
    ///
    /// # Errors
    /// Names that are bound but hold no such value; all of them.
    pub fn fold(&self, scope: &Scope) -> Result<Tree, Vec<SpecError>> {
        let (mut left, mut errors) = (Vec::new(), Vec::new());
        if !self.holes.iter().any(|hole| hole.template.is_known(scope)) {
            return Ok(self.clone());
        }
        let mut walk = Walk { holes: &self.holes, old: 0, new: 0 };
        let node = walk.fill(&self.node, &mut |hole, node, number| {
            if !hole.template.is_known(scope) {
                left.push(Hole { number, ..hole.clone() });
                return node.clone();
            }
            match hole.template.render(scope) {
                Ok(value) => value.to_node(hole.span),
                Err(error) => {
                    errors.push(wrong(hole, error));
                    Node::new(hole.span, NodeValue::Deferred)
                }
            }
        });
        if errors.is_empty() { Ok(Tree { node: Arc::new(node), holes: left.into() }) } else { Err(errors) }
    }

    /// The tree with what is still a template as [`NodeValue::Deferred`], for the load-time decoding.
    #[must_use]
    pub fn deferred(&self) -> Node {
        let mut walk = Walk { holes: &self.holes, old: 0, new: 0 };
        walk.fill(&self.node, &mut |hole, _, _| Node::new(hole.span, NodeValue::Deferred))
    }

    /// The tree with everything filled in. A value goes into the tree, never into text that is parsed again.
    ///
    /// # Errors
    /// The first name that has no value, at its scalar.
    pub fn render(&self, scope: &Scope) -> Result<Node, SpecError> {
        let mut first = None;
        let mut walk = Walk { holes: &self.holes, old: 0, new: 0 };
        let node = walk.fill(&self.node, &mut |hole, _, _| match hole.template.render(scope) {
            Ok(value) => value.to_node(hole.span),
            Err(error) => {
                first.get_or_insert_with(|| wrong(hole, error));
                Node::new(hole.span, NodeValue::Deferred)
            }
        });
        first.map_or(Ok(node), Err)
    }
}

/// The bytes of the file that a part of a scalar's text stands for; all of the scalar where that cannot be told.
#[must_use]
pub fn point(node: &Node, sources: &Sources, range: &std::ops::Range<usize>) -> Span {
    place(node, sources, range)
}

fn wrong(hole: &Hole, error: EvalError) -> SpecError {
    let mut wrong = SpecError::new("template::value", hole.span, error.message, "");
    wrong.help = error.help;
    wrong
}

/// Visits every node with its number: itself, then what is below.
fn numbered<'n>(node: &'n Node, number: &mut usize, visit: &mut impl FnMut(usize, &'n Node)) {
    visit(*number, node);
    *number += 1;
    match &node.value {
        NodeValue::List(items) => items.iter().for_each(|item| numbered(item, number, visit)),
        NodeValue::Map(entries) => entries.iter().for_each(|entry| numbered(&entry.value, number, visit)),
        _ => {}
    }
}

struct Compiler<'a, F> {
    template: F,
    sources: &'a Sources,
    holes: Vec<Hole>,
    errors: Vec<SpecError>,
    number: usize,
}

impl<F: Fn(&str) -> Result<Arc<Template>, Vec<Fault>>> Compiler<'_, F> {
    fn visit(&mut self, node: &Node) {
        let number = self.number;
        self.number += 1;
        match &node.value {
            NodeValue::Text(text) if Template::is_in(text) => match (self.template)(text) {
                Ok(template) => self.holes.push(Hole { number, span: node.span, template }),
                Err(faults) => self.errors.extend(faults.into_iter().map(|fault| fault.in_node(node, self.sources))),
            },
            NodeValue::List(items) => items.iter().for_each(|item| self.visit(item)),
            NodeValue::Map(entries) => entries.iter().for_each(|entry| self.entry(entry)),
            _ => {}
        }
    }

    fn entry(&mut self, entry: &Entry) {
        if Template::is_in(&entry.key) {
            let error = SpecError::new(
                "template::key",
                entry.key_span,
                "a key is no template",
                "`{{ }}` stands in values only",
            );
            self.errors.push(error);
        }
        self.visit(&entry.value);
    }
}

/// Builds a tree anew with something else in the place of each template.
struct Walk<'a> {
    holes: &'a [Hole],
    /// Number of the node in the old tree.
    old: usize,
    /// Number of the node in the new one, which may be larger or smaller where a value is a list or object.
    new: usize,
}

impl Walk<'_> {
    fn fill(&mut self, node: &Node, with: &mut impl FnMut(&Hole, &Node, usize) -> Node) -> Node {
        let next = self.holes.first();
        if let Some(hole) = next.filter(|hole| hole.number == self.old) {
            self.holes = &self.holes[1..];
            self.old += 1;
            let filled = with(hole, node, self.new);
            self.new += size(&filled);
            return filled;
        }
        self.old += 1;
        self.new += 1;
        let value = match &node.value {
            NodeValue::List(items) => NodeValue::List(items.iter().map(|item| self.fill(item, with)).collect()),
            NodeValue::Map(entries) => {
                let fill = |entry: &Entry| Entry { value: self.fill(&entry.value, with), ..shell(entry) };
                NodeValue::Map(entries.iter().map(fill).collect())
            }
            other => other.clone(),
        };
        Node { span: node.span, value, written: node.written.clone() }
    }
}

fn shell(entry: &Entry) -> Entry {
    Entry { key: entry.key.clone(), key_span: entry.key_span, value: Node::new(entry.key_span, NodeValue::Null) }
}

/// Number of nodes in a tree.
fn size(node: &Node) -> usize {
    1 + match &node.value {
        NodeValue::List(items) => items.iter().map(size).sum(),
        NodeValue::Map(entries) => entries.iter().map(|entry| size(&entry.value)).sum(),
        _ => 0,
    }
}
