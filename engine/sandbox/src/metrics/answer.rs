//! The query API over HTTP: `/api/v1/query`, and what is asked beside it.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::value::seconds;
use super::{Given, Metrics, Refused, Sample};
use crate::web::{Answer, Asked};

/// Answers a request.
pub(super) fn answer(metrics: &Metrics, asked: &Asked) -> Answer {
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET" | "POST", "/api/v1/query") => query(metrics, asked),
        ("GET", "/health" | "/-/healthy" | "/-/ready") => Answer::plain(200, "OK"),
        (method, path) => Answer::plain(501, format!("the sandbox's metrics store does not answer {method} {path}")),
    }
}

fn query(metrics: &Metrics, asked: &Asked) -> Answer {
    let Some(query) = asked.field("query").filter(|query| !query.trim().is_empty()) else {
        return error(400, "missing `query` arg");
    };
    let at = match asked.field("time").map(moment).transpose() {
        Ok(at) => at,
        Err(why) => return error(400, &why),
    };
    match metrics.query(query, at) {
        Ok(given) => success(given, at.unwrap_or_else(|| metrics.clock.now())),
        Err(Refused::Syntax(why)) => error(400, &why),
        Err(Refused::Beyond(why)) => error(422, &why),
    }
}

/// A time as clients send it: RFC 3339, or seconds since 1970.
fn moment(text: &str) -> Result<Timestamp, String> {
    let seconds = || text.parse::<f64>().ok().and_then(|at| Timestamp::from_millisecond(milliseconds(at)?).ok());
    text.parse().ok().or_else(seconds).ok_or_else(|| format!("cannot parse `time` {text:?}"))
}

#[expect(clippy::cast_possible_truncation, reason = "what does not fit was looked at before")]
fn milliseconds(seconds: f64) -> Option<i64> {
    (seconds.abs() < 1e15).then_some((seconds * 1000.0) as i64)
}

fn success(given: Given, now: Timestamp) -> Answer {
    let (sort, result) = match given {
        Given::Scalar(value) => ("scalar", json!([seconds(now), text(value)])),
        Given::Vector(samples) => ("vector", samples.into_iter().map(|sample| series(sample, now)).collect()),
    };
    Answer::json(200, &json!({ "status": "success", "data": { "resultType": sort, "result": result } }))
}

/// Samples of an answer are of the moment of the query, whenever they were written.
fn series(sample: Sample, now: Timestamp) -> Json {
    json!({ "metric": sample.labels, "value": [seconds(now), text(sample.value)] })
}

/// A number as the API writes it.
fn text(value: f64) -> String {
    match value {
        value if value == f64::INFINITY => "+Inf".into(),
        value if value == f64::NEG_INFINITY => "-Inf".into(),
        value => value.to_string(),
    }
}

fn error(status: u16, why: &str) -> Answer {
    Answer::json(status, &json!({ "status": "error", "errorType": status.to_string(), "error": why }))
}
