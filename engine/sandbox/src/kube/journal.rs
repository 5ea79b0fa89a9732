//! What containers have written, and what clients have asked: both only grow. Knows no HTTP.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

/// A request that was answered, or is being answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// `GET`, …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Without the question mark; empty if there is none.
    pub query: String,
    /// The user's name; empty where nobody is known.
    pub user: String,
    /// The status code of the answer.
    pub status: u16,
    /// What the client calls itself.
    pub agent: String,
}

/// The most requests that are remembered.
const MOST: usize = 100_000;

/// A line that a container has written.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) at: Timestamp,
    pub(super) text: Arc<str>,
}

/// One container of one pod, by the pod's UID.
type Writer = (String, String);

#[derive(Debug, Default)]
struct Log {
    lines: Vec<Line>,
    /// What it wrote before it was restarted.
    previous: Option<Vec<Line>>,
}

/// Logs and requests.
#[derive(Debug, Default)]
pub(super) struct Journal {
    logs: HashMap<Writer, Log>,
    asked: Vec<Asked>,
}

impl Journal {
    pub(super) fn write(&mut self, pod: &str, container: &str, at: Timestamp, text: &str) {
        let log = self.logs.entry((pod.to_owned(), container.to_owned())).or_default();
        log.lines.extend(text.lines().map(|line| Line { at, text: line.into() }));
    }

    /// What it has written so far is of its life before.
    pub(super) fn restart(&mut self, pod: &str, container: &str) {
        let log = self.logs.entry((pod.to_owned(), container.to_owned())).or_default();
        log.previous = Some(std::mem::take(&mut log.lines));
    }

    /// The lines, oldest first. None: of its life before, and there was none.
    pub(super) fn lines(&self, pod: &str, container: &str, previous: bool) -> Option<&[Line]> {
        let log = self.logs.get(&(pod.to_owned(), container.to_owned()));
        match previous {
            true => log?.previous.as_deref(),
            false => Some(log.map_or(&[], |log| log.lines.as_slice())),
        }
    }

    pub(super) fn ask(&mut self, asked: Asked) {
        if self.asked.len() < MOST {
            self.asked.push(asked);
        }
    }

    pub(super) fn asked(&self) -> &[Asked] {
        &self.asked
    }
}
