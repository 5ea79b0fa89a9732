//! Making objects: what must hold before, and what is filled in.

use std::net::Ipv4Addr;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Act, Key, Store, meta};
use crate::kube::object::{is_going, items, map, metadata, name, namespace, text, uid};
use crate::kube::refusal::{Cause, Refusal};
use crate::kube::types::definition;
use crate::kube::types::resource::Resource;

impl Store {
    /// Makes an object that was held against its schema before.
    ///
    /// # Errors
    /// It exists, or its namespace does not or is going, or its name is none.
    pub(in crate::kube) fn create(
        &mut self,
        resource: &Resource,
        mut object: Json,
        act: &Act,
    ) -> Result<Arc<Json>, Refusal> {
        if name(&object).is_empty() && !text(&object, "generateName").is_empty() {
            object["metadata"]["name"] = meta::generated(text(&object, "generateName")).into();
        }
        self.may_be_in(resource, &object)?;
        let key = Key::of(resource, &object);
        if self.objects.contains_key(&key) {
            return Err(Refusal::already_exists(resource.about(&key.name)));
        }
        let causes = unnamed(&object);
        if !causes.is_empty() {
            return Err(Refusal::invalid(&resource.group, &resource.kind, name(&object), &causes));
        }
        meta::begin(resource, &mut object, act.now);
        if resource.has_status() && !act.is_world() {
            map(&mut object).shift_remove("status");
        }
        self.begin_status(resource, &mut object, act)?;
        let made = self.keep(key.clone(), object, act);
        if !act.dry {
            self.settle(&key, &act.of_cluster());
        }
        Ok(made)
    }

    /// Whether its namespace takes new objects.
    fn may_be_in(&self, resource: &Resource, object: &Json) -> Result<(), Refusal> {
        if !resource.namespaced {
            return Ok(());
        }
        let wanted = namespace(object);
        let key = Key { shelf: "namespaces".into(), namespace: String::new(), name: wanted.to_owned() };
        let about = crate::kube::refusal::About { group: "", resource: "namespaces", name: wanted };
        let found = self.objects.get(&key).ok_or_else(|| Refusal::not_found(about))?;
        match is_going(found) {
            true => Err(Refusal::terminating(resource.about(name(object)), wanted)),
            false => Ok(()),
        }
    }

    /// What the server itself says of a new object.
    fn begin_status(&mut self, resource: &Resource, object: &mut Json, act: &Act) -> Result<(), Refusal> {
        let group_and_kind = (resource.group.as_str(), resource.kind.as_str());
        let status = match group_and_kind {
            ("", "Pod") => json!({ "phase": "Pending", "qosClass": "BestEffort" }),
            ("", "Namespace") => {
                object["spec"] = json!({ "finalizers": ["kubernetes"] });
                json!({ "phase": "Active" })
            }
            ("", "PersistentVolumeClaim" | "PersistentVolume") => json!({ "phase": "Pending" }),
            ("", "Service") => {
                self.address(object);
                json!({ "loadBalancer": {} })
            }
            ("networking.k8s.io", "Ingress") => json!({ "loadBalancer": {} }),
            ("apps", "ReplicaSet") => json!({ "replicas": 0 }),
            ("apps", "StatefulSet") => json!({ "availableReplicas": 0, "replicas": 0 }),
            ("apps", "DaemonSet") => json!({
                "currentNumberScheduled": 0, "desiredNumberScheduled": 0, "numberMisscheduled": 0, "numberReady": 0,
            }),
            ("batch", "Job") => {
                select(object);
                json!({})
            }
            ("apps" | "batch" | "policy", _) if resource.has_status() => json!({}),
            ("apiextensions.k8s.io", _) => {
                let causes = definition::wrong(object);
                if !causes.is_empty() {
                    return Err(Refusal::invalid(&resource.group, &resource.kind, name(object), &causes));
                }
                definition::accepted(object, act.now);
                return Ok(());
            }
            _ => return Ok(()),
        };
        if object["status"].is_null() {
            object["status"] = status;
        }
        Ok(())
    }

