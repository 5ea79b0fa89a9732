//! The first two events of a run: where it runs, and what will run. Knows the plan, not how it is run.

use std::collections::HashMap;
use std::sync::Arc;

use checkrun_model::event::{Event, FORMAT, PlannedNode, RunStarted};
use checkrun_model::{Effect, RunFacts, SourceId, Span};
use checkrun_spec::plan::{Act, Body, Plan, PlanNode};

use crate::Options;
use crate::journal::line::hash;
use crate::process;

/// The first event.
pub fn started(plan: &Plan, options: &Options, facts: &RunFacts) -> Event {
    let (pid, pid_started) = process::this();
    Event::RunStarted(RunStarted {
        format: FORMAT,
        version: options.version.clone(),
        run: facts.id.clone(),
        suite: plan.suite.clone(),
        title: plan.title.clone(),
        path: plan.dir.display().to_string(),
        target: plan.target.name.clone(),
        target_file: plan.target_file.as_ref().map(|file| absolute(file)),
        environment: plan.target.environment.clone(),
        sandbox: plan.target.sandbox,
        inputs: plan.inputs.clone(),
        pid,
        pid_started,
        jobs: options.jobs,
        read_only: options.read_only,
        files: plan
            .sources
            .iter()
            .map(|(_, source)| (Arc::clone(&source.name), hash(source.text.as_bytes())))
            .collect(),
    })
}

fn absolute(file: &std::path::Path) -> String {
    std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).display().to_string()
}

/// The second.
pub fn planned(plan: &Plan) -> Event {
    let mut lines = Lines::default();
    let nodes = plan.nodes.iter().map(|node| planned_node(plan, node, &mut lines)).collect();
    Event::Planned { nodes, criteria: plan.criteria.clone() }
}

fn planned_node(plan: &Plan, node: &PlanNode, lines: &mut Lines) -> PlannedNode {
    let check = match &node.body {
        Body::Check(check) => Some(check),
        Body::Group { .. } => None,
    };
    let act = check.and_then(|check| check.act.as_ref());
    let (file, line) = lines.of(plan, node.span);
    PlannedNode {
        id: Arc::clone(&node.id),
        title: node.title.to_string(),
        kind: act.map(|act| act.kind.doc.name.to_owned()),
        group: check.is_none(),
        parent: node.parent.map(|ix| ix.0),
        needs: node.needs.iter().map(|ix| ix.0).collect(),
        skip: node.skip.clone(),
        unselected: node.is_unselected(),
        covers: node.covers.clone(),
        severity: node.severity,
        effect: check.map_or(Effect::Read, |check| check.planned_effect),
        place: act.and_then(Act::place).unwrap_or_default(),
        file,
        line,
    }
}

/// Where lines begin, found once a source: a plan has thousands of nodes in one file.
#[derive(Default)]
struct Lines(HashMap<SourceId, (Arc<str>, Vec<u32>)>);

impl Lines {
    fn of(&mut self, plan: &Plan, span: Span) -> (Arc<str>, u32) {
        let (file, starts) = self.0.entry(span.source).or_insert_with(|| {
            let Some(source) = plan.sources.get(span.source) else { return ("<unknown>".into(), Vec::new()) };
            let ends = source.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            (Arc::clone(&source.name), ends.map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect())
        });
        let before = starts.partition_point(|end| *end < span.start);
        (Arc::clone(file), u32::try_from(before + 1).unwrap_or(u32::MAX))
    }
}
