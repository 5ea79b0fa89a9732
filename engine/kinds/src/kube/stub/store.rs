//! The objects of the server, their versions, what is wrong with it, and what it was asked.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

/// Resource, namespace and name.
pub(in crate::kube) type Key = (String, String, String);

/// Answers that are not those of a healthy server.
pub(in crate::kube) struct Fault {
    /// The beginning of method and path: `GET /api/v1/namespaces/a/pods?watch`.
    pub(in crate::kube) request: &'static str,
    pub(in crate::kube) status: u16,
    /// How often.
    pub(in crate::kube) times: usize,
}

/// Something that has happened, for watches.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) at: Instant,
    pub(super) version: u64,
    pub(super) key: Key,
    pub(super) line: Json,
}

#[derive(Default)]
pub(in crate::kube) struct Store {
    pub(in crate::kube) objects: BTreeMap<Key, Json>,
    pub(in crate::kube) faults: Vec<Fault>,
    /// Method and path with query of every request.
    pub(in crate::kube) log: Vec<String>,
    /// Watches tell so much later.
    pub(in crate::kube) delay: Duration,
    /// Watches that began before this count are cut.
    pub(in crate::kube) cuts: u64,
    /// Watches from before this version are refused with 410.
    pub(in crate::kube) forgotten: u64,
    /// What containers have written.
    pub(in crate::kube) logs: BTreeMap<String, String>,
    pub(super) version: u64,
    pub(super) events: Vec<Event>,
}

fn key(object: &Json, plural: &str) -> Key {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
    (plural.to_owned(), text("namespace"), text("name"))
}

/// RFC 7386.
fn merge(object: &mut Json, patch: &Json) {
    let Json::Object(fields) = patch else {
        *object = patch.clone();
        return;
    };
    if !object.is_object() {
        *object = json!({});
    }
    for (name, value) in fields {
        match value {
            Json::Null => drop(object.as_object_mut().unwrap().shift_remove(name)),
            value => merge(&mut object[name], value),
        }
    }
}

impl Store {
    /// Puts an object there, new or changed, as somebody else would.
    pub(in crate::kube) fn put(&mut self, plural: &str, mut object: Json) -> Json {
        self.version += 1;
        let key = key(&object, plural);
        let known = self.objects.get(&key);
        let uid =
            known.map_or_else(|| json!(format!("uid-{}", self.version)), |known| known["metadata"]["uid"].clone());
        object["metadata"]["uid"] = uid;
        object["metadata"]["resourceVersion"] = self.version.to_string().into();
        let happened = if known.is_some() { "MODIFIED" } else { "ADDED" };
        self.tell(happened, key.clone(), &object);
        self.objects.insert(key, object.clone());
        object
    }

    /// Takes an object away.
    pub(in crate::kube) fn take(&mut self, plural: &str, name: &str) {
        self.version += 1;
        let key = (plural.to_owned(), "a".to_owned(), name.to_owned());
        if let Some(object) = self.objects.remove(&key) {
            self.tell("DELETED", key, &object);
        }
    }

    fn tell(&mut self, happened: &str, key: Key, object: &Json) {
        let line = json!({ "type": happened, "object": object });
        self.events.push(Event { at: Instant::now(), version: self.version, key, line });
    }

    pub(super) fn list(&self, plural: &str, namespace: &str, labels: &str) -> Json {
        let fits = |object: &Json| {
            labels
                .split(',')
                .filter_map(|pair| pair.split_once('='))
                .all(|(key, value)| object["metadata"]["labels"][key] == value)
        };
        let wanted = |key: &Key| key.0 == plural && (namespace.is_empty() || key.1 == namespace);
        let items: Vec<&Json> =
            self.objects.iter().filter(|(key, object)| wanted(key) && fits(object)).map(|(_, object)| object).collect();
        json!({ "kind": "List", "metadata": { "resourceVersion": self.version.to_string() }, "items": items })
    }

    pub(super) fn create(&mut self, plural: &str, object: Json) -> (u16, Json) {
        let key = key(&object, plural);
        match self.objects.contains_key(&key) {
            true => (409, json!({ "message": "already exists" })),
            false => (201, self.put(plural, object)),
        }
    }

    pub(super) fn patch(&mut self, key: &Key, patch: &Json) -> (u16, Json) {
        let Some(mut object) = self.objects.get(key).cloned() else { return (404, json!({ "message": "not found" })) };
        let asked = &patch["metadata"]["resourceVersion"];
        if !asked.is_null() && *asked != object["metadata"]["resourceVersion"] {
            return (409, json!({ "message": "the object has been modified" }));
        }
        merge(&mut object, patch);
        (200, self.put(&key.0, object))
    }

    pub(super) fn delete(&mut self, key: &Key, options: &Json) -> (u16, Json) {
        let Some(object) = self.objects.get(key).cloned() else { return (404, json!({ "message": "not found" })) };
        if options["preconditions"]["uid"] != object["metadata"]["uid"] {
            return (409, json!({ "message": "the UID in the precondition does not match" }));
        }
        self.take(&key.0, &key.2);
        (200, object)
    }

    /// The status that the request is answered with instead, if something is wrong with it.
    pub(super) fn fault(&mut self, request: &str) -> Option<u16> {
        let fault = self.faults.iter_mut().find(|fault| fault.times > 0 && request.starts_with(fault.request))?;
        fault.times -= 1;
        Some(fault.status)
    }
}
