//! Cells of pods, of what makes them, and of nodes.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::{NONE, number, selector, several, several_pairs};
use crate::kube::object::{at, is_going, items};

/// The cell of this name, if it is one of these.
pub(super) fn cell(word: &str, object: &Json) -> Option<String> {
    let statuses = || items(at(object, "status.containerStatuses"));
    Some(match word {
        "pod_ready" => {
            let ready = statuses().filter(|one| one["ready"] == true).count();
            format!("{ready}/{}", items(at(object, "spec.containers")).count())
        }
        "pod_status" => pod_status(object),
        "pod_restarts" => statuses().filter_map(|one| one["restartCount"].as_i64()).sum::<i64>().to_string(),
        "ready" => {
            let wanted = at(object, "spec.replicas").as_i64().unwrap_or(1);
            format!("{}/{wanted}", number(object, "status.readyReplicas"))
        }
        "containers" => several(containers(object, "name")),
        "images" => several(containers(object, "image")),
        "selector" => selector(&object["spec"]["selector"]),
        "node_selector" => several_pairs(at(object, "spec.template.spec.nodeSelector")),
        "job_status" => job_status(object),
        "job_completions" => {
            let done = number(object, "status.succeeded");
            match at(object, "spec.completions").as_i64() {
                Some(wanted) => format!("{done}/{wanted}"),
                None => format!("{done}/1 of {}", number(object, "spec.parallelism")),
            }
        }
        "least" => bound(object, "spec.minAvailable"),
        "most" => bound(object, "spec.maxUnavailable"),
        "suspend" => if at(object, "spec.suspend") == true { "True" } else { "False" }.to_owned(),
        "targets" => several(items(at(object, "spec.metrics")).map(|metric| target(object, metric))),
        "active" => items(at(object, "status.active")).count().to_string(),
        "node_status" => node_status(object),
        "roles" => several(roles(object).into_iter()),
        "internal" => {
            let found = items(at(object, "status.addresses")).find(|one| one["type"] == "InternalIP");
            found.and_then(|one| one["address"].as_str()).unwrap_or(NONE).to_owned()
        }
        _ => return None,
    })
}

fn containers(object: &Json, key: &str) -> impl Iterator<Item = String> {
    let template =
        ["spec.template", "spec.jobTemplate.spec.template", "template"].into_iter().map(|path| at(object, path));
    let template = template.into_iter().find(|template| template.is_object());
    let list = template.map(|template| items(&template["spec"]["containers"])).into_iter().flatten();
    list.filter_map(move |one| one[key].as_str().map(str::to_owned))
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

/// How long a job has run, or has taken.
pub(super) fn duration(job: &Json, now: Timestamp) -> String {
    let time = |path: &str| at(job, path).as_str().and_then(|text| text.parse::<Timestamp>().ok());
    match (time("status.startTime"), time("status.completionTime")) {
        (Some(start), end) => super::duration(end.unwrap_or(now).duration_since(start).as_secs()),
        (None, _) => String::new(),
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

/// A bound of a budget, if it has it.
fn bound(budget: &Json, path: &str) -> String {
    match at(budget, path) {
        Json::Null => "N/A".to_owned(),
        Json::String(share) => share.clone(),
        count => count.to_string(),
    }
}

/// What an autoscaler wants of a resource, and what it has seen.
fn target(scaler: &Json, metric: &Json) -> String {
    let (resource, wanted) = (&metric["resource"], &metric["resource"]["target"]);
    let Some(name) = resource["name"].as_str() else { return "<unknown>".to_owned() };
    let seen = items(at(scaler, "status.currentMetrics")).find(|one| one["resource"]["name"] == name);
    let seen = seen.and_then(|one| one["resource"]["current"]["averageUtilization"].as_i64());
    let seen = seen.map_or_else(|| "<unknown>".to_owned(), |seen| format!("{seen}%"));
    match wanted["averageUtilization"].as_i64() {
        Some(share) => format!("{name}: {seen}/{share}%"),
        None => format!("{name}: <unknown>/{}", wanted["averageValue"].as_str().unwrap_or("<auto>")),
    }
}
