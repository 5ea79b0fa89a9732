//! What holds of every value and every matcher. Values are small, and each property has a bounded number of cases.

use checkrun_lang::Test;
use checkrun_model::event::Outcome;
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use crate::tests::{Seen, expr, judged, matcher, seen, tree, value, word};
use checkrun_lang::What;

/// Text without templates; now and then what other words look like.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,4}", Just("null".to_owned()), Just("é→\u{0}".to_owned()), Just("1".to_owned())]
}

fn number() -> impl Strategy<Value = Json> {
    let float = any::<f64>().prop_filter_map("finite", |float| serde_json::Number::from_f64(float).map(Json::Number));
    prop_oneof![(-3i64..4).prop_map(Json::from), any::<i64>().prop_map(Json::from), float]
}

fn leaf() -> impl Strategy<Value = Json> {
    prop_oneof![Just(Json::Null), any::<bool>().prop_map(Json::from), number(), text().prop_map(Json::from)]
}

fn json() -> impl Strategy<Value = Json> {
    leaf().prop_recursive(3, 24, 4, |inner| {
        let object = prop::collection::btree_map("[a-d]{1,2}", inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Json::from),
            object.prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// A test of one value.
fn single() -> impl Strategy<Value = Test> {
    prop_oneof![
        json().prop_map(|wanted| Test::Equals(tree(&wanted))),
        prop::collection::vec(json(), 0..3).prop_map(|wanted| Test::In(tree(&Json::from(wanted)))),
        prop_oneof!["[a-z]", "\\^[a-z]\\$"].prop_map(|pattern: String| Test::Matches(tree(&json!(pattern)))),
        Just(Test::Exists),
    ]
}

fn each(test: &Test) -> Box<Test> {
    Box::new(test.clone())
}

/// What comes of one expectation on `it`; the kind's own rule holds.
fn outcome(it: &Json, expectation: checkrun_lang::Expectation) -> Outcome {
    judged(seen(it.clone()), &[expectation]).findings[1].finding.outcome
}

/// The same value, the entries of every object in reverse.
fn turned(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(turned).collect(),
        Json::Object(map) => {
            Json::Object(map.iter().rev().map(|(key, value)| (key.clone(), turned(value))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// How many places of a value can be changed alone.
fn leaves(value: &Json) -> usize {
    match value {
        Json::Array(items) if !items.is_empty() => items.iter().map(leaves).sum(),
        Json::Object(map) if !map.is_empty() => map.values().map(leaves).sum(),
        _ => 1,
    }
}

/// Changes the leaf with this number, as little as can be.
fn change(value: &mut Json, at: &mut usize) {
    match value {
        Json::Array(items) if !items.is_empty() => items.iter_mut().for_each(|item| change(item, at)),
        Json::Object(map) if !map.is_empty() => map.values_mut().for_each(|value| change(value, at)),
        other => {
            if *at == 0 {
                *other = neighbour(other);
            }
            *at = at.wrapping_sub(1);
        }
    }
}

fn neighbour(value: &Json) -> Json {
    match value {
        Json::Null => json!(false),
        Json::Bool(flag) => json!(!flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => json!(whole ^ 1),
            // Beside the largest there is only infinity; zero has two names.
            (None, Some(float)) if float == f64::MAX => json!(float.next_down()),
            (None, Some(0.0)) => json!(1e-300),
            (None, float) => json!(float.unwrap_or_default().next_up()),
        },
        Json::String(text) => json!(format!("{text}x")),
        Json::Array(_) => json!([1]),
        Json::Object(_) => json!({ "a": 1 }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_met_is_not_met_when_it_is_denied(items in prop::collection::vec(json(), 0..4), test in single()) {
        let it = json!({ "list": items, "one": items.first() });
        let of = |test: Test| outcome(&it, matcher("$.list[*]", Some(test), None));
        let met = |test: Test| of(test) == Outcome::Met;
        prop_assert!(!(met(Test::Any(each(&test))) && met(Test::None(each(&test)))));
        prop_assert!(!(met(Test::All(each(&test))) && met(Test::None(each(&test)))));
        prop_assert!(!met(Test::All(each(&test))) || met(Test::Any(each(&test))));
        let one = |test: Test| outcome(&it, matcher("$.one", Some(test), None)) == Outcome::Met;
        prop_assert!(!(one(Test::Exists) && one(Test::Absent)));
        for (text, denied) in [("one == 1", "one != 1"), ("one == 1", "!(one == 1)"), ("one in [1, \"a\"]", "one !in [1, \"a\"]")] {
            let both = [text, denied].iter().all(|text| outcome(&it, expr(text)) == Outcome::Met);
            prop_assert!(!both, "{text} and {denied} of {it}");
        }
    }

    #[test]
    fn a_path_to_nothing_meets_no_test_but_that_of_absence(it in json(), test in single()) {
        let it = json!({ "there": it });
        for path in ["$.nowhere", "$.there.zz.zz", "$.nowhere[*]", "$.there[?@.zz == 1]"] {
            for test in [test.clone(), Test::Ready, Test::All(each(&test)), Test::Any(each(&test)), Test::None(each(&test))] {
                let told = format!("{path} {test:?} of {it}");
                prop_assert_ne!(outcome(&it, matcher(path, Some(test), None)), Outcome::Met, "{}", told);
            }
        }
    }

    #[test]
    fn a_quantifier_over_nothing_is_never_met(test in single(), allow_empty in any::<bool>()) {
        for test in [Test::All(each(&test)), Test::Any(each(&test)), Test::None(each(&test))] {
            for one in [matcher("$.items[*]", Some(test.clone()), None), value("items", test.clone())] {
                let judgement = judged(Seen { allow_empty, ..seen(json!({ "items": [] })) }, &[one]);
                prop_assert_ne!(judgement.findings[1].finding.outcome, Outcome::Met);
            }
        }
        let judgement = judged(Seen { allow_empty, ..seen(json!({ "items": [] })) }, &[word(What::Ready)]);
        prop_assert_ne!(judgement.findings[1].finding.outcome, Outcome::Met);
    }

    #[test]
    fn the_order_of_keys_does_not_matter(it in json(), wanted in json(), test in single()) {
        let it = json!({ "v": it, "w": wanted });
        let both = |make: &dyn Fn() -> checkrun_lang::Expectation| (outcome(&it, make()), outcome(&turned(&it), make()));
        let (straight, other) = both(&|| matcher("$.v", Some(test.clone()), None));
        prop_assert_eq!(straight, other);
        let (straight, other) = both(&|| matcher("$.v", Some(Test::Equals(tree(&turned(&wanted)))), None));
        prop_assert_eq!(straight, other);
        let (straight, other) = both(&|| expr("v == w"));
        prop_assert_eq!(straight, other);
    }

    #[test]
    fn a_value_is_its_own_snapshot_and_one_changed_leaf_is_not(it in json(), at in any::<prop::sample::Index>()) {
        let same = || matcher("$.v", Some(Test::Equals(tree(&it))), None);
        prop_assert_eq!(outcome(&json!({ "v": &it }), same()), Outcome::Met);
        let mut changed = it.clone();
        change(&mut changed, &mut at.index(leaves(&it)));
        prop_assert_ne!(&changed, &it);
        prop_assert_ne!(outcome(&json!({ "v": changed }), same()), Outcome::Met);
    }

    #[test]
    fn a_number_is_judged_as_it_was_sent(number in any::<f64>().prop_filter("finite", |number| number.is_finite())) {
        // As text on the wire, and as text of the suite.
        let read = |number: f64| serde_json::from_str::<Json>(&format!("{{\"n\":{number:?}}}")).unwrap();
        let wanted = serde_json::from_str(&format!("{number:?}")).unwrap();
        let same = || matcher("$.n", Some(Test::Equals(tree(&wanted))), None);
        prop_assert_eq!(read(number)["n"].as_f64(), Some(number));
        prop_assert_eq!(outcome(&read(number), same()), Outcome::Met);
        for other in [number.next_up(), number.next_down()] {
            if other.is_finite() && other != number {
                prop_assert_ne!(outcome(&read(other), same()), Outcome::Met);
            }
        }
    }
}
