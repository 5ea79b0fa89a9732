//! What a cluster does by itself: what is owned goes with its owner, and a namespace that goes is emptied.

use serde_json::{Value as Json, json};

use super::remove::{FOREGROUND, ORPHAN};
use super::{Act, Deletion, Key, Propagation, Store};
use crate::kube::object::{finalizers, is_going, items, metadata, uid};

impl Store {
    /// What follows when an object is gone.
    pub(super) fn follow(&mut self, key: &Key, last: &Json, act: &Act) {
        match &*key.shelf {
            "namespaces" => self.empty(&key.name, act, false),
            "customresourcedefinitions.apiextensions.k8s.io" => self.undefine(last, act),
            _ => {}
        }
        for owned in self.owned_by(uid(last)) {
            self.collect_orphan(&owned, act);
        }
        self.owned.remove(uid(last));
        for owner in self.owners_of(last, &key.namespace) {
            self.go_on(&owner, act);
        }
        self.close(&key.namespace, act);
    }

    /// What becomes of an object that goes: foreground and orphan deletion, and emptying a namespace.
    pub(super) fn go_on(&mut self, key: &Key, act: &Act) {
        let Some(object) = self.objects.get(key).filter(|object| is_going(object)).cloned() else { return };
        if *key.shelf == *"namespaces" {
            self.empty(&key.name, act, false);
            self.close(&key.name, act);
            return;
        }
        let held = finalizers(&object);
        if held.contains(&ORPHAN) {
            for owned in self.owned_by(uid(&object)) {
                self.let_go(&owned, uid(&object), act);
            }
            self.unhold(key, ORPHAN, act);
        } else if held.contains(&FOREGROUND) {
            let owned = self.owned_by(uid(&object));
            for owned in &owned {
                let going = self.objects.get(owned).is_none_or(|owned| is_going(owned));
                if !going {
                    self.give_up(owned, Some(Propagation::Foreground), act);
                }
            }
            if self.owned_by(uid(&object)).is_empty() {
                self.unhold(key, FOREGROUND, act);
            }
        }
    }

    /// Deletes an object whose owners are all gone, and takes owners that are gone off the others.
    pub(super) fn collect_orphan(&mut self, key: &Key, act: &Act) {
        let Some(object) = self.objects.get(key).cloned() else { return };
        let references = items(&object["metadata"]["ownerReferences"]);
        let alive = |reference: &&Json| {
            let uid = reference["uid"].as_str().unwrap_or_default();
            let found = self.owner(reference, &key.namespace).and_then(|owner| self.objects.get(&owner));
            found.is_some_and(|owner| crate::kube::object::uid(owner) == uid)
        };
        let kept: Vec<Json> = references.filter(alive).cloned().collect();
        match kept.len() {
            0 => self.give_up(key, None, act),
            count if count < items(&object["metadata"]["ownerReferences"]).count() => {
                let mut object = Json::clone(&object);
                object["metadata"]["ownerReferences"] = kept.into();
                self.keep(key.clone(), object, act);
            }
            _ => {}
        }
    }

    /// Deletes as a controller does, which takes no for an answer.
    fn give_up(&mut self, key: &Key, propagation: Option<Propagation>, act: &Act) {
        if let Some(resource) = self.resource_of(key) {
            let how = Deletion { propagation, ..Deletion::default() };
            // It is there; a refusal can only say that it is gone already.
            let _ = self.delete(&resource, key, &how, act);
        }
    }

    fn owned_by(&self, uid: &str) -> Vec<Key> {
        self.owned.get(uid).map(|keys| keys.iter().cloned().collect()).unwrap_or_default()
    }

    fn owner(&self, reference: &Json, namespace: &str) -> Option<Key> {
        let word = |key: &str| reference[key].as_str().unwrap_or_default();
        let resource = self.catalogue.kind(word("apiVersion"), word("kind"))?;
        Some(Key::new(resource, namespace, word("name")))
    }

