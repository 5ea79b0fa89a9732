//! Finds a circle of needs and prints it as a path.

use checkrun_model::SpecError;

use crate::plan::{Body, NodeIx, PlanNode};

/// A node's start or its end; a group ends when its members have.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Gate(usize);

impl Gate {
    fn start(node: NodeIx) -> Self {
        Self(node.0 as usize * 2)
    }
    fn end(node: NodeIx) -> Self {
        Self(node.0 as usize * 2 + 1)
    }
    fn node(self) -> usize {
        self.0 / 2
    }
}

/// What must have happened before a gate.
fn before(gate: Gate, nodes: &[PlanNode]) -> Vec<Gate> {
    let node = &nodes[gate.node()];
    let ix = NodeIx(u32::try_from(gate.node()).unwrap_or(u32::MAX));
    if gate == Gate::start(ix) {
        return node.parent.map(Gate::start).into_iter().chain(node.needs.iter().copied().map(Gate::end)).collect();
    }
    match &node.body {
        Body::Group { members } => {
            [Gate::start(ix)].into_iter().chain(members.iter().copied().map(Gate::end)).collect()
        }
        Body::Check(_) => vec![Gate::start(ix)],
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// The circles of the graph, one for each place where the search ran into one.
pub(crate) fn cycles(nodes: &[PlanNode]) -> Vec<SpecError> {
    let mut marks = vec![Mark::New; nodes.len() * 2];
    let mut errors = Vec::new();
    for root in 0..marks.len() {
        if marks[root] == Mark::New {
            search(Gate(root), nodes, &mut marks, &mut errors);
        }
    }
    errors
}

/// Depth first, without recursion: suites may be long chains.
fn search(root: Gate, nodes: &[PlanNode], marks: &mut [Mark], errors: &mut Vec<SpecError>) {
    marks[root.0] = Mark::Open;
    let mut path = vec![(root, before(root, nodes))];
    while let Some((gate, open)) = path.last_mut() {
        let Some(next) = open.pop() else {
            marks[gate.0] = Mark::Done;
            path.pop();
            continue;
        };
        match marks[next.0] {
            Mark::Done => {}
            Mark::New => {
                marks[next.0] = Mark::Open;
                path.push((next, before(next, nodes)));
            }
            Mark::Open => {
                let gates = path.iter().map(|(gate, _)| *gate).skip_while(|gate| *gate != next);
                errors.push(circle(gates.map(Gate::node).collect(), nodes));
            }
        }
    }
}

fn circle(mut path: Vec<usize>, nodes: &[PlanNode]) -> SpecError {
    path.dedup();
    if path.len() > 1 && path.first() == path.last() {
        path.pop();
    }
    // It begins at the node that stands first in the files.
    let first = (0..path.len()).min_by_key(|at| nodes[path[*at]].span.start).unwrap_or(0);
    path.rotate_left(first);
    let ids: Vec<&str> = path.iter().chain(path.first()).map(|node| &*nodes[*node].id).collect();
    let message = format!("these checks wait for each other: {}", ids.join(" needs "));
    let mut error = SpecError::new("spec::cycle", nodes[path[0]].span, message, "waits for itself");
    for node in path.iter().skip(1).take(4) {
        error = error.also(nodes[*node].span, "by way of this one");
    }
    error.help("take out one of the needs or `checks.…` references")
}
