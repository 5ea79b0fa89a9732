use checkrun_lang::SecretRef;
use checkrun_model::{Asked, Ruling, RunFacts};
use serde_json::json;

use super::*;
use crate::kube::stub::{Fault, Stub, pod, waiting};
use crate::kube::{CanI, Delete, Get, List, Logs, read_secret};

#[tokio::test]
async fn an_object_is_seen_as_it_is_and_its_absence_is_not_yet() {
    let stub = Stub::start().await;
    let mut web = pod("web", "Running");
    web["metadata"]["managedFields"] = json!([{}]);
    stub.store().put("pods", web);
    let (cx, _) = stub.context();
    let get = check::<Get>(json!({ "kind": "Pod", "namespace": "a", "name": "web" }));
    let seen = get.observe(&cx).await.unwrap().value;
    assert_eq!((&seen["status"]["phase"], seen["metadata"].get("managedFields")), (&json!("Running"), None));
    assert_eq!(get.rule(&seen, Asked::default()), Ruling::Met);

    let absent = check::<Get>(json!({ "kind": "Pod", "namespace": "a", "name": "db" }));
    let seen = absent.observe(&cx).await.unwrap().value;
    assert_eq!(absent.rule(&seen, Asked::default()), Ruling::NotYet("Pod a/db does not exist".into()));
    assert_eq!(stub.asked("GET /api?"), 1, "what is served is asked once a run");
}

#[tokio::test]
async fn what_is_not_served_and_where_no_object_can_be_are_errors() {
    let stub = Stub::start().await;
    let (cx, _) = stub.context();
    for (args, why) in [
        (json!({ "kind": "Pood", "namespace": "a", "name": "x" }), "serves no kind"),
        (json!({ "kind": "Pod", "name": "x" }), "none is given"),
        (json!({ "kind": "Pod", "namespace": "a", "name": "x/log" }), "not a name"),
        (json!({ "kind": "Pod", "namespace": "..", "name": "x" }), "not a name"),
    ] {
        let broken = check::<Get>(args).observe(&cx).await.unwrap_err();
        assert!(!broken.transient && broken.cause.contains(why), "{}", broken.cause);
    }
}

