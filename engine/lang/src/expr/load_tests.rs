//! Expressions when they are compiled: faults, what they read, what counts absence.

use std::sync::Arc;

use serde_json::json;

use super::tests::{compile, known, lang};
use super::*;

fn faults(text: &str) -> Vec<Fault> {
    lang().expr(text, &known(false)).expect_err(text)
}

#[test]
fn faults_point_at_what_is_wrong_and_say_what_to_write() {
    for (text, at, help) in [
        ("status?.phase == 1", "?.", "get("),
        ("status.phase = 1", "=", "`==`"),
        ("status.phase === 1", "===", "`==`"),
        ("status.phase == 'Ready'", "'Ready'", "write \"Ready\""),
        ("status.phase == 1 and true", "and", "`&&`"),
        ("not status.phase", "not", "`!`"),
        ("status.phase ?? 1", "??", "get("),
        ("statsu.phase == 1", "statsu", "did you mean `status`?"),
        ("items.lenn() == 1", "lenn", "did you mean `len`?"),
        ("items.any(|x| x.n == 1)", "any", "some("),
        ("items.some(x)", "x", "|x|"),
        ("status.phase.matches(\"(\")", "\"(\"", ""),
        ("status.phase.matches(\"\\d\")", "\\d", "backticks"),
        ("latency.p95 < 50", "latency.p95 < 50", "50ms"),
        ("keys.all(|k| k.size > 5)", "k.size > 5", "1GiB"),
        ("keys.map(|k| k.size).max() < 3", "keys.map(|k| k.size).max() < 3", "1GiB"),
        ("rate > 5", "rate > 5", "10k/s"),
        ("not_after > 7d", "not_after > 7d", "now()"),
        ("run.started > 5", "run.started > 5", ""),
        ("items.len() && true", "items.len()", ""),
        ("get(\"latency.p95\", 0) < 1s", "0", ""),
        ("has(status.phase)", "status.phase", "has("),
        ("has(\"status..x\")", "\"status..x\"", ""),
        ("has(\"statsu.x\")", "has(\"statsu.x\")", "did you mean"),
        ("10k > 5", "10k", ""),
        ("5parsec > 1s", "5parsec", ""),
        ("json.na-me == 5", "na-me", "[\"na-me\"]"),
        ("(status.phase == 1", "(", ""),
        ("status.phase == ", "", ""),
        ("file(\"b.json\") == \"\"", "\"b.json\"", ""),
        ("file(inputs.name) == \"\"", "inputs.name", ""),
        ("secret(\"x\") == \"\"", "secret", "secret('name')"),
        ("items.map(|x, y| x)", ",", ""),
        ("{{ inputs.x }} == 1", "{", ""),
        ("status.phase == \"x", "\"x", ""),
        ("if true { 1 }", "if", "hook"),
        ("status.phase in \"UP,DOWN\"", "\"UP,DOWN\"", "write `[\"UP\", \"DOWN\"]`"),
        ("items.all(|x| true)", "|x| true", "|x|"),
        ("items.all(|x| items.some(|y| y.n == 1))", "|x| items.some(|y| y.n == 1)", "|x|"),
        ("status.phase.matches(\".*\")", "\".*\"", ""),
        ("status.phase.matches(\"up|running|\")", "\"up|running|\"", ""),
        ("status.phase.matches(``)", "``", ""),
        ("status.phase =~ \"U.*\"", "=~", "write `status.phase.matches(\"U.*\")`"),
        ("status.phase !~ \"U\"", "!~", "write `!status.phase.matches(\"U\")`"),
        ("json.x-request-id == 1", "x-request-id", "[\"x-request-id\"]"),
        ("latency.p95 < 500 ms", "500 ms", "write `500ms`"),
        ("not_after > now() + 7 d", "7 d", "write `7d`"),
        ("items.all(i -> i.ok == f(1))", "->", "write `|i| i.ok == f(1)`"),
        ("$.json.x == 1", "$", "write `json.x == 1`"),
        (".json.x == 1", ".", "write `json.x == 1`"),
        ("items[*].ok", "*", "path: "),
        ("status_code == 200", "status_code", "did you mean `status`?"),
        ("5 in [\"a\", \"b\"]", "5 in [\"a\", \"b\"]", "number(x)"),
    ] {
        let found = faults(text);
        let fault = &found[0];
        assert_eq!(&text[fault.range.clone()], at, "{text}: {fault:?}");
        let said = fault.help.clone().unwrap_or_default();
        assert!(said.contains(help), "{text}: {fault:?}");
    }
}

