//! Changing objects: which part of them, from which version, and what follows.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{Act, Key, Store, meta};
use crate::kube::object::{finalizers, is_going, map, metadata, uid, version};
use crate::kube::refusal::{Cause, Refusal};
use crate::kube::types::definition;
use crate::kube::types::resource::Resource;

/// Which part of an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kube) enum Face {
    /// Everything but the status, where that is a part of its own.
    Main,
    /// The status alone.
    Status,
    /// Everything: only the world can.
    Whole,
}

impl Store {
    /// Changes an object by `change`, which is given the object as it is.
    ///
    /// # Errors
    /// There is none, it has changed since it was read, or the change is not allowed.
    pub(in crate::kube) fn update(
        &mut self,
        resource: &Resource,
        key: &Key,
        face: Face,
        act: &Act,
        change: impl FnOnce(&Json) -> Result<Json, Refusal>,
    ) -> Result<Arc<Json>, Refusal> {
        let missing = || Refusal::not_found(resource.about(&key.name));
        let old = self.objects.get(key).cloned().ok_or_else(missing)?;
        let mut new = change(&old)?;
        matches(resource, &old, &new)?;
        meta::keep(&old, &mut new);
        fit(resource, face, &old, &mut new);
        allowed(resource, &old, &new)?;
        if resource.kind == "CustomResourceDefinition" && resource.custom.is_none() {
            let causes = definition::wrong(&new);
            if !causes.is_empty() {
                return Err(Refusal::invalid(&resource.group, &resource.kind, &key.name, &causes));
            }
            definition::accepted(&mut new, act.now);
        }
        if meta::is_counted(resource) && meta::has_changed(resource, &old, &new) {
            meta::count(&mut new);
        }
        if same(&old, &new) {
            return Ok(old);
        }
        let kept = self.keep(key.clone(), new, act);
        if !act.dry {
            self.settle(key, &act.of_cluster());
            self.release(key, act);
        }
        Ok(kept)
    }
}

/// Whether the change was made to the object as it is.
fn matches(resource: &Resource, old: &Json, new: &Json) -> Result<(), Refusal> {
    let about = resource.about(old["metadata"]["name"].as_str().unwrap_or_default());
    if !uid(new).is_empty() && uid(new) != uid(old) {
        let why = format!("Precondition failed: UID in precondition: {}, UID in object meta: {}", uid(new), uid(old));
        return Err(Refusal::conflict(about, &why));
    }
    if !version(new).is_empty() && version(new) != version(old) {
        return Err(Refusal::modified(about));
    }
    Ok(())
}

/// Leaves alone what is not of the part that is written.
pub(in crate::kube) fn fit(resource: &Resource, face: Face, old: &Json, new: &mut Json) {
    let put = |new: &mut Json, key: &str| match old.get(key) {
        Some(value) => drop(map(new).insert(key.to_owned(), value.clone())),
        None => drop(map(new).shift_remove(key)),
    };
    new["apiVersion"] = old["apiVersion"].clone();
    match face {
        Face::Main if resource.has_status() => put(new, "status"),
        Face::Status => {
            let (status, fields) = (new.get("status").cloned(), new["metadata"].get("managedFields").cloned());
            *new = old.clone();
            match status {
                Some(status) => new["status"] = status,
                None => drop(map(new).shift_remove("status")),
            }
            if let Some(fields) = fields {
                metadata(new).insert("managedFields".into(), fields);
            }
        }
        Face::Main | Face::Whole => {}
    }
    new["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"].clone();
}

/// What an object must keep although it can be written.
fn allowed(resource: &Resource, old: &Json, new: &Json) -> Result<(), Refusal> {
    let mut causes = Vec::new();
    if is_going(old) {
        let before = finalizers(old);
        let more: Vec<&str> = finalizers(new).into_iter().filter(|one| !before.contains(one)).collect();
        if !more.is_empty() {
            let list: Vec<String> = more.iter().map(|one| format!("{one:?}")).collect();
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                list.join(", ")
            );
            causes.push(Cause::forbidden("metadata.finalizers", &why));
        }
    }
    for path in unchangeable(resource) {
        let (before, now) = (crate::kube::object::at(old, path), crate::kube::object::at(new, path));
        if !before.is_null() && before != now {
            causes.push(Cause::invalid(*path, now, "field is immutable"));
        }
    }
    if (resource.is_core("configmaps") || resource.is_core("secrets")) && old["immutable"] == true {
        for field in ["data", "binaryData", "stringData"] {
            if old[field] != new[field] {
                causes.push(Cause::forbidden(field, "field is immutable when `immutable` is set"));
            }
        }
    }
    match causes.as_slice() {
        [] => Ok(()),
        causes => Err(Refusal::invalid(&resource.group, &resource.kind, crate::kube::object::name(old), causes)),
    }
}

/// Fields that cannot be changed once they are set.
fn unchangeable(resource: &Resource) -> &'static [&'static str] {
    if resource.custom.is_some() {
        return &[];
    }
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") => &["spec.selector"],
        ("apps", "StatefulSet") => &["spec.selector", "spec.serviceName", "spec.podManagementPolicy"],
        ("batch", "Job") => &["spec.selector", "spec.template", "spec.completionMode"],
        ("", "Secret") => &["type"],
        ("", "Service") => &["spec.clusterIP"],
        ("", "PersistentVolumeClaim") => &["spec.accessModes", "spec.storageClassName", "spec.volumeName"],
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => &["roleRef"],
        ("storage.k8s.io", "StorageClass") => &["provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"],
        _ => &[],
    }
}

/// Whether nothing has changed but what the server itself notes.
fn same(old: &Json, new: &Json) -> bool {
    let plain = |object: &Json| {
        let mut object = object.clone();
        for entry in object["metadata"]["managedFields"].as_array_mut().into_iter().flatten() {
            entry["time"] = json!(null);
        }
        object
    };
    plain(old) == plain(new)
}
