//! Hooks: what they can do, what they cannot, and that their operators are those of expressions.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::Lang;
use crate::expr::tests::NoFiles;

fn scope(it: Json) -> Scope {
    let mut scope = Scope::default();
    scope.set("inputs", Value::from_json(&json!({ "most": 3 })));
    scope.set_observation(Value::observation(Arc::new(it), &[]), "2026-11-24T00:00:00Z".parse().unwrap());
    scope
}

fn hook(text: &str) -> Arc<Hook> {
    Lang::new(Arc::new(NoFiles)).hook("hooks/a.rhai", text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

fn call(text: &str, it: Json) -> Result<Value, EvalError> {
    let scope = scope(it);
    hook(&format!("fn f(it) {{ {text} }}")).0.call("f", &[super::it(&scope)], &scope)
}

fn gives(text: &str, it: Json) -> Json {
    call(text, it).unwrap_or_else(|error| panic!("{text}: {error:?}")).to_json()
}

fn fails(text: &str, it: Json) -> EvalError {
    match call(text, it) {
        Err(error) => error,
        Ok(value) => panic!("{text} gives {value:?}"),
    }
}

#[test]
fn the_gaps_of_a_numbered_log_are_found() {
    let text = r#"
// Which numbers came twice, which are missing.
fn observed(it) {
    let seen = [];
    let twice = 0;
    for row in it.rows {
        let number = number(row["_msg"].split(" ").last());
        if seen.contains(number) { twice += 1; } else { seen.push(number); }
    }
    let missing = [];
    for n in 1..5 {
        if !seen.contains(n) { missing.push(n); }
    }
    #{ unique: seen.len(), twice: twice, missing: missing }
}
fn judge(it) {
    if it.rows.len() > inputs.most { "too many rows: " + text(it.rows.len()) } else { true }
}
"#;
    let hook = hook(text);
    let rows = json!({ "rows": [{ "_msg": "x 1" }, { "_msg": "x 3" }, { "_msg": "x 1" }] });
    let observed = hook.observed(&scope(rows.clone())).unwrap().unwrap();
    assert_eq!(observed.to_json(), json!({ "unique": 2, "twice": 1, "missing": [2, 4] }));
    assert_eq!(hook.judge(&scope(rows)), Ok(None));
    let many = json!({ "rows": [{ "_msg": "1" }, { "_msg": "2" }, { "_msg": "3" }, { "_msg": "4" }] });
    assert_eq!(hook.judge(&scope(many)), Ok(Some("too many rows: 4".into())));
    assert!(hook.has("judge") && !hook.has("scan"));
}

#[test]
fn scripts_read_values_as_expressions_do() {
    let it = json!({ "status": { "default": 1, "match": "m", "none": null }, "items": [{ "n": 1 }, { "n": 2 }] });
    for (text, wanted) in [
        ("it.status.default == 1 && it.status.match == \"m\"", json!(true)),
        ("it.items.map(|x| x.n).sum()", json!(3)),
        ("it.items.all(|x| x.n <= inputs.most)", json!(true)),
        ("let most = 1; it.items.filter(|x| x.n > most).len()", json!(1)),
        ("it.status.none == null && it.status.default != null", json!(true)),
        ("has(\"status.default\") && !has(\"status.nothing\") && it.get(\"status.nothing\", 7) == 7", json!(true)),
        ("now() - 1h < now() && 90s == 1m30s && 20% * 10 == 2", json!(true)),
        ("2 in [1, 2] && !(\"x\" in \"abc\")", json!(true)),
        ("let s = \"a\"; s += \"b\"; let n = 1; n += 2; [s, n]", json!(["ab", 3])),
        ("let m = #{ a: 1 }; m.b = 2; m", json!({ "a": 1, "b": 2 })),
        ("let xs = it.items.map(|x| x.n); xs.push(3); xs", json!([1, 2, 3])),
        ("7 / 2", json!(3.5)),
    ] {
        assert_eq!(gives(text, it.clone()), wanted, "{text}");
    }
}

#[test]
fn a_failing_script_says_where_and_what() {
    let scope = scope(json!({ "a": "5" }));
    let hook = hook("fn judge(it) {\n  let x = it\n    .a;\n  x > 4\n}\n");
    let error = hook.judge(&scope).unwrap_err();
    assert_eq!(error.message, "hooks/a.rhai, line 4: text and a number do not compare: \"5\" > 4");
    assert_eq!(error.help.as_deref(), Some("`number(x)` makes a number of text"));
    let missing = fails("it.b", json!({ "a": 1 }));
    assert!(missing.absent, "{missing:?}");
    assert!(missing.message.ends_with("the value has no `b`; it has: a"), "{missing:?}");
    assert!(fails("let m = #{ a: 1 }; m.b", json!({})).absent);
    assert!(fails("let xs = [1]; xs[3]", json!({})).absent);
    assert!(fails("it.has(\"stauts\")", json!({ "status": 1 })).message.ends_with("but there is `status`"));
    assert!(fails("it.a.contains(\"\")", json!({ "a": "x" })).message.contains("proves nothing"));
}

#[test]
fn nothing_of_the_world_is_in_reach_and_nothing_runs_for_ever() {
    for text in [
        "eval(\"1\")",
        "print(1)",
        "debug(1)",
        "sleep(1)",
        "timestamp()",
        "import \"x\" as y",
        "open(\"x\")",
        "switch 1 { 1 => 2 }",
    ] {
        let faults = Lang::new(Arc::new(NoFiles)).hook("h", &format!("fn f(it) {{ {text} }}")).unwrap_err();
        assert!(!faults.is_empty(), "{text}");
    }
    for text in [
        "file(\"a.json\")",
        "loop { }",
        "let s = \"x\"; loop { s += s; }",
        "let a = []; loop { a.push(1); }",
        "let a = [1]; loop { a += a; }",
        "let xs = []; for i in 0..1000 { xs.push(i); } let n = 0; loop { n += xs.map(|x| xs.len()).len(); }",
        "it.x.push(1)",
        "it.x = 5; it.x[0] = 1",
        "let x; x == 5",
        "1 & 2",
        "let s = \"a\"; s += 5; s",
        "2 ** 3",
    ] {
        let error = fails(text, json!({ "x": [0] }));
        assert!(!error.message.is_empty(), "{text}");
    }
    let hook = hook("fn f(n) { f(n + 1) }");
    assert!(hook.call("f", &[Value::int(1)]).is_err());
}

#[test]
fn mistakes_of_a_file_are_found_when_it_is_compiled() {
    let lang = Lang::new(Arc::new(NoFiles));
    let fault = |text: &str| {
        let fault = lang.hook("h", text).unwrap_err().remove(0);
        (text[fault.range.clone()].to_owned(), fault)
    };
    let (at, found) = fault("fn judge(it) {\n  it.items.lenn() > 1\n}");
    assert_eq!((at.as_str(), found.help.as_deref()), ("lenn", Some("did you mean `len`?")));
    assert_eq!(fault("fn judge(it) {\n  let x = = 5;\n}").0, "=");
    assert_eq!(fault("fn judge(it) { it?.x }").0, "?.");
    assert_eq!(fault("let x = 5;\nfn judge(it) { x }").0, "let");
    assert_eq!(fault("fn judge(it) { 5parsec }").0, "5parsec");
}

#[test]
fn functions_of_a_library_are_called_from_expressions_and_hooks() {
    let mut lang = Lang::new(Arc::new(NoFiles));
    lang.add_library("hooks/lib.rhai", "fn double(x) { x * 2 }\nfn bad(x) { x.nothing }").unwrap();
    let known = crate::Known { open: true, fields: Some(&[]), ..crate::Known::default() };
    let scope = scope(json!({ "n": 4, "o": { "a": 1 } }));
    let expr = lang.expr("double(n) == 8 && n.double() == 8", &known).unwrap();
    assert_eq!(expr.holds(&scope), Ok(true));
    let error = lang.expr("bad(o)", &known).unwrap().eval(&scope).unwrap_err();
    assert_eq!(error.message, "hooks/lib.rhai, line 2: the value has no `nothing`; it has: a");
    assert!(lang.expr("double(1, 2)", &known).is_err());
    let hook = lang.hook("h", "fn judge(it) { double(it.n) == 8 }").unwrap();
    assert_eq!(hook.judge(&scope), Ok(None));
    assert!(lang.add_library("hooks/other.rhai", "fn double(x) { x }").is_err());
}

/// Values of every type, as they are written in both languages.
const VALUES: [&str; 23] = [
    "0",
    "2",
    "-3",
    "2.5",
    "true",
    "false",
    "\"\"",
    "\"5\"",
    "\"b\"",
    "5m",
    "1s",
    "1GiB",
    "10k/s",
    "time(\"2026-01-01T00:00:00Z\")",
    "[]",
    "[1]",
    "[\"5\"]",
    "#{ a: 1 }",
    "#{ }",
    "it.none",
    "it.list",
    "it.object",
    "it.text",
];

fn observed() -> Json {
    json!({ "none": null, "list": [1], "object": { "a": 1 }, "text": "b" })
}

/// The same text as an expression and as a script gives the same, or is an error in both.
fn agree(text: &str) -> Result<(), String> {
    let known = crate::Known { open: true, fields: Some(&[]), names: vec!["inputs".into()] };
    let scope = scope(observed());
    let lang = Lang::new(Arc::new(NoFiles));
    let script = match lang.hook("h", &format!("fn f(it) {{ {text} }}")) {
        Ok(hook) => hook
            .0
            .call("f", &[super::it(&scope)], &scope)
            .map(|value| value.to_tagged())
            .map_err(|error| format!("{error:?}")),
        Err(faults) => Err(format!("{faults:?}")),
    };
    let mut refused = false;
    let expr = match crate::expr::Expr::compile(text, &lang.world()) {
        Ok(expr) => {
            refused = !expr.check(&known).is_empty();
            expr.eval(&scope).map(|value| value.to_tagged()).map_err(|error| format!("{error:?}"))
        }
        Err(fault) => Err(format!("{fault:?}")),
    };
    match (&expr, &script) {
        // `true || 5m` has a value and is refused at load all the same.
        (Ok(_), Err(_)) if refused => Ok(()),
        (Ok(one), Ok(other)) if one == other => Ok(()),
        (Err(_), Err(_)) => Ok(()),
        _ => Err(format!("{text}\n  expression: {expr:?}\n  script: {script:?}")),
    }
}

#[test]
fn every_operator_between_any_two_types_is_the_same_in_scripts() {
    let mut differ = Vec::new();
    for op in ["==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "in", "&&", "||"] {
        for left in VALUES {
            for right in VALUES {
                differ.extend(agree(&format!("{left} {op} {right}")).err());
            }
        }
    }
    for value in VALUES {
        for form in ["!V", "-V", "V == null", "null != V", "null == null"] {
            differ.extend(agree(&form.replace('V', value)).err());
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(VALUES.to_vec()).prop_map(String::from),
        Just("inputs.most".to_owned()),
        Just("it.nothing".to_owned())
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let ops = prop::sample::select(vec!["==", "!=", "<", ">=", "+", "-", "*", "/", "%", "in", "&&", "||"]);
        prop_oneof![
            4 => (inner.clone(), ops, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            1 => inner.clone().prop_map(|a| format!("({a})")),
            1 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => inner.clone().prop_map(|a| format!("[{a}, {a}].map(|x| x)")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}].all(|x| x == {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}].some(|x| [{b}].some(|y| x == y))")),
            1 => inner.prop_map(|a| format!("#{{ k: {a} }}.get(\"k\", 0)")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn an_expression_and_a_script_never_disagree(text in expression()) {
        if let Err(differ) = agree(&text) {
            prop_assert!(false, "{}", differ);
        }
    }
}