#[test]
fn all_faults_of_names_and_sorts_are_told_at_once() {
    assert_eq!(faults("statsu.x == 1 && latency.p95 < 50 && rate > 5").len(), 3);
    assert!(lang().condition("items.len()", &known(false)).is_err());
    assert!(lang().condition("items.len() > 0", &known(false)).is_ok());
    assert!(lang().expr("anything.at.all == 1", &known(true)).is_ok());
}

#[test]
fn counting_a_selection_to_zero_is_recognised_in_every_form() {
    for text in [
        "items.len() == 0",
        "0 == items.len()",
        "items.len() < 1",
        "1 > items.len()",
        "items.len() <= 0",
        "!(items.len() > 0)",
        "!(items.len() != 0)",
        "items == []",
        "it.items.len() == 0",
        "it[\"items\"].len() == 0",
        "len(items) == 0",
        "!items.some(|x| x.n == 1)",
        "items.filter(|x| x.n == 1).len() == 0",
        "status.phase == \"x\" || !items.some(|x| x.n == 1)",
        "items.len() in [0]",
        "get(\"items\", []).len() == 0",
    ] {
        assert!(compile(text).counts_to_zero("items"), "{text}");
    }
    for text in [
        "items.len() == 2",
        "items.len() > 0",
        "items.some(|x| x.n == 1)",
        "items.all(|x| x.n != 1)",
        "!items.all(|x| x.n != 1)",
        "status.conditions.len() == 0",
        "items.len() < 5",
        "items.map(|x| x.n) == [1]",
        "first.items.len() == 0",
    ] {
        assert!(!compile(text).counts_to_zero("items"), "{text}");
    }
}

#[test]
fn what_holds_whatever_is_observed_is_recognised() {
    for text in [
        "a == a",
        "a.b <= a . b",
        "a == 1 || true",
        "1 == 1 && a == 1",
        "!a.list.some(|x| x == 1)",
        "a.list.filter(|x| x == 1).len() == 0",
        "0 == a.list.filter(|x| x == 1).map(|x| x).len()",
        "a.list.filter(|x| x == 1) == []",
        "a == 1 || a.list.filter(|x| x == 1).len() < 1",
        "a.text.contains(\"\")",
        "\"\" in a.text && a.n == 1",
        "a.list.len() >= 0",
        "0 <= a.list.len()",
        "!(a.list.len() < 0)",
        "a.list.len() > -1",
        "a.list.all(|x| x.len() >= 0)",
        "a.list.all(|x| x.n == 1 || true)",
        "size >= 0B",
        "keys.all(|k| k.size >= 0B)",
        "elapsed > 0s",
        "it.elapsed >= 0s",
        "rate >= 0/s",
        "size > 0B || size == 0B",
        "a.n < 3 || 3 <= a.n",
        "!(a.n < 3 && a.n >= 3)",
        "a.n == 1 || a.n != 1",
        "has(\"a.b\") || !has(\"a.b\")",
        "a.b == null || a.b != null",
        "a.n in [a.n, 2]",
    ] {
        assert!(compile(text).vacuous(false).is_some(), "{text}");
    }
    for text in [
        "a == b",
        "a != a",
        "a.list.len() == 0",
        "a.list.len() > 0 && !a.list.some(|x| x == 1)",
        "a.list.len() == 0 || a.list.all(|x| x != 1)",
        "a.list.filter(|x| x == 1).len() == 3",
        "a.list.some(|x| x == 1)",
        "a.n == first.a.n",
        "a.big || has(\"a.b\")",
        "a.list.len() >= 1",
        "a.list.len() > 0",
        "size > 0B",
        "rate > 0/s",
        "not_after - now() >= 0s",
        "checks.a.left >= 0s",
        "duration(a.text) >= 0s",
        "a.n >= 0",
        "a.n < 3 || a.n > 3",
        "a.n < 3 || b.n >= 3",
        "has(\"a.b\") || !has(\"a.c\")",
        "a.n in [1, 2]",
    ] {
        assert!(compile(text).vacuous(false).is_none(), "{text}");
    }
    assert!(compile("a.map(|x| x.n) == first.a.map(|x| x.n)").vacuous(true).is_some());
    assert!(compile("a.n > first.a.n").vacuous(true).is_none());
}

