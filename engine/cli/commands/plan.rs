//! `checkrun plan`: what would run, in which order, with which effect and what permission.

use std::fmt::Write as _;

use checkrun_model::{Effect, LockMode};
use checkrun_report::Paint;
use checkrun_spec::plan::{Body, CheckBody, NodeIx, Plan, PlanNode};

use super::validate::counts;
use crate::args;
use crate::exit::Exit;
use crate::loading::Loading;
use crate::screen::{Screen, say};

/// The command.
pub fn plan(args: &args::Plan, screen: &Screen) -> Exit {
    let loading = Loading { place: &args.suites.place, choice: Some(&args.choice), validate_only: false };
    match loading.plans(&args.suites.suites, screen) {
        Ok(plans) => {
            for plan in &plans {
                say(&text(plan, screen.out));
            }
            Exit::Good
        }
        Err(exit) => exit,
    }
}

fn text(plan: &Plan, paint: Paint) -> String {
    let target = if plan.target.name.is_empty() { String::new() } else { format!(" on target {}", plan.target.name) };
    let mut out = format!("{}{target}: {}\n", paint.bold(&plan.suite), counts(plan));
    for (number, at) in order(plan).into_iter().enumerate() {
        node(&mut out, plan, number + 1, at, paint);
    }
    effects(&mut out, plan);
    claims(&mut out, plan, paint);
    out
}

/// Every node after all that it needs and after its group; else in the order of the files.
fn order(plan: &Plan) -> Vec<NodeIx> {
    let mut open: Vec<usize> = plan.nodes.iter().map(|node| before(node).count()).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); plan.nodes.len()];
    for (at, node) in plan.nodes.iter().enumerate() {
        for need in before(node) {
            after[need.0 as usize].push(at);
        }
    }
    let mut ready: std::collections::BTreeSet<usize> = (0..open.len()).filter(|at| open[*at] == 0).collect();
    let mut order = Vec::with_capacity(open.len());
    while let Some(at) = ready.pop_first() {
        order.extend(u32::try_from(at).map(NodeIx));
        for next in &after[at] {
            open[*next] -= 1;
            if open[*next] == 0 {
                ready.insert(*next);
            }
        }
    }
    order
}

fn before(node: &PlanNode) -> impl Iterator<Item = &NodeIx> {
    node.needs.iter().chain(&node.parent)
}

fn node(out: &mut String, plan: &Plan, number: usize, at: NodeIx, paint: Paint) {
    let node = &plan.nodes[at.0 as usize];
    let what = match &node.body {
        Body::Group { members } => format!("group of {}", members.len()),
        Body::Check(check) => what(check),
    };
    let _ = writeln!(out, "{number:>5}  {}  {}", paint.bold(&node.id), paint.dim(&what));
    let mut line = |key: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "       {key} {value}");
        }
    };
    line("needs", &names(plan, &node.needs));
    line("locks", &locks(node));
    line("when", node.when.as_ref().map_or("", |(expr, _)| expr.text()));
    if let Some(why) = &node.skip {
        line(&paint.odd("skipped:"), why);
    }
}

/// `disrupt, kube.delete, cluster apps`.
fn what(check: &CheckBody) -> String {
    let mut parts = vec![check.planned_effect.word().to_owned()];
    match &check.act {
        Some(act) => {
            parts.push(act.kind.doc.name.to_owned());
            parts.extend(act.place());
            if act.own && act.kind.doc.worst > Effect::Write {
                parts.push("on what is the run's own".to_owned());
            }
        }
        None => parts.push("judges saved values".to_owned()),
    }
    if !check.cleanup.is_empty() {
        let kinds: Vec<&str> = check.cleanup.iter().map(|act| act.kind.doc.name).collect();
        parts.push(format!("cleanup by {}", kinds.join(", ")));
    }
    parts.join(", ")
}

/// The ids of `nodes`.
pub fn names(plan: &Plan, nodes: &[NodeIx]) -> String {
    nodes.iter().map(|at| &*plan.nodes[at.0 as usize].id).collect::<Vec<_>>().join(", ")
}

/// `kafka (alone), registry (shared)`.
pub fn locks(node: &PlanNode) -> String {
    let word = |mode: &LockMode| match mode {
        LockMode::Shared => "shared",
        LockMode::Alone => "alone",
    };
    node.locks.iter().map(|(name, mode)| format!("{name} ({})", word(mode))).collect::<Vec<_>>().join(", ")
}

fn checks(plan: &Plan) -> impl Iterator<Item = (&PlanNode, &CheckBody)> {
    plan.nodes.iter().filter_map(|node| match &node.body {
        Body::Check(check) => Some((node, &**check)),
        Body::Group { .. } => None,
    })
}

/// How many of what would run have which effect.
fn effects(out: &mut String, plan: &Plan) {
    let count = |effect: Effect| {
        let would_run = checks(plan).filter(|(node, _)| node.skip.is_none());
        would_run.filter(|(_, check)| check.planned_effect == effect).count()
    };
    let effects = [Effect::Read, Effect::Write, Effect::Disrupt, Effect::Destroy];
    let words: Vec<String> = effects
        .into_iter()
        .map(|effect| (count(effect), effect.word()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let skipped = checks(plan).filter(|(node, _)| node.skip.is_some()).count();
    let skipped = if skipped == 0 { String::new() } else { format!("; {skipped} skipped") };
    let _ = writeln!(out, "would run: {}{skipped}", if words.is_empty() { "nothing".into() } else { words.join(", ") });
}

/// What the suite claims to be harmless, and why: nobody but its author vouches for it.
fn claims(out: &mut String, plan: &Plan, paint: Paint) {
    for (node, check) in checks(plan).filter(|(_, check)| check.effect == Some(Effect::Read)) {
        let reason = check.reason.as_deref().unwrap_or("no reason given");
        let _ = writeln!(out, "{} {}: {reason}", paint.odd("claims `effect: read`:"), node.id);
    }
}
