//! What somebody may do, by the roles and bindings in the store. Pure.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::people::User;
use crate::kube::object::{at, items, name, namespace};
use crate::kube::store::Store;

const GROUP: &str = "rbac.authorization.k8s.io";

/// What somebody wants to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::kube) struct Wish {
    /// `get`, `list`, `create`, …
    pub(in crate::kube) verb: String,
    pub(in crate::kube) group: String,
    /// `pods`; empty where a path is meant that is no resource.
    pub(in crate::kube) resource: String,
    /// `log`
    pub(in crate::kube) part: String,
    pub(in crate::kube) namespace: String,
    pub(in crate::kube) name: String,
    /// Of what is no resource: `/version`.
    pub(in crate::kube) path: String,
}

impl Wish {
    /// `pods/log`
    fn resource(&self) -> String {
        if self.part.is_empty() { self.resource.clone() } else { format!("{}/{}", self.resource, self.part) }
    }

    /// Why it is refused, in the words of the server.
    pub(in crate::kube) fn refusal(&self, user: &User) -> String {
        let user = &user.name;
        if self.resource.is_empty() {
            return format!("User {user:?} cannot {} path {:?}", self.verb, self.path);
        }
        let place = match self.namespace.as_str() {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace {namespace:?}"),
        };
        let resource = self.resource();
        format!("User {user:?} cannot {} resource {resource:?} in API group {:?} {place}", self.verb, self.group)
    }
}

fn shelf(plural: &str) -> Arc<str> {
    format!("{plural}.{GROUP}").into()
}

fn has(list: &Json, word: &str) -> bool {
    items(list).any(|item| item == word || item == "*")
}

/// Whether the rules allow it.
fn allows(rules: &[Json], wish: &Wish) -> bool {
    rules.iter().any(|rule| has(&rule["verbs"], &wish.verb) && covers(rule, wish))
}

fn covers(rule: &Json, wish: &Wish) -> bool {
    if wish.resource.is_empty() {
        return items(&rule["nonResourceURLs"]).filter_map(Json::as_str).any(|url| match url.strip_suffix('*') {
            Some(start) => wish.path.starts_with(start),
            None => url == wish.path,
        });
    }
    let resource = wish.resource();
    let any_part = format!("*/{}", wish.part);
    let named = items(&rule["resources"])
        .any(|one| *one == resource || one == "*" || (!wish.part.is_empty() && *one == any_part));
    let names = &rule["resourceNames"];
    let of_name = items(names).next().is_none() || items(names).any(|one| *one == wish.name);
    has(&rule["apiGroups"], &wish.group) && named && of_name
}

fn is_subject(subject: &Json, binding: &Json, user: &User) -> bool {
    let called = subject["name"].as_str().unwrap_or_default();
    match subject["kind"].as_str() {
        Some("User") => called == &*user.name,
        Some("Group") => user.groups.iter().any(|group| group == called),
        Some("ServiceAccount") => {
            let namespace = subject["namespace"].as_str().unwrap_or_else(|| namespace(binding));
            *user.name == *format!("system:serviceaccount:{namespace}:{called}")
        }
        _ => false,
    }
}

/// The rules of the role that a binding refers to.
fn rules_of(store: &Store, binding: &Json) -> Vec<Json> {
    let role = &binding["roleRef"];
    let (plural, place) = match role["kind"].as_str() {
        Some("Role") => ("roles", Some(namespace(binding))),
        _ => ("clusterroles", None),
    };
    let shelf = shelf(plural);
    let found = store.shelf(&shelf, place).find(|(key, _)| role["name"] == key.name.as_str());
    let Some((_, found)) = found else { return Vec::new() };
    let selectors: Vec<&Json> = items(at(found, "aggregationRule.clusterRoleSelectors")).collect();
    let mut rules: Vec<Json> = items(&found["rules"]).cloned().collect();
    for (_, other) in store.shelf(&shelf, None).filter(|(_, other)| name(other) != name(found)) {
        let fits = |selector: &&Json| {
            let labels = selector["matchLabels"].as_object();
            labels.is_some_and(|labels| labels.iter().all(|(key, value)| other["metadata"]["labels"][key] == *value))
        };
        if selectors.iter().any(fits) {
            rules.extend(items(&other["rules"]).cloned());
        }
    }
    rules
}

/// The rules that hold for somebody, everywhere and in a namespace.
pub(in crate::kube) fn rules(store: &Store, user: &User, place: &str) -> Vec<Json> {
    let (everywhere, local) = (shelf("clusterrolebindings"), shelf("rolebindings"));
    let everywhere = store.shelf(&everywhere, None);
    let local = (!place.is_empty()).then(|| store.shelf(&local, Some(place))).into_iter().flatten();
    everywhere
        .chain(local)
        .filter(|(_, binding)| items(&binding["subjects"]).any(|subject| is_subject(subject, binding, user)))
        .flat_map(|(_, binding)| rules_of(store, binding))
        .collect()
}

/// Whether somebody may do it.
pub(in crate::kube) fn may(store: &Store, user: &User, wish: &Wish) -> bool {
    allows(&rules(store, user, &wish.namespace), wish)
}

/// What somebody may do in a namespace, as a rules review says it.
pub(in crate::kube) fn review(store: &Store, user: &User, namespace: &str) -> Json {
    let all = rules(store, user, namespace);
    let is_path = |rule: &&Json| items(&rule["nonResourceURLs"]).next().is_some();
    let paths: Vec<&Json> = all.iter().filter(is_path).collect();
    let resources: Vec<&Json> = all.iter().filter(|rule| !is_path(rule)).collect();
    json!({ "incomplete": false, "nonResourceRules": paths, "resourceRules": resources })
}
