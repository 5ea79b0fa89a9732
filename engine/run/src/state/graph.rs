//! The plan as scheduling sees it: edges, gates, locks of whole groups. Knows no check, no time.

use std::collections::HashMap;
use std::sync::Arc;

use checkrun_model::{Importance, LockMode};
use checkrun_spec::plan::{Body, NodeIx, Plan};

/// A lock, by its place in [`Graph::lock_names`].
pub type LockId = u32;

/// What one node asks of the schedule.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// The group that it is in; a group stands before its members.
    pub parent: Option<NodeIx>,
    /// What must have ended, and passed, before it.
    pub needs: Vec<NodeIx>,
    /// Whether it holds other nodes.
    pub group: bool,
    /// Its locks.
    pub locks: Vec<(Arc<str>, LockMode)>,
    /// Whether it has a `when`.
    pub asks: bool,
    /// Left out from the start.
    pub left_out: bool,
    /// Whether its failure weighs nothing for its group.
    pub minor: bool,
    /// Whether it does nothing but judge what others saved.
    pub judges: bool,
}

/// Edges both ways, and what each node must hold.
#[derive(Debug, Default)]
pub struct Graph {
    /// The nodes as given.
    pub shapes: Vec<Shape>,
    /// Members of each group.
    pub members: Vec<Vec<NodeIx>>,
    /// Who needs a node.
    pub dependents: Vec<Vec<NodeIx>>,
    /// Groups that hold locks start only after these have ended, whatever became of them.
    pub gates: Vec<Vec<NodeIx>>,
    /// Nodes that wait at such a gate for this one.
    pub gated: Vec<Vec<NodeIx>>,
    /// Locks that the node itself takes, sorted.
    pub locks: Vec<Vec<(LockId, LockMode)>>,
    /// Names of the locks.
    pub lock_names: Vec<Arc<str>>,
    /// Length of the longest chain that follows a node: long chains are looked at first.
    pub height: Vec<u32>,
}

/// The place of a node in a table.
pub fn at(ix: NodeIx) -> usize {
    ix.0 as usize
}

impl Graph {
    /// The graph of a plan.
    pub fn of(plan: &Plan) -> Self {
        let shape = |node: &checkrun_spec::plan::PlanNode| Shape {
            parent: node.parent,
            needs: node.needs.clone(),
            group: matches!(node.body, Body::Group { .. }),
            locks: node.locks.clone(),
            asks: node.when.is_some(),
            left_out: node.skip.is_some(),
            minor: node.severity == Importance::Minor,
            judges: crate::life::only_judges(node),
        };
        Self::new(plan.nodes.iter().map(shape).collect())
    }

    /// The graph of the given nodes.
    pub fn new(shapes: Vec<Shape>) -> Self {
        let count = shapes.len();
        let mut graph = Self {
            members: vec![Vec::new(); count],
            dependents: vec![Vec::new(); count],
            gates: vec![Vec::new(); count],
            gated: vec![Vec::new(); count],
            shapes,
            ..Self::default()
        };
        for (ix, shape) in indexed(&graph.shapes) {
            if let Some(parent) = shape.parent {
                graph.members[at(parent)].push(ix);
            }
            for need in &shape.needs {
                graph.dependents[at(*need)].push(ix);
            }
        }
        graph.take_locks();
        graph.set_gates();
        graph.measure();
        graph
    }

    /// A group that holds a lock takes at once all that its members will want: who holds one and then
    /// asks for another can wait for somebody who does the same. Inside, its members share out among
    /// themselves what it holds, so each such group has locks of its own for them.
    fn take_locks(&mut self) {
        let mut ids: HashMap<(Option<usize>, Arc<str>), LockId> = HashMap::new();
        self.locks = vec![Vec::new(); self.shapes.len()];
        for place in 0..self.shapes.len() {
            let holder = |from: usize| self.ancestors(from).find(|above| !self.shapes[*above].locks.is_empty());
            let mut takers = vec![(place, holder(place))];
            while let Some((_, Some(group))) = takers.last().copied() {
                takers.push((group, holder(group)));
            }
            for (name, mode) in self.shapes[place].locks.clone() {
                for (taker, within) in &takers {
                    let id = *ids.entry((*within, name.clone())).or_insert_with(|| {
                        self.lock_names.push(name.clone());
                        u32::try_from(self.lock_names.len() - 1).unwrap_or(u32::MAX)
                    });
                    add(&mut self.locks[*taker], id, mode);
                }
            }
        }
        for own in &mut self.locks {
            own.sort_unstable_by_key(|(id, _)| *id);
        }
    }

