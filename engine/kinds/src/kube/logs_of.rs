//! The log of one container: which containers a pod has, and their lines, read as they come. Judges nothing.

use std::time::Instant;

use checkrun_model::Broken;
use checkrun_model::clock::spoken;
use jiff::Timestamp;
use regex::Regex;
use serde_json::{Value as Json, json};

use super::cluster::Cluster;
use super::listing::escaped;
use super::object::{name, namespace};
use super::streamed::{Line, MOST_BYTES, MOST_LINE, mib, next_line};

/// The most lines that one container may give.
const MOST_LINES: usize = 10_000;

/// Which lines are wanted.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// Only these.
    pub(super) wanted: Option<Regex>,
    /// But none of these.
    pub(super) ignored: Vec<Regex>,
}

impl Filter {
    fn passes(&self, line: &str) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.is_match(line))
            && !self.ignored.iter().any(|ignored| ignored.is_match(line))
    }
}

/// A container whose log is read.
pub(super) struct Container {
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) name: String,
}

/// What of its log.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) since: Option<Timestamp>,
    pub(super) previous: bool,
    pub(super) filter: &'a Filter,
}

/// What was read of one container.
pub(super) struct Read {
    /// Lines that were wanted.
    pub(super) lines: Vec<Json>,
    /// The container, how many lines were looked at, whether it has any line at all.
    pub(super) account: Json,
}

/// The containers of `pod` that are meant: those that run all the time, or the one that is named.
/// With `previous`, only those that have run before.
pub(super) fn containers(pod: &Json, named: Option<&str>, previous: bool) -> Vec<Container> {
    let list = |place: &Json| place.as_array().cloned().unwrap_or_default();
    let text = |container: &Json| container["name"].as_str().unwrap_or_default().to_owned();
    let steady = list(&pod["spec"]["containers"]).into_iter();
    let initial = list(&pod["spec"]["initContainers"]).into_iter();
    // An init container that restarts is a sidecar.
    let initial = initial.filter(|container| named.is_some() || container["restartPolicy"] == "Always");
    let has_run_before = |container: &str| {
        let statuses = ["containerStatuses", "initContainerStatuses"].map(|key| list(&pod["status"][key]));
        statuses
            .concat()
            .iter()
            .any(|status| status["name"] == container && status["lastState"]["terminated"].is_object())
    };
    let meant = initial.chain(steady).map(|container| text(&container));
    let meant = meant
        .filter(|container| named.is_none_or(|named| named == container) && (!previous || has_run_before(container)));
    let of = |container| Container { namespace: namespace(pod).to_owned(), pod: name(pod).to_owned(), name: container };
    meant.map(of).collect()
}

impl Cluster {
    /// Reads the log of one container.
    ///
    /// # Errors
    /// It cannot be read whole.
    pub(super) async fn log(&self, of: &Container, part: Part<'_>, deadline: Instant) -> Result<Read, Broken> {
        let mut query = format!("container={}", of.name);
        if part.previous {
            query.push_str("&previous=true");
        }
        let since = part.since.map(|since| format!("&sinceTime={}", escaped(&since.to_string()))).unwrap_or_default();
        let mut lines = Vec::new();
        let query_since = format!("{query}{since}");
        let read = self.each_line(of, &query_since, deadline, |line| {
            if part.filter.passes(line) {
                lines.push(json!({ "text": line, "pod": of.pod, "container": of.name }));
            }
            lines.len() <= MOST_LINES
        });
        let read: usize = read.await?;
        // A log without a line proves nothing about lines: is there one at all, however old?
        let last = format!("{query}&tailLines=1");
        let any = read > 0 || (part.since.is_some() && self.each_line(of, &last, deadline, |_| true).await? > 0);
        Ok(Read { lines, account: json!({ "pod": of.pod, "container": of.name, "read": read, "any": any }) })
    }

    /// Hands each line to `take`; how many there were. `take` says whether there is room for more.
    async fn each_line(
        &self,
        of: &Container,
        query: &str,
        deadline: Instant,
        mut take: impl FnMut(&str) -> bool,
    ) -> Result<usize, Broken> {
        let called = format!("the log of {}/{} in {}", of.pod, of.name, of.namespace);
        let path = format!("/api/v1/namespaces/{}/pods/{}/log?{query}", of.namespace, of.pod);
        let time = deadline.saturating_duration_since(Instant::now());
        let mut stream = Box::pin(self.lines(path, deadline).await?);
        let (mut count, mut bytes, mut line) = (0, 0, Vec::new());
        let too_much = |what: String| {
            Broken::fatal(format!("{called} gives more than can be judged: {what}"))
                .hint("narrow it: a shorter `since`, a stricter `match`")
        };
        loop {
            let late = |_| Broken::transient(format!("{called} was not read whole within {}", spoken(time)));
            let next = next_line(&mut stream, &mut line, MOST_LINE);
            let next = tokio::time::timeout_at(deadline.into(), next).await.map_err(late)?;
            match next.map_err(|why| Broken::transient(format!("{called} was cut: {why}")))? {
                Line::End => return Ok(count),
                Line::TooLong => return Err(too_much(format!("a line of more than {}", mib(MOST_LINE)))),
                Line::Whole(read) => (count, bytes) = (count + 1, bytes + read),
            }
            if bytes > MOST_BYTES {
                return Err(too_much(format!("more than {}", mib(MOST_BYTES))));
            }
            let text = String::from_utf8_lossy(&line);
            if !take(text.trim_end_matches(['\n', '\r'])) {
                return Err(too_much(format!("more than {MOST_LINES} lines")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_that_run_all_the_time_or_the_one_that_is_named() {
        let pod = json!({
            "metadata": { "name": "p", "namespace": "n" },
            "spec": {
                "initContainers": [{ "name": "setup" }, { "name": "sidecar", "restartPolicy": "Always" }],
                "containers": [{ "name": "main" }, { "name": "other" }],
            },
            "status": { "containerStatuses": [{ "name": "main", "lastState": { "terminated": {} } }, { "name": "other", "lastState": {} }] },
        });
        let names =
            |named, previous| containers(&pod, named, previous).into_iter().map(|one| one.name).collect::<Vec<_>>();
        assert_eq!(names(None, false), ["sidecar", "main", "other"]);
        assert_eq!(names(Some("setup"), false), ["setup"]);
        assert_eq!(names(Some("nobody"), false), [""; 0]);
        assert_eq!(names(None, true), ["main"]);
    }

    #[test]
    fn a_line_is_wanted_and_not_ignored() {
        let filter =
            Filter { wanted: Some(Regex::new("ERROR").unwrap()), ignored: vec![Regex::new("harmless").unwrap()] };
        assert!(filter.passes("an ERROR here"));
        assert!(!filter.passes("a harmless ERROR") && !filter.passes("fine"));
        assert!(Filter::default().passes(""));
    }
}
