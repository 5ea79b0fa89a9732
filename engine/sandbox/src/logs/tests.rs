use std::time::Duration;

use super::*;

fn row(logs: &Logs, ago: u64, fields: &[(&str, &str)]) {
    let at = logs.clock.now().checked_sub(Duration::from_secs(ago)).expect("a time");
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    logs.keep(Row { at, fields, stream: vec!["stream".into()] });
}

fn store() -> Logs {
    let logs = Logs::new(Clock::new(1.0));
    row(&logs, 600, &[("_msg", "an old error"), ("cluster", "apps"), ("stream", "x")]);
    row(&logs, 30, &[("_msg", "run-abc 1"), ("cluster", "apps"), ("stream", "x")]);
    row(&logs, 20, &[("_msg", "run-abc 2"), ("cluster", "apps"), ("stream", "y")]);
    row(&logs, 10, &[("_msg", "run-abcd errors"), ("cluster", "infra"), ("level", "error")]);
    logs
}

/// The messages that a query gives.
fn found(query: &str) -> Vec<String> {
    let rows = store().query(query, Part::default()).unwrap_or_else(|why| panic!("{query}: {why}"));
    rows.into_iter().map(|mut row| row.remove("_msg").unwrap_or_default()).collect()
}

#[test]
fn words_and_phrases_are_whole() {
    assert_eq!(found("error"), ["an old error"]);
    assert_eq!(found(r#""run-abc""#), ["run-abc 1", "run-abc 2"]);
    assert_eq!(found("run-abc*"), ["run-abc 1", "run-abc 2", "run-abcd errors"]);
    assert_eq!(found(r#"~"abc.? e""#), ["run-abcd errors"]);
    assert_eq!(found("*").len(), 4);
}

#[test]
fn fields_streams_and_time() {
    assert_eq!(found(r#"cluster:="apps" "run-abc""#), ["run-abc 1", "run-abc 2"]);
    assert_eq!(found(r#"{stream="x"} _time:5m"#), ["run-abc 1"]);
    assert_eq!(found(r#"{cluster="apps"}"#), [""; 0], "an ordinary field is no field of the stream");
    assert_eq!(found("level:error"), ["run-abcd errors"]);
    assert_eq!(found(r#"level:"" old"#), ["an old error"]);
    assert_eq!(found("nosuch:=x"), [""; 0]);
    assert_eq!(found(r#"cluster:in(infra, "x")"#), ["run-abcd errors"]);
    assert_eq!(found(r#"{stream!="x",stream!~"y"}"#), ["run-abcd errors"]);
}

#[test]
fn conditions_join() {
    assert_eq!(found("old or errors"), ["an old error", "run-abcd errors"]);
    assert_eq!(found("_time:5m and not cluster:infra"), ["run-abc 1", "run-abc 2"]);
    assert_eq!(found("_time:5m !(1 or 2)"), ["run-abcd errors"]);
    assert_eq!(found(r#""run-abc" -"run-abc 1""#), ["run-abc 2"]);
}

#[test]
fn pipes() {
    assert_eq!(found("cluster:apps | sort by (_time) desc | limit 1"), ["run-abc 2"]);
    let count = |query: &str| store().query(query, Part::default()).expect("rows");
    assert_eq!(count("cluster:apps | stats count() n")[0]["n"], "3");
    assert_eq!(count("nothing | stats count() as n")[0]["n"], "0", "one row even over nothing");
    assert_eq!(count("* | stats by (cluster) count() n").len(), 2);
    assert_eq!(count("* | stats count_uniq(cluster) n")[0]["n"], "2");
    assert_eq!(count("nothing | stats by (cluster) count() n").len(), 0);
    assert_eq!(count("* | fields cluster | limit 1")[0].len(), 1);
}

#[test]
fn start_end_and_limit() {
    let logs = store();
    let ago = |seconds| logs.clock.now().checked_sub(Duration::from_secs(seconds)).ok();
    let part = Part { start: ago(35), end: ago(5), limit: Some(2) };
    let rows = logs.query("*", part).expect("rows");
    let messages: Vec<&str> = rows.iter().map(|row| row["_msg"].as_str()).collect();
    assert_eq!(messages, ["run-abc 2", "run-abcd errors"]);
}

#[test]
fn what_is_not_worked_out_is_refused_by_name() {
    for (query, part) in [
        ("", "empty"),
        ("a | uniq by (x)", "`uniq`"),
        ("a | stats avg(x) y", "avg(x)"),
        ("_time:[now-5m, now]", "_time:["),
        ("len_range(1, 2)", "len_range"),
        ("a:range(1, 2)", "range"),
        ("n:>5", "n:>"),
        (r#""open"#, "no end"),
        ("(a", "`)` is missing"),
        ("a )", "unexpected `)`"),
    ] {
        let why = store().query(query, Part::default()).expect_err(query);
        assert!(why.contains(part), "{query}: {why}");
    }
}

#[test]
fn no_match_is_an_empty_body_and_a_mistake_is_400() {
    let asked = |query: &str| {
        let fields = vec![("query".to_owned(), query.to_owned())];
        answer::answer(
            &store(),
            &Asked { method: "GET".into(), path: "/select/logsql/query".into(), fields, ..Asked::default() },
        )
    };
    assert_eq!((asked("nothing").status, asked("nothing").body.len()), (200, 0));
    assert_eq!(asked("a | b").status, 400);
}
