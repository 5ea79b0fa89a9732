//! Templates: types kept, text rendered, mistakes named where they stand.

use std::sync::Arc;

use checkrun_model::{Node, NodeValue, Sources, SpecError};
use serde_json::{Value as Json, json};

use super::*;
use crate::Lang;
use crate::expr::tests::NoFiles;
use crate::scope::SecretRef;

fn read(yaml: &str) -> (Node, Sources) {
    let mut sources = Sources::default();
    let id = sources.add("a.yaml", yaml);
    let mut reading = checkrun_yaml::document(id, yaml);
    assert!(reading.errors.is_empty(), "{:?}", reading.errors);
    (reading.documents.remove(0), sources)
}

fn scope() -> Scope {
    let mut scope = Scope::default();
    let inputs =
        json!({ "n": 3, "name": "kafka", "list": [1, "a"], "flag": true, "none": null, "object": { "a": "b" } });
    scope.set("inputs", Value::from_json(&inputs));
    scope.set("run", Value::from_json(&json!({ "id": "abcd1234" })));
    scope.set("checks", Value::from_json(&json!({ "kafka-ready": { "first-one": "x" } })));
    scope.set("c", Value::text("apps"));
    scope.set("window", Value::quantity(checkrun_model::Sort::Duration, 300.0));
    scope.set("bytes", Value::quantity(checkrun_model::Sort::Size, 1024.0));
    scope.set_secret(SecretRef::Named("s3".into()), "p{{ss\"".into());
    let kube = SecretRef::Kube { namespace: "ns".into(), name: "db".into(), key: "password".into() };
    scope.set_secret(kube, "k".into());
    scope
}

fn tree(yaml: &str) -> Result<Tree, Vec<SpecError>> {
    let (node, sources) = read(yaml);
    Lang::new(Arc::new(NoFiles)).tree(&node, &sources)
}

/// The rendered value of `a`.
fn value(template: &str) -> Json {
    let yaml = format!("a: {}\n", json!(template));
    let node = tree(&yaml).unwrap_or_else(|errors| panic!("{template}: {errors:?}")).render(&scope());
    node.unwrap_or_else(|error| panic!("{template}: {error:?}")).to_json()["a"].clone()
}

fn problem(template: &str) -> SpecError {
    let yaml = format!("a: {}\n", json!(template));
    match tree(&yaml) {
        Err(mut errors) => errors.remove(0),
        Ok(tree) => tree.render(&scope()).expect_err(template),
    }
}

#[test]
fn statements_and_comments_are_refused_also_where_nothing_else_is_a_template() {
    for (template, said) in [
        ("{% if inputs.flag %}a{% endif %}", "statements"),
        ("x {%- for a in {{ inputs.list }} %}", "statements"),
        ("{{ c }} {# why #}", "comments"),
    ] {
        let error = problem(template);
        assert!(error.message.contains(said) && error.help.is_some(), "{template}: {error:?}");
    }
}

#[test]
fn the_whole_scalar_keeps_its_type_and_mixed_text_is_text() {
    for (template, wanted) in [
        ("{{ inputs.n }}", json!(3)),
        ("{{ inputs.list }}", json!([1, "a"])),
        ("{{ inputs.object }}", json!({ "a": "b" })),
        ("{{ inputs.none }}", json!(null)),
        ("{{ inputs.flag }}", json!(true)),
        ("x-{{ inputs.n }}-{{ inputs.flag }}-{{ run.id }}", json!("x-3-true-abcd1234")),
        ("{{ checks.kafka-ready.first-one }}", json!("x")),
        ("{{ checks['kafka-ready'][\"first-one\"] }}", json!("x")),
        ("{{ c }}", json!("apps")),
        ("{{ inputs.n + 1 }}", json!(4)),
        ("{{ inputs.n * 2 }} of {{ inputs.name | upper }}", json!("6 of KAFKA")),
        ("{{ 'a' if inputs.flag else 'b' }}", json!("a")),
        ("{{ inputs.list | tojson }}!", json!("[1,\"a\"]!")),
        ("{{ \"<b>\" | tojson }}", json!("\"<b>\"")),
        ("{{ inputs.list | length }}", json!(2)),
        ("{{ [inputs.n, 'x'] }}", json!([3, "x"])),
        ("{{ inputs.list[0] }}", json!(1)),
        ("{{ inputs['list'][1] }}", json!("a")),
        ("{{ \"{{\" }}", json!("{{")),
        ("a {{ \"{{ x }}\" }} b", json!("a {{ x }} b")),
        ("${#x} {# {% {{ c }} #a}", json!("${#x} {# {% apps #a}")),
        ("{{ \"{%\" }} if %} {{ '{#' }} #}", json!("{% if %} {# #}")),
        ("it's {{ c }}, isn't it", json!("it's apps, isn't it")),
        ("{{ secret('s3') }}", json!("p{{ss\"")),
        ("x{{ secret('ns/db', 'password') }}", json!("xk")),
        ("{{ secret('s3') | urlencode }}", json!("p%7B%7Bss%22")),
        ("{{ secret('s3') | tojson }}", json!("\"p{{ss\\\"\"")),
        ("{{ file('a.json') }}", json!("{\"a\": 1}")),
        ("{{ window }}", json!("5m")),
        ("[{{ window }}]", json!("[5m]")),
        ("{{ bytes }}", json!(1024)),
        ("plain }} text", json!("plain }} text")),
    ] {
        assert_eq!(value(template), wanted, "{template}");
    }
}

