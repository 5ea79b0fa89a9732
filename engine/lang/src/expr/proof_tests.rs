//! What an expression that holds must have looked at, and keys that only look absent.

use serde_json::json;

use super::tests::{compile, error};
use super::*;

fn proves(text: &str, seen: Json) -> Result<bool, EvalError> {
    let mut scope = Scope::default();
    scope.set("inputs", Value::from_json(&json!({ "skip": [] })));
    scope.set("checks", Value::from_json(&json!({ "before": { "names": [] } })));
    scope.set_observation(Value::from_json(&json!({ "json": seen })), "2026-11-24T00:00:00Z".parse().unwrap());
    compile(text).proves(&scope)
}

fn nothing_is_proven(text: &str, seen: Json) {
    let error = proves(text, seen).expect_err(text);
    assert!(error.absent && error.message.contains("proves nothing"), "{text}: {error:?}");
}

#[test]
fn what_holds_because_a_list_is_empty_proves_nothing() {
    for text in [
        "!json.map(|a| a.labels.alertname).contains(\"KafkaDown\")",
        "\"KafkaDown\" !in json.map(|a| a.labels.alertname)",
        "json.map(|x| x.nope) == []",
        "json.map(|a| a.state) != [\"firing\"]",
        "json.map(|a| a.state).unique().len() <= 1",
        "json.filter(|a| a.stat == \"firing\").map(|a| a.name).join(\",\") == \"\"",
        "json.filter(|x| x.bad).len() < 3",
        "json.unique().len() <= 1",
        "json.len() < 3 && !json.contains(\"x\")",
        "!(json.contains(\"x\") || json.len() > 3)",
        "!json.contains(\"x\") || json.len() == 1",
        "get(\"json.deep\", []).map(|x| x.n) == []",
        "[1, 2].all(|n| n !in json)",
        "json.some(|x| x.bad) == false",
    ] {
        nothing_is_proven(text, json!([]));
    }
    nothing_is_proven("\"error\" !in json", json!({}));
    nothing_is_proven("!json.keys().contains(\"error\")", json!({}));
    nothing_is_proven("json.all(|p| !p.tags.contains(\"bad\"))", json!([{ "tags": [] }, { "tags": [] }]));
    nothing_is_proven("json.filter(|p| p.tags.contains(\"bad\")).len() < 1 && true", json!([{ "tags": [] }]));
    nothing_is_proven("!json.map(|p| p.tags).flatten().contains(\"bad\")", json!([{ "tags": [] }]));
    nothing_is_proven("\"x\" !in checks.before.names", json!([]));
}

#[test]
fn what_says_that_nothing_is_fine_or_looked_at_something_holds() {
    for text in [
        "json.len() == 0",
        "json == []",
        "json.len() < 3",
        "json.len() == 0 || !json.map(|a| a.name).contains(\"x\")",
        "!json.map(|a| a.name).contains(\"x\") || json.len() == 0",
    ] {
        assert_eq!(proves(text, json!([])), Ok(true), "{text}");
    }
    let items = || json!([{ "n": 1, "tags": [] }, { "n": 2, "tags": ["x"] }]);
    for text in [
        "json.len() > 0 && json.filter(|x| x.n == 5).len() == 0",
        "!json.filter(|x| x.n == 5).map(|x| x.tags).contains(\"x\")",
        "json.filter(|x| x.n == 5).map(|x| x.n).unique().len() <= 1",
        "json.all(|p| !p.tags.contains(\"bad\"))",
        "json.all(|p| p.n !in inputs.skip)",
        "json.filter(|p| p.n !in inputs.skip).all(|p| p.n > 0)",
        "json.some(|p| p.tags.contains(\"x\"))",
        "json.map(|p| p.tags.map(|t| t)) == [[], [\"x\"]]",
    ] {
        assert_eq!(proves(text, items()), Ok(true), "{text}");
    }
    assert_eq!(proves("!json.contains(\"x\")", json!("")), Ok(true));
}

#[test]
fn what_does_not_hold_is_false_and_no_error() {
    assert_eq!(proves("json.map(|a| a.name).contains(\"x\")", json!([])), Ok(false));
    assert_eq!(proves("json.some(|a| a.name == \"x\")", json!([])), Ok(false));
    assert_eq!(proves("json.len() > 0 && !json.contains(\"x\")", json!([])), Ok(false));
}

#[test]
fn a_key_that_looks_misspelt_is_no_absent_key() {
    for (text, near) in [
        ("get(\"status.phaes\", \"Ready\") == \"Ready\"", "phase"),
        ("!has(\"status.replica\")", "replicas"),
        ("!has(\"heders.x\")", "headers"),
        ("items.all(|p| p.get(\"nmae\", \"\") == \"\")", "name"),
        ("!has(\"it.status.Phase\")", "phase"),
    ] {
        let error = error(text);
        assert!(!error.absent && error.message.ends_with(&format!("but there is `{near}`")), "{text}: {error:?}");
    }
}

#[test]
fn every_text_holds_the_empty_one() {
    for text in [
        "json.none in status.phase",
        "status.phase.contains(json.none)",
        "status.phase.starts_with(json.none)",
        "status.phase.ends_with(json.none)",
    ] {
        let error = error(&text.replace("json.none", "\"x\".replace(\"x\", \"\")"));
        assert!(error.message.contains("proves nothing"), "{text}: {error:?}");
    }
    assert!(error("status.phase.matches(\"x*\" + \"\")").message.contains("found in every text"));
}

#[test]
fn a_pattern_that_can_fail_is_taken() {
    for pattern in ["^$", "^(up)?$", "up|down", "^[a-z]*$", ".+", "^.{0,20}$", "^$|!", "x"] {
        assert!(crate::fits_every_text(&regex::Regex::new(pattern).unwrap()).is_none(), "{pattern}");
    }
    for pattern in ["", ".*", "up|running|", "^.*$", "a?", "(?i)up*|", "^"] {
        assert!(crate::fits_every_text(&regex::Regex::new(pattern).unwrap()).is_some(), "{pattern}");
    }
}
