//! Server-side apply: what a manager wants of an object becomes part of it, what it does not want any more goes, and
//! what belongs to others is left to them or taken by force. Pure.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::fields::{self, Fields, Values};
use super::owners::{self, Manager, Owner};
use crate::kube::object::{map, name, namespace};
use crate::kube::refusal::Refusal;
use crate::kube::types::resource::Resource;
use crate::kube::types::schema::{Field, Listing, Schema};
use crate::kube::types::unknown;

/// What somebody applies.
#[derive(Debug)]
pub(in crate::kube) struct Applied<'a> {
    pub(in crate::kube) config: &'a Json,
    pub(in crate::kube) manager: &'a Manager,
    /// Takes what belongs to others.
    pub(in crate::kube) force: bool,
    pub(in crate::kube) now: Timestamp,
}

/// The object that comes of it; `live` is an empty object where there is none yet.
///
/// # Errors
/// A field is not known, or belongs to somebody else and has another value.
pub(in crate::kube) fn apply(resource: &Resource, live: &Json, applied: &Applied<'_>) -> Result<Json, Refusal> {
    let schema = resource.schema();
    if !applied.config["metadata"]["managedFields"].is_null() {
        return Err(Refusal::bad_request("metadata.managedFields must be nil"));
    }
    let mut owners = owners::read(live);
    let wanted: Fields = fields::of(schema, applied.config).into_keys().collect();
    let mut merged = live.clone();
    merge(schema, &mut merged, applied.config);
    let before = fields::of(schema, live);
    let conflicts = conflicts(&before, &fields::of(schema, &merged), &owners, applied.manager);
    if !applied.force && !conflicts.is_empty() {
        return Err(refusal(&conflicts));
    }
    for path in unwanted(&owners, applied.manager, &wanted) {
        fields::remove(schema, &mut merged, &path);
    }
    let (_, gone) = fields::differences(&before, &fields::of(schema, &merged));
    let taken: Fields = conflicts.into_iter().map(|(path, _)| path).collect();
    for owner in owners.iter_mut().filter(|owner| owner.manager != *applied.manager) {
        owner.fields.retain(|path| !taken.contains(path) && !gone.contains(path));
    }
    owners::own(&mut owners, applied.manager, &resource.api_version(), applied.now, |fields| *fields = wanted);
    owners::write(&mut merged, owners);
    Ok(merged)
}

/// Whether all fields are known.
///
/// # Errors
/// One is not.
pub(in crate::kube) fn known(resource: &Resource, config: &Json) -> Result<(), Refusal> {
    let unknown = unknown::prune(resource.schema(), &mut config.clone());
    let Some(first) = unknown.first() else { return Ok(()) };
    let (place, version) = (namespace(config), &resource.version);
    let what = format!("{place}/{}; {}/{version}, Kind={}", name(config), resource.group, resource.kind);
    let why = format!("failed to create typed patch object ({what}): .{first}: field not declared in schema");
    Err(Refusal::new(500, "", why))
}

/// Puts what is wanted into the object.
fn merge(schema: Schema<'_>, live: &mut Json, config: &Json) {
    match config {
        Json::Object(fields) if !schema.is_atomic_map() => {
            if fields.is_empty() && live.is_object() {
                return;
            }
            for (name, value) in fields {
                match (schema.field(name), map(live).get_mut(name)) {
                    (Field::Known(inner), Some(place)) => merge(inner, place, value),
                    (Field::Open, Some(place)) if place.is_object() => merge(Schema::nothing(), place, value),
                    _ => drop(map(live).insert(name.clone(), value.clone())),
                }
            }
        }
        Json::Array(list) if schema.listing() != Listing::Atomic && live.is_array() => {
            let listing = schema.listing();
            let Json::Array(there) = live else { return };
            for item in list {
                let step = fields::step(&listing, item);
                match (there.iter().position(|one| fields::step(&listing, one) == step), schema.items()) {
                    (Some(at), Field::Known(inner)) => merge(inner, &mut there[at], item),
                    (Some(at), _) => there[at] = item.clone(),
                    (None, _) => there.push(item.clone()),
                }
            }
        }
        other => *live = other.clone(),
    }
}

/// What the manager wanted before and does not want any more, and nobody else owns; the outermost first: an item
/// that lost the field that it is known by would not be found.
fn unwanted(owners: &[Owner], manager: &Manager, wanted: &Fields) -> Vec<fields::Path> {
    let Some(own) = owners.iter().find(|owner| owner.manager == *manager) else { return Vec::new() };
    let others = |path: &fields::Path| {
        owners.iter().filter(|owner| owner.manager != *manager).any(|owner| {
            // What holds something that others own stays as well.
            owner.fields.range(path.clone()..).next().is_some_and(|one| one.starts_with(path))
        })
    };
    own.fields.iter().filter(|path| !wanted.contains(*path) && !others(path)).cloned().collect()
}

