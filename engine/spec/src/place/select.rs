//! `--only` and `--skip`: which nodes are left out, and that a selection selects something.

use std::collections::HashSet;

use checkrun_model::SpecError;

use super::resolve::members;
use crate::diags::near;
use crate::load::Selection;
use crate::plan::{Body, NodeIx, PlanNode};

/// Marks what is left out with its reason.
///
/// # Errors
/// A pattern that fits no check; a selection that leaves no check.
pub(crate) fn select(nodes: &mut [PlanNode], selection: &Selection) -> Vec<SpecError> {
    let mut errors = Vec::new();
    if !selection.only.is_empty() {
        let wanted = matching(nodes, &selection.only, "--only", &mut errors);
        let wanted = with_needs(nodes, wanted);
        leave_out(nodes, NOT_SELECTED, |at| !wanted.contains(&at));
    }
    if !selection.skip.is_empty() {
        let unwanted = matching(nodes, &selection.skip, "--skip", &mut errors);
        leave_out(nodes, LEFT_OUT, |at| unwanted.contains(&at));
    }
    let checks = nodes.iter().filter(|node| matches!(node.body, Body::Check(_))).count();
    let left = nodes.iter().filter(|node| matches!(node.body, Body::Check(_)) && !node.is_unselected()).count();
    if errors.is_empty() && checks > 0 && left == 0 {
        errors.push(SpecError::unplaced("spec::nothing-selected", "the selection leaves no check to run"));
    }
    errors
}

impl PlanNode {
    /// Whether `--only` or `--skip` leaves it out.
    #[must_use]
    pub fn is_unselected(&self) -> bool {
        self.skip.as_deref().is_some_and(|why| why == NOT_SELECTED || why == LEFT_OUT)
    }
}

const NOT_SELECTED: &str = "not selected by --only";
const LEFT_OUT: &str = "left out by --skip";

fn leave_out(nodes: &mut [PlanNode], why: &str, out: impl Fn(usize) -> bool) {
    for (at, node) in nodes.iter_mut().enumerate() {
        if out(at) {
            node.skip = Some(why.to_owned());
        }
    }
}

/// Nodes whose id fits one of the patterns, and the members of groups that do.
fn matching(nodes: &[PlanNode], patterns: &[String], option: &str, errors: &mut Vec<SpecError>) -> HashSet<usize> {
    let mut found = HashSet::new();
    for pattern in patterns {
        let fits: Vec<usize> = (0..nodes.len()).filter(|at| fits(pattern, &nodes[*at].id)).collect();
        if fits.is_empty() {
            let error = SpecError::unplaced("spec::no-match", format!("{option} {pattern}: no check has such an id"));
            errors.push(error.help(near(pattern, nodes.iter().map(|node| &*node.id), "checks")));
        }
        found.extend(fits);
    }
    for (at, node) in nodes.iter().enumerate() {
        // A group stands before its members.
        if node.parent.is_some_and(|parent| found.contains(&(parent.0 as usize))) {
            found.insert(at);
        }
    }
    found
}

/// What is wanted, all that it needs, and the groups around that.
fn with_needs(nodes: &[PlanNode], wanted: HashSet<usize>) -> HashSet<usize> {
    let members = members(nodes);
    let mut all = HashSet::new();
    let mut open: Vec<(usize, bool)> = wanted.into_iter().map(|at| (at, false)).collect();
    let mut whole = HashSet::new();
    while let Some((at, with_members)) = open.pop() {
        if with_members && whole.insert(at) {
            let below = members.get(&ix(at)).into_iter().flatten();
            open.extend(below.map(|member| (member.0 as usize, true)));
        }
        if all.insert(at) {
            open.extend(nodes[at].parent.map(|parent| (parent.0 as usize, false)));
            open.extend(nodes[at].needs.iter().map(|need| (need.0 as usize, true)));
        }
    }
    all
}

fn ix(at: usize) -> NodeIx {
    NodeIx(u32::try_from(at).unwrap_or(u32::MAX))
}

/// Whether an id fits; `flux` fits every instance `flux[…]`.
fn fits(pattern: &str, id: &str) -> bool {
    if glob(pattern, id) {
        return true;
    }
    let mut bare = String::with_capacity(id.len());
    let mut depth = 0_usize;
    for c in id.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    bare.len() < id.len() && glob(pattern, &bare)
}

/// Whether a text fits a pattern in which `*` stands for any characters and `?` for one.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, text) in
            [("*", "a.b"), ("a*", "a.b"), ("a.?", "a.b"), ("*b*", "abc"), ("flux[apps]*", "flux[apps].x"), ("a", "a")]
        {
            assert!(glob(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a?", "a"), ("*c", "ab"), ("", "a")] {
            assert!(!glob(pattern, text), "{pattern} {text}");
        }
    }
}
