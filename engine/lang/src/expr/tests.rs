//! Expressions when they run: what they give, what is an error, how they explain themselves.

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

pub(crate) fn known(open: bool) -> Known {
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

pub(crate) fn scope() -> Scope {
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

pub(crate) fn lang() -> Lang {
    Lang::new(Arc::new(NoFiles))
}

pub(crate) fn compile(text: &str) -> Arc<Expr> {
    let known = Known { open: true, ..known(true) };
    lang().expr(text, &known).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

pub(crate) fn holds(text: &str) -> bool {
    compile(text).holds(&scope()).unwrap_or_else(|error| panic!("{text}: {error:?}"))
}

pub(crate) fn error(text: &str) -> EvalError {
    match compile(text).eval(&scope()) {
        Err(error) => error,
        Ok(value) => panic!("{text} gives {value:?}"),
    }
}

pub(crate) fn gives(text: &str) -> String {
    compile(text).eval(&scope()).unwrap_or_else(|error| panic!("{text}: {error:?}")).show(200)
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
        "\"ad\" in status.phase || false",
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

#[test]
fn what_is_an_error_says_why_and_never_gives_true_or_false() {
    for (text, message) in [
        ("json.text > 3", "text and a number do not compare: \"30\" > 3"),
        ("\"0\" != 0", "text and a number do not compare: \"0\" != 0"),
        ("status.gone != 5", "null and a number do not compare: null != 5"),
        ("!(status.gone > 5)", "null and a number do not compare: null > 5"),
        ("[].all(|x| x == 1)", "`all` over nothing: the list is empty"),
        ("empty.map(|x| x.n).sum() == 0", "`sum` over nothing: the list is empty"),
        ("[1] == [\"1\"]", "a number and text do not compare: 1 == \"1\""),
        ("5 in [\"5\"]", "a number and text do not compare: 5 == \"5\""),
        ("status.replicas", "it must be true or false; it is a whole number: 2"),
        ("1 && true", "`&&` wants true or false; `1` is a whole number: 1"),
        ("true && \"x\"", "`&&` wants true or false; `\"x\"` is text: \"x\""),
        ("!status.replicas", "`!` wants true or false, not a whole number: 2"),
        ("items.name == \"a\"", "`items` is a list, which has no `name`: "),
        ("\"9\" > \"10\"", "texts that begin with digits compare letter by letter: \"9\" > \"10\""),
        ("[1] < [2]", "a list and a list have no order: [1] < [2]"),
        ("1 / 0 == 1", "division by zero: 1 / 0"),
        ("number(\"x\") == 1", "\"x\" is not a number"),
        ("number(\"NaN\") == 1", "\"NaN\" is no finite number"),
        ("items.all(|x| x.n)", "`all` wants true or false of each item, not a whole number: 1"),
        ("status.phase + 1 == \"x\"", "text + a number has no meaning: \"Ready\" + 1"),
        ("latency.p95 == 40", "a duration and a number do not compare: 40ms == 40"),
        ("time(\"yesterday\") < now()", "\"yesterday\" is not a time; times are `2026-11-24T08:00:00Z`"),
        ("text(items) == \"\"", "a list cannot stand inside text: "),
        (
            "items.map(|x| items.map(|y| items.map(|z| 1)))[7][0] == 1",
            "`items.map(|x| items.map(|y| items.map(|z| 1)))` has no item 7; it has 2",
        ),
    ] {
        let expr = lang().expr(text, &known(true));
        let found = match expr {
            Ok(expr) => expr.holds(&scope()).expect_err(text).message,
            // Found at load already; what evaluation says is asked of the bare expression.
            Err(_) => Expr::compile(text, &lang().world()).unwrap().holds(&scope()).expect_err(text).message,
        };
        assert!(found.starts_with(message), "{text}: {found}");
    }
}

#[test]
fn what_is_not_there_is_absent_and_says_what_is() {
    for (text, message) in [
        ("status.phaze == \"x\"", "`status` has no `phaze`; it has: phase, replicas, gone, default, match, conditions"),
        ("nothing == 1", "the observation has no `nothing`; it has: status, "),
        ("items[5].n == 1", "`items` has no item 5; it has 2"),
        ("status.gone.deeper == 1", "`status.gone` is null, so it has no `deeper`"),
        ("items.find(|x| x.n == 9).n == 1", "`find` finds none among 2 items"),
        ("empty.first() == 1", "`first` of an empty list"),
        ("items[0].m == 1", "`items[0]` has no `m`; it has: n, name, tags"),
        ("checks.other.x == 1", "`checks` has no `other`; it has: kafka-ready, flux"),
    ] {
        let error = error(text);
        assert!(error.absent, "{text}: {error:?}");
        assert!(error.message.starts_with(message), "{text}: {}", error.message);
    }
    assert_eq!(error("status.phaze == \"x\"").help.as_deref(), Some("did you mean `phase`?"));
    let mut gone = Scope::default();
    gone.set_observation(Value::from_json(&Json::Null), "2026-11-24T00:00:00Z".parse().unwrap());
    let error = compile("status.phase == \"x\"").eval(&gone).unwrap_err();
    assert!(error.absent && error.message.contains("is not there"), "{error:?}");
}

#[test]
fn endless_work_ends() {
    let list = format!("[{}]", vec!["1"; 400].join(", "));
    let text = format!("{list}.map(|a| {list}.map(|b| {list}.map(|c| a + b + c))).len() == 1");
    assert_eq!(error(&text).message, "it takes too many steps");
    assert!(lang().expr(&"(".repeat(100_000), &known(true)).is_err());
    assert!(lang().expr(&format!("{}1", "-".repeat(1000)), &known(true)).is_err());
    assert!(lang().expr(&vec!["1"; 5000].join(" + "), &known(true)).is_err());
    assert!(lang().expr(&format!("a{}", ".b()".repeat(5000)), &known(true)).is_err());
}

#[test]
fn a_false_expression_is_explained_with_the_values_of_its_parts() {
    for (text, lines) in [
        ("status.replicas == inputs.brokers + 1", vec!["2 == 3", "status.replicas is 2", "inputs.brokers is 2"]),
        (
            "status.phase == \"Ready\" && status.replicas > 5",
            vec!["2 > 5", "status.replicas is 2", "status.replicas > 5 does not hold"],
        ),
        (
            "status.replicas > 5 || status.phase == \"x\"",
            vec!["2 > 5", "status.replicas is 2", "\"Ready\" == \"x\"", "status.phase is \"Ready\""],
        ),
        ("items.all(|x| x.n < 2)", vec!["items[1]: 2 < 2", "  x.n is 2"]),
        ("items.some(|x| x.n > 2)", vec!["none of the 2 items of items fits", "items[0]: 1 > 2", "items[1]: 2 > 2"]),
        ("empty.some(|x| x == 1)", vec!["empty is empty"]),
        ("!items.some(|x| x.n == 2)", vec!["items[1]: {n: 2, name: \"b-2\", tags: [\"x\", \"y\"]}"]),
        ("status.phase.contains(\"z\")", vec!["\"Ready\".contains(\"z\")", "status.phase is \"Ready\""]),
        ("has(\"status.x\")", vec!["\"status.x\" is not there"]),
        (
            "items.map(|x| x.n) == [1, 3]",
            vec!["[1, 2] == [1, 3]", "item 1 differs: 2 and 3", "items.map(|x| x.n) is [1, 2]"],
        ),
        ("status.phase == null", vec!["status.phase is \"Ready\""]),
        ("latency.p95 < 10ms", vec!["40ms < 10ms", "latency.p95 is 40ms"]),
    ] {
        let expr = compile(text);
        assert_eq!(expr.holds(&scope()), Ok(false), "{text}");
        assert_eq!(expr.explain(&scope()), lines, "{text}");
    }
}

#[test]
fn values_are_given_as_they_are() {
    assert_eq!(gives("items.map(|p| p.name)"), "[\"a-1\", \"b-2\"]");
    assert_eq!(gives("now() - not_after"), "-720h");
    assert_eq!(gives("status"), gives("it.status"));
    assert_eq!(gives("c"), "\"apps\"");
}
