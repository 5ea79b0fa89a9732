//! Expressions when they are compiled: faults, what they read, what counts absence.

use std::sync::Arc;

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
    ] {
        assert!(compile(text).vacuous(false).is_none(), "{text}");
    }
    assert!(compile("a.map(|x| x.n) == first.a.map(|x| x.n)").vacuous(true).is_some());
    assert!(compile("a.n > first.a.n").vacuous(true).is_none());
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
