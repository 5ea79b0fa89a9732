//! Paths: what they select, their witness, and the dialects that are refused.

use serde_json::json;

use super::*;

fn path(text: &str) -> Path {
    Path::compile(text).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

#[test]
fn what_is_selected_is_named_by_its_concrete_path() {
    let json = json!({ "items": [
        { "spec": { "suspend": true }, "metadata": { "labels": { "a.b/c": 1 } } },
        { "spec": { "suspend": false } },
    ] });
    let found = |text: &str| {
        path(text).select(&json).into_iter().map(|(at, value)| format!("{at} = {value}")).collect::<Vec<_>>()
    };
    assert_eq!(found("$.items[*].spec.suspend"), ["$.items[0].spec.suspend = true", "$.items[1].spec.suspend = false"]);
    assert_eq!(found("$.items[?@.spec.suspend == true].spec"), ["$.items[0].spec = {\"suspend\":true}"]);
    assert_eq!(found("$.items[0].metadata.labels['a.b/c']"), ["$.items[0].metadata.labels['a.b/c'] = 1"]);
    assert_eq!(found("$..suspend").len(), 2);
    assert_eq!(found("$.nothing"), Vec::<String>::new());
}

#[test]
fn the_witness_is_the_path_up_to_its_last_filter() {
    let witness = |text: &str| path(text).witness().map(|path| path.text().to_owned());
    assert_eq!(witness("$.items[?@.spec.suspend == true]").as_deref(), Some("$.items[*]"));
    assert_eq!(witness("$.items[?@.a == ']'].b[?@.c == 1].d").as_deref(), Some("$.items[?@.a == ']'].b[*]"));
    assert_eq!(witness("$.items[*].spec"), None);
    let parent = |text: &str| path(text).parent().map(|path| path.text().to_owned());
    assert_eq!(parent("$.items[*].spec.x").as_deref(), Some("$.items[*].spec"));
    assert_eq!(parent("$.metadata.labels['a.b']").as_deref(), Some("$.metadata.labels"));
    assert_eq!(parent("$.items").as_deref(), Some("$"));
    assert_eq!(parent("$"), None);
}

#[test]
fn a_filter_that_could_not_have_chosen_says_why() {
    let why = |text: &str, json: Json| path(text).could_not_choose(&json);
    let pods = || json!({ "items": [{ "state": "bad", "n": "3", "m": { "deleted": 1 } }, {}] });
    assert_eq!(why("$.items[?@.stat == 'x']", pods()).as_deref(), Some("no element has `stat`"));
    assert_eq!(why("$.items[?search(@.stat, 'x')]", pods()).as_deref(), Some("no element has `stat`"));
    assert_eq!(
        why("$.items[?@.n > 5]", pods()).as_deref(),
        Some("`n` is text in every element, and the filter compares it with a number")
    );
    assert_eq!(why("$.items[?@.m.gone]", pods()), None);
    assert_eq!(why("$.items[?@.k.gone]", pods()).as_deref(), Some("no element has `k`"));
    assert_eq!(why("$.items[?@.state == 'x' && !(@['n'] == '4')]", pods()), None);
    assert_eq!(why("$.items[?@.state == $.wanted]", pods()).as_deref(), Some("there is no `$.wanted`"));
    assert_eq!(why("$.items[*].state", pods()), None);
}

#[test]
fn elements_that_lead_to_nothing_are_named() {
    let json = json!({ "items": [{ "s": { "p": 1 } }, { "s": {} }, {}, { "s": { "p": null } }], "x": [{ "c": [] }] });
    let left = |text: &str| path(text).left_out(&json);
    assert_eq!(left("$.items[*].s.p"), ["$.items[1]", "$.items[2]"]);
    assert_eq!(left("$.items[?@.s.p].s.p"), Vec::<String>::new());
    assert_eq!(left("$.x[*].c[*].d"), ["$.x[0]"]);
    assert_eq!(left("$.items[0].s"), Vec::<String>::new());
}

#[test]
fn a_filter_without_elements_or_with_a_bad_pattern_is_refused() {
    for (text, why) in [("$.items[?1 == 2]", "reads nothing"), ("$.items[?search(@.s, '(x')]", "regular expression")] {
        let fault = Path::compile(text).expect_err(text);
        assert!(fault.message.contains(why), "{text}: {fault:?}");
    }
}

#[test]
fn other_dialects_are_refused_with_how_to_write_it() {
    for (text, help) in [
        ("{.items[0].metadata.name}", "`$.items[0].metadata.name`"),
        (".items[0]", "`$.items[0]`"),
        ("items[0]", "`$.items[0]`"),
        ("$.metadata.dash-key", "`$.metadata['dash-key']`"),
        ("$.items[", "`$.items[*].metadata.name`"),
    ] {
        let fault = Path::compile(text).expect_err(text);
        assert!(fault.help.clone().unwrap_or_default().contains(help), "{text}: {fault:?}");
    }
}

proptest::proptest! {
    #[test]
    fn compiling_never_panics(text in "[$.\\[\\]'a-z0-9?@*:,()= -]{0,24}") {
        if let Ok(path) = Path::compile(&text) {
            let json = json!({ "a": [{ "b": 1 }] });
            let _ = (path.select(&json).len(), path.witness(), path.parent());
        }
    }
}
