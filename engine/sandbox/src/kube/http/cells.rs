//! What stands in the cells of tables: values put together of several fields, as `kubectl get` shows them.

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::kube::object::{at, is_going, items, name};

const NONE: &str = "<none>";

/// How long ago, in few letters.
pub(super) fn since(time: &str, now: Timestamp) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => duration(now.duration_since(time).as_secs()),
        Err(_) => "<unknown>".to_owned(),
    }
}

/// How old an object is.
pub(super) fn age(object: &Json, now: Timestamp) -> String {
    since(object["metadata"]["creationTimestamp"].as_str().unwrap_or_default(), now)
}

/// Seconds in few letters: the smaller unit only where it says something.
fn duration(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let two = |big: i64, unit: char, small: i64, smaller: char| match small {
        0 => format!("{big}{unit}"),
        _ => format!("{big}{unit}{small}{smaller}"),
    };
    match () {
        () if seconds < -1 => "<invalid>".to_owned(),
        () if seconds < 120 => format!("{}s", seconds.max(0)),
        () if minutes < 10 => two(minutes, 'm', seconds % 60, 's'),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => two(hours, 'h', minutes % 60, 'm'),
        () if hours < 48 => format!("{hours}h"),
        () if hours < 24 * 8 => two(hours / 24, 'd', hours % 24, 'h'),
        () if hours < 24 * 365 * 2 => format!("{}d", hours / 24),
        () if hours < 24 * 365 * 8 => two(hours / 24 / 365, 'y', hours / 24 % 365, 'd'),
        () => format!("{}y", hours / 24 / 365),
    }
}

/// A cell of a built-in kind, by its source.
pub(super) fn cell(source: &str, object: &Json, now: Timestamp) -> Json {
    let time = |value: &Json| value.as_str().map_or_else(|| "<unknown>".to_owned(), |text| since(text, now));
    if let Some(path) = source.strip_prefix('#') {
        return at(object, path).as_i64().unwrap_or(0).into();
    }
    if let Some(path) = source.strip_prefix('?') {
        return at(object, path).as_bool().unwrap_or(false).into();
    }
    if let Some(path) = source.strip_prefix('~') {
        let value = at(object, path);
        return if value.is_null() { NONE.into() } else { time(value).into() };
    }
    let Some(word) = source.strip_prefix('@') else {
        return match at(object, source) {
            Json::Null => {
                if source == "spec.ingressClassName"
                    || source.starts_with("status.nom")
                    || source.starts_with("status.podIP")
                    || source == "spec.nodeName"
                {
                    NONE.into()
                } else {
                    "".into()
                }
            }
            Json::Bool(value) => (*value).into(),
            Json::Number(value) => value.to_string().into(),
            Json::Object(map) => pairs(map.iter()).into(),
            value => value.clone(),
        };
    };
    let text = match word {
        "last_seen" => time(first(
            object,
            &[
                "series.lastObservedTime",
                "lastTimestamp",
                "deprecatedLastTimestamp",
                "eventTime",
                "metadata.creationTimestamp",
            ],
        )),
        "first_seen" => time(first(
            object,
            &["firstTimestamp", "deprecatedFirstTimestamp", "eventTime", "metadata.creationTimestamp"],
        )),
        "job_duration" => job_duration(object, now),
        other => return put_together(other, object),
    };
    text.into()
}

fn first<'a>(object: &'a Json, paths: &[&str]) -> &'a Json {
    static NOTHING: Json = Json::Null;
    paths.iter().map(|path| at(object, path)).find(|value| !value.is_null()).unwrap_or(&NOTHING)
}

