use std::sync::Arc;

use checkrun_lang::{
    Expectation, Known, Lang, Matcher, ReadinessRule, ReadinessRules, Scope, Subject, Test, Value, What,
};
use checkrun_model::event::Outcome;
use checkrun_model::{Asked, Effect, Files, KindDoc, Node, Ruling, Runs, SourceId, Sources, Span, Witness};
use serde_json::{Value as Json, json};

use crate::{Case, Judgement, asked, judge};

struct NoFiles;

impl Files for NoFiles {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        Err(format!("{path} is not there"))
    }
}

fn here() -> Span {
    Span::new(SourceId(0), 0, 1)
}

fn lang() -> Lang {
    Lang::new(Arc::new(NoFiles))
}

static DOC: KindDoc = KindDoc {
    name: "test.list",
    summary: "",
    rule: "at least one",
    rule_proves: true,
    runs: Runs::Local,
    lock: None,
    selection: Some("items"),
    witness: Witness::Required,
    readiness: true,
    worst: Effect::Read,
    may_say_read: false,
    grafts: &[],
    observation: &[],
    open: true,
    example: "",
    effect_keys: &[],
    bounds: &[],
    timeout: None,
};

pub(crate) fn expr(text: &str) -> Expectation {
    let known = Known { fields: Some(&[]), open: true, ..Known::default() };
    let compiled = lang().expr(text, &known).unwrap();
    Expectation { span: here(), text: text.into(), what: What::Expr(compiled) }
}

pub(crate) fn word(what: What) -> Expectation {
    Expectation { span: here(), text: "word".into(), what }
}

pub(crate) fn matcher(path: &str, test: Option<Test>, count: Option<u64>) -> Expectation {
    let subject = Subject::Path(lang().path(path).unwrap());
    Expectation { span: here(), text: path.into(), what: What::Matcher(Box::new(Matcher { subject, test, count })) }
}

pub(crate) fn value(text: &str, test: Test) -> Expectation {
    let known = Known { fields: Some(&[]), open: true, ..Known::default() };
    let subject = Subject::Value(lang().expr(text, &known).unwrap());
    let what = What::Matcher(Box::new(Matcher { subject, test: Some(test), count: None }));
    Expectation { span: here(), text: text.into(), what }
}

pub(crate) fn tree(value: &Json) -> checkrun_lang::Tree {
    lang().tree(&Node::from_json(here(), value), &Sources::default()).unwrap()
}

fn rules() -> ReadinessRules {
    let known = Known { fields: Some(&[]), open: true, ..Known::default() };
    let expr = |text: &str| lang().expr(text, &known).unwrap();
    let pod = ReadinessRule {
        kind: "Pod".into(),
        failed: vec![(expr("status.phase == \"Failed\""), expr("get(\"status.reason\", \"none given\")"))],
        ready: vec![expr("status.phase == \"Running\"")],
        without_generation: true,
    };
    let app = ReadinessRule {
        kind: "Deployment.apps".into(),
        failed: vec![],
        ready: vec![expr("status.ready == 1")],
        without_generation: false,
    };
    ReadinessRules { rules: vec![pod, app] }
}

pub(crate) struct Seen<'a> {
    pub(crate) seen: Json,
    pub(crate) ruling: Ruling,
    pub(crate) witness: Option<&'a Json>,
    pub(crate) allow_empty: bool,
}

pub(crate) fn seen(seen: Json) -> Seen<'static> {
    Seen { seen, ruling: Ruling::Met, witness: None, allow_empty: false }
}

pub(crate) fn judged(case: Seen<'_>, expectations: &[Expectation]) -> Judgement {
    let value = Arc::new(case.seen);
    let mut scope = Scope::default();
    scope.set_observation(Value::observation(Arc::clone(&value), &[]), jiff::Timestamp::UNIX_EPOCH);
    let asked = Asked { allow_empty: case.allow_empty, ..asked(expectations, case.allow_empty) };
    judge(&Case {
        doc: Some(&DOC),
        ruling: Some(case.ruling),
        kind_span: here(),
        seen: value,
        witness: case.witness,
        scope: &scope,
        expectations,
        hook: None,
        readiness: &rules(),
        asked,
    })
}

fn outcomes(judgement: &Judgement) -> Vec<Outcome> {
    judgement.findings.iter().map(|one| one.finding.outcome).collect()
}

