use serde_json::json;

use super::*;

fn resource(kind: &str, plural: &str) -> Json {
    json!({ "resource": plural, "responseKind": { "kind": kind }, "scope": "Namespaced", "verbs": ["get", "list"] })
}

fn group(name: &str, versions: &[(&str, Json)], freshness: &str) -> Json {
    let versions: Vec<Json> = versions
        .iter()
        .map(|(version, resources)| json!({ "version": version, "resources": resources, "freshness": freshness }))
        .collect();
    json!({ "metadata": { "name": name }, "versions": versions })
}

fn served(groups: &[Json]) -> Served {
    let mut served = Served::default();
    served.add(&json!({ "kind": "APIGroupDiscoveryList", "items": groups })).unwrap();
    served
}

fn cluster() -> Served {
    served(&[
        group("", &[("v1", json!([resource("Pod", "pods"), resource("Event", "events")]))], "Current"),
        group("events.k8s.io", &[("v1", json!([resource("Event", "events")]))], "Current"),
        group(
            "kafka.strimzi.io",
            &[("v1", json!([resource("Kafka", "kafkas")])), ("v1beta2", json!([resource("Kafka", "kafkas")]))],
            "Current",
        ),
    ])
}

fn why(found: Result<Arc<Resource>, Missing>) -> (Broken, bool) {
    match found.unwrap_err() {
        Missing::Unserved(broken) => (broken, true),
        Missing::Unclear(broken) => (broken, false),
    }
}

#[test]
fn the_preferred_version_of_the_only_group_is_taken() {
    let cluster = cluster();
    assert_eq!(cluster.find("Kafka").unwrap().api_version(), "kafka.strimzi.io/v1");
    assert_eq!(
        cluster.find("Kafka.kafka.strimzi.io").unwrap().list_path(Some("kafka")),
        "/apis/kafka.strimzi.io/v1/namespaces/kafka/kafkas"
    );
    assert_eq!(cluster.find("Pod").unwrap().list_path(None), "/api/v1/pods");
}

#[test]
fn a_kind_of_two_groups_needs_its_group() {
    let (broken, unserved) = why(cluster().find("Event"));
    assert!(!unserved && !broken.transient);
    assert_eq!(broken.hint.unwrap(), "write one of `Event.core`, `Event.events.k8s.io`");
    assert_eq!(cluster().find("Event.core").unwrap().api_version(), "v1");
    assert_eq!(cluster().find("Event.events.k8s.io").unwrap().api_version(), "events.k8s.io/v1");
}

#[test]
fn a_kind_that_is_not_served_is_an_error() {
    let hint = |written: &str| {
        let (broken, unserved) = why(cluster().find(written));
        assert!(unserved && !broken.transient, "{written}");
        broken.hint.unwrap()
    };
    assert_eq!(hint("Pods"), "did you mean `Pod`?");
    assert_eq!(hint("Kafka.kafka.apache.org"), "it serves `Kafka.kafka.strimzi.io`");
    assert!(hint("HelmRelease").contains("CustomResourceDefinition"));
}

#[test]
fn a_group_whose_server_is_away_may_come_back() {
    let away = served(&[group("metrics.k8s.io", &[("v1beta1", json!([]))], "Stale")]);
    assert!(why(away.find("PodMetrics")).0.transient);
    assert!(!why(away.find("PodMetrics.other.io")).0.transient);
}

#[test]
fn a_manifest_says_a_version_or_a_group() {
    let cluster = cluster();
    assert_eq!(cluster.find_version("v1", "Pod").unwrap().plural, "pods");
    assert_eq!(cluster.find_version("kafka.strimzi.io", "Kafka").unwrap().version, "v1");
    assert_eq!(cluster.find_version("kafka.strimzi.io/v1beta2", "Kafka").unwrap().version, "v1beta2");
    let (broken, _) = why(cluster.find_version("kafka.strimzi.io/v1alpha1", "Kafka"));
    assert!(broken.hint.unwrap().starts_with("served versions: v1, v1beta2"));
}

#[test]
fn what_is_no_account_is_refused() {
    assert!(Served::default().add(&json!({ "kind": "APIGroupList" })).is_err());
}
