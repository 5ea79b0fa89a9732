//! Values: made, shown, kept and read again.

use serde_json::json;

use super::*;

#[test]
fn numbers_without_a_fraction_are_whole_and_none_is_rounded() {
    assert_eq!(Value::from_json(&json!(3.0)).sort_name(), "a whole number");
    assert_eq!(Value::from_json(&json!(u64::MAX)).to_json(), json!(u64::MAX));
    assert_eq!(Value::from_json(&json!(2.5)).to_json(), json!(2.5));
}

#[test]
fn tagged_json_gives_the_same_value_back() {
    let values = [
        Value::quantity(Sort::Duration, 1.5),
        Value::quantity(Sort::Rate, 200.0),
        Value::time("2026-11-24T00:00:00.5Z".parse().unwrap()),
        Value::from_json(&json!({ "$time": "mine", "b": [1, null, "x"] })),
        Value::from_json(&json!({ "$size": 5 })),
        Value::list(vec![Value::quantity(Sort::Size, 1024.0)]),
    ];
    for value in values {
        let again = Value::from_tagged(&value.to_tagged());
        assert_eq!(again.show(200), value.show(200));
        assert_eq!(again.type_of(), value.type_of());
        assert_eq!(again.to_tagged(), value.to_tagged());
    }
    let mine = Value::from_tagged(&Value::from_json(&json!({ "$size": 5 })).to_tagged());
    assert_eq!(mine.type_of(), Type::Object);
}

#[test]
fn people_see_values_cut_at_the_end() {
    let value = Value::from_json(&json!({ "a": [1, 2.5, "x\"y"], "b": null }));
    assert_eq!(value.show(100), r#"{a: [1, 2.5, "x\"y"], b: null}"#);
    assert_eq!(value.show(8), "{a: [1, …");
    assert_eq!(Value::quantity(Sort::Duration, 5400.0).show(10), "1h30m");
    assert_eq!(Value::quantity(Sort::Duration, 0.05).show(10), "50ms");
    assert_eq!(Value::quantity(Sort::Duration, 0.0).show(10), "0s");
    assert_eq!(Value::quantity(Sort::Size, 1_572_864.0).show(10), "1.5MiB");
    assert_eq!(Value::quantity(Sort::Rate, 1e4).show(10), "10000/s");
}

#[test]
fn written_durations_are_read_again_as_the_same() {
    for seconds in [0.0, 1e-9, 0.05, 1.0, 83.5, 5400.0, 2_592_000.0] {
        let text = Value::quantity(Sort::Duration, seconds).show(60);
        let again = checkrun_model::args::parse_duration(&text).unwrap();
        assert!((again - seconds).abs() < 1e-9, "{text}: {again} {seconds}");
    }
}

#[test]
fn text_takes_scalars_and_nothing_else() {
    assert_eq!(Value::text("a b").render(), Ok("a b".into()));
    assert_eq!(Value::boolean(true).render(), Ok("true".into()));
    assert_eq!(Value::quantity(Sort::Size, 1024.0).render(), Ok("1024".into()));
    for json in [json!(null), json!([1]), json!({})] {
        assert!(Value::from_json(&json).render().is_err(), "{json}");
    }
}

#[test]
fn an_observation_is_read_by_reference_with_the_sorts_of_its_fields() {
    static FIELDS: [Field; 2] =
        [Field { path: "keys[].size", sort: Sort::Size, doc: "" }, Field { path: "at", sort: Sort::Time, doc: "" }];
    let json = Arc::new(json!({ "keys": [{ "size": 1024, "name": "x" }], "at": "2026-11-24T00:00:00Z" }));
    let it = Value::observation(Arc::clone(&json), &FIELDS);
    let size = it.entry("keys").unwrap().item(0).unwrap().entry("size").unwrap();
    assert_eq!((size.type_of(), size.show(9)), (Type::Size, "1KiB".into()));
    assert_eq!(it.entry("at").unwrap().type_of(), Type::Time);
    let name = it.walk(&["keys".into()]).unwrap().item(0).unwrap().entry("name").unwrap();
    assert_eq!(name.as_text(), Some("x"));
    let (missing, base) = it.walk(&["at".into(), "b".into()]).unwrap_err();
    assert_eq!((missing, base.type_of()), (1, Type::Time));
}
