use checkrun_model::{Asked, Cx, Ruling, Undone};
use serde_json::json;

use super::*;
use crate::kube::stub::{Fault, Stub, pod, waiting};
use crate::kube::{Apply, Delete, Patch};
use crate::testing::Remembered;

fn config_map(name: &str) -> Json {
    json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "namespace": "a" }, "data": { "k": "v" } })
}

fn apply(manifest: Json) -> Arc<dyn Prepared> {
    check::<Apply>(json!({ "manifest": manifest }))
}

fn said(ledger: &Remembered) -> Vec<&'static str> {
    ledger.entries.lock().unwrap().iter().map(|(what, _)| *what).collect()
}

fn last_identity(ledger: &Remembered) -> Json {
    ledger.entries.lock().unwrap().iter().rev().find(|(what, _)| *what != "void").unwrap().1.clone()
}

async fn undo<K: Kind>(identity: &Json, cx: &Cx) -> Undone {
    (KindEntry::of::<K>().undo)(identity, cx).await.unwrap()
}

#[tokio::test]
async fn an_object_is_announced_marked_made_strictly_and_unmade_by_its_uid() {
    let stub = Stub::start().await;
    let (cx, ledger) = stub.context();
    let apply = apply(config_map("x"));
    let seen = apply.observe(&cx).await.unwrap().value;
    assert_eq!(seen["metadata"]["labels"]["checkrun.io/run"], "1a2b3c4d");
    assert_eq!(apply.rule(&seen, Asked::default()), Ruling::Met);
    assert_eq!(said(&ledger), ["intend", "made"]);
    assert_eq!(stub.asked("POST /api/v1/namespaces/a/configmaps?fieldManager=checkrun&fieldValidation=Strict"), 1);
    let identity = last_identity(&ledger);
    assert_eq!(undo::<Apply>(&identity, &cx).await, Undone::Done);
    assert!(stub.store().objects.is_empty());
    assert_eq!(undo::<Apply>(&identity, &cx).await, Undone::AlreadyGone);
}

#[tokio::test]
async fn what_exists_is_not_taken_over() {
    let stub = Stub::start().await;
    let theirs = stub.store().put("configmaps", config_map("x"));
    let (cx, ledger) = stub.context();
    let broken = apply(config_map("x")).observe(&cx).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("not taken over"), "{}", broken.cause);
    assert_eq!((said(&ledger), stub.store().objects.values().next()), (vec!["intend", "void"], Some(&theirs)));

    let (cx, _) = stub.context();
    apply(config_map("y")).observe(&cx).await.unwrap();
    let again = apply(config_map("y")).observe(&cx).await.unwrap_err();
    assert!(again.cause.contains("already made by this run"), "{}", again.cause);
}

#[tokio::test]
async fn another_of_the_same_name_is_left_alone() {
    let stub = Stub::start().await;
    let (cx, ledger) = stub.context();
    apply(config_map("x")).observe(&cx).await.unwrap();
    stub.store().take("configmaps", "x");
    stub.store().put("configmaps", config_map("x"));
    assert!(matches!(undo::<Apply>(&last_identity(&ledger), &cx).await, Undone::NotOurs(_)));
    assert_eq!(stub.store().objects.len(), 1);
}

#[tokio::test]
async fn what_was_made_but_never_answered_for_is_found_by_its_mark() {
    let stub = Stub::start().await;
    let (cx, ledger) = stub.context();
    apply(config_map("x")).observe(&cx).await.unwrap();
    let announced = ledger.entries.lock().unwrap()[0].1.clone();
    assert_eq!(announced.get("uid"), None);
    assert_eq!(undo::<Apply>(&announced, &cx).await, Undone::Done);
    stub.store().put("configmaps", config_map("x"));
    assert!(matches!(undo::<Apply>(&announced, &cx).await, Undone::NotOurs(_)));
}

