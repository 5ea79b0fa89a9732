//! What the server demands of built-in objects beyond their shape: fields that must be there, and fields that must
//! agree. Only the rules that people meet; pure.

use serde_json::{Value as Json, json};

use super::resource::Resource;
use crate::kube::object::{at, items};
use crate::kube::refusal::Cause;

/// Fields without which an object is none, by group and kind.
fn required(group: &str, kind: &str) -> &'static [&'static str] {
    match (group, kind) {
        ("", "Pod") => &["spec.containers"],
        ("apps", "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet") => {
            &["spec.selector", "spec.template.spec.containers"]
        }
        ("batch", "Job") => &["spec.template.spec.containers"],
        ("batch", "CronJob") => &["spec.schedule", "spec.jobTemplate.spec.template.spec.containers"],
        ("", "PersistentVolumeClaim") => &["spec.accessModes", "spec.resources.requests.storage"],
        ("", "PersistentVolume") => &["spec.accessModes", "spec.capacity"],
        ("", "Event") => &["involvedObject"],
        ("storage.k8s.io", "StorageClass") => &["provisioner"],
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => &["roleRef.name", "roleRef.kind"],
        ("discovery.k8s.io", "EndpointSlice") => &["addressType"],
        _ => &[],
    }
}

/// All that is wrong with a built-in object.
pub(in crate::kube) fn wrong(resource: &Resource, object: &Json) -> Vec<Cause> {
    let (group, kind) = (resource.group.as_str(), resource.kind.as_str());
    let empty = |value: &Json| value.is_null() || value == "" || value.as_array().is_some_and(Vec::is_empty);
    let missing = required(group, kind).iter().filter(|path| empty(at(object, path)));
    let mut causes: Vec<Cause> = missing.map(|path| Cause::required(*path, "")).collect();
    let pods = match (group, kind) {
        ("", "Pod") => Some("spec"),
        ("apps", _) | ("batch", "Job") => Some("spec.template.spec"),
        ("batch", "CronJob") => Some("spec.jobTemplate.spec.template.spec"),
        _ => None,
    };
    if let Some(path) = pods {
        causes.extend(containers(at(object, path), path));
    }
    if group == "apps" {
        causes.extend(selection(object));
    }
    if kind == "Job" || kind == "CronJob" {
        let path = if kind == "Job" { "spec.template.spec" } else { "spec.jobTemplate.spec.template.spec" };
        if at(object, path)["restartPolicy"] == "Always" {
            let why = "Required value: valid values: \"OnFailure\", \"Never\"";
            let field = format!("{path}.restartPolicy");
            causes.push(Cause { reason: "FieldValueRequired", field, why: why.into() });
        }
    }
    if kind == "Service" && group.is_empty() {
        causes.extend(ports(object));
    }
    causes
}

/// Containers have names, each its own, and images.
fn containers(spec: &Json, path: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for list in ["initContainers", "containers"] {
        for (at, container) in items(&spec[list]).enumerate() {
            let place = format!("{path}.{list}[{at}]");
            match container["name"].as_str().filter(|name| !name.is_empty()) {
                None => causes.push(Cause::required(format!("{place}.name"), "")),
                Some(name) if seen.contains(&name) => causes.push(Cause {
                    reason: "FieldValueDuplicate",
                    field: format!("{place}.name"),
                    why: format!("Duplicate value: {}", json!(name)),
                }),
                Some(name) => seen.push(name),
            }
            if path == "spec" && container["image"].as_str().is_none_or(str::is_empty) {
                causes.push(Cause::required(format!("{place}.image"), ""));
            }
        }
    }
    causes
}

/// A workload's selector selects its own pods.
fn selection(object: &Json) -> Option<Cause> {
    let selector = at(object, "spec.selector.matchLabels").as_object()?;
    let labels = at(object, "spec.template.metadata.labels");
    let fits = selector.iter().all(|(key, value)| labels[key] == *value);
    (!fits)
        .then(|| Cause::invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
}

fn ports(service: &Json) -> Vec<Cause> {
    let (mut causes, count) = (Vec::new(), items(&service["spec"]["ports"]).count());
    let headless = service["spec"]["clusterIP"] == "None" || service["spec"]["type"] == "ExternalName";
    if count == 0 && !headless {
        causes.push(Cause::required("spec.ports", ""));
    }
    for (at, port) in items(&service["spec"]["ports"]).enumerate() {
        if count > 1 && port["name"].as_str().is_none_or(str::is_empty) {
            causes.push(Cause::required(format!("spec.ports[{at}].name"), ""));
        }
        if !port["port"].as_i64().is_some_and(|port| (1..=65535).contains(&port)) {
            let why = "must be between 1 and 65535, inclusive";
            causes.push(Cause::invalid(format!("spec.ports[{at}].port"), &port["port"], why));
        }
    }
    causes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::types::catalogue::Catalogue;

    fn fields(api_version: &str, kind: &str, object: Json) -> Vec<String> {
        let catalogue = Catalogue::default();
        wrong(catalogue.kind(api_version, kind).unwrap(), &object).into_iter().map(|cause| cause.field).collect()
    }

    #[test]
    fn a_pod_needs_containers_with_names_and_images() {
        assert_eq!(fields("v1", "Pod", json!({ "spec": {} })), ["spec.containers"]);
        let twice = json!({ "spec": { "containers": [{ "name": "a", "image": "i" }, { "name": "a" }] } });
        assert_eq!(fields("v1", "Pod", twice), ["spec.containers[1].name", "spec.containers[1].image"]);
    }

    #[test]
    fn a_selector_selects_the_pods_of_its_own() {
        let web = json!({ "spec": {
            "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "db" } }, "spec": { "containers": [{ "name": "c", "image": "i" }] } },
        } });
        assert_eq!(fields("apps/v1", "Deployment", web), ["spec.template.metadata.labels"]);
    }
}
