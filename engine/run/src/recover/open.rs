//! What a journal says is not undone, in the order in which to undo it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use checkrun_model::event::{Event, Line, NodeIndex};
use checkrun_model::{Intent, IntentId, Verdict};
use jiff::Timestamp;

use crate::life::cleanup::PREFIX;

/// A run, as its journal tells it.
#[derive(Debug)]
pub struct Found {
    /// Its id.
    pub run: String,
    /// When it started.
    pub started: Timestamp,
    /// The suite's folder.
    pub suite_dir: PathBuf,
    /// Its process.
    pub pid: u32,
    /// When that was started.
    pub pid_started: u64,
    /// Whether it wrote its last line.
    pub ended: bool,
    /// The first number that no intent has.
    pub next_intent: u64,
    /// What is to be undone, in this order.
    pub left: Vec<Left>,
}

/// An effect that is not undone.
#[derive(Debug)]
pub struct Left {
    /// Its number.
    pub id: IntentId,
    /// The check.
    pub node: NodeIndex,
    /// What.
    pub intent: Intent,
    /// Its check did not come to its end: what it had asked a server for may still come.
    pub cut_off: bool,
}

/// Folds a journal.
///
/// # Errors
/// Where its first line is not that of a run.
pub fn found(lines: &[Line]) -> Result<Found, String> {
    let Some(Line { t, event: Event::RunStarted(started), .. }) = lines.first() else {
        return Err("this is not the journal of a run".into());
    };
    let mut open: BTreeMap<IntentId, (NodeIndex, Intent)> = BTreeMap::new();
    let mut judged: BTreeSet<NodeIndex> = BTreeSet::new();
    let mut next_intent = 0;
    let mut ended = false;
    for line in lines {
        match &line.event {
            Event::Intended { intent, node, what } => {
                next_intent = next_intent.max(intent.0 + 1);
                open.insert(*intent, (*node, what.clone()));
            }
            Event::Made { intent, identity } => {
                if let Some((_, what)) = open.get_mut(intent) {
                    what.identity.clone_from(identity);
                }
            }
            Event::Void { intent } | Event::Undone { intent, .. } => drop(open.remove(intent)),
            Event::Judged(verdict) if matches!(verdict.verdict, Verdict::Passed | Verdict::Failed) => {
                judged.insert(verdict.node);
            }
            Event::RunEnded { .. } => ended = true,
            _ => {}
        }
    }
    Ok(Found {
        run: started.run.clone(),
        started: *t,
        suite_dir: started.path.clone().into(),
        pid: started.pid,
        pid_started: started.pid_started,
        ended,
        next_intent,
        left: in_order(open, &judged),
    })
}

/// Checks newest first; of one check its `cleanup:` entries as written, then what it made, newest first.
fn in_order(open: BTreeMap<IntentId, (NodeIndex, Intent)>, judged: &BTreeSet<NodeIndex>) -> Vec<Left> {
    let mut by_check: BTreeMap<NodeIndex, Vec<Left>> = BTreeMap::new();
    for (id, (node, intent)) in open.into_iter().filter(|(_, (_, intent))| intent.undo) {
        by_check.entry(node).or_default().push(Left { id, node, intent, cut_off: !judged.contains(&node) });
    }
    let mut checks: Vec<Vec<Left>> = by_check.into_values().collect();
    checks.sort_by_key(|all| std::cmp::Reverse(all.last().map(|left| left.id)));
    checks
        .into_iter()
        .flat_map(|all| {
            let (entries, mut made): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|left| left.intent.kind.starts_with(PREFIX));
            made.reverse();
            entries.into_iter().chain(made)
        })
        .collect()
}