#[tokio::test]
async fn what_was_never_confirmed_is_looked_for_again_and_then_said_to_be_unknown() {
    let stub = Stub::start().await;
    let (mut cx, ledger) = stub.context();
    apply(config_map("x")).observe(&cx).await.unwrap();
    let announced = ledger.entries.lock().unwrap()[0].1.clone();
    let late = stub.store().objects.values().next().unwrap().clone();
    stub.store().take("configmaps", "x");
    // It comes only after the first look.
    let comes = async {
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        stub.store().put("configmaps", late);
    };
    assert_eq!(tokio::join!(undo::<Apply>(&announced, &cx), comes).0, Undone::Done);
    cx.deadline = std::time::Instant::now() + std::time::Duration::from_secs(1);
    let never = undo::<Apply>(&announced, &cx).await;
    assert!(matches!(&never, Undone::NotSeen(why) if why.contains("never confirmed")), "{never:?}");
}

#[tokio::test]
async fn a_field_that_is_not_known_is_refused_and_nothing_is_left_to_undo() {
    let stub = Stub::start().await;
    let (cx, ledger) = stub.context();
    let mut wrong = config_map("x");
    wrong["unknown"] = json!(1);
    let broken = apply(wrong).observe(&cx).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("unknown field"), "{}", broken.cause);
    assert_eq!(said(&ledger), ["intend", "void"]);
    stub.store().faults.push(Fault { request: "POST", status: 500, times: 1 });
    assert!(apply(config_map("x")).observe(&cx).await.unwrap_err().transient);
    assert_eq!(said(&ledger), ["intend", "void", "intend"], "a server that broke down may have made it");
}

#[tokio::test]
async fn of_a_manifest_nothing_is_made_if_one_object_can_not_be() {
    let stub = Stub::start().await;
    let (cx, ledger) = stub.context();
    let unserved = json!({ "apiVersion": "v1", "kind": "Nonsense", "metadata": { "name": "x" } });
    assert!(apply(json!([config_map("x"), unserved])).observe(&cx).await.is_err());
    assert!(said(&ledger).is_empty() && stub.asked("POST") == 0);
    let both = apply(json!([config_map("x"), config_map("y")]));
    let seen = both.observe(&cx).await.unwrap().value;
    assert_eq!((&seen["items"][1]["metadata"]["name"], both.rule(&seen, Asked::default())), (&json!("y"), Ruling::Met));
}

#[test]
fn a_manifest_without_kind_name_or_with_a_status_is_refused() {
    for (manifest, wrong) in [
        (json!([]), 1),
        (json!("manifests/x.yaml"), 1),
        (json!({ "apiVersion": "v1" }), 2),
        (json!([{ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "x" }, "status": {} }, {}]), 4),
    ] {
        let errors = prepare(&KindEntry::of::<Apply>(), &json!({ "manifest": manifest })).err().unwrap();
        assert_eq!(errors.len(), wrong, "{manifest}: {errors:?}");
    }
}

fn patch(merge: Json) -> Arc<dyn Prepared> {
    check::<Patch>(json!({ "kind": "ConfigMap", "namespace": "a", "name": "x", "merge": merge }))
}

#[tokio::test]
async fn a_patch_gives_its_fields_back_and_only_those() {
    let stub = Stub::start().await;
    stub.store().put("configmaps", config_map("x"));
    let (cx, ledger) = stub.context();
    let patch = patch(json!({ "data": { "k": "new", "extra": "1" }, "metadata": { "annotations": { "a/b": "c" } } }));
    let seen = patch.observe(&cx).await.unwrap().value;
    assert_eq!((&seen["data"]["k"], patch.rule(&seen, Asked::default())), (&json!("new"), Ruling::Met));
    let mut theirs = seen.clone();
    theirs["data"]["beside"] = json!("2");
    stub.store().put("configmaps", theirs);
    let identity = last_identity(&ledger);
    assert_eq!(undo::<Patch>(&identity, &cx).await, Undone::Done);
    let now = stub.store().objects.values().next().unwrap().clone();
    assert_eq!((&now["data"], now["metadata"].get("annotations")), (&json!({ "k": "v", "beside": "2" }), None));
    assert_eq!(undo::<Patch>(&identity, &cx).await, Undone::Done, "once more changes nothing");
}