#[test]
fn the_kinds_rule_holds_beside_what_is_expected() {
    let case = Seen { ruling: Ruling::NotYet("status 500".into()), ..seen(json!({ "a": 1 })) };
    let judgement = judged(case, &[expr("a == 1")]);
    assert_eq!(outcomes(&judgement), [Outcome::Unmet, Outcome::Met]);
    assert_eq!(judgement.outcome, Outcome::Unmet);
}

#[test]
fn every_expectation_is_judged_and_the_worst_counts() {
    let judgement = judged(seen(json!({ "a": 1, "b": "x" })), &[expr("a == 2"), expr("b > 3"), expr("a == 1")]);
    assert_eq!(outcomes(&judgement)[1..], [Outcome::Unmet, Outcome::Error, Outcome::Met]);
    assert_eq!(judgement.outcome, Outcome::Error);
}

#[test]
fn an_absent_key_is_not_yet_and_a_wrong_type_is_an_error() {
    assert_eq!(judged(seen(json!({ "a": {} })), &[expr("a.missing == 1")]).outcome, Outcome::Unmet);
    assert_eq!(judged(seen(json!({ "a": "1" })), &[expr("a == 1")]).outcome, Outcome::Error);
}

#[test]
fn none_needs_a_witness_that_found_something() {
    let nothing = json!({ "items": [] });
    let something = json!({ "items": [1] });
    let with = |witness| judged(Seen { witness, ..seen(nothing.clone()) }, &[word(What::None)]).outcome;
    assert_eq!(with(Some(&something)), Outcome::Met);
    assert_eq!(with(Some(&nothing)), Outcome::Error);
    assert_eq!(with(None), Outcome::Error);
}

#[test]
fn none_is_unmet_where_something_is_found_and_names_it() {
    let found = json!({ "items": [{ "kind": "Pod", "metadata": { "name": "a", "namespace": "n" } }] });
    let judgement = judged(Seen { witness: Some(&found), ..seen(found.clone()) }, &[word(What::None)]);
    assert_eq!(judgement.outcome, Outcome::Unmet);
    assert_eq!(judgement.findings[1].finding.seen, "items[0]: Pod n/a");
}

fn pod(name: &str, phase: &str) -> Json {
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": name }, "status": { "phase": phase } })
}

#[test]
fn ready_of_a_list_is_at_least_one_and_all() {
    let of = |items: Vec<Json>| judged(seen(json!({ "items": items })), &[word(What::Ready)]).outcome;
    assert_eq!(of(vec![pod("a", "Running"), pod("b", "Running")]), Outcome::Met);
    assert_eq!(of(vec![pod("a", "Running"), pod("b", "Pending")]), Outcome::Unmet);
    assert_eq!(of(vec![pod("a", "Running"), pod("b", "Failed")]), Outcome::Final);
    assert_eq!(of(vec![]), Outcome::Unmet);
}

#[test]
fn a_kind_without_a_readiness_rule_is_an_error() {
    let object = json!({ "apiVersion": "x.io/v1", "kind": "Pod", "status": { "phase": "Running" } });
    assert_eq!(judged(seen(object), &[word(What::Ready)]).outcome, Outcome::Error);
}

#[test]
fn a_status_of_an_older_generation_is_not_yet() {
    let of = |status: Json| {
        let object =
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "generation": 2 }, "status": status });
        judged(seen(object), &[word(What::Ready)]).outcome
    };
    assert_eq!(of(json!({ "ready": 1, "observedGeneration": 2 })), Outcome::Met);
    assert_eq!(of(json!({ "ready": 1, "observedGeneration": 1 })), Outcome::Unmet);
    assert_eq!(of(json!({ "ready": 1 })), Outcome::Unmet);
}

#[test]
fn an_object_that_is_being_deleted_is_not_ready() {
    let mut object = pod("a", "Running");
    object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    assert_eq!(judged(seen(object), &[word(What::Ready)]).outcome, Outcome::Unmet);
}

#[test]
fn quantifiers_over_nothing_prove_nothing() {
    let equal = || Box::new(Test::Equals(tree(&json!(1))));
    for (test, expected) in [
        (Test::All(equal()), Outcome::Error),
        (Test::None(equal()), Outcome::Error),
        (Test::Any(equal()), Outcome::Unmet),
    ] {
        assert_eq!(
            judged(seen(json!({ "items": [] })), &[matcher("$.items[*].x", Some(test), None)]).outcome,
            expected
        );
    }
}

