use std::time::Duration;

use serde_json::{Value as Json, json};

use super::*;

/// A store of some series of `apps` and `infra`.
fn store() -> Metrics {
    let metrics = Metrics::new(Clock::new(1.0));
    let series = [
        (r#"up{job="kafka",cluster="apps",pod="a"}"#, 1.0, 10),
        (r#"up{job="kafka",cluster="apps",pod="b"}"#, 0.0, 20),
        (r#"up{job="node",cluster="infra"}"#, 1.0, 30),
        (r#"up{job="gone",cluster="apps"}"#, 1.0, 301),
        (r#"bytes{cluster="apps"}"#, 2048.0, 10),
    ];
    for (text, value, ago) in series {
        metrics.store().set(Series {
            labels: labels(text).expect("a series"),
            value: Value::Number(value),
            when: When::Ago(Duration::from_secs(ago)),
        });
    }
    metrics
}

fn asked(metrics: &Metrics, query: &str) -> (u16, Json) {
    let fields = vec![("query".to_owned(), query.to_owned())];
    let asked = Asked { method: "POST".into(), path: "/api/v1/query".into(), fields, ..Asked::default() };
    let answer = answer::answer(metrics, &asked);
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// The values that a query gives, in order.
fn values(query: &str) -> Vec<String> {
    let (status, body) = asked(&store(), query);
    assert_eq!(status, 200, "{query}: {body}");
    let result = &body["data"]["result"];
    match body["data"]["resultType"].as_str() {
        Some("scalar") => vec![result[1].as_str().expect("text").to_owned()],
        _ => {
            result.as_array().expect("a list").iter().map(|one| one["value"][1].as_str().unwrap_or("").into()).collect()
        }
    }
}

#[test]
fn selectors_see_what_fits_and_is_not_too_old() {
    assert_eq!(values("up"), ["1", "0", "1"]);
    assert_eq!(values(r#"up{job=~"ka.*",cluster="apps"}"#), ["1", "0"]);
    assert_eq!(values(r#"up{cluster!~"apps|infra"}"#), [""; 0]);
    assert_eq!(values(r#"{cluster="apps"}"#), ["1", "0", "2048"]);
    assert_eq!(values(r#"up{job="gone"}"#), [""; 0]);
    assert_eq!(values(r#"up{pod=""}"#), ["1"], "no label is an empty one");
}

#[test]
fn aggregations_and_operators() {
    assert_eq!(values(r#"count({cluster="apps"})"#), ["3"]);
    assert_eq!(values("sum by (cluster) (up)"), ["1", "1"]);
    assert_eq!(values("max without (pod, job) (up)"), ["1", "1"]);
    assert_eq!(values("up == 0"), ["0"]);
    assert_eq!(values("up == bool 0"), ["0", "1", "0"]);
    assert_eq!(values("1 + 2 * 3 ^ 2"), ["19"]);
    assert_eq!(values("-(bytes / 1024)"), ["-2"]);
    assert_eq!(values(r#"up{pod="a"} + on (pod) up{pod="a"}"#), ["2"]);
    assert_eq!(values(r#"up unless up{job="kafka"}"#), ["1"]);
    assert_eq!(values("count(no_such)"), [""; 0]);
    assert_eq!(values("absent(no_such)"), ["1"]);
    assert_eq!(values("1 / 0"), ["+Inf"]);
}

#[test]
fn time_is_that_of_the_last_sample() {
    let age: f64 = values(r#"time() - max(timestamp(up{cluster="apps"}))"#)[0].parse().expect("a number");
    assert!((9.9..11.0).contains(&age), "{age}");
    let old: f64 = values(r#"time() - min(timestamp(up{cluster="apps"}))"#)[0].parse().expect("a number");
    assert!((19.9..21.0).contains(&old), "{old}");
}

#[test]
fn what_is_not_worked_out_is_refused_by_name() {
    for (query, part) in [
        ("rate(up[5m])", "`rate`"),
        ("up offset 5m", "offset"),
        ("topk(1, up)", "`topk`"),
        ("max_over_time(up[5m:1m])", "max_over_time"),
        ("histogram_quantile(0.9, up)", "histogram_quantile"),
        ("up[5m]", "the range"),
    ] {
        let (status, body) = asked(&store(), query);
        let why = body["error"].as_str().unwrap_or_default();
        assert_eq!((status, why.contains(part)), (422, true), "{query}: {body}");
    }
    assert_eq!(asked(&store(), "sum(rate(").0, 400);
    assert_eq!(asked(&store(), " ").0, 400);
}

#[test]
fn answers_are_given_by_query_however_it_is_spaced() {
    let metrics = store();
    metrics.give(neat("sum(rate(x[5m]))").expect("a query"), vec![(Labels::new(), 7.0)]);
    let (status, body) = asked(&metrics, "sum( rate( x[5m] ) )");
    assert_eq!((status, &body["data"]["result"][0]["value"][1]), (200, &json!("7")));
}

#[test]
fn a_value_may_be_a_query() {
    let metrics = store();
    let labels = labels("expires").expect("a series");
    let value = Value::Query("time() + 60".into());
    metrics.store().set(Series { labels, value, when: When::Ago(Duration::ZERO) });
    let (_, body) = asked(&metrics, "expires - time()");
    let left: f64 = body["data"]["result"][0]["value"][1].as_str().expect("text").parse().expect("a number");
    assert!((left - 60.0).abs() < 0.5, "{body}");
}
