use std::time::Duration;

use checkrun_model::{Asked, Ruling};
use serde_json::json;

use super::*;
use crate::kube::stub::{Fault, Stub, pod, soon, waiting};
use crate::kube::{Apply, Get, List, Patch};

const LIST: &str = "GET /api/v1/namespaces/a/pods?limit";
const WATCH: &str = "GET /api/v1/namespaces/a/pods?watch";

fn get(name: &str) -> Arc<dyn Prepared> {
    check::<Get>(json!({ "kind": "Pod", "namespace": "a", "name": name }))
}

async fn phase(check: &Arc<dyn Prepared>, cx: &checkrun_model::Cx) -> Json {
    check.observe(cx).await.unwrap().value["status"]["phase"].clone()
}

#[tokio::test]
async fn two_hundred_waits_are_one_list_and_one_watch() {
    let stub = Stub::start().await;
    for n in 0..200 {
        stub.store().put("pods", pod(&format!("pod-{n}"), "Pending"));
    }
    let (cx, _) = stub.context();
    let wait = async |n: u64| {
        let (check, cx) = (get(&format!("pod-{n}")), waiting(&cx, n + 1));
        let mut looks = 0;
        while phase(&check, &cx).await != "Running" {
            looks += 1;
            check.changed(&cx).await;
        }
        looks
    };
    let everybody = futures::future::join_all((0..200).map(wait));
    let later = async {
        while stub.asked(WATCH) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for n in 0..200 {
            stub.store().put("pods", pod(&format!("pod-{n}"), "Running"));
        }
    };
    let (looks, ()) = soon(async { tokio::join!(everybody, later) }).await.expect("every wait ends");
    assert_eq!((stub.asked(LIST), stub.asked(WATCH)), (1, 1));
    assert!(looks.iter().all(|looks| *looks <= 2), "a wait is woken only by its own object: {looks:?}");
    assert_eq!(stub.asked("GET /api/v1/namespaces/a/pods/"), 0, "and no object is read by itself");
}

#[tokio::test]
async fn a_wait_after_a_write_never_sees_the_state_before_it() {
    let stub = Stub::start().await;
    stub.store().put("pods", pod("web", "Running"));
    let (cx, _) = stub.context();
    let earlier = waiting(&cx, 1);
    assert_eq!(phase(&get("web"), &earlier).await, "Running");
    stub.store().delay = Duration::from_secs(2);

    // An effect of another check: what it has done reaches the watch only two seconds later.
    stub.store().put("pods", pod("web", "Failed"));
    cx.shared.effect_ended();
    assert_eq!(phase(&get("web"), &waiting(&cx, 2)).await, "Failed");
    assert_eq!(phase(&get("web"), &earlier).await, "Failed", "nor does an older wait go back in time");
}

#[tokio::test]
async fn a_check_that_writes_reads_its_own_write() {
    let stub = Stub::start().await;
    stub.store().put("configmaps", json!({ "metadata": { "name": "x", "namespace": "a" }, "data": { "k": "old" } }));
    let (cx, _) = stub.context();
    let other = check::<List>(json!({ "kind": "ConfigMap", "namespace": "a" }));
    assert!(other.observe(&waiting(&cx, 1)).await.is_ok());
    stub.store().delay = Duration::from_secs(2);

    let patch = check::<Patch>(
        json!({ "kind": "ConfigMap", "namespace": "a", "name": "x", "merge": { "data": { "k": "new" } } }),
    );
    let cx_patch = waiting(&cx, 2);
    let seen = patch.observe(&cx_patch).await.unwrap();
    let cx_patch = waiting(&cx, 2);
    assert_eq!(patch.reread(&cx_patch, &seen).await.unwrap().value["data"]["k"], "new");

    let manifest = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "y", "namespace": "a" } });
    let apply = check::<Apply>(json!({ "manifest": manifest }));
    let cx_apply = waiting(&cx, 3);
    let seen = apply.observe(&cx_apply).await.unwrap();
    let cx_apply = waiting(&cx, 3);
    assert_eq!(apply.reread(&cx_apply, &seen).await.unwrap().value["metadata"]["uid"], seen.value["metadata"]["uid"]);
}

