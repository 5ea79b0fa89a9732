//! What the client of the `kube` crate does.

use std::time::Duration;

use checkrun_sandbox::kube::{By, Happened, Interference, Ref};
use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;

use crate::stage::{Stage, config_map, pod};

fn read<T: serde::de::DeserializeOwned>(object: serde_json::Value) -> T {
    serde_json::from_value(object).unwrap()
}

#[tokio::test]
async fn an_object_is_made_changed_and_deleted_over_tls() {
    let stage = Stage::secure().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client.clone());
    let made = maps.create(&PostParams::default(), &read(config_map("a", json!({ "k": "v" })))).await.unwrap();
    assert!(made.uid().is_some() && made.creation_timestamp().is_some());
    let patch = Patch::Merge(json!({ "data": { "k": null, "l": "w" } }));
    let patched = maps.patch("a", &PatchParams::default(), &patch).await.unwrap();
    assert_eq!(patched.data.clone().unwrap().into_iter().collect::<Vec<_>>(), [("l".to_owned(), "w".to_owned())]);
    let stale = maps.replace("a", &PostParams::default(), &made).await.unwrap_err();
    assert!(matches!(stale, kube::Error::Api(status) if status.code == 409 && status.reason == "Conflict"));
    maps.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(maps.get_opt("a").await.unwrap().is_none());
}

#[tokio::test]
async fn a_watch_tells_what_the_world_does_and_the_world_sees_what_a_client_does() {
    let stage = Stage::plain().await;
    let mut changes = stage.cluster.changes();
    let pods: Api<Pod> = Api::default_namespaced(stage.client.clone());
    let version = pods.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let mut events = pods.watch(&WatchParams::default().labels("app=x"), &version).await.unwrap().boxed();
    stage.cluster.put(pod("y")).unwrap();
    stage.cluster.put(pod("x")).unwrap();
    stage.cluster.merge(&Ref::new("Pod", Some("default"), "x"), &json!({ "status": { "phase": "Failed" } })).unwrap();
    let added = events.try_next().await.unwrap().unwrap();
    assert!(matches!(added, WatchEvent::Added(pod) if pod.name_any() == "x"));
    let failed = events.try_next().await.unwrap().unwrap();
    assert!(matches!(failed, WatchEvent::Modified(pod) if pod.status.clone().unwrap().phase.unwrap() == "Failed"));
    pods.delete("x", &DeleteParams::default()).await.unwrap();
    assert!(matches!(events.try_next().await.unwrap().unwrap(), WatchEvent::Deleted(_)));
    let mut seen = Vec::new();
    while let Ok(change) = changes.try_recv() {
        seen.push((change.happened, change.by));
    }
    let world = By::World("world".into());
    assert_eq!(seen[2], (Happened::Modified, world));
    assert_eq!(seen.last().unwrap(), &(Happened::Deleted, By::Client("admin".into())));
}

#[tokio::test]
async fn pages_show_one_moment() {
    let stage = Stage::plain().await;
    for at in 0..5 {
        stage.cluster.put(config_map(&format!("m{at}"), json!({}))).unwrap();
    }
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client.clone());
    let first = maps.list(&ListParams::default().limit(2)).await.unwrap();
    assert_eq!((first.items.len(), first.metadata.remaining_item_count), (2, Some(3)));
    stage.cluster.put(config_map("m2a", json!({}))).unwrap();
    stage.cluster.remove(&Ref::new("ConfigMap", Some("default"), "m3")).unwrap();
    let next = first.metadata.continue_.unwrap();
    let rest = maps.list(&ListParams::default().continue_token(&next)).await.unwrap();
    let names: Vec<String> = rest.items.iter().map(|map| map.name_any()).collect();
    assert_eq!(names, ["m2", "m3", "m4"]);
    assert_eq!(rest.metadata.resource_version, first.metadata.resource_version);
    stage.cluster.forget();
    let late = maps.list(&ListParams::default().continue_token(&next)).await.unwrap_err();
    assert!(matches!(late, kube::Error::Api(status) if status.code == 410 && status.reason == "Expired"));
}

#[tokio::test]
async fn trouble_comes_and_goes() {
    let stage = Stage::plain().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client.clone());
    let denial = Interference::Deny { kind: "ConfigMap".into(), message: "not today".into() };
    stage.cluster.interfere(denial.clone());
    let denied = maps.create(&PostParams::default(), &read(config_map("a", json!({})))).await.unwrap_err();
    assert!(matches!(denied, kube::Error::Api(status) if status.code == 403 && status.message.ends_with("not today")));
    stage.cluster.calm(&denial);
    let version = maps.list(&ListParams::default()).await.unwrap().metadata.resource_version.unwrap();
    let mut events = maps.watch(&WatchParams::default(), &version).await.unwrap().boxed();
    stage.cluster.cut_watches();
    assert!(events.next().await.is_none());
    stage.cluster.interfere(Interference::Down);
    assert!(maps.get_opt("a").await.is_err());
    stage.cluster.calm_all();
    stage.cluster.interfere(Interference::Freeze);
    assert!(tokio::time::timeout(Duration::from_millis(200), maps.get_opt("a")).await.is_err());
    stage.cluster.calm_all();
    assert!(maps.get_opt("a").await.unwrap().is_none());
}

#[tokio::test]
async fn who_has_no_right_is_told_which() {
    let stage = Stage::plain().await;
    stage.cluster.user("reader", "jane", &["readers"]);
    let role = |kind: &str, more: serde_json::Value| {
        let mut object = json!({ "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": { "name": "read", "namespace": "default" } });
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        stage.cluster.put(object).unwrap();
    };
    role("Role", json!({ "rules": [{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"] }] }));
    role(
        "RoleBinding",
        json!({
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "read" },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "readers" }],
        }),
    );
    let maps: Api<ConfigMap> = Api::default_namespaced(stage.client_of("reader").await);
    assert!(maps.get_opt("a").await.unwrap().is_none());
    let kube::Error::Api(refused) = maps.list(&ListParams::default()).await.unwrap_err() else { panic!("an answer") };
    let text = "configmaps is forbidden: User \"jane\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\"";
    assert_eq!((refused.code, refused.message.as_str()), (403, text));
    let strangers: Api<ConfigMap> = Api::default_namespaced(stage.client_of("unknown").await);
    assert!(matches!(strangers.get_opt("a").await, Err(kube::Error::Api(status)) if status.code == 401));
}
