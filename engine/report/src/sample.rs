//! Runs made by hand, for the tests of this crate.

use std::sync::Arc;

use checkrun_model::event::{
    Criterion, Event, Evidence, Finding, Judged, Line, NodeIndex, Outcome, PlannedNode, RunStarted,
};
use checkrun_model::{Broken, Effect, Importance, Intent, IntentId, Location, Snippet, Verdict};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{Fold, Summary};

/// A run, event by event; each happens one second after the one before.
#[derive(Debug, Clone)]
pub struct Sample {
    pub nodes: Vec<PlannedNode>,
    criteria: Vec<Criterion>,
    events: Vec<Event>,
}

fn at(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_800_000_000 + second)
}

/// Lines a second apart.
pub fn lines(events: impl IntoIterator<Item = Event>) -> Vec<Line> {
    let line = |(seq, event): (usize, Event)| Line {
        seq: seq as u64,
        t: at(i64::try_from(seq).unwrap_or_default()),
        prev: String::new(),
        event,
    };
    events.into_iter().enumerate().map(line).collect()
}

pub fn judged(node: NodeIndex, verdict: Verdict) -> Judged {
    Judged {
        node,
        verdict,
        reason: String::new(),
        root: None,
        stopped: false,
        broken: None,
        findings: Vec::new(),
        saved: serde_json::Value::Null,
        attempts: 1,
        started: Some(at(10)),
        ended: at(12),
        transitions: Vec::new(),
        notes: Vec::new(),
    }
}

/// An unmet expectation of `checks/a.yaml`, line 14.
pub fn unmet(seen: &str) -> Finding {
    let at = Location { file: "checks/a.yaml".into(), line: 14, column: 9 };
    Finding {
        what: "items.len() == inputs.brokers".into(),
        outcome: Outcome::Unmet,
        snippet: Some(Box::new(Snippet { at, text: "      - items.len() == inputs.brokers".into(), width: 29 })),
        seen: seen.into(),
        details: vec!["items.len() is 2".into()],
        hint: Some("look at the pods of the node pool".into()),
    }
}

impl Sample {
    pub fn new(ids: &[&str]) -> Self {
        let node = |id: &&str| PlannedNode {
            id: Arc::from(*id),
            title: format!("The title of {id}"),
            kind: Some("kube.list".into()),
            group: false,
            parent: None,
            needs: Vec::new(),
            skip: None,
            unselected: false,
            covers: Vec::new(),
            severity: Importance::Major,
            effect: Effect::Read,
            place: "cluster apps".into(),
            file: "checks/a.yaml".into(),
            line: 3,
        };
        Self { nodes: ids.iter().map(node).collect(), criteria: Vec::new(), events: Vec::new() }
    }

    pub fn criterion(mut self, id: &str) -> Self {
        let group = id.split('.').next().unwrap_or(id).to_owned();
        self.criteria.push(Criterion { id: id.into(), title: format!("The text of {id}"), group });
        self
    }

    pub fn covers(mut self, node: usize, id: &str) -> Self {
        self.nodes[node].covers.push(id.into());
        self
    }

    pub fn group(mut self, group: usize, members: &[usize]) -> Self {
        self.nodes[group].group = true;
        members.iter().for_each(|member| self.nodes[*member].parent = u32::try_from(group).ok());
        self
    }

    pub fn minor(mut self, node: usize) -> Self {
        self.nodes[node].severity = Importance::Minor;
        self
    }

    pub fn event(mut self, event: Event) -> Self {
        self.events.push(event);
        self
    }

    pub fn fate(self, fate: Judged) -> Self {
        self.event(Event::Judged(Arc::new(fate)))
    }

    pub fn passed(self, node: NodeIndex) -> Self {
        self.fate(judged(node, Verdict::Passed))
    }

    pub fn failed(self, node: NodeIndex, seen: &str) -> Self {
        let findings = vec![unmet(seen)];
        self.fate(Judged { reason: seen.into(), findings, ..judged(node, Verdict::Failed) })
    }

    pub fn broken(self, node: NodeIndex, cause: &str) -> Self {
        let broken = Some(Box::new(Broken::transient(cause).hint("is it running?")));
        self.fate(Judged { reason: cause.into(), broken, ..judged(node, Verdict::Error) })
    }

    pub fn unreachable(self, node: NodeIndex, cause: &str) -> Self {
        let broken =
            Broken::transient(cause).hint("is it running?").outage("cluster `apps` at https://a:6443", "refused");
        let broken = Some(Box::new(broken));
        self.fate(Judged { reason: cause.into(), broken, ..judged(node, Verdict::Error) })
    }

    pub fn stopped(self, node: NodeIndex, verdict: Verdict) -> Self {
        self.fate(Judged { reason: "stopped".into(), stopped: true, ..judged(node, verdict) })
    }

    pub fn unselected(mut self, node: NodeIndex) -> Self {
        let planned = &mut self.nodes[node as usize];
        (planned.skip, planned.unselected) = (Some("not selected by --only".into()), true);
        self.skipped(node, "not selected by --only")
    }

    pub fn blocked(self, node: NodeIndex, root: NodeIndex) -> Self {
        let fate = Judged { root: Some(root), started: None, ..judged(node, Verdict::Blocked) };
        self.fate(fate)
    }

    pub fn skipped(self, node: NodeIndex, reason: &str) -> Self {
        let fate = Judged { reason: reason.into(), started: None, ..judged(node, Verdict::Skipped) };
        self.fate(fate)
    }

    pub fn seen(self, node: NodeIndex, file: Option<&str>) -> Self {
        let seen = match file {
            None => Evidence::Inline(json!({"items": []})),
            Some(path) => Evidence::File { path: path.into(), sha256: "ab".into(), size: 9000, cut: true },
        };
        self.event(Event::Observed { node, attempt: 1, seen, witness: None, notes: Vec::new() })
    }

    pub fn made(self, node: NodeIndex, intent: u64, object: &str) -> Self {
        let what = Intent {
            kind: "kube.apply".into(),
            cluster: None,
            endpoint: None,
            object: object.into(),
            identity: json!({}),
            undo: true,
        };
        let intent = IntentId(intent);
        self.event(Event::Intended { intent, node, what }).event(Event::Made { intent, identity: json!({}) })
    }

    pub fn left(self, intent: u64, why: &str) -> Self {
        let intent = Some(IntentId(intent));
        self.event(Event::LeftBehind { intent, object: String::new(), why: why.into() })
    }

    pub fn ended(self, exit: i32) -> Self {
        self.event(Event::RunEnded { exit, remarks: Vec::new() })
    }

    pub fn lines(&self) -> Vec<Line> {
        let run = RunStarted {
            format: checkrun_model::event::FORMAT,
            version: "0.1.0".into(),
            run: "k3x9a2bd".into(),
            suite: "story-49".into(),
            title: "Messaging".into(),
            path: "checks/story-49".into(),
            target: "lab".into(),
            target_file: None,
            environment: vec!["strimzi: a stand-in of the lab".into()],
            sandbox: None,
            inputs: json!({"brokers": 3}),
            pid: 1,
            pid_started: 0,
            jobs: 4,
            read_only: false,
            files: vec![("checks/a.yaml".into(), "cd".into())],
        };
        let planned = Event::Planned { nodes: self.nodes.clone(), criteria: self.criteria.clone() };
        lines([Event::RunStarted(run), planned].into_iter().chain(self.events.iter().cloned()))
    }

    pub fn summary(self) -> Summary {
        Fold::all(&self.lines()).summary().expect("a sample starts with RunStarted")
    }
}