fn put_together(word: &str, object: &Json) -> Json {
    let count = |path: &str| at(object, path).as_object().map_or(0, serde_json::Map::len);
    let number = |path: &str| at(object, path).as_i64().unwrap_or(0);
    let text = |path: &str| at(object, path).as_str().unwrap_or_default().to_owned();
    let several = |list: Vec<String>| if list.is_empty() { NONE.to_owned() } else { list.join(",") };
    match word {
        "none" => NONE.to_owned(),
        "unset" => "<unset>".to_owned(),
        "pod_ready" => format!(
            "{}/{}",
            items(at(object, "status.containerStatuses")).filter(|one| one["ready"] == true).count(),
            items(at(object, "spec.containers")).count()
        ),
        "pod_status" => pod_status(object),
        "pod_restarts" => items(at(object, "status.containerStatuses"))
            .filter_map(|one| one["restartCount"].as_i64())
            .sum::<i64>()
            .to_string(),
        "ready" => format!("{}/{}", number("status.readyReplicas"), at(object, "spec.replicas").as_i64().unwrap_or(1)),
        "containers" => several(containers(object, "name")),
        "images" => several(containers(object, "image")),
        "selector" => selector(object),
        "pod_selector" => selector(&serde_json::json!({ "spec": { "selector": object["spec"]["podSelector"] } })),
        "node_selector" => several_pairs(at(object, "spec.template.spec.nodeSelector")),
        "job_status" => job_status(object),
        "job_completions" => match at(object, "spec.completions").as_i64() {
            Some(wanted) => format!("{}/{wanted}", number("status.succeeded")),
            None => format!("{}/1 of {}", number("status.succeeded"), number("spec.parallelism")),
        },
        "active" => items(at(object, "status.active")).count().to_string(),
        "external" => external(object),
        "ports" => several(items(at(object, "spec.ports")).map(port).collect()),
        "hosts" => match several(
            items(at(object, "spec.rules")).map(|rule| rule["host"].as_str().unwrap_or("*").to_owned()).collect(),
        ) {
            none if none == NONE => "*".to_owned(),
            hosts => hosts,
        },
        "addresses" => several(
            items(at(object, "status.loadBalancer.ingress"))
                .filter_map(|one| one["ip"].as_str().or(one["hostname"].as_str()))
                .map(str::to_owned)
                .collect(),
        )
        .replace(NONE, ""),
        "ingress_ports" => {
            if items(at(object, "spec.tls")).next().is_some() {
                "80, 443".to_owned()
            } else {
                "80".to_owned()
            }
        }
        "endpoints" => several(
            items(&object["subsets"])
                .flat_map(|set| {
                    items(&set["addresses"]).flat_map(move |address| {
                        items(&set["ports"])
                            .map(move |port| format!("{}:{}", address["ip"].as_str().unwrap_or_default(), port["port"]))
                    })
                })
                .collect(),
        ),
        "slice_ports" => several(items(&object["ports"]).map(|port| port["port"].to_string()).collect()),
        "slice_addresses" => several(
            items(&object["endpoints"])
                .flat_map(|one| items(&one["addresses"]).filter_map(Json::as_str))
                .map(str::to_owned)
                .collect(),
        ),
        "node_status" => node_status(object),
        "roles" => several(roles(object)),
        "internal" => items(at(object, "status.addresses"))
            .find(|one| one["type"] == "InternalIP")
            .and_then(|one| one["address"].as_str())
            .unwrap_or(NONE)
            .to_owned(),
        "regarding" => {
            let of = if object["regarding"].is_object() { &object["regarding"] } else { &object["involvedObject"] };
            format!(
                "{}/{}",
                of["kind"].as_str().unwrap_or_default().to_lowercase(),
                of["name"].as_str().unwrap_or_default()
            )
        }
        "source" => first(
            object,
            &["source.component", "reportingComponent", "reportingController", "deprecatedSource.component"],
        )
        .as_str()
        .unwrap_or_default()
        .to_owned(),
        "message" => first(object, &["message", "note"]).as_str().unwrap_or_default().trim().to_owned(),
        "count" => first(object, &["series.count", "count", "deprecatedCount"]).as_i64().unwrap_or(1).to_string(),
        "data" => return (count("data") + count("binaryData")).to_string().into(),
        "secrets" => items(&object["secrets"]).count().to_string(),
        "modes" => modes(at(object, "spec.accessModes")),
        "claim_modes" => modes(at(object, "status.accessModes")),
        "phase" => {
            if is_going(object) {
                "Terminating".to_owned()
            } else {
                text("status.phase")
            }
        }
        "claim" => match at(object, "spec.claimRef.name").as_str() {
            Some(name) => format!("{}/{name}", text("spec.claimRef.namespace")),
            None => String::new(),
        },
        "reference" => format!("{}/{}", text("spec.scaleTargetRef.kind"), text("spec.scaleTargetRef.name")),
        "role" => format!("{}/{}", text("roleRef.kind"), text("roleRef.name")),
        "users" => subjects(object, "User"),
        "groups" => subjects(object, "Group"),
        "accounts" => subjects(object, "ServiceAccount"),
        "class_name" => {
            match object["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true" {
                true => format!("{} (default)", name(object)),
                false => name(object).to_owned(),
            }
        }
        "api_service" => match at(object, "spec.service.name").as_str() {
            Some(name) => format!("{}/{name}", text("spec.service.namespace")),
            None => "Local".to_owned(),
        },
        "available" => items(at(object, "status.conditions"))
            .find(|one| one["type"] == "Available")
            .and_then(|one| one["status"].as_str())
            .unwrap_or("Unknown")
            .to_owned(),
        _ => String::new(),
    }
    .into()
}

fn pairs<'a>(map: impl Iterator<Item = (&'a String, &'a Json)>) -> String {
    map.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect::<Vec<_>>().join(",")
}

fn several_pairs(value: &Json) -> String {
    match value.as_object().filter(|map| !map.is_empty()) {
        Some(map) => pairs(map.iter()),
        None => NONE.to_owned(),
    }
}

fn selector(object: &Json) -> String {
    let selector = &object["spec"]["selector"];
    let labels = if selector["matchLabels"].is_object() { &selector["matchLabels"] } else { selector };
    several_pairs(labels)
}