#[test]
fn a_matcher_names_the_offending_elements() {
    let all = Test::All(Box::new(Test::Equals(tree(&json!("ok")))));
    let judgement =
        judged(seen(json!({ "items": [{ "s": "ok" }, { "s": "bad" }] })), &[matcher("$.items[*].s", Some(all), None)]);
    let finding = &judgement.findings[1].finding;
    assert_eq!(finding.outcome, Outcome::Unmet);
    assert!(finding.seen.contains("[1]") && finding.seen.contains("\"bad\""), "{}", finding.seen);
}

#[test]
fn one_test_of_several_values_is_an_error() {
    let equal = Test::Equals(tree(&json!("ok")));
    let judgement =
        judged(seen(json!({ "items": [{ "s": "ok" }, { "s": "ok" }] })), &[matcher("$.items[*].s", Some(equal), None)]);
    assert_eq!(judgement.outcome, Outcome::Error);
}

#[test]
fn a_path_that_could_not_have_matched_is_no_proof_of_absence() {
    let suspended =
        |json: Json| judged(seen(json), &[matcher("$.items[?@.suspend == true]", Some(Test::Nothing), None)]).outcome;
    assert_eq!(suspended(json!({ "items": [{ "suspend": false }] })), Outcome::Met);
    assert_eq!(suspended(json!({ "items": [{ "suspend": true }] })), Outcome::Unmet);
    assert_eq!(suspended(json!({ "itmes": [{ "suspend": true }] })), Outcome::Error);
    let absent = |json: Json| judged(seen(json), &[matcher("$.spec.suspend", Some(Test::Absent), None)]).outcome;
    assert_eq!(absent(json!({ "spec": {} })), Outcome::Met);
    assert_eq!(absent(json!({ "sepc": {} })), Outcome::Error);
}

#[test]
fn a_filter_that_could_not_have_chosen_proves_no_absence() {
    let none = |path: &str, json: Json| judged(seen(json), &[matcher(path, Some(Test::Nothing), None)]);
    let bad = || json!({ "items": [{ "state": "bad" }] });
    assert_eq!(none("$.items[?@.stat == 'bad']", bad()).outcome, Outcome::Error);
    assert_eq!(none("$.items[?@.state > 3]", bad()).outcome, Outcome::Error);
    assert_eq!(none("$.items[?@.state == 'lost']", bad()).outcome, Outcome::Met);
    let found = none("$.items[?@.stat == 'bad']", bad());
    assert!(found.findings[1].finding.seen.contains("no element has `stat`"), "{:?}", found.findings[1]);
}

#[test]
fn what_holds_over_nothing_is_not_yet_also_as_the_value_of_a_matcher() {
    let of = |one: Expectation, json: Json| judged(seen(json), &[one]).outcome;
    let none = || value("list.map(|x| x.n)", Test::Equals(tree(&json!([]))));
    assert_eq!(of(none(), json!({ "list": [] })), Outcome::Unmet);
    assert_eq!(of(value("list", Test::Equals(tree(&json!([])))), json!({ "list": [] })), Outcome::Met);
    let few = || value("list.unique().len()", Test::In(tree(&json!([0, 1]))));
    assert_eq!(of(few(), json!({ "list": [] })), Outcome::Unmet);
    assert_eq!(of(few(), json!({ "list": [1, 1] })), Outcome::Met);
    assert_eq!(of(expr("!list.contains(1)"), json!({ "list": [] })), Outcome::Unmet);
    assert_eq!(of(expr("!list.contains(1)"), json!({ "list": [2] })), Outcome::Met);
}

#[test]
fn a_key_that_looks_misspelt_proves_no_absence() {
    let absent = |path: &str, json: Json| judged(seen(json), &[matcher(path, Some(Test::Absent), None)]);
    let items = || json!({ "json": { "items": [1] } });
    assert_eq!(absent("$.json.itms", items()).outcome, Outcome::Error);
    assert_eq!(absent("$.json['item']", items()).outcome, Outcome::Error);
    assert_eq!(absent("$.json.error", items()).outcome, Outcome::Met);
    let found = absent("$.json.itms", items());
    assert!(found.findings[1].finding.seen.contains("there is `items` at $.json"), "{:?}", found.findings[1]);
}

#[test]
fn a_pattern_that_is_found_in_every_text_tests_nothing() {
    let of = |pattern: &str| {
        judged(seen(json!({ "a": "down" })), &[matcher("$.a", Some(Test::Matches(tree(&json!(pattern)))), None)])
            .outcome
    };
    assert_eq!((of("up|"), of("up"), of("^down$")), (Outcome::Error, Outcome::Unmet, Outcome::Met));
}

