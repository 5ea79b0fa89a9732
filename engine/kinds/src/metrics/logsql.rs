//! `logsql`: rows of a VictoriaLogs query. Knows nothing of who sent the logs.

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, LockMode, Node, Observation, Place, Ruling, Runs, Sort,
    SpecError, Touch, Witness,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::ask::{Question, ask, touch};
use super::rows::rows;
use super::selection::{needs_a_query, one_at_least};
use crate::moment::Moment;
use crate::start::start_of;

/// Rows of an answer unless the check says `limit`.
const LIMIT: usize = 1000;
/// The most that `limit` may say.
const MOST_ROWS: usize = 100_000;
/// The most that an answer may weigh.
const MOST_BYTES: usize = 64 << 20;

/// Asks a VictoriaLogs endpoint a LogsQL query and gives its rows.
///
/// Every value is text: compare with `number(rows[0].lines) == 100`. A `stats` query gives one row even over
/// nothing, so judge its value, not the number of rows. Without `limit`, more than 1,000 rows are an error,
/// because what would be cut could be what matters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logsql {
    /// The query, in LogsQL.
    pub query: String,
    /// Only what was logged from this moment on: a time, or how long ago (`5m`).
    #[serde(default)]
    pub(crate) since: Option<Moment>,
    /// Only what was logged before this moment: a time, or how long ago.
    #[serde(default)]
    pub(crate) until: Option<Moment>,
    /// At most so many rows, 1 to 100000; with it, more rows than that are cut off and `limited` is true.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    pub limit: Option<usize>,
}

const EXAMPLE: &str = r#"- id: logs-arrive
  title: Every line of the marker has arrived
  logsql: { query: '"checkrun-{{ run.id }}" | stats count_uniq(_msg) lines', since: "{{ run.started }}" }
  expect:
    - number(rows[0].lines) == 100
  within: 2m
"#;

impl Logsql {
    /// One row more than wanted shows that there is more.
    fn asked_rows(&self) -> usize {
        self.limit.unwrap_or(LIMIT + 1)
    }

    fn form(&self, now: Timestamp) -> Vec<(&'static str, String)> {
        let mut form = vec![("query", self.query.clone()), ("limit", self.asked_rows().to_string())];
        let moments = [("start", self.since), ("end", self.until)];
        form.extend(moments.into_iter().filter_map(|(key, moment)| Some((key, moment?.seen_from(now).to_string()))));
        form
    }

    fn observation(&self, rows: Vec<Json>) -> Result<Json, Broken> {
        if self.limit.is_none() && rows.len() > LIMIT {
            return Err(Broken::fatal(format!("the query gives more than {LIMIT} rows"))
                .hint("narrow it, end it with `| stats …`, or say `limit:`"));
        }
        Ok(json!({ "limited": self.limit == Some(rows.len()), "rows": rows }))
    }
}

/// The rows of an answer, or why there are none to look at.
fn answered(status: u16, body: &[u8]) -> Result<Vec<Json>, Broken> {
    if status == 200 {
        return rows(body);
    }
    let start = start_of(&String::from_utf8_lossy(&body[..body.len().min(2000)]), 300);
    Err(match status {
        401 | 403 => Broken::fatal(format!("HTTP {status}: {start}")).hint("look at the endpoint's credentials"),
        404 => Broken::fatal(format!("HTTP 404: {start}"))
            .hint("the endpoint's url must be what stands before /select/logsql/query"),
        408 | 425 | 429 | 500.. => Broken::transient(format!("HTTP {status}: {start}")),
        _ => Broken::fatal(format!("the query was refused (HTTP {status}): {start}")),
    })
}

impl Kind for Logsql {
    const DOC: KindDoc = KindDoc {
        name: "logsql",
        summary: "Asks a VictoriaLogs endpoint a LogsQL query and gives its rows.",
        rule: "at least one row",
        rule_proves: false,
        runs: Runs::Endpoint("logsql"),
        lock: Some(LockMode::Shared),
        selection: Some("rows"),
        witness: Witness::Required,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "rows", sort: Sort::Plain, doc: "The rows: fields by name, every value text." },
            Field {
                path: "limited",
                sort: Sort::Plain,
                doc: "Whether there are as many rows as `limit` allows, so perhaps more.",
            },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        let mut errors = needs_a_query(&self.query, node);
        if let Some(limit) = self.limit
            && !(1..=MOST_ROWS).contains(&limit)
        {
            let span = node.get("limit").unwrap_or(node).span;
            errors.push(
                SpecError::new("args::value", span, format!("`limit` is {limit}"), format!("1 to {MOST_ROWS}"))
                    .help("count with `| stats count() n` instead of reading so many rows"),
            );
        }
        errors
    }

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch("logsql", place, &self.query)]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let form = self.form(cx.now());
        let reply = ask(cx, Question { family: "logsql", path: "select/logsql/query", form, most: MOST_BYTES }).await?;
        Ok(self.observation(answered(reply.status, &reply.body)?)?.into())
    }

    fn rule(&self, seen: &Json, asked: Asked) -> Ruling {
        one_at_least("rows", seen.get("rows").and_then(Json::as_array).map_or(0, Vec::len), asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(limit: Option<usize>) -> Logsql {
        Logsql { query: "error".into(), since: Some("5m".parse().unwrap()), until: None, limit }
    }

    #[test]
    fn limit_and_start_are_sent() {
        let now = "2026-03-01T12:00:00Z".parse().unwrap();
        let sent =
            |args: Logsql| args.form(now).into_iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
        assert_eq!(sent(args(None)), ["query=error", "limit=1001", "start=2026-03-01T11:55:00Z"]);
        assert_eq!(sent(args(Some(1))), ["query=error", "limit=1", "start=2026-03-01T11:55:00Z"]);
    }

    #[test]
    fn rows_are_cut_only_where_the_check_says_so() {
        let many = vec![json!({}); LIMIT + 1];
        assert!(!args(None).observation(many.clone()).unwrap_err().transient);
        assert_eq!(args(None).observation(many[..LIMIT].to_vec()).unwrap()["limited"], false);
        assert_eq!(args(Some(1)).observation(vec![json!({})]).unwrap()["limited"], true);
    }

    #[test]
    fn no_row_is_not_yet_unless_none_is_wanted() {
        let empty = json!({ "rows": [] });
        assert!(matches!(args(None).rule(&empty, Asked::default()), Ruling::NotYet(_)));
        assert_eq!(args(None).rule(&empty, Asked { none: true, allow_empty: false }), Ruling::Met);
        assert_eq!(args(None).rule(&json!({ "rows": [{}] }), Asked::default()), Ruling::Met);
    }

    #[test]
    fn status_decides_whether_waiting_may_help() {
        for (status, transient) in [(400, false), (401, false), (404, false), (429, true), (502, true)] {
            assert_eq!(answered(status, b"cannot parse query").unwrap_err().transient, transient, "{status}");
        }
        assert_eq!(answered(200, b"").unwrap(), Vec::<Json>::new());
    }
}