#[test]
fn what_has_no_value_is_an_error_in_every_form() {
    for template in [
        "{{ inputs.missing }}",
        "x{{ inputs.missing }}",
        "{{ missing }}",
        "{{ inputs.missing + 1 }}",
        "{{ (inputs.missing) }}",
        "{{ [inputs.missing] }}",
        "{{ {'a': inputs.missing} }}",
        "{{ inputs.missing | upper }}",
        "{{ inputs.missing | tojson }}",
        "{{ inputs.missing if true else 1 }}",
        "{{ 1 if inputs.missing else 2 }}",
        "{{ inputs.list[7] }}",
        "{{ inputs.missing == 1 }}",
        "{{ 1 if false }}",
        "{{ secret('other') }}",
        "{{ inputs.object.b.c }}",
    ] {
        let error = problem(template);
        assert!(!error.message.is_empty(), "{template}");
    }
    assert_eq!(problem("{{ inputs.nam }}").help.as_deref(), Some("did you mean `name`?"));
    for template in ["x{{ inputs.list }}", "x{{ inputs.object }}", "x{{ inputs.none }}"] {
        assert!(problem(template).message.contains("cannot stand inside text"), "{template}");
    }
}

#[test]
fn mistakes_point_into_the_scalar() {
    for (template, at) in [
        ("x {{ inputs.n", "{{"),
        ("{{ }}", " "),
        ("{{ inputs.n | uper }}", "uper"),
        ("{{ range(3) }}", "range"),
        ("{{ secret(inputs.n) }}", "secret(inputs.n)"),
        ("{{ secret('a', 'b') }}", "secret('a', 'b')"),
        ("{{ secret('s3') | upper }}", " secret('s3') | upper"),
        ("{{ 'x' ~ secret('s3') }}", " 'x' ~ secret('s3')"),
        ("{{ secret('s3') if inputs.n else 1 }}", " secret('s3') if inputs.n else 1"),
        ("{{ inputs?.n }}", "?."),
        ("{{ inputs.n > 5m }}", "5m"),
        ("{{ inputs. }}", "inputs."),
        ("{{ file('no') }}", "file('no')"),
    ] {
        let yaml = format!("a: \"{template}\"\n");
        let (node, sources) = read(&yaml);
        let errors = Lang::new(Arc::new(NoFiles)).tree(&node, &sources).expect_err(template);
        assert_eq!(sources.text(errors[0].span().unwrap()), at, "{template}: {errors:?}");
    }
    let errors = tree("a: \"{{ x\"\nb: { c: \"{{ x | uper }} {{ y | loer }}\", \"{{ k }}\": 1 }\n").unwrap_err();
    assert_eq!(errors.len(), 4, "{errors:?}");
}

#[test]
fn a_value_is_never_parsed_again() {
    let mut scope = Scope::default();
    scope.set("c", Value::text("{{ secret('s3') }}: [1, 2]"));
    let rendered = tree("a: \"{{ c }}\"\nb: \"x {{ c }}\"\n").unwrap().render(&scope).unwrap();
    assert_eq!(rendered.to_json(), json!({ "a": "{{ secret('s3') }}: [1, 2]", "b": "x {{ secret('s3') }}: [1, 2]" }));
}

