//! The answer of `/api/v1/query`, taken apart. Decides on HTTP status and `status`, never on
//! `errorType` (its words differ between servers). Knows no network.

use checkrun_model::{Broken, Observation};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use crate::start::start_of;

/// The reply as the servers send it; what they add beyond this is of no use here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reply {
    status: String,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    is_partial: bool,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    infos: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Json,
}

/// A point: seconds since 1970, value as text.
type Point = (f64, String);

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    metric: Map<String, Json>,
    value: Point,
}

/// The observation that the reply makes.
///
/// # Errors
/// The server refused, was not there, or gave an answer that is not whole.
pub(super) fn observation(status: u16, body: &[u8]) -> Result<Observation, Broken> {
    let reply: Option<Reply> = serde_json::from_slice(body).ok();
    match reply {
        Some(reply) if status == 200 && reply.status == "success" => whole(reply),
        Some(Reply { error: Some(why), .. }) => Err(refused(status, &why)),
        _ => Err(refused(status, &beginning(body))),
    }
}

fn refused(status: u16, why: &str) -> Broken {
    match status {
        200 => {
            Broken::fatal(format!("the answer is not that of a query API: {why}")).hint("look at the endpoint's url")
        }
        401 | 403 => Broken::fatal(format!("HTTP {status}: {why}")).hint("look at the endpoint's credentials"),
        404 => Broken::fatal(format!("HTTP 404: {why}"))
            .hint("the endpoint's url must be what stands before /api/v1/query"),
        408 | 425 | 429 | 500.. => Broken::transient(format!("HTTP {status}: {why}")),
        _ => Broken::fatal(format!("the query was refused (HTTP {status}): {why}")),
    }
}

/// The first of a body, for an error message.
fn beginning(body: &[u8]) -> String {
    let text = start_of(&String::from_utf8_lossy(&body[..body.len().min(1000)]), 200);
    if text.is_empty() { "an empty body".into() } else { text }
}

fn whole(reply: Reply) -> Result<Observation, Broken> {
    // Words of the language itself begin with `PromQL`; any other warning says that a store did not answer.
    let partial = reply.warnings.iter().find(|warning| !warning.starts_with("PromQL"));
    if reply.is_partial || partial.is_some() {
        let why = partial.map_or("isPartial", String::as_str);
        return Err(Broken::transient(format!("the answer is not whole: {why}")));
    }
    let data = reply.data.ok_or_else(|| malformed("no data"))?;
    let series = series_of(&data.result_type, data.result)?;
    let series: Vec<Json> = series.iter().map(as_json).collect::<Result<_, _>>()?;
    let mut value = json!({ "series": series });
    if let [only] = series.as_slice() {
        value["value"] = only["value"].clone();
    }
    let notes = reply.warnings.into_iter().chain(reply.infos).collect();
    Ok(Observation { value, notes, ..Observation::default() })
}

fn malformed(what: impl std::fmt::Display) -> Broken {
    Broken::fatal(format!("the answer is not that of a query API: {what}"))
}

fn series_of(result_type: &str, result: Json) -> Result<Vec<Series>, Broken> {
    match result_type {
        "vector" => serde_json::from_value(result).map_err(malformed),
        "scalar" => Ok(vec![Series { metric: Map::new(), value: serde_json::from_value(result).map_err(malformed)? }]),
        "matrix" => Err(Broken::fatal("the query gives a range of values, not one a series")
            .hint("wrap it: `last_over_time(…[5m])`, `rate(…[5m])`")),
        "string" => Err(Broken::fatal("the query gives a text, not numbers")),
        other => Err(malformed(format_args!("result type `{other}`"))),
    }
}

fn as_json(series: &Series) -> Result<Json, Broken> {
    let (seconds, text) = &series.value;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float beyond i64 saturates, and from_millisecond refuses it"
    )]
    let at = Timestamp::from_millisecond((seconds * 1000.0).round() as i64).map_err(malformed)?;
    Ok(json!({ "labels": series.metric, "value": number(text)?, "at": at.to_string() }))
}

