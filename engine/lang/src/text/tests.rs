//! The lexing step.

use proptest::prelude::*;

use super::*;

fn shown(text: &str) -> Vec<(Lex, &str)> {
    scan(text).into_iter().map(|token| (token.lex, &text[token.range])).collect()
}

fn names(text: &str) -> Vec<&str> {
    shown(text).into_iter().filter(|(lex, _)| *lex == Lex::Name).map(|(_, name)| name).collect()
}

#[test]
fn names_after_checks_keep_their_hyphens_and_nothing_else_does() {
    assert_eq!(names("checks.kafka-ready.a-b - a-b"), ["checks", "kafka-ready", "a-b", "a", "b"]);
    assert_eq!(names("checks.flux[a-b].main-rev"), ["checks", "flux", "a", "b", "main-rev"]);
    assert_eq!(names("status.kafka-ready"), ["status", "kafka", "ready"]);
    assert_eq!(names("x.checks.a-b"), ["x", "checks", "a", "b"]);
    assert_eq!(names("checks.a.count -1"), ["checks", "a", "count"]);
    assert_eq!(names("checks.a + b.c-d"), ["checks", "a", "b", "c", "d"]);
}

#[test]
fn quantities_are_one_token() {
    for text in ["5m", "50ms", "1m23.5s", "1GiB", "30d", "10k/s", "200/s", "6/m", "1_000/s", "1.5GiB"] {
        assert_eq!(shown(text), [(Lex::Quantity, text)], "{text}");
        assert!(quantity(text).is_ok(), "{text}");
    }
    for text in ["5x", "5k", "1GiBs", "1m2x", "5m/s"] {
        assert!(quantity(text).is_err(), "{text}");
    }
    assert_eq!(shown("20% * 3")[0], (Lex::Percent, "20%"));
    assert_eq!(shown("[20%]")[1], (Lex::Percent, "20%"));
    assert_eq!(shown("20%3")[0], (Lex::Number, "20"));
    assert_eq!(shown("7 % 4")[0], (Lex::Number, "7"));
    assert_eq!(shown("1e3")[0], (Lex::Number, "1e3"));
    assert_eq!(shown("0..3")[0], (Lex::Number, "0"));
    assert_eq!(shown("a/s"), [(Lex::Name, "a"), (Lex::Sign, "/"), (Lex::Name, "s")]);
    assert_eq!(shown("5/seconds")[0], (Lex::Number, "5"));
}

#[test]
fn rhai_and_minijinja_get_what_they_read() {
    let rewritten = |text: &str, dialect| rewrite(text, dialect).unwrap().text;
    assert_eq!(rewritten("a.default.len() == null", Dialect::Rhai), "a[\"default\"].len() == __null");
    assert_eq!(rewritten("x < 5m // 5m .a", Dialect::Rhai), "x < quantity(\"5m\") // 5m .a");
    assert_eq!(rewritten("\"a.b 5m\".c", Dialect::Rhai), "\"a.b 5m\"[\"c\"]");
    assert_eq!(rewritten("checks.kafka-ready.x", Dialect::Jinja), "checks[\"kafka-ready\"][\"x\"]");
    assert_eq!(rewritten("#{ null: 1 }", Dialect::Rhai), "#{ null: 1 }");
    assert!(rewrite("a?.b", Dialect::Rhai).is_err());
}

fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "checks.", "a-b", ".name", "5m", "10k/s", "20%", "\"x.y\"", "'q'", "`r`", "null", " ", "==", "[", "]", "(",
        ")", "?.", "//c\n", "/*", "é", "µ", "1.5", "..", "|x|", "#{", "}", "-", "\\", "\"", "1e", "\u{a0}", "9_", "\n",
    ]);
    prop_oneof![prop::collection::vec(pieces, 0..12).prop_map(|all| all.concat()), any::<String>()]
}

proptest! {
    #[test]
    fn the_scanner_takes_every_text_and_skips_nothing_but_space(text in texts()) {
        let mut at = 0;
        for token in scan(&text) {
            prop_assert!(token.range.start >= at && token.range.end > token.range.start, "{token:?}");
            prop_assert!(text.get(token.range.clone()).is_some());
            prop_assert!(text[at..token.range.start].chars().all(char::is_whitespace));
            at = token.range.end;
        }
        prop_assert!(text[at..].chars().all(char::is_whitespace));
    }

    #[test]
    fn every_byte_of_a_rewritten_text_comes_from_inside_the_text(text in texts()) {
        for dialect in [Dialect::Rhai, Dialect::Jinja] {
            match rewrite(&text, dialect) {
                Ok(rewritten) => {
                    let mut last = 0;
                    for at in 0..=rewritten.text.len() {
                        let origin = rewritten.origin(at);
                        prop_assert!(origin <= text.len() && origin >= last);
                        last = origin;
                    }
                }
                Err(fault) => prop_assert!(text.get(fault.range).is_some()),
            }
        }
    }
}
