//! A watch: what happens to the objects that are meant, line by line, until it is cut.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value as Json, json};
use tokio::sync::mpsc::{Sender, channel};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::answer::Answer;
use super::list::Wanted;
use super::request::Form;
use super::table::{Beside, table};
use crate::kube::object::version;
use crate::kube::refusal::Refusal;
use crate::kube::server::Server;
use crate::kube::store::{Event, Happened};
use crate::kube::view;

/// A server says at least so often where it is.
const BOOKMARK: Duration = Duration::from_secs(30);

/// How long a watch lasts where nothing is said.
const LASTS: Duration = Duration::from_secs(1800);

/// What a watch is to tell.
pub(super) struct Watching {
    pub(super) server: Arc<Server>,
    pub(super) end: CancellationToken,
    pub(super) wanted: Wanted,
    pub(super) form: Form,
    pub(super) beside: Beside,
    /// What is there comes first.
    pub(super) initial: bool,
    /// A bookmark says where that ends.
    pub(super) marks_initial: bool,
    /// Only what happens after this revision.
    pub(super) from: u64,
    pub(super) bookmarks: bool,
    /// Seconds of the wall's clock.
    pub(super) timeout: Option<u64>,
}

/// Begins to tell.
pub(super) fn open(watching: Watching) -> Answer {
    let (lines, mut told) = channel(64);
    let mut ends = Ends::of(&watching);
    tokio::spawn(async move {
        tokio::select! {
            () = ends.wait() => {}
            _ = watching.tell(&lines) => {}
        }
    });
    Answer::stream("application/json", futures::stream::poll_fn(move |cx| told.poll_recv(cx)))
}

/// What ends a watch although its client goes on.
struct Ends {
    end: CancellationToken,
    cuts: tokio::sync::watch::Receiver<u64>,
    faults: tokio::sync::watch::Receiver<crate::kube::interference::Faults>,
    server: Arc<Server>,
    until: Instant,
}

impl Ends {
    fn of(watching: &Watching) -> Self {
        let lasts = watching.timeout.map_or(LASTS, Duration::from_secs);
        Self {
            end: watching.end.clone(),
            cuts: watching.server.cuts.subscribe(),
            faults: watching.server.faults.subscribe(),
            server: Arc::clone(&watching.server),
            until: Instant::now() + lasts,
        }
    }

    async fn wait(&mut self) {
        let begun = Instant::now();
        loop {
            let cut = self.faults.borrow_and_update().cut().map(|after| begun + self.server.clock.wall(after));
            let until = cut.map_or(self.until, |cut| cut.min(self.until));
            tokio::select! {
                () = self.end.cancelled() => return,
                () = tokio::time::sleep_until(until) => return,
                _ = self.cuts.changed() => return,
                changed = self.faults.changed() => if changed.is_err() { return },
            }
        }
    }
}

impl Watching {
    /// Tells until the client is gone. None: it is.
    async fn tell(mut self, lines: &Sender<Bytes>) -> Option<()> {
        let mut revisions = self.server.revision.subscribe();
        let mut seen = self.from;
        if self.initial {
            seen = self.tell_present(lines).await?;
        }
        let mut bookmark = Instant::now() + BOOKMARK;
        let mut faults = self.server.faults.subscribe();
        loop {
            let late = self.server.clock.wall(faults.borrow_and_update().staleness());
            let (events, next, reached) = match self.due(seen, late) {
                Ok(due) => due,
                Err(refusal) => {
                    line(lines, "ERROR", refusal.status()).await?;
                    return None;
                }
            };
            for event in &events {
                self.tell_event(lines, event).await?;
            }
            seen = reached;
            tokio::select! {
                changed = revisions.changed() => if changed.is_err() { return None },
                () = tokio::time::sleep_until(next.unwrap_or(bookmark)), if next.is_some() || self.bookmarks => {}
                _ = faults.changed() => {}
                () = lines.closed() => return None,
            }
            if self.bookmarks && Instant::now() >= bookmark {
                self.mark(lines, seen).await?;
                bookmark = Instant::now() + BOOKMARK;
            }
        }
    }

    /// What may be told by now, when the next may be, and how far that reaches.
    fn due(&self, seen: u64, late: Duration) -> Result<(Vec<Event>, Option<Instant>, u64), Refusal> {
        let now = Instant::now();
        self.server.read(|store| {
            let (mut due, mut next, mut reached) = (Vec::new(), None, seen);
            for event in store.history.after(seen)? {
                if event.at + late > now {
                    next = Some(event.at + late);
                    break;
                }
                reached = event.revision;
                let shelf = self.wanted.resource.shelf();
                let inside = self.wanted.namespace.as_deref().is_none_or(|only| only == event.key.namespace);
                if event.key.shelf == shelf && inside {
                    due.push(event.clone());
                }
            }
            Ok((due, next, reached))
        })
    }

    /// Tells what is there; the revision of that.
    async fn tell_present(&self, lines: &Sender<Bytes>) -> Option<u64> {
        let shelf = self.wanted.resource.shelf();
        let (objects, revision) = self.server.read(|store| {
            let all = store.shelf(&shelf, self.wanted.namespace.as_deref());
            (all.map(|(_, object)| Arc::clone(object)).collect::<Vec<_>>(), store.revision())
        });
        for object in objects.iter().filter_map(|object| self.wanted.shown(object)) {
            self.line(lines, "ADDED", object).await?;
        }
        if self.marks_initial {
            let mut mark = self.bookmark(revision);
            mark["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
            line(lines, "BOOKMARK", mark).await?;
        }
        Some(revision)
    }

    /// To who selects, an object comes when it begins to fit and goes when it ceases to.
    async fn tell_event(&self, lines: &Sender<Bytes>, event: &Event) -> Option<()> {
        let before = event.before.as_ref().and_then(|before| self.wanted.shown(before));
        let now = self.wanted.shown(&event.object);
        match (event.happened, before, now) {
            (Happened::Deleted, Some(_), Some(last)) => self.line(lines, "DELETED", last).await,
            (Happened::Deleted, ..) | (_, None, None) => Some(()),
            (_, None, Some(object)) => self.line(lines, "ADDED", object).await,
            (_, Some(_), Some(object)) => self.line(lines, "MODIFIED", object).await,
            (_, Some(mut last), None) => {
                last["metadata"]["resourceVersion"] = event.revision.to_string().into();
                self.line(lines, "DELETED", last).await
            }
        }
    }

    async fn mark(&mut self, lines: &Sender<Bytes>, revision: u64) -> Option<()> {
        line(lines, "BOOKMARK", self.bookmark(revision)).await
    }

    fn bookmark(&self, revision: u64) -> Json {
        let resource = &self.wanted.resource;
        json!({
            "kind": resource.kind, "apiVersion": resource.api_version(),
            "metadata": { "resourceVersion": revision.to_string(), "creationTimestamp": null },
        })
    }

    async fn line(&self, lines: &Sender<Bytes>, sort: &str, object: Json) -> Option<()> {
        let object = match self.form {
            Form::Object => object,
            Form::Partial => view::partial(&object),
            Form::Table => {
                let metadata = json!({ "resourceVersion": version(&object) });
                table(&self.wanted.resource, &[object], metadata, self.beside, self.server.clock.now())
            }
        };
        line(lines, sort, object).await
    }
}

async fn line(lines: &Sender<Bytes>, sort: &str, object: Json) -> Option<()> {
    let line = format!("{}\n", json!({ "type": sort, "object": object }));
    lines.send(line.into()).await.ok()
}
