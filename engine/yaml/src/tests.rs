//! What the reader promises: spans, refusals, names of mistakes.

use checkrun_model::{Node, NodeValue, SourceId, Sources};

use crate::{Reading, document, documents};

fn read(text: &str) -> Reading {
    document(SourceId(0), text)
}

/// Code, marked text and help of the only error.
fn only_error(text: &str) -> (&'static str, String, String) {
    let reading = read(text);
    assert_eq!(reading.errors.len(), 1, "{text}: {:#?}", reading.errors);
    let error = &reading.errors[0];
    let mut sources = Sources::default();
    sources.add("a.yaml", text);
    let marked = error.span().map_or("", |span| sources.text(span)).to_owned();
    (error.code, marked, error.help.clone().unwrap_or_default())
}

#[track_caller]
fn mistake(text: &str, code: &str, marked: &str, help: &str) {
    assert_eq!(only_error(text), (code_of(text), marked.into(), help.into()));
    assert_eq!(code_of(text), code);
}

fn code_of(text: &str) -> &'static str {
    only_error(text).0
}

#[test]
fn a_bare_template() {
    mistake("a: {{ x }}\nb: 1\n", "yaml::bare-template", "{{ x }}", "write \"{{ x }}\"");
    mistake("a: {{ x }}-y\nb: 1\n", "yaml::bare-template", "{{ x }}-y", "write \"{{ x }}-y\"");
    mistake("a: { b: {{ x }}, c: 1 }\n", "yaml::bare-template", "{{ x }}", "write \"{{ x }}\"");
}

#[test]
fn a_tag() {
    mistake("- !x == 3\n- 2\n", "yaml::tag", "!x == 3", "write '!x == 3'");
    mistake("- !has(\"x\")\n- 2\n", "yaml::tag", "!has(\"x\")", "write '!has(\"x\")'");
    mistake("a: !!str 5\n", "yaml::tag", "!!str 5", "write '!!str 5'");
}

#[test]
fn a_mapping_where_an_expression_is_meant() {
    mistake("- a == \"b: c\"\n- d\n", "yaml::expression-as-mapping", "a == \"b: c\"", "write 'a == \"b: c\"'");
    mistake("- x ? 1 : 2\n", "yaml::expression-as-mapping", "x ? 1 : 2", "write 'x ? 1 : 2'");
}

#[test]
fn a_comment_that_cuts() {
    mistake("- a == \"b #c\"\n", "yaml::cut-by-comment", "a == \"b #c\"", "write 'a == \"b #c\"'");
    mistake("- x == #{a: 1}\n", "yaml::cut-by-comment", "x == #{a: 1}", "write 'x == #{a: 1}'");
}

#[test]
fn a_null_item() {
    let help = "write the item, or take the dash away; a wanted null is written `null`, an empty text `''`";
    mistake("a:\n  -\n  - 1\n", "yaml::null-item", "-", help);
}

#[test]
fn brackets_in_flow_style() {
    let help = "write ['x in [1, 2]'], or one line for each";
    mistake("a: [ x in [1, 2] ]\nb: 2\n", "yaml::brackets-in-flow", "[ x in [1, 2] ]", help);
    let help = "write { a: 'items[0].x' }, or one line for each";
    mistake("s: { a: items[0].x }\n", "yaml::brackets-in-flow", "{ a: items[0].x }", help);
}

#[test]
fn text_after_a_quote_or_bracket() {
    mistake("- \"a\" == b\n- c\n", "yaml::text-after-quote", "\"a\" == b", "write '\"a\" == b'");
    mistake(
        "- [1, 2].all(|x| x > 0)\n",
        "yaml::text-after-bracket",
        "[1, 2].all(|x| x > 0)",
        "write '[1, 2].all(|x| x > 0)'",
    );
}

#[test]
fn other_refusals_name_their_place() {
    let marked = |text: &str| {
        let (code, marked, _) = only_error(text);
        (code, marked)
    };
    assert_eq!(marked("a: &x 1\n"), ("yaml::anchor", "&x".into()));
    assert_eq!(marked("a: 1\nb: 2\na: 3\n"), ("yaml::duplicate-key", "a".into()));
    assert_eq!(marked("? [a, b]\n: c\n"), ("yaml::non-scalar-key", "[a, b]".into()));
    assert_eq!(marked("a: {<<: 1}\n"), ("yaml::merge-key", "<<".into()));
    assert_eq!(marked("---\na: 1\n---\nb: 1\n"), ("yaml::second-document", "---".into()));
    assert_eq!(marked("a: x: y\n"), ("yaml::colon-in-value", "x: y".into()));
    assert_eq!(marked("a: @x\n"), ("yaml::reserved-sign", "@x".into()));
    let deep = "[".repeat(200) + &"]".repeat(200);
    assert_eq!(only_error(&deep).0, "yaml::too-deep");
}