#[test]
fn load_time_fills_in_what_it_can_and_defers_the_rest() {
    let yaml = "a: \"{{ inputs.list }}\"\nb: [\"{{ run.id }}\", \"{{ inputs.n }}-{{ run.id }}\", 1.10]\nc: \"{{ secret('s3') }}\"\n";
    let mut load = Scope::default();
    load.set("inputs", Value::from_json(&json!({ "list": [1, [2]], "n": 3 })));
    let folded = tree(yaml).unwrap().fold(&load).unwrap();
    assert!(!folded.is_constant());
    let deferred = folded.deferred();
    assert_eq!(deferred.to_json(), json!({ "a": [1, [2]], "b": [null, null, 1.1], "c": null }));
    let b = deferred.get("b").and_then(Node::as_list).unwrap();
    assert_eq!(b[0].value, NodeValue::Deferred);
    assert_eq!(b[2].written.as_deref(), Some("1.10"));
    let rendered = folded.render(&{
        let mut all = scope();
        all.set("inputs", Value::from_json(&json!({ "n": 3 })));
        all
    });
    assert_eq!(
        rendered.unwrap().to_json(),
        json!({ "a": [1, [2]], "b": ["abcd1234", "3-abcd1234", 1.1], "c": "p{{ss\"" })
    );
    assert_eq!(folded.readers().len(), 3);
    assert_eq!(folded.reads().len(), 3);
}

#[test]
fn folding_tells_every_name_that_has_no_value_and_leaves_what_comes_later() {
    let compiled = tree("a: \"{{ inputs.x }}\"\nb: \"{{ inputs.y }}\"\nc: \"{{ inputs.n }}\"\n").unwrap();
    let mut load = Scope::default();
    load.set("inputs", Value::from_json(&json!({ "n": 1 })));
    assert_eq!(compiled.fold(&load).unwrap_err().len(), 2);
    load.set_later("inputs.x");
    load.set_later("inputs.y");
    assert_eq!(compiled.fold(&load).unwrap().deferred().to_json(), json!({ "a": null, "b": null, "c": 1 }));
}

#[test]
fn reads_are_known_with_their_bytes() {
    let template = "x {{ checks.kafka-ready.a | default(inputs.n) }} {{ c if run.id == 'x' else 1 }} {{ secret('ns/db', 'password') }}";
    let compiled = Template::compile(template, &Lang::new(Arc::new(NoFiles)).world()).unwrap();
    let reads = &compiled.reads;
    let shown = |at: &std::ops::Range<usize>| template[at.clone()].to_owned();
    assert_eq!(
        reads.checks.iter().map(|(names, at)| (names.join("."), shown(at))).collect::<Vec<_>>(),
        [("kafka-ready.a".into(), "kafka-ready".into())]
    );
    assert_eq!(reads.inputs.iter().map(|(_, at)| shown(at)).collect::<Vec<_>>(), ["n"]);
    assert_eq!(reads.names.iter().map(|(_, at)| shown(at)).collect::<Vec<_>>(), ["c"]);
    assert_eq!(reads.run.iter().map(|(_, at)| shown(at)).collect::<Vec<_>>(), ["id"]);
    assert_eq!(reads.secrets.iter().map(|(_, at)| shown(at)).collect::<Vec<_>>(), ["secret('ns/db', 'password')"]);
}

proptest::proptest! {
    #[test]
    fn compiling_never_panics_and_faults_lie_in_the_text(text in "([{}%# a-z.|'\"()\\[\\]é0-9-]|\\{\\{|\\}\\}){0,24}") {
        if let Err(faults) = Template::compile(&text, &Lang::new(Arc::new(NoFiles)).world()) {
            for fault in faults {
                proptest::prop_assert!(text.get(fault.range.clone()).is_some(), "{fault:?}");
            }
        }
    }
}

#[test]
fn a_scalar_has_a_budget_and_the_place_behind_it_is_named() {
    let mistake = |text: &str| {
        let error = tree(&format!("a: \"{text}\"")).unwrap_err().remove(0);
        (error.code, error.message.clone(), error.span().unwrap())
    };
    let many = "{{ inputs.n }}".repeat(1001);
    let (code, message, span) = mistake(&many);
    assert_eq!((code, message.contains("at most 1000")), ("template::too-many", true), "{message}");
    assert_eq!(span.start, 4 + 14 * 1000, "it points at the first that is too many");
    assert!(tree(&format!("a: \"{}\"", &many[14..])).is_ok());
    let (code, message, _) = mistake(&format!("{{{{ inputs.n }}}}{}", "x".repeat(1 << 20)));
    assert_eq!((code, message.contains("1048576")), ("template::size", true), "{message}");
    assert!(tree(&format!("a: {}", "x".repeat(1 << 20))).is_ok(), "without a template it is only text");
    let (code, message, _) = mistake(&format!("{{{{ {} }}}}", " ".repeat(70_000)));
    assert_eq!((code, message.contains("within 65536 bytes")), ("template::syntax", true), "{message}");
    let (code, _, span) = mistake(&format!("{{{{ ' {}", "}} ".repeat(20_000)));
    assert_eq!((code, span.start), ("template::syntax", 4), "a text that never closes is given up where it opens");
}