fn containers(object: &Json, key: &str) -> Vec<String> {
    let template =
        ["spec.template", "spec.jobTemplate.spec.template", "template"].into_iter().map(|path| at(object, path));
    let template = template.into_iter().find(|template| template.is_object());
    let list = template.map(|template| items(&template["spec"]["containers"])).into_iter().flatten();
    list.filter_map(|one| one[key].as_str().map(str::to_owned)).collect()
}

/// The worst that its containers say, else its phase.
fn pod_status(pod: &Json) -> String {
    let mut status =
        at(pod, "status.reason").as_str().or(at(pod, "status.phase").as_str()).unwrap_or_default().to_owned();
    for container in items(at(pod, "status.containerStatuses")) {
        let state = &container["state"];
        if let Some(reason) = state["waiting"]["reason"].as_str().or(state["terminated"]["reason"].as_str()) {
            status = reason.to_owned();
        } else if let Some(code) = state["terminated"]["exitCode"].as_i64() {
            status = format!("ExitCode:{code}");
        }
    }
    if is_going(pod) {
        if at(pod, "status.reason") == "NodeLost" { "Unknown".to_owned() } else { "Terminating".to_owned() }
    } else {
        status
    }
}

fn condition(object: &Json, sort: &str) -> bool {
    items(at(object, "status.conditions")).any(|one| one["type"] == sort && one["status"] == "True")
}

fn job_status(job: &Json) -> String {
    let status = match () {
        () if condition(job, "Complete") => "Complete",
        () if condition(job, "Failed") => "Failed",
        () if is_going(job) => "Terminating",
        () if condition(job, "Suspended") => "Suspended",
        () if condition(job, "FailureTarget") => "FailureTarget",
        () if condition(job, "SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    };
    status.to_owned()
}

fn job_duration(job: &Json, now: Timestamp) -> String {
    let time = |path: &str| at(job, path).as_str().and_then(|text| text.parse::<Timestamp>().ok());
    match (time("status.startTime"), time("status.completionTime")) {
        (Some(start), end) => duration(end.unwrap_or(now).duration_since(start).as_secs()),
        (None, _) => String::new(),
    }
}

fn external(service: &Json) -> String {
    let mut all: Vec<&str> = items(at(service, "status.loadBalancer.ingress"))
        .filter_map(|one| one["ip"].as_str().or(one["hostname"].as_str()))
        .collect();
    all.extend(items(at(service, "spec.externalIPs")).filter_map(Json::as_str));
    match (at(service, "spec.type").as_str(), all.is_empty()) {
        (Some("LoadBalancer"), true) => "<pending>".to_owned(),
        (Some("ExternalName"), _) => at(service, "spec.externalName").as_str().unwrap_or_default().to_owned(),
        (_, true) => NONE.to_owned(),
        (_, false) => all.join(","),
    }
}

fn port(port: &Json) -> String {
    let protocol = port["protocol"].as_str().unwrap_or("TCP");
    match port["nodePort"].as_i64().filter(|node| *node > 0) {
        Some(node) => format!("{}:{node}/{protocol}", port["port"]),
        None => format!("{}/{protocol}", port["port"]),
    }
}

fn node_status(node: &Json) -> String {
    let ready = items(at(node, "status.conditions")).find(|one| one["type"] == "Ready");
    let mut status = match ready.and_then(|one| one["status"].as_str()) {
        Some("True") => "Ready".to_owned(),
        Some(_) => "NotReady".to_owned(),
        None => "Unknown".to_owned(),
    };
    if at(node, "spec.unschedulable") == true {
        status.push_str(",SchedulingDisabled");
    }
    status
}

fn roles(node: &Json) -> Vec<String> {
    let labels = node["metadata"]["labels"].as_object().into_iter().flatten();
    let mut roles: Vec<String> =
        labels.filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).map(str::to_owned).collect();
    roles.sort();
    roles
}

fn modes(list: &Json) -> String {
    items(list).filter_map(Json::as_str).map(mode).collect::<Vec<_>>().join(",")
}

fn mode(mode: &str) -> &str {
    match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    }
}

fn subjects(binding: &Json, kind: &str) -> String {
    let named = items(&binding["subjects"]).filter(|subject| subject["kind"] == kind);
    let shown = named.map(|subject| match (kind, subject["namespace"].as_str()) {
        ("ServiceAccount", Some(namespace)) => format!("{namespace}/{}", subject["name"].as_str().unwrap_or_default()),
        _ => subject["name"].as_str().unwrap_or_default().to_owned(),
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_says_no_more_than_is_of_use() {
        for (seconds, shown) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (330, "5m30s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (12_000, "3h20m"),
            (86_400, "24h"),
            (180_000, "2d2h"),
            (800_000, "9d"),
            (-5, "<invalid>"),
        ] {
            assert_eq!(duration(seconds), shown, "{seconds}");
        }
    }
}