    fn owners_of(&self, object: &Json, namespace: &str) -> Vec<Key> {
        items(&object["metadata"]["ownerReferences"]).filter_map(|one| self.owner(one, namespace)).collect()
    }

    /// Takes an owner off an object.
    fn let_go(&mut self, key: &Key, owner: &str, act: &Act) {
        let Some(mut object) = self.objects.get(key).map(|object| Json::clone(object)) else { return };
        let kept: Vec<Json> =
            items(&object["metadata"]["ownerReferences"]).filter(|one| one["uid"] != owner).cloned().collect();
        match kept.is_empty() {
            true => drop(metadata(&mut object).shift_remove("ownerReferences")),
            false => object["metadata"]["ownerReferences"] = kept.into(),
        }
        self.keep(key.clone(), object, act);
    }

    /// Takes a finalizer off an object that goes.
    fn unhold(&mut self, key: &Key, finalizer: &str, act: &Act) {
        let Some(mut object) = self.objects.get(key).map(|object| Json::clone(object)) else { return };
        let kept: Vec<Json> = finalizers(&object).into_iter().filter(|one| *one != finalizer).map(Json::from).collect();
        if kept.is_empty() {
            metadata(&mut object).shift_remove("finalizers");
            self.keep(key.clone(), object, act);
            self.release(key, act);
        } else {
            object["metadata"]["finalizers"] = kept.into();
            self.keep(key.clone(), object, act);
        }
    }

    /// Deletes what is in a namespace; `torn` says that nothing can hold it.
    pub(super) fn empty(&mut self, namespace: &str, act: &Act, torn: bool) {
        let inside: Vec<Key> = self.objects.keys().filter(|key| key.namespace == namespace).cloned().collect();
        for key in inside {
            let going = self.objects.get(&key).is_none_or(|object| is_going(object));
            match torn {
                true => drop(self.erase(&key, act)),
                false if !going => self.give_up(&key, None, act),
                false => {}
            }
        }
    }

    /// A namespace that goes is gone as soon as nothing is in it; until then it says why not.
    fn close(&mut self, namespace: &str, act: &Act) {
        let key = Key { shelf: "namespaces".into(), namespace: String::new(), name: namespace.to_owned() };
        let Some(object) = self.objects.get(&key).filter(|object| is_going(object)).cloned() else { return };
        let left: Vec<&Json> =
            self.objects.iter().filter(|(key, _)| key.namespace == namespace).map(|(_, object)| &**object).collect();
        if left.is_empty() && finalizers(&object).is_empty() {
            self.erase(&key, act);
            return;
        }
        let held = left.iter().flat_map(|object| finalizers(object)).collect::<std::collections::BTreeSet<_>>();
        let mut marked = Json::clone(&object);
        let message = format!(
            "Some content in the namespace has finalizers remaining: {}",
            held.into_iter().collect::<Vec<_>>().join(", ")
        );
        marked["status"]["conditions"] = json!([{
            "type": "NamespaceFinalizersRemaining", "status": "True", "reason": "SomeFinalizersRemain",
            "message": message, "lastTransitionTime": crate::kube::object::time(act.now),
        }]);
        if marked["status"]["conditions"][0]["message"] != object["status"]["conditions"][0]["message"] {
            self.keep(key, marked, act);
        }
    }

    /// What a definition that is gone defined is gone as well.
    fn undefine(&mut self, definition: &Json, act: &Act) {
        let word = |value: &Json| value.as_str().unwrap_or_default().to_owned();
        let (group, plural) = (word(&definition["spec"]["group"]), word(&definition["spec"]["names"]["plural"]));
        let shelf = crate::kube::refusal::qualified(&plural, &group);
        let keys: Vec<Key> = self.objects.keys().filter(|key| *key.shelf == *shelf).cloned().collect();
        for key in keys {
            self.erase(&key, act);
        }
        self.catalogue.define(&group, &plural, Vec::new());
    }
}