#[test]
fn a_value_that_is_to_be_one_of_some_is_no_way_round() {
    let of = |text: &str, wanted: Json| compile(text).vacuous_as(wanted.as_array().unwrap(), false).is_some();
    assert!(of("a.list.filter(|x| x == 1)", json!([[]])));
    assert!(of("a.list.filter(|x| x == 1).len()", json!([0, 1])));
    assert!(of("a.list.some(|x| x == 1)", json!([false])));
    assert!(of("a.list.len() >= 0", json!([true])));
    assert!(!of("a.list.filter(|x| x == 1).len()", json!([1, 2])));
    assert!(!of("a.list.len()", json!([0])));
    assert!(!of("a.list.some(|x| x == 1)", json!([true])));
    assert!(!of("!a.list.some(|x| x == 1)", json!([false])));
    assert!(compile("items.len()").counts_to(&[json!(0)], "items"));
}

#[test]
fn reads_tell_names_with_their_bytes() {
    let text = "checks.kafka-ready.id == inputs.name && items.all(|p| p.n == c) && checks.flux[c].x == run.id && get(\"checks.a.b\", 1) == 1 && file(\"a.json\") != \"\"";
    let known = Known { names: vec!["c".into(), "checks".into(), "inputs".into(), "run".into()], ..known(true) };
    let expr = lang().expr(text, &known).unwrap();
    let reads = expr.reads();
    let checks: Vec<(Vec<String>, &str)> =
        reads.checks.iter().map(|(names, at)| (names.clone(), &text[at.clone()])).collect();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        checks,
        [(names(&["kafka-ready", "id"]), "kafka-ready"), (names(&["flux"]), "flux"), (names(&["a", "b"]), "a")]
    );
    assert_eq!(
        reads.inputs.iter().map(|(name, at)| (name.as_str(), &text[at.clone()])).collect::<Vec<_>>(),
        [("name", "name")]
    );
    assert_eq!(
        reads.run.iter().map(|(name, at)| (name.as_str(), &text[at.clone()])).collect::<Vec<_>>(),
        [("id", "id")]
    );
    assert_eq!(reads.names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["items", "c", "c"]);
    assert_eq!(
        reads.files.iter().map(|(name, at)| (name.as_str(), &text[at.clone()])).collect::<Vec<_>>(),
        [("a.json", "a.json")]
    );
}

#[test]
fn every_function_is_on_the_page_that_errors_name() {
    let page = include_str!("../../../../docs/expressions.md");
    for name in crate::function::names() {
        assert!(page.contains(&format!("`{name}(")), "{name}");
    }
}

#[test]
fn a_text_compiles_once() {
    let lang = lang();
    let one = lang.expr("status.phase == \"x\"", &known(false)).unwrap();
    let other = lang.expr("status.phase == \"x\"", &known(true)).unwrap();
    assert!(Arc::ptr_eq(&one, &other));
}

proptest::proptest! {
    #[test]
    fn compiling_never_panics_and_faults_lie_in_the_text(text in "[a-z0-9_.|&=!<>()\\[\\]{}\"'`#:,%/ +*?é-]{0,40}") {
        if let Err(found) = lang().expr(&text, &known(false)) {
            for fault in found {
                proptest::prop_assert!(text.get(fault.range.clone()).is_some(), "{fault:?}");
            }
        }
    }
}