#[test]
fn what_could_not_be_in_its_place_proves_no_absence() {
    let absent = |json: Json| judged(seen(json), &[matcher("$.a.error", Some(Test::Absent), None)]).outcome;
    assert_eq!(absent(json!({ "a": {} })), Outcome::Met);
    for a in [json!(null), json!([{ "error": 1 }]), json!("error")] {
        assert_eq!(absent(json!({ "a": a })), Outcome::Error, "{a}");
    }
}

#[test]
fn all_is_not_met_by_those_alone_that_have_it() {
    let all =
        |test: Test, json: Json| judged(seen(json), &[matcher("$.items[*].s", Some(Test::All(Box::new(test))), None)]);
    let mixed = || json!({ "items": [{ "s": "ok" }, { "t": 1 }, { "s": null }] });
    let judgement = all(Test::Equals(tree(&json!("ok"))), mixed());
    assert_eq!(judgement.outcome, Outcome::Unmet);
    assert!(judgement.findings[1].finding.seen.contains("$.items[1] has nothing there"), "{judgement:?}");
    assert_eq!(all(Test::Exists, mixed()).outcome, Outcome::Unmet);
    assert_eq!(all(Test::Exists, json!({ "items": [{ "s": 1 }] })).outcome, Outcome::Met);
}

#[test]
fn null_is_nothing_that_exists_and_no_member_of_a_list() {
    let exists = |json: Json| judged(seen(json), &[matcher("$.a", Some(Test::Exists), None)]).outcome;
    assert_eq!((exists(json!({ "a": null })), exists(json!({ "a": false }))), (Outcome::Unmet, Outcome::Met));
    let none = Test::None(Box::new(Test::In(tree(&json!([3, null])))));
    assert_eq!(judged(seen(json!({ "a": ["3"] })), &[matcher("$.a[*]", Some(none), None)]).outcome, Outcome::Error);
}

#[test]
fn an_allowed_empty_selection_does_not_excuse_an_empty_witness() {
    let nothing = json!({ "items": [] });
    let case = Seen { witness: Some(&nothing), allow_empty: true, ..seen(nothing.clone()) };
    assert_eq!(judged(case, &[word(What::None)]).outcome, Outcome::Error);
}

#[test]
fn count_is_exact() {
    let of = |count| judged(seen(json!({ "items": [1, 2] })), &[matcher("$.items[*]", None, Some(count))]).outcome;
    assert_eq!(of(2), Outcome::Met);
    assert_eq!(of(1), Outcome::Unmet);
    assert_eq!(of(3), Outcome::Unmet);
}

#[test]
fn an_allowed_empty_selection_sets_aside_what_reads_elements_and_nothing_else() {
    let case = || Seen { allow_empty: true, ..seen(json!({ "items": [] })) };
    let judgement = judged(case(), &[expr("items.all(|i| i.x == 1)"), expr("items.len() < 3")]);
    assert_eq!(outcomes(&judgement)[1..], [Outcome::NotJudged, Outcome::Met]);
    assert_eq!(judgement.notes.len(), 1);
    assert_eq!(outcomes(&judged(case(), &[expr("!items.contains(1)")]))[1], Outcome::NotJudged);
    let of_value = value("items.map(|i| i.x)", Test::Equals(tree(&json!([]))));
    assert_eq!(outcomes(&judged(case(), &[of_value]))[1], Outcome::NotJudged);
    assert_eq!(judged(case(), &[expr("items.len() > 0")]).outcome, Outcome::Unmet);
}

/// Beside `0.1 + 0.2` stand numbers that a careless reader of JSON takes for it.
#[test]
fn a_number_is_told_from_its_neighbours() {
    let of = |number: &str, text: &str| {
        let it = serde_json::from_str(&format!("{{ \"n\": {number} }}")).unwrap();
        judged(seen(it), &[expr(text)]).outcome
    };
    assert_eq!(of("0.30000000000000004", "n == 0.30000000000000004"), Outcome::Met);
    assert_eq!(of("0.3", "n == 0.30000000000000004"), Outcome::Unmet);
    assert_eq!(of("0.30000000000000010", "n == 0.30000000000000004"), Outcome::Unmet);
    // Read carelessly, this becomes 122.4162940337866.
    assert_eq!(of("122.416294033786585", "n == 122.416294033786585"), Outcome::Met);
    assert_eq!(of("122.416294033786585", "n == 122.4162940337866"), Outcome::Unmet);
}