#[tokio::test]
async fn a_watch_that_is_cut_or_forgotten_begins_again_with_a_list() {
    let stub = Stub::start().await;
    stub.store().put("pods", pod("web", "Pending"));
    let (cx, _) = stub.context();
    let (check, cx) = (get("web"), waiting(&cx, 1));
    assert_eq!(phase(&check, &cx).await, "Pending");
    {
        let mut store = stub.store();
        store.cuts += 1;
        // It comes back to a server that has forgotten the first list's version, and the next two.
        store.forgotten = u64::MAX;
        store.delay = Duration::from_secs(60);
        store.put("pods", pod("web", "Running"));
    }
    soon(async {
        while phase(&check, &cx).await != "Running" {
            check.changed(&cx).await;
        }
        while stub.asked(LIST) < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the list shows what the watch did not tell");
}

#[tokio::test]
async fn nothing_is_judged_on_the_past_while_the_server_is_away() {
    let stub = Stub::start().await;
    stub.store().put("pods", pod("web", "Running"));
    let (cx, _) = stub.context();
    let (check, cx) = (get("web"), waiting(&cx, 1));
    assert_eq!(phase(&check, &cx).await, "Running");
    stub.store().faults.push(Fault { request: LIST, status: 503, times: usize::MAX });
    soon(async {
        loop {
            stub.store().cuts += 1;
            match check.observe(&cx).await {
                Err(broken) => return assert!(broken.transient && broken.cause.contains("503"), "{}", broken.cause),
                Ok(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    })
    .await
    .expect("a cut watch is noticed");
}

#[tokio::test]
async fn without_the_right_to_list_or_watch_an_object_is_polled_and_the_evidence_says_so() {
    for request in [LIST, WATCH] {
        let stub = Stub::start().await;
        stub.store().put("pods", pod("web", "Running"));
        stub.store().faults.push(Fault { request, status: 403, times: usize::MAX });
        let (cx, _) = stub.context();
        let (check, cx) = (get("web"), waiting(&cx, 1));
        // With the right to list alone, the first look may be the list's.
        let polled = soon(async {
            loop {
                let seen = check.observe(&cx).await.unwrap();
                assert_eq!(seen.value["status"]["phase"], "Running");
                if let Some(note) = seen.notes.first() {
                    return note.clone();
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        let note = polled.await.unwrap();
        assert!(note.starts_with("polled, not watched") && note.contains("403"), "{note}");
        let woken = tokio::time::timeout(Duration::from_millis(100), check.changed(&cx)).await;
        assert!(woken.is_err(), "who polls is woken by nobody");
    }
}

#[tokio::test]
async fn an_object_that_goes_is_seen_to_go() {
    let stub = Stub::start().await;
    stub.store().put("pods", pod("web", "Running"));
    let (cx, _) = stub.context();
    let (check, cx) = (get("web"), waiting(&cx, 1));
    assert_eq!(phase(&check, &cx).await, "Running");
    stub.store().take("pods", "web");
    soon(check.changed(&cx)).await.unwrap();
    let seen = check.observe(&cx).await.unwrap().value;
    assert!(matches!(check.rule(&seen, Asked::default()), Ruling::NotYet(_)));
}

#[tokio::test]
async fn a_watch_ends_with_the_last_check_that_waits() {
    let stub = Stub::start().await;
    stub.store().put("pods", pod("web", "Running"));
    let (cx, _) = stub.context();
    assert_eq!(phase(&get("web"), &waiting(&cx, 1)).await, "Running");
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(phase(&get("web"), &waiting(&cx, 2)).await, "Running");
    assert_eq!(stub.asked(LIST), 2, "the second wait found no feed to join");
}
