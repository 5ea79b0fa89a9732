//! Who owns which fields: `metadata.managedFields`, kept by every write and asked by server-side apply. Pure.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::fields::{self, Fields};
use crate::kube::object::{items, metadata, time};
use crate::kube::types::resource::Resource;

/// Who writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kube) struct Manager {
    pub(in crate::kube) name: String,
    /// By server-side apply, or by any other way.
    pub(in crate::kube) applies: bool,
    /// `status`, if that is what is written.
    pub(in crate::kube) part: String,
}

impl Manager {
    /// `"kubectl" using apps/v1`, as conflicts name it.
    pub(super) fn shown(&self, version: &str) -> String {
        let part = if self.part.is_empty() { String::new() } else { format!(" with subresource {:?}", self.part) };
        let using = if self.applies { String::new() } else { format!(" using {version}") };
        format!("{:?}{part}{using}", self.name)
    }
}

/// What one of them owns.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) manager: Manager,
    pub(super) version: String,
    pub(super) at: String,
    pub(super) fields: Fields,
}

/// All who own something.
pub(super) fn read(object: &Json) -> Vec<Owner> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let owner = |entry: &Json| Owner {
        manager: Manager {
            name: text(&entry["manager"]),
            applies: entry["operation"] == "Apply",
            part: text(&entry["subresource"]),
        },
        version: text(&entry["apiVersion"]),
        at: text(&entry["time"]),
        fields: fields::read(&entry["fieldsV1"]),
    };
    items(&object["metadata"]["managedFields"]).map(owner).collect()
}

/// Notes who owns what; who owns nothing is forgotten.
pub(super) fn write(object: &mut Json, owners: Vec<Owner>) {
    let entry = |owner: Owner| {
        let mut entry = json!({
            "manager": owner.manager.name, "operation": if owner.manager.applies { "Apply" } else { "Update" },
            "apiVersion": owner.version, "time": owner.at, "fieldsType": "FieldsV1", "fieldsV1": fields::json(&owner.fields),
        });
        if !owner.manager.part.is_empty() {
            entry["subresource"] = owner.manager.part.into();
        }
        entry
    };
    let entries: Vec<Json> = owners.into_iter().filter(|owner| !owner.fields.is_empty()).map(entry).collect();
    match entries.is_empty() {
        true => drop(metadata(object).shift_remove("managedFields")),
        false => drop(metadata(object).insert("managedFields".into(), entries.into())),
    }
}

/// Notes that `manager` made `new` of `old`, by any way but apply.
pub(in crate::kube) fn updated(resource: &Resource, old: &Json, new: &mut Json, manager: &Manager, now: Timestamp) {
    let mut owners = read(old);
    // A list of managers that is emptied by a client resets them all.
    let reset = new["metadata"]["managedFields"].as_array().is_some_and(|list| *list == [json!({})]);
    if reset {
        owners.clear();
    }
    let schema = resource.schema();
    let (before, after) = (fields::of(schema, old), fields::of(schema, new));
    let (mut changed, gone) = fields::differences(&before, &after);
    let whole = |fields: &mut Fields| {
        if !manager.part.is_empty() {
            fields.retain(|path| path.first() == Some(&fields::Step::Field(manager.part.clone())));
        }
    };
    whole(&mut changed);
    for owner in &mut owners {
        owner.fields.retain(|path| !gone.contains(path) && (owner.manager == *manager || !changed.contains(path)));
    }
    if !changed.is_empty() && !reset {
        own(&mut owners, manager, &resource.api_version(), now, |fields| fields.extend(changed));
    }
    write(new, owners);
}

/// Changes what a manager owns; it is made known if it is new.
pub(super) fn own(
    owners: &mut Vec<Owner>,
    manager: &Manager,
    version: &str,
    now: Timestamp,
    change: impl FnOnce(&mut Fields),
) {
    let at = match owners.iter().position(|owner| owner.manager == *manager) {
        Some(at) => at,
        None => {
            owners.push(Owner {
                manager: manager.clone(),
                version: version.to_owned(),
                at: String::new(),
                fields: Fields::new(),
            });
            owners.len() - 1
        }
    };
    let owner = &mut owners[at];
    let before = owner.fields.clone();
    change(&mut owner.fields);
    if owner.fields != before || owner.at.is_empty() {
        owner.version = version.to_owned();
        owner.at = time(now);
    }
}
