//! Expressions: what they give, what they refuse, how they explain themselves.

use std::sync::Arc;

use checkrun_model::{Field, Files, Sort};
use serde_json::{Value as Json, json};

use super::*;
use crate::Lang;

pub(crate) struct NoFiles;

impl Files for NoFiles {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        match path {
            "a.json" => Ok(r#"{"a": 1}"#.into()),
            _ => Err(format!("{path} is not there")),
        }
    }
}

static FIELDS: [Field; 9] = [
    Field { path: "latency.p95", sort: Sort::Duration, doc: "" },
    Field { path: "keys", sort: Sort::Plain, doc: "" },
    Field { path: "keys[].size", sort: Sort::Size, doc: "" },
    Field { path: "not_after", sort: Sort::Time, doc: "" },
    Field { path: "rate", sort: Sort::Rate, doc: "" },
    Field { path: "items", sort: Sort::Plain, doc: "" },
    Field { path: "status", sort: Sort::Plain, doc: "" },
    Field { path: "json", sort: Sort::Plain, doc: "" },
    Field { path: "empty", sort: Sort::Plain, doc: "" },
];

fn known(open: bool) -> Known {
    let names = ["inputs", "checks", "run", "cluster", "first"].map(String::from).to_vec();
    Known { names, fields: Some(&FIELDS), open }
}

fn it() -> Json {
    json!({
        "status": { "phase": "Ready", "replicas": 2, "gone": null, "default": "d", "match": 7,
                    "conditions": [{ "type": "Ready", "status": "True" }, { "type": "Stalled", "status": "False" }] },
        "items": [{ "n": 1, "name": "a-1", "tags": ["x"] }, { "n": 2, "name": "b-2", "tags": ["x", "y"] }],
        "empty": [],
        "json": { "text": "30", "nested": "{\"a\": 1}", "na-me": 5, "float": 1.5, "big": 18_446_744_073_709_551_615_u64 },
        "latency": { "p95": 0.04 },
        "keys": [{ "size": 2048 }],
        "rate": 200,
        "not_after": "2026-12-24T00:00:00Z",
        "headers": { "content-type": "text/plain" },
    })
}

fn scope() -> Scope {
    let mut scope = Scope::default();
    scope.set("inputs", Value::from_json(&json!({ "brokers": 2, "name": "x" })));
    scope.set(
        "checks",
        Value::from_json(
            &json!({ "kafka-ready": { "id-of-it": "k", "count": 2 }, "flux": { "apps": { "revision": "r" } } }),
        ),
    );
    scope.set("run", Value::from_json(&json!({ "id": "abcd1234" })));
    scope.set("cluster", Value::text("apps"));
    scope.set("c", Value::text("apps"));
    scope.set("first", Value::from_json(&it()));
    scope.set_observation(Value::observation(Arc::new(it()), &FIELDS), "2026-11-24T00:00:00Z".parse().unwrap());
    scope
}

fn lang() -> Lang {
    Lang::new(Arc::new(NoFiles))
}

fn compile(text: &str) -> Arc<Expr> {
    let known = Known { open: true, ..known(true) };
    lang().expr(text, &known).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

fn holds(text: &str) -> bool {
    compile(text).holds(&scope()).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

fn error(text: &str) -> EvalError {
    match compile(text).eval(&scope()) {
        Err(error) => error,
        Ok(value) => panic!("{text} gives {value:?}"),
    }
}

fn gives(text: &str) -> String {
    compile(text).eval(&scope()).unwrap_or_else(|error| panic!("{text}: {error:?}")).show(200)
}

fn faults(text: &str) -> Vec<Fault> {
    lang().expr(text, &known(false)).expect_err(text)
}

#[test]
fn what_holds_and_what_does_not() {
    for text in [
        "status.phase == \"Ready\"",
        "status.replicas == inputs.brokers",
        "status.replicas + 1 == 3.0",
        "status.default == \"d\" && status.match == 7",
        "items.len() == inputs.brokers",
        "items.map(|p| p.n) == [1, 2]",
        "items.all(|p| p.n > 0)",
        "items.some(|p| p.tags.contains(\"y\"))",
        "[\"a-1\", \"b-2\"].all(|n| items.some(|d| d.name == n))",
        "items.find(|p| p.name.ends_with(\"-\" + text(checks.kafka-ready.count))).name == \"b-2\"",
        "items.map(|p| p.tags.map(|t| t)) == first.items.map(|p| p.tags.map(|t| t))",
        "checks.kafka-ready.id-of-it == \"k\"",
        "checks.kafka-ready.count - 1 == 1",
        "checks.flux[c].revision == checks.flux.apps.revision",
        "latency.p95 < 50ms",
        "latency.p95 * 2 == 80ms",
        "keys[0].size == 2KiB",
        "keys[0].size > 0B",
        "not_after > now() + 7d",
        "not_after - now() == 30d",
        "rate >= 200/s && rate < 10k/s",
        "number(json.text) == 30",
        "parse_json(json.nested) == parse_json(file(\"a.json\"))",
        "json[\"na-me\"] == 5 && headers[\"content-type\"] == \"text/plain\"",
        "2 in [1, 2] && 3 !in [1, 2]",
        "\"ad\" in \"Ready\" || false",
        "!status.phase.contains(\"x\")",
        "has(\"status.phase\") && !has(\"status.nothing.deeper\") && !has(\"status.gone\")",
        "get(\"status.nothing\", 5) == 5 && get(\"status.replicas\", 5) == 2",
        "items.all(|p| p.get(\"nothing\", 0) == 0 && get(\"p.n\", 0) > 0)",
        "status.gone == null && status.phase != null",
        "items[-1].n == 2",
        "json.big == 18446744073709551615 && json.big != 18446744073709551614",
        "20% * 10 == 2 && 7 % 4 == 3",
        "-1 < 0 && 2 + 3 * 4 == 14 && (2 + 3) * 4 == 20 && 10 - 2 - 3 == 5",
        "1 + 1 == 2 && 7 / 2 == 3.5 && 6 / 2 == 3",
        "#{ a: 1, \"b-c\": [2] } == parse_json(`{\"a\": 1, \"b-c\": [2]}`)",
        "status.phase.matches(\"^Re\") && status.phase.matches(`\\w+`)",
        "size(\"2Gi\") >= 2GiB && duration(\"1m23s\") < 2m && time(\"2026-11-24T00:00:00Z\") == now()",
        "items.map(|p| p.n).sum() == 3 && items.map(|p| p.n).max() == 2",
        "it.status.phase == status.phase",
        "seconds(90) == 1m30s && 100 / 2s == 50/s && 10/s * 2s == 20",
        "[3, 1, 2].sort() == [1, 2, 3] && [1, 1].unique().len() == 1 && [[1], [2]].flatten() == [1, 2]",
        "\"a,b\".split(\",\").join(\"+\") == \"a+b\" && \" A \".trim().lower() == \"a\"",
        "#{ a: 1 }.keys() == [\"a\"] && #{ a: 1 }.values().first() == 1 && \"a\" in #{ a: 1 }",
        "[1, 2].contains(2) && round(2.567, 1) == 2.6 && abs(-3) == 3 && round(1.6) == 2",
        "run.id.len() == 8",
    ] {
        assert!(holds(text), "{text}");
    }
    for text in
        ["!(status.replicas == 2)", "false && items[9].x == 1", "items.some(|p| p.n > 5)", "status.phase == null"]
    {
        assert!(!holds(text), "{text}");
    }
}