type Conflict = (fields::Path, String);

/// Fields that get another value although somebody else owns them.
fn conflicts(before: &Values, after: &Values, owners: &[Owner], manager: &Manager) -> Vec<Conflict> {
    let (changed, _) = fields::differences(before, after);
    let mut conflicts = Vec::new();
    for owner in owners.iter().filter(|owner| owner.manager != *manager) {
        let taken = owner.fields.intersection(&changed);
        conflicts.extend(taken.map(|path| (path.clone(), owner.manager.shown(&owner.version))));
    }
    conflicts
}

fn refusal(conflicts: &[Conflict]) -> Refusal {
    let causes = conflicts.iter().map(|(path, who)| (fields::shown(path), format!("conflict with {who}"))).collect();
    let message = match conflicts {
        [(path, who)] => format!("Apply failed with 1 conflict: conflict with {who}: {}", fields::shown(path)),
        several => {
            let mut managers: Vec<&String> = several.iter().map(|(_, who)| who).collect();
            managers.sort();
            managers.dedup();
            let of = |who: &String| {
                let paths = several.iter().filter(|(_, owner)| owner == who);
                let lines: Vec<String> = paths.map(|(path, _)| format!("- {}", fields::shown(path))).collect();
                format!("conflicts with {who}:\n{}", lines.join("\n"))
            };
            let all: Vec<String> = managers.into_iter().map(of).collect();
            format!("Apply failed with {} conflicts: {}", several.len(), all.join("\n"))
        }
    };
    Refusal::apply_conflict(message, causes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::types::catalogue::Catalogue;
    use serde_json::json;

    fn applied(live: &Json, manager: &str, force: bool, config: Json) -> Result<Json, Refusal> {
        let catalogue = Catalogue::default();
        let manager = Manager { name: manager.into(), applies: true, part: String::new() };
        let applied = Applied { config: &config, manager: &manager, force, now: Timestamp::UNIX_EPOCH };
        apply(catalogue.named("ConfigMap").unwrap(), live, &applied)
    }

    fn data(data: Json) -> Json {
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "x" }, "data": data })
    }

    #[test]
    fn what_a_manager_does_not_want_any_more_goes_and_what_others_want_stays() {
        let first = applied(&json!({}), "one", false, data(json!({ "a": "1", "b": "2" }))).unwrap();
        let second = applied(&first, "two", false, data(json!({ "b": "2", "c": "3" }))).unwrap();
        let third = applied(&second, "one", false, data(json!({}))).unwrap();
        assert_eq!(third["data"], json!({ "b": "2", "c": "3" }));
    }

    #[test]
    fn another_value_of_what_somebody_owns_is_a_conflict_unless_it_is_forced() {
        let first = applied(&json!({}), "one", false, data(json!({ "a": "1" }))).unwrap();
        let refused = applied(&first, "two", false, data(json!({ "a": "2" }))).unwrap_err();
        assert_eq!(refused.message, "Apply failed with 1 conflict: conflict with \"one\": .data.a");
        assert_eq!(refused.status()["details"]["causes"][0]["field"], ".data.a");
        let forced = applied(&first, "two", true, data(json!({ "a": "2" }))).unwrap();
        assert_eq!((&forced["data"]["a"], items_of(&forced)), (&json!("2"), vec!["two".to_owned()]));
    }

    fn items_of(object: &Json) -> Vec<String> {
        owners::read(object).into_iter().map(|owner| owner.manager.name).collect()
    }

    #[test]
    fn a_field_that_is_not_declared_is_refused() {
        let catalogue = Catalogue::default();
        let config = json!({ "metadata": { "name": "x" }, "foo": 1 });
        let refused = known(catalogue.named("ConfigMap").unwrap(), &config).unwrap_err();
        assert_eq!(
            refused.message,
            "failed to create typed patch object (/x; /v1, Kind=ConfigMap): .foo: field not declared in schema"
        );
    }

    #[test]
    fn an_item_that_is_not_wanted_any_more_goes_whole() {
        let catalogue = Catalogue::default();
        let pod = catalogue.named("Pod").unwrap();
        let manager = Manager { name: "one".into(), applies: true, part: String::new() };
        let config = |containers: Json| json!({ "metadata": { "name": "x" }, "spec": { "containers": containers } });
        let both = config(json!([{ "name": "a", "image": "1" }, { "name": "b", "image": "2" }]));
        let applied = |config| Applied { config, manager: &manager, force: false, now: Timestamp::UNIX_EPOCH };
        let live = apply(pod, &json!({}), &applied(&both)).unwrap();
        let less = apply(pod, &live, &applied(&config(json!([{ "name": "a", "image": "1" }])))).unwrap();
        assert_eq!(less["spec"]["containers"], json!([{ "name": "a", "image": "1" }]));
    }
}
