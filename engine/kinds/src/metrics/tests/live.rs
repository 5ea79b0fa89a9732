//! Both kinds against real stores, whose urls stand in `CHECKRUN_TEST_PROMQL` and `CHECKRUN_TEST_LOGSQL`:
//! `cargo test -p checkrun-kinds live -- --ignored`.

use super::*;

fn url(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} holds the store's url"))
}

#[tokio::test]
#[ignore = "needs a real store"]
async fn a_real_store_answers_promql() {
    let url = url("CHECKRUN_TEST_PROMQL");
    for (query, value) in [("vector(1)", json!(1)), ("1 + 1", json!(2)), ("time() * 0 + 0.5", json!(0.5))] {
        let (seen, ruling) = observe(&PROMQL, &url, json!({ "query": query })).await.unwrap();
        assert_eq!((&seen["value"], ruling), (&value, Ruling::Met), "{query}");
    }
    let (_, ruling) = observe(&PROMQL, &url, json!({ "query": "no_such_series_at_all" })).await.unwrap();
    assert!(matches!(ruling, Ruling::NotYet(_)));
    let (_, ruling) = observe(&PROMQL, &url, json!({ "query": "0 / 0" })).await.unwrap();
    assert!(matches!(ruling, Ruling::NotYet(_)));
    let broken = observe(&PROMQL, &url, json!({ "query": "sum(" })).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("refused"), "{broken:?}");
}

#[tokio::test]
#[ignore = "needs a real store"]
async fn a_real_store_answers_logsql() {
    let url = url("CHECKRUN_TEST_LOGSQL");
    let (seen, ruling) =
        observe(&LOGSQL, &url, json!({ "query": "* | stats count() n", "since": "1h" })).await.unwrap();
    assert_eq!(ruling, Ruling::Met, "{seen}");
    assert!(seen["rows"][0]["n"].is_string(), "{seen}");
    let none = json!({ "query": "\"no such line, I am sure\"", "since": "1m" });
    assert!(matches!(observe(&LOGSQL, &url, none).await.unwrap().1, Ruling::NotYet(_)));
    let broken = observe(&LOGSQL, &url, json!({ "query": "| | stats" })).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("refused"), "{broken:?}");
}