    /// An address for a service that has none.
    fn address(&mut self, service: &mut Json) {
        if service["spec"]["type"] == "ExternalName" {
            return;
        }
        if service["spec"]["clusterIP"].as_str().is_none_or(str::is_empty) {
            self.services += 1;
            let base = u32::from(Ipv4Addr::new(10, 96, 0, 0));
            service["spec"]["clusterIP"] = Ipv4Addr::from_bits(base + self.services).to_string().into();
        }
        service["spec"]["clusterIPs"] = json!([service["spec"]["clusterIP"]]);
        let outside = matches!(service["spec"]["type"].as_str(), Some("NodePort" | "LoadBalancer"));
        for port in service["spec"].get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten() {
            if outside && port["nodePort"].as_u64().is_none_or(|node| node == 0) {
                self.node_ports += 1;
                port["nodePort"] = (30_000 + self.node_ports % 2768).into();
            }
        }
    }

    /// Fills in the UIDs of owners that are named without one: nobody who writes a file knows them.
    pub(in crate::kube) fn own(&self, object: &mut Json) {
        let own = namespace(object).to_owned();
        let Some(Json::Array(references)) = metadata(object).get_mut("ownerReferences") else { return };
        for reference in references.iter_mut().filter(|reference| reference["uid"].is_null()) {
            let word = |key: &str| reference[key].as_str().unwrap_or_default();
            let Some(resource) = self.catalogue.kind(word("apiVersion"), word("kind")) else { continue };
            if let Some(owner) = self.objects.get(&Key::new(resource, &own, word("name"))) {
                reference["uid"] = uid(owner).into();
            }
        }
    }

    /// What follows from an object that is new or has changed: what a definition defines is served.
    pub(super) fn settle(&mut self, key: &Key, act: &Act) {
        if *key.shelf == *"customresourcedefinitions.apiextensions.k8s.io" {
            let Some(object) = self.objects.get(key).cloned() else { return };
            let (group, names) = (&object["spec"]["group"], &object["spec"]["names"]);
            let word = |value: &Json| value.as_str().unwrap_or_default().to_owned();
            self.catalogue.define(&word(group), &word(&names["plural"]), definition::resources(&object));
        }
        let has_owners =
            self.objects.get(key).is_some_and(|object| items(&object["metadata"]["ownerReferences"]).next().is_some());
        if has_owners {
            self.collect_orphan(key, act);
        }
    }
}

/// A job selects its pods by its own UID, unless it says how itself.
fn select(job: &mut Json) {
    if job["spec"]["manualSelector"] == true {
        return;
    }
    let (uid, name) = (uid(job).to_owned(), name(job).to_owned());
    let labels = metadata(&mut job["spec"]["template"]).entry("labels").or_insert_with(|| json!({}));
    for prefix in ["batch.kubernetes.io/", ""] {
        labels[format!("{prefix}controller-uid")] = uid.as_str().into();
        labels[format!("{prefix}job-name")] = name.as_str().into();
    }
    let labels = labels.clone();
    metadata(job).entry("labels").or_insert(labels);
    job["spec"]["selector"] = json!({ "matchLabels": { "batch.kubernetes.io/controller-uid": uid } });
}

/// What is wrong with the name of an object.
fn unnamed(object: &Json) -> Vec<Cause> {
    let name = name(object);
    if name.is_empty() {
        return vec![Cause::required("metadata.name", "name or generateName is required")];
    }
    let kind = object["kind"].as_str().unwrap_or_default();
    let group = object["apiVersion"].as_str().unwrap_or_default();
    let free = group.starts_with("rbac.authorization.k8s.io/");
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let (dots, label) = (kind != "Namespace" && kind != "Service", kind == "Namespace" || kind == "Service");
    let right = name.len() <= if label { 63 } else { 253 }
        && name.starts_with(plain)
        && name.ends_with(plain)
        && name.chars().all(|c| plain(c) || c == '-' || (dots && c == '.'));
    if right || free {
        return Vec::new();
    }
    let why = if label { LABEL } else { SUBDOMAIN };
    vec![Cause::invalid("metadata.name", &name.into(), why)]
}

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