#[tokio::test]
async fn a_list_is_sorted_selected_and_says_what_its_items_are() {
    let stub = Stub::start().await;
    for name in ["b", "a"] {
        stub.store().put("pods", pod(name, "Running"));
    }
    stub.store().put("pods", json!({ "metadata": { "name": "c", "namespace": "a" } }));
    let (cx, _) = stub.context();
    let list = check::<List>(json!({ "kind": "Pod", "labels": { "app": "web" } }));
    let seen = list.observe(&cx).await.unwrap().value;
    let names: Vec<&str> =
        seen["items"].as_array().unwrap().iter().map(|item| item["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!((names, &seen["items"][0]["kind"]), (vec!["a", "b"], &json!("Pod")));
    let none = check::<List>(json!({ "kind": "Pod", "namespace": "a", "labels": { "app": "db" } }));
    let seen = none.observe(&cx).await.unwrap().value;
    assert!(matches!(none.rule(&seen, Asked::default()), Ruling::NotYet(_)));
    assert_eq!(none.rule(&seen, Asked { none: true, allow_empty: false }), Ruling::Met);
}

#[tokio::test]
async fn what_is_no_list_is_not_taken_for_an_empty_one() {
    let stub = Stub::start().await;
    let (cx, _) = stub.context();
    let list = check::<List>(json!({ "kind": "Pod", "namespace": "a" }));
    stub.store().faults.push(Fault { request: "GET /api/v1/namespaces/a/pods?", status: 200, times: 1 });
    let broken = list.observe(&cx).await.unwrap_err();
    assert!(broken.cause.contains("was not answered with a list"), "{broken:?}");
}

#[tokio::test]
async fn the_data_of_a_secret_is_named_as_what_nobody_may_read() {
    let stub = Stub::start().await;
    let data = json!({ "user": "a2Fma2E=", "password": "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5" });
    let metadata = json!({ "name": "s", "namespace": "a" });
    stub.store().put("secrets", json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data }));
    let (cx, _) = stub.context();
    let get = check::<Get>(json!({ "kind": "Secret", "namespace": "a", "name": "s" }));
    let list = check::<List>(json!({ "kind": "Secret", "namespace": "a" }));
    let waiting = waiting(&cx, 1);
    for (check, cx) in [(&get, &cx), (&list, &cx), (&get, &waiting), (&list, &waiting)] {
        let seen = check.observe(cx).await.unwrap();
        let texts: Vec<&str> = seen.secrets.iter().map(|secret| secret.text.as_str()).collect();
        assert!(
            texts.contains(&"Y29ycmVjdCBob3JzZSBiYXR0ZXJ5") && texts.contains(&"correct horse battery"),
            "{texts:?}"
        );
        assert!(texts.contains(&"a2Fma2E=") && !texts.contains(&"kafka"), "{texts:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_and_a_refusal_is_not() {
    let stub = Stub::start().await;
    stub.store().put("pods", pod("web", "Running"));
    let (cx, _) = stub.context();
    let get = check::<Get>(json!({ "kind": "Pod", "namespace": "a", "name": "web" }));
    let request = "GET /api/v1/namespaces/a/pods/web";
    stub.store().faults.push(Fault { request, status: 429, times: 2 });
    assert!(get.observe(&cx).await.is_ok());
    assert_eq!(stub.asked(request), 3);
    for (status, transient) in [(403, false), (503, true)] {
        stub.store().faults.push(Fault { request, status, times: 1 });
        assert_eq!(get.observe(&cx).await.unwrap_err().transient, transient, "{status}");
    }
    assert_eq!(stub.asked(request), 5);
}

#[tokio::test]
async fn a_read_only_run_changes_nothing_but_may_ask_what_it_may() {
    let stub = Stub::start().await;
    stub.store().put("pods", pod("web", "Running"));
    let (mut cx, ledger) = stub.context();
    cx.run = Arc::new(RunFacts { read_only: true, ..(*cx.run).clone() });
    let delete = check::<Delete>(json!({ "kind": "Pod", "namespace": "a", "name": "web" }));
    let broken = delete.observe(&cx).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("read-only"), "{}", broken.cause);
    assert_eq!(stub.asked("DELETE"), 0);
    assert!(ledger.entries.lock().unwrap().is_empty(), "what is refused here is not announced");
    for (verb, ruling) in [("get", Ruling::Met), ("delete", Ruling::NotYet("delete of Pod * is not allowed".into()))] {
        let can = check::<CanI>(json!({ "verb": verb, "kind": "Pod" }));
        let seen = can.observe(&cx).await.unwrap().value;
        assert_eq!(can.rule(&seen, Asked::default()), ruling);
    }
}

#[tokio::test]
async fn the_logs_of_all_containers_are_read_or_none() {
    let stub = Stub::start().await;
    stub.store().put("pods", pod("x", "Running"));
    stub.store().put("pods", pod("y", "Running"));
    stub.store().logs.insert("x/c".into(), "fine\nan ERROR\nERROR, harmless\n".into());
    let (cx, _) = stub.context();
    let logs = |more: Json| {
        let mut args =
            json!({ "namespace": "a", "labels": { "app": "web" }, "match": "ERROR", "ignore": ["harmless"] });
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        check::<Logs>(args)
    };
    let broken = logs(json!({})).observe(&cx).await.unwrap_err();
    assert!(broken.transient && broken.cause.contains("waiting to start"), "{}", broken.cause);

    stub.store().logs.insert("y/c".into(), "fine".into());
    let seen = logs(json!({})).observe(&cx).await.unwrap().value;
    assert_eq!(seen["lines"], json!([{ "text": "an ERROR", "pod": "x", "container": "c" }]));
    assert_eq!((&seen["containers"][0]["read"], &seen["containers"][1]["read"]), (&json!(3), &json!(1)));

    stub.store().logs.insert("y/c".into(), String::new());
    let recent = logs(json!({ "since": "5m" }));
    let seen = recent.observe(&cx).await.unwrap().value;
    assert_eq!((&seen["containers"][0]["any"], &seen["containers"][1]["any"]), (&json!(true), &json!(false)));
    assert!(
        matches!(recent.rule(&seen, Asked { none: true, allow_empty: false }), Ruling::NotYet(why) if why.contains("proves nothing"))
    );
}

#[tokio::test]
async fn a_line_that_is_too_long_is_an_error_that_names_the_limit() {
    let stub = Stub::start().await;
    stub.store().put("pods", pod("x", "Running"));
    stub.store().logs.insert("x/c".into(), "x".repeat((16 << 20) + 1));
    let (cx, _) = stub.context();
    let logs = check::<Logs>(json!({ "namespace": "a", "pod": "x", "match": "ERROR" }));
    let broken = logs.observe(&cx).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("a line of more than 16 MiB"), "{}", broken.cause);
}

#[tokio::test]
async fn a_key_of_a_secret_is_read_and_a_wrong_one_is_named() {
    let stub = Stub::start().await;
    stub.store()
        .put("secrets", json!({ "metadata": { "name": "s", "namespace": "a" }, "data": { "password": "aHVudGVy" } }));
    let (cx, _) = stub.context();
    let key = |key: &str| SecretRef::Kube { namespace: "a".into(), name: "s".into(), key: key.into() };
    assert_eq!(read_secret(&key("password"), &cx).await, Ok("hunter".into()));
    let broken = read_secret(&key("token"), &cx).await.unwrap_err();
    assert_eq!(broken.hint.unwrap(), "its keys: password");
}