/// A number, whole if it has no fraction; NaN and the infinities stay text, which compares with no number.
fn number(text: &str) -> Result<Json, Broken> {
    let number: f64 = text.parse().map_err(|_| malformed(format_args!("`{text}` is not a number")))?;
    /// Up to here every whole number has a float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
    if number.fract() == 0.0 && number.abs() < EXACT {
        return Ok(Json::from(number as i64));
    }
    Ok(if number.is_finite() { Json::from(number) } else { Json::from(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(body: &str) -> Result<Json, Broken> {
        observation(200, body.as_bytes()).map(|observation| observation.value)
    }

    fn success(result_type: &str, result: &str) -> String {
        format!(r#"{{"status":"success","data":{{"resultType":"{result_type}","result":{result}}}}}"#)
    }

    #[test]
    fn one_series_has_a_value_of_its_own() {
        let body = success("vector", r#"[{"metric":{"__name__":"up","job":"a"},"value":[1772366400.5,"0.25"]}]"#);
        let labels = json!({ "__name__": "up", "job": "a" });
        let at = "2026-03-01T12:00:00.5Z";
        assert_eq!(
            seen(&body).unwrap(),
            json!({ "series": [{ "labels": labels, "value": 0.25, "at": at }], "value": 0.25 })
        );
    }

    #[test]
    fn two_series_or_none_have_no_value() {
        let two = success("vector", r#"[{"metric":{},"value":[1,"1"]},{"metric":{"a":"b"},"value":[1,"2"]}]"#);
        assert_eq!(seen(&two).unwrap().get("value"), None);
        assert_eq!(seen(&success("vector", "[]")).unwrap(), json!({ "series": [] }));
    }

    #[test]
    fn a_scalar_is_a_series_without_labels() {
        let scalar = seen(&success("scalar", r#"[0,"2"]"#)).unwrap();
        assert_eq!(
            scalar,
            json!({ "series": [{ "labels": {}, "value": 2, "at": "1970-01-01T00:00:00Z" }], "value": 2 })
        );
    }

    #[test]
    fn what_is_no_number_stays_text() {
        let nan = seen(&success("scalar", r#"[0,"NaN"]"#)).unwrap();
        assert_eq!(nan["value"], "NaN");
        assert_eq!(number("1e300").unwrap(), json!(1e300));
        assert_eq!(number("-3").unwrap(), json!(-3));
        assert!(number("three").is_err());
    }

    #[test]
    fn an_answer_that_is_not_whole_is_no_observation() {
        let flagged = r#"{"status":"success","isPartial":true,"data":{"resultType":"vector","result":[]}}"#;
        let warned =
            r#"{"status":"success","warnings":["No StoreAPIs matched"],"data":{"resultType":"vector","result":[]}}"#;
        for body in [flagged, warned] {
            assert!(seen(body).unwrap_err().transient, "{body}");
        }
        let remark =
            r#"{"status":"success","warnings":["PromQL warning: bucket"],"data":{"resultType":"vector","result":[]}}"#;
        assert_eq!(observation(200, remark.as_bytes()).unwrap().notes, ["PromQL warning: bucket"]);
    }

    #[test]
    fn status_decides_whether_waiting_may_help() {
        let error = br#"{"status":"error","errorType":"422","error":"unexpected `}`"}"#;
        for (status, transient) in [(400, false), (401, false), (404, false), (422, false), (429, true), (503, true)] {
            let broken = observation(status, error).unwrap_err();
            assert_eq!(broken.transient, transient, "{status}");
            assert!(broken.cause.contains("unexpected `}`"), "{}", broken.cause);
        }
        assert!(!observation(200, b"<html>").unwrap_err().transient);
        assert!(observation(502, b"").unwrap_err().transient);
        assert!(observation(200, error).unwrap_err().cause.contains("unexpected"));
    }

    #[test]
    fn other_result_types_are_refused() {
        for kind in ["matrix", "string", "table"] {
            assert!(!seen(&success(kind, "[]")).unwrap_err().transient, "{kind}");
        }
    }
}