#[test]
fn what_follows_a_mistake_is_read_as_well() {
    let reading = read("a: [ x in [1] ]\nb: {{ y }}\nc:\n  - !z\n  - \"q\" == 1\nd: 4\n");
    let codes: Vec<_> = reading.errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, ["yaml::brackets-in-flow", "yaml::bare-template", "yaml::tag", "yaml::text-after-quote"]);
    let root = &reading.documents[0];
    assert_eq!(root.get("d").map(|node| &node.value), Some(&NodeValue::Int(4)));
    assert_eq!(root.get("a").map(|node| &node.value), Some(&NodeValue::Deferred));
    assert!(!reading.partial);
}

#[test]
fn a_bad_line_does_not_hide_the_next_one() {
    let reading = read("a:\n  - b\n c: d\ne: {{ x }}\n");
    let codes: Vec<_> = reading.errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, ["yaml::syntax", "yaml::bare-template"]);
    assert!(reading.partial);
}

#[test]
fn a_wrong_indentation_is_one_mistake() {
    let reading =
        read("c:\n  - id: a\n        steps:\n      - id: b\n        x: { y: 1 }\n    z: 1\n  - id: c\n    w: !t\n");
    let codes: Vec<_> = reading.errors.iter().map(|error| error.code).collect();
    assert_eq!(codes, ["yaml::syntax", "yaml::tag"], "{:#?}", reading.errors);
    let ids = reading.documents[0].get("c").and_then(Node::as_list).unwrap();
    assert_eq!(ids.len(), 2);
}

#[test]
fn plain_scalars_keep_how_they_were_written() {
    let reading = read("a: 1.10\nb: true\nc: no\n");
    let root = &reading.documents[0];
    let written = |key: &str| root.get(key).and_then(Node::scalar_text).map(std::borrow::Cow::into_owned);
    assert_eq!(written("a").as_deref(), Some("1.10"));
    assert_eq!(written("b").as_deref(), Some("true"));
    assert_eq!(root.get("c").and_then(Node::as_text), Some("no"));
}

#[test]
fn spans_are_bytes_of_what_was_written() {
    let text = "ö: \"ü\" # c\nlist:\n  - é: |\n      täxt\n      b\n  - { z: [1, 2] }\n'k': pläin  \n";
    let root = read(text).documents.remove(0);
    let of = |node: &Node| text[node.span.start as usize..node.span.end as usize].to_owned();
    assert_eq!(of(root.get("ö").unwrap()), "\"ü\"");
    let list = root.get("list").unwrap().as_list().unwrap();
    assert_eq!(of(list[0].get("é").unwrap()), "täxt\n      b");
    assert_eq!(of(&list[1]), "{ z: [1, 2] }");
    assert_eq!(of(root.get("k").unwrap()), "pläin");
    let empty = read("a: { c: [], d: {} }\n").documents.remove(0);
    let inner = empty.get("a").unwrap();
    let span = |key: &str| inner.get(key).map(|node| (node.span.start, node.span.end));
    assert_eq!((span("c"), span("d")), (Some((8, 10)), Some((15, 17))));
    let key = root.entry("k").unwrap().key_span;
    assert_eq!(&text[key.start as usize..key.end as usize], "'k'");
}

#[test]
fn several_documents_for_manifests() {
    let reading = documents(SourceId(0), "---\na: 1\n---\n---\nb: 2\n...\n");
    assert_eq!(reading.errors, []);
    assert_eq!(reading.documents.len(), 2);
    assert!(documents(SourceId(0), "").documents.is_empty());
    assert_eq!(read("").documents[0].value, NodeValue::Null);
}

#[test]
fn prose_is_left_alone() {
    for text in [
        "title: don't panic # note\n",
        "a: 5 # five\n",
        "t: \"x\" # y\n",
        "a: b - c # d\n",
        "m: { a: 1, b: [x, y] } # z\n",
    ] {
        assert_eq!(read(text).errors, [], "{text}");
    }
}

mod properties {
    use proptest::prelude::*;

    use super::*;

    fn spans(node: &Node, inside: std::ops::Range<u32>) {
        assert!(node.span.start >= inside.start && node.span.end <= inside.end, "{node:?} in {inside:?}");
        for item in node.as_list().unwrap_or(&[]) {
            spans(item, node.span.start..node.span.end);
        }
        for entry in node.as_map().unwrap_or(&[]) {
            assert!(entry.key_span.start >= node.span.start && entry.key_span.end <= node.span.end);
            spans(&entry.value, node.span.start..node.span.end);
        }
    }

    fn holds(text: &str) {
        let reading = documents(SourceId(0), text);
        let size = u32::try_from(text.len()).unwrap();
        for root in &reading.documents {
            spans(root, 0..size);
        }
        for error in &reading.errors {
            for (span, _) in &error.labels {
                assert!(text.get(span.start as usize..span.end as usize).is_some(), "{error:?}");
            }
        }
        let _ = document(SourceId(0), text);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

        #[test]
        fn never_panics_and_every_span_lies_in_the_text(text in "[ab:\\-\\[\\]{}\"'#!&*|>?,. \n\tö€0-9~%@`<=]{0,60}") {
            holds(&text);
        }

        #[test]
        fn nor_on_lines_that_look_like_suites(lines in prop::collection::vec("( |  |    )?(- )?(id|a|expect)?:? ?[a-z\\[\\]{}\"'#! :ö,=0-9]{0,14}", 0..8)) {
            holds(&lines.join("\n"));
        }
    }
}