    /// The groups around a node, innermost first.
    pub fn ancestors(&self, place: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.shapes[place].parent, |ix| self.shapes[at(*ix)].parent).map(at)
    }

    /// A group must not hold its locks while it waits for what may want them: it starts after all that its
    /// members need from outside, but for what itself needs one of them, or waits at a gate for one.
    fn set_gates(&mut self) {
        for place in 0..self.shapes.len() {
            if !self.shapes[place].group || self.locks[place].is_empty() {
                continue;
            }
            let inside = self.descendants(place);
            let after = self.reached_from(&inside);
            let mut gates: Vec<NodeIx> = (inside.iter().flat_map(|member| &self.shapes[*member].needs).copied())
                .filter(|need| !after[at(*need)])
                .collect();
            gates.sort_unstable();
            gates.dedup();
            for gate in &gates {
                self.gated[at(*gate)].push(node(place));
            }
            self.gates[place] = gates;
        }
    }

    fn descendants(&self, place: usize) -> Vec<usize> {
        let mut found = vec![place];
        let mut next = 0;
        while next < found.len() {
            found.extend(self.members[found[next]].iter().map(|ix| at(*ix)));
            next += 1;
        }
        found
    }

    /// Which nodes end after one of `from` has ended (or are among them). A group that starts after it
    /// ends after it with all its members; a group that only holds such a member ends after it, no more.
    fn reached_from(&self, from: &[usize]) -> Vec<bool> {
        let mut begins = vec![false; self.shapes.len()];
        let mut ends = vec![false; self.shapes.len()];
        let mut stack: Vec<(usize, bool)> = from.iter().map(|place| (*place, true)).collect();
        while let Some((place, begin)) = stack.pop() {
            if begin && !std::mem::replace(&mut begins[place], true) {
                stack.extend(self.members[place].iter().map(|ix| (at(*ix), true)));
            }
            if !std::mem::replace(&mut ends[place], true) {
                let after = self.dependents[place].iter().chain(&self.gated[place]);
                stack.extend(after.map(|ix| (at(*ix), true)));
                stack.extend(self.shapes[place].parent.map(|ix| (at(ix), false)));
            }
        }
        ends
    }

    /// Heights, from the last nodes back: a group is done with once all its members are.
    fn measure(&mut self) {
        let parents = self.shapes.iter().map(|shape| usize::from(shape.parent.is_some()));
        let mut later: Vec<usize> = self.dependents.iter().zip(parents).map(|(list, up)| list.len() + up).collect();
        let mut inside: Vec<usize> = self.members.iter().map(Vec::len).collect();
        let mut after = vec![0_u32; self.shapes.len()];
        self.height = vec![0; self.shapes.len()];
        let mut stack: Vec<usize> = (0..self.shapes.len()).filter(|place| later[*place] == 0).collect();
        while let Some(place) = stack.pop() {
            if later[place] == 0 && inside[place] > 0 {
                later[place] = usize::MAX;
                for member in &self.members[place] {
                    after[at(*member)] = after[at(*member)].max(after[place]);
                    later[at(*member)] -= 1;
                    stack.extend((later[at(*member)] == 0).then_some(at(*member)));
                }
                continue;
            }
            self.height[place] = self.height[place].max(after[place]);
            for need in &self.shapes[place].needs {
                after[at(*need)] = after[at(*need)].max(self.height[place] + 1);
                later[at(*need)] -= 1;
                stack.extend((later[at(*need)] == 0).then_some(at(*need)));
            }
            if let Some(parent) = self.shapes[place].parent.map(at) {
                self.height[parent] = self.height[parent].max(self.height[place]);
                inside[parent] -= 1;
                stack.extend((inside[parent] == 0).then_some(parent));
            }
        }
    }
}

/// A node by its place.
pub fn node(place: usize) -> NodeIx {
    NodeIx(u32::try_from(place).unwrap_or(u32::MAX))
}

fn indexed(shapes: &[Shape]) -> impl Iterator<Item = (NodeIx, &Shape)> {
    shapes.iter().enumerate().map(|(place, shape)| (node(place), shape))
}

fn add(locks: &mut Vec<(LockId, LockMode)>, id: LockId, mode: LockMode) {
    match locks.iter_mut().find(|(known, _)| *known == id) {
        Some((_, LockMode::Alone)) => {}
        Some((_, known)) => *known = mode,
        None => locks.push((id, mode)),
    }
}
