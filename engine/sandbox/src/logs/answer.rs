//! The query API over HTTP: `/select/logsql/query`.

use jiff::Timestamp;

use super::{Logs, Part};
use crate::web::{Answer, Asked};

/// Answers a request.
pub(super) fn answer(logs: &Logs, asked: &Asked) -> Answer {
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET" | "POST", "/select/logsql/query") => query(logs, asked).unwrap_or_else(|why| Answer::plain(400, why)),
        ("GET", "/health" | "/ping") => Answer::plain(200, "OK"),
        (method, path) => Answer::plain(501, format!("the sandbox's log store does not answer {method} {path}")),
    }
}

fn query(logs: &Logs, asked: &Asked) -> Result<Answer, String> {
    let query = asked.field("query").unwrap_or_default();
    let part = Part { start: moment(asked, "start")?, end: moment(asked, "end")?, limit: limit(asked)? };
    let rows = logs.query(query, part).map_err(|why| format!("cannot parse `query` arg [{query}]: {why}"))?;
    let lines: String = rows.iter().map(|row| format!("{}\n", serde_json::json!(row))).collect();
    Ok(Answer::text(200, "application/stream+json", lines))
}

fn moment(asked: &Asked, name: &str) -> Result<Option<Timestamp>, String> {
    let parse = |text: &str| text.parse().map_err(|_| format!("cannot parse {name}={text:?}; write RFC 3339"));
    asked.field(name).map(parse).transpose()
}

/// None, or zero: all.
fn limit(asked: &Asked) -> Result<Option<usize>, String> {
    let parse = |text: &str| text.parse::<usize>().map_err(|_| format!("cannot parse limit={text:?}"));
    Ok(asked.field("limit").map(parse).transpose()?.filter(|limit| *limit > 0))
}
