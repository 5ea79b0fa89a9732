use checkrun_model::KindEntry;

use super::*;
use crate::testing::prepare;

fn ruling(args: Json, seen: Json, none: bool) -> Ruling {
    let logs = prepare(&KindEntry::of::<Logs>(), &args).unwrap();
    logs.rule(&seen, Asked { none, allow_empty: false })
}

fn matching() -> Json {
    json!({ "namespace": "a", "pod": "x", "match": "ERROR" })
}

#[test]
fn a_matching_line_is_wanted_only_where_one_is_asked_for() {
    let silent = json!({ "lines": [], "containers": [{ "pod": "x", "container": "c", "read": 5, "any": true }] });
    assert!(matches!(ruling(matching(), silent.clone(), false), Ruling::NotYet(_)));
    assert_eq!(ruling(matching(), silent.clone(), true), Ruling::Met);
    assert_eq!(ruling(json!({ "namespace": "a", "pod": "x" }), silent, false), Ruling::Met);
}

#[test]
fn absence_is_proved_only_by_containers_that_write() {
    let one_is_mute =
        json!({ "lines": [], "containers": [{ "any": true }, { "pod": "x", "container": "mute", "any": false }] });
    let Ruling::NotYet(why) = ruling(matching(), one_is_mute, true) else {
        panic!("a container without a line proved absence")
    };
    assert!(why.contains("mute"), "{why}");
    assert!(matches!(ruling(matching(), json!({ "lines": [], "containers": [] }), true), Ruling::NotYet(_)));
}

#[test]
fn pods_are_selected_in_one_way() {
    let entry = KindEntry::of::<Logs>();
    for (wrong, code) in [
        (json!({ "namespace": "a" }), "args::missing-key"),
        (json!({ "namespace": "a", "pod": "x", "job": "y" }), "args::ambiguous"),
        (json!({ "namespace": "a", "labels": {} }), "args::value"),
        (json!({ "namespace": "a", "pod": "x", "match": "(" }), "args::regex"),
        (json!({ "namespace": "a", "pod": "x", "ignore": ["fine", "["] }), "args::regex"),
    ] {
        let errors = prepare(&entry, &wrong).err().unwrap_or_default();
        assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), [code], "{wrong}");
    }
}
