//! The log of a container, whole or from some moment on, and what is written from now on.

use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;
use tokio::sync::mpsc::{Sender, channel};

use super::answer::Answer;
use super::gate::Desk;
use super::path::Spot;
use crate::kube::journal::Line;
use crate::kube::object::{items, name, uid};
use crate::kube::refusal::Refusal;
use crate::kube::server::Server;
use crate::kube::store::Key;

/// What of a log is wanted.
#[derive(Debug, Clone)]
struct Part {
    pod: String,
    container: String,
    since: Option<Timestamp>,
    last: Option<usize>,
    bytes: usize,
    previous: bool,
    timestamps: bool,
}

/// Shows the log of a container.
pub(super) fn read(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let request = &desk.request;
    let key = Key::new(&spot.resource, spot.place(), spot.name());
    let pod = desk.server.read(|store| store.get(&key).cloned());
    let pod = pod.ok_or_else(|| Refusal::not_found(spot.resource.about(spot.name())))?;
    let container = container(&pod, request.parameter("container"))?;
    waits(&pod, &container, request.says("previous"))?;
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let part = Part {
        pod: uid(&pod).to_owned(),
        since: since(desk)?,
        last: request.number("tailLines")?.map(count),
        bytes: request.number("limitBytes")?.map_or(usize::MAX, count),
        previous: request.says("previous"),
        timestamps: request.says("timestamps"),
        container,
    };
    let (text, seen) = {
        let journal = desk.server.journal();
        let lines = journal.lines(&part.pod, &part.container, part.previous).ok_or_else(|| {
            let (container, pod) = (&part.container, name(&pod));
            Refusal::bad_request(format!("previous terminated container {container:?} in pod {pod:?} not found"))
        })?;
        (part.text(lines, part.last), lines.len())
    };
    if !request.says("follow") || part.previous {
        return Ok(Answer::text(200, "text/plain", text));
    }
    let (sender, mut told) = channel(64);
    let (server, end) = (Arc::clone(&desk.server), desk.end.clone());
    tokio::spawn(async move {
        tokio::select! {
            () = end.cancelled() => {}
            _ = follow(&server, &key, &part, text, seen, &sender) => {}
        }
    });
    Ok(Answer::stream("text/plain", futures::stream::poll_fn(move |cx| told.poll_recv(cx))))
}

/// Tells what is written until the container has ended or the client is gone.
async fn follow(
    server: &Server,
    key: &Key,
    part: &Part,
    first: String,
    mut seen: usize,
    lines: &Sender<Bytes>,
) -> Option<()> {
    let (mut written, mut revision) = (server.written.subscribe(), server.revision.subscribe());
    lines.send(first.into()).await.ok()?;
    loop {
        let text = {
            let journal = server.journal();
            let all = journal.lines(&part.pod, &part.container, false).unwrap_or_default();
            // After a restart the log begins anew.
            let from = if all.len() < seen { 0 } else { seen };
            seen = all.len();
            part.text(&all[from..], None)
        };
        if !text.is_empty() {
            lines.send(text.into()).await.ok()?;
        }
        let pod = server.read(|store| store.get(key).cloned());
        if pod.is_none_or(|pod| uid(&pod) != part.pod || has_ended(&pod, &part.container)) {
            return None;
        }
        tokio::select! {
            changed = written.changed() => changed.ok()?,
            changed = revision.changed() => changed.ok()?,
            () = lines.closed() => return None,
        }
    }
}

impl Part {
    fn text(&self, lines: &[Line], last: Option<usize>) -> String {
        let wanted: Vec<&Line> = lines.iter().filter(|line| self.since.is_none_or(|since| line.at >= since)).collect();
        let skipped = last.map_or(0, |last| wanted.len().saturating_sub(last));
        let line = |line: &&Line| match self.timestamps {
            true => format!("{} {}\n", line.at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ"), line.text),
            false => format!("{}\n", line.text),
        };
        let mut text: String = wanted[skipped..].iter().map(line).collect();
        if text.len() > self.bytes {
            let end = (0..=self.bytes).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
        }
        text
    }
}

/// From which moment on, in the time of the world.
fn since(desk: &Desk) -> Result<Option<Timestamp>, Refusal> {
    if let Some(seconds) = desk.request.number("sinceSeconds")? {
        let ago = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        return Ok(desk.server.clock.now().checked_sub(ago).ok());
    }
    let Some(text) = desk.request.parameter("sinceTime") else { return Ok(None) };
    let wrong = |_| Refusal::bad_request(format!("sinceTime: Invalid value: {text:?}: must be a time (RFC 3339)"));
    text.parse().map(Some).map_err(wrong)
}

fn names(pod: &Json, list: &str) -> Vec<String> {
    items(&pod["spec"][list]).filter_map(|container| container["name"].as_str().map(str::to_owned)).collect()
}

/// The container that is meant.
fn container(pod: &Json, named: Option<&str>) -> Result<String, Refusal> {
    let (steady, initial) = (names(pod, "containers"), names(pod, "initContainers"));
    let pod = name(pod);
    match (named, steady.as_slice()) {
        (Some(named), _) if steady.iter().chain(&initial).any(|one| one == named) => Ok(named.to_owned()),
        (Some(named), _) => Err(Refusal::bad_request(format!("container {named} is not valid for pod {pod}"))),
        (None, [only]) if initial.is_empty() => Ok(only.clone()),
        (None, all) => {
            let also = match initial.as_slice() {
                [] => String::new(),
                initial => format!(" or one of the init containers: [{}]", initial.join(" ")),
            };
            let list = all.join(" ");
            let why = format!("a container name must be specified for pod {pod}, choose one of: [{list}]{also}");
            Err(Refusal::bad_request(why))
        }
    }
}

fn state<'a>(pod: &'a Json, container: &str) -> &'a Json {
    static NOTHING: Json = Json::Null;
    let all = ["containerStatuses", "initContainerStatuses"].into_iter().flat_map(|list| items(&pod["status"][list]));
    let mut all = all.filter(|status| status["name"] == container);
    all.next().map_or(&NOTHING, |status| &status["state"])
}

fn has_ended(pod: &Json, container: &str) -> bool {
    state(pod, container)["terminated"].is_object()
}

/// A container that has not begun has no log.
fn waits(pod: &Json, container: &str, previous: bool) -> Result<(), Refusal> {
    let state = state(pod, container);
    if previous || !state["waiting"].is_object() {
        return Ok(());
    }
    let reason = state["waiting"]["reason"].as_str().unwrap_or("ContainerCreating");
    // One that has run before shows what it has written then.
    let restarted = reason == "CrashLoopBackOff";
    let why = format!("container {container:?} in pod {:?} is waiting to start: {reason}", name(pod));
    if restarted { Ok(()) } else { Err(Refusal::bad_request(why)) }
}