#[tokio::test]
async fn a_field_that_others_have_changed_since_is_left_alone() {
    let stub = Stub::start().await;
    stub.store().put("configmaps", config_map("x"));
    let (cx, ledger) = stub.context();
    let mut theirs = patch(json!({ "data": { "k": "new" } })).observe(&cx).await.unwrap().value;
    theirs["data"]["k"] = json!("newer");
    stub.store().put("configmaps", theirs);
    let undone = undo::<Patch>(&last_identity(&ledger), &cx).await;
    assert!(matches!(undone, Undone::NotOurs(why) if why.contains("data.k")));
    assert_eq!(stub.store().objects.values().next().unwrap()["data"]["k"], "newer");
}

#[tokio::test]
async fn a_patch_that_met_a_change_is_tried_again_with_what_is_there_then() {
    let stub = Stub::start().await;
    stub.store().put("configmaps", config_map("x"));
    stub.store().faults.push(Fault { request: "PATCH", status: 409, times: 2 });
    let (cx, ledger) = stub.context();
    assert!(patch(json!({ "data": { "k": "new" } })).observe(&cx).await.is_ok());
    assert_eq!(said(&ledger), ["intend", "void", "intend", "void", "intend", "made"]);
}

#[tokio::test]
async fn a_patch_of_nothing_stays_unmet_though_the_object_comes_later() {
    let stub = Stub::start().await;
    let (cx, ledger) = stub.context();
    let (patch, cx) = (patch(json!({ "data": { "k": "new" } })), waiting(&cx, 1));
    let seen = patch.observe(&cx).await.unwrap();
    assert!(matches!(patch.rule(&seen.value, Asked::default()), Ruling::NotYet(_)) && said(&ledger).is_empty());
    stub.store().put("configmaps", config_map("x"));
    let later = patch.reread(&cx, &seen).await.unwrap().value;
    assert!(matches!(patch.rule(&later, Asked::default()), Ruling::NotYet(_)));
}

#[test]
fn what_a_patch_does_is_seen_from_its_fields() {
    use checkrun_model::Effect;
    for (merge, effect) in [
        (json!({ "spec": { "suspend": true } }), Effect::Disrupt),
        (json!({ "spec": { "replicas": 0 } }), Effect::Disrupt),
        (json!({ "metadata": { "annotations": { "a": "b" } } }), Effect::Write),
    ] {
        assert_eq!(patch(merge.clone()).effect(), effect, "{merge}");
    }
    let entry = KindEntry::of::<Patch>();
    let secret = json!({ "kind": "Secret", "namespace": "a", "name": "x", "merge": { "data": {} } });
    let nothing = json!({ "kind": "Pod", "namespace": "a", "name": "x", "merge": {} });
    assert!(prepare(&entry, &secret).is_err() && prepare(&entry, &nothing).is_err());
}

fn delete(name: &str) -> Arc<dyn Prepared> {
    check::<Delete>(json!({ "kind": "Pod", "namespace": "a", "name": name }))
}

#[tokio::test]
async fn what_was_deleted_is_gone_though_another_has_its_name() {
    let stub = Stub::start().await;
    let before = stub.store().put("pods", pod("web", "Running"));
    let (cx, ledger) = stub.context();
    let (delete, cx) = (delete("web"), waiting(&cx, 1));
    let mut seen = delete.observe(&cx).await.unwrap();
    assert_eq!(seen.value["metadata"]["uid"], before["metadata"]["uid"]);
    seen.value["gone"] = json!(false);
    stub.store().put("pods", pod("web", "Pending"));
    let seen = delete.reread(&cx, &seen).await.unwrap().value;
    assert_eq!((&seen["gone"], delete.rule(&seen, Asked::default())), (&json!(true), Ruling::Met));
    assert_eq!(said(&ledger), ["intend", "made"]);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_deleted() {
    let stub = Stub::start().await;
    let (cx, ledger) = stub.context();
    let delete = delete("web");
    let seen = delete.observe(&cx).await.unwrap().value;
    assert!(matches!(delete.rule(&seen, Asked::default()), Ruling::Final(_)));
    assert_eq!(delete.rule(&seen, Asked { none: false, allow_empty: true }), Ruling::Met);
    assert!(said(&ledger).is_empty());
}
