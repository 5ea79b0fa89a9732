//! What a path means: a resource of the API with its namespace and name, or something else. Pure.

use std::sync::Arc;

use http::Method;

use super::request::Request;
use crate::kube::rights::rules::Wish;
use crate::kube::types::catalogue::Catalogue;
use crate::kube::types::resource::Resource;

/// A place of the API.
#[derive(Debug, Clone)]
pub(super) struct Spot {
    pub(super) resource: Arc<Resource>,
    /// None: all, or it has none.
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    /// `status`, `log`; empty where the object itself is meant.
    pub(super) part: String,
    /// What follows a proxy, with its slash.
    pub(super) rest: String,
}

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Way {
    Spot(Spot),
    /// In a group that is served, but no resource of it.
    Unknown,
    /// No resource.
    Other,
}

/// Follows a path.
pub(super) fn find(path: &str, catalogue: &Catalogue) -> Way {
    let plain = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    let words: Vec<&str> = plain.trim_matches('/').split('/').collect();
    let (group, version, mut words) = match words.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return Way::Other,
    };
    let mut namespace = None;
    if let ["namespaces", place, inner @ ..] = words
        && !inner.is_empty()
        && !matches!(inner, ["status" | "finalize"])
    {
        namespace = Some((*place).to_owned());
        words = inner;
    }
    let Some(resource) = catalogue.find(group, version, words[0]) else { return Way::Unknown };
    let name = words.get(1).map(|name| (*name).to_owned());
    let homeless = resource.namespaced && namespace.is_none() && name.is_some();
    if homeless || (!resource.namespaced && namespace.is_some()) {
        return Way::Unknown;
    }
    let part = words.get(2).map(|part| (*part).to_owned()).unwrap_or_default();
    let rest = rest(path, &part, words.len());
    if words.len() > 3 && part != "proxy" {
        return Way::Unknown;
    }
    Way::Spot(Spot { resource: Arc::clone(resource), namespace, name, part, rest })
}

/// What follows a proxy, as it was written.
fn rest(path: &str, part: &str, words: usize) -> String {
    if part != "proxy" || words < 3 {
        return String::new();
    }
    path.find("/proxy").map(|at| path[at + "/proxy".len()..].to_owned()).unwrap_or_default()
}

impl Spot {
    /// `get`, `list`, …, as rights are given.
    pub(super) fn verb(&self, request: &Request) -> &'static str {
        match (&request.method, self.name.is_some()) {
            (&Method::GET | &Method::HEAD, false) if request.says("watch") => "watch",
            (&Method::GET | &Method::HEAD, false) => "list",
            (&Method::GET | &Method::HEAD, true) => "get",
            (&Method::POST, _) => "create",
            (&Method::PUT, _) => "update",
            (&Method::PATCH, _) => "patch",
            (&Method::DELETE, false) => "deletecollection",
            (&Method::DELETE, true) => "delete",
            _ => "",
        }
    }

    /// What whoever asks must be allowed to do.
    pub(super) fn wish(&self, request: &Request) -> Wish {
        let port = self.part == "proxy";
        let name = self.name.clone().unwrap_or_default();
        Wish {
            verb: self.verb(request).to_owned(),
            group: self.resource.group.clone(),
            resource: self.resource.plural.clone(),
            part: self.part.clone(),
            // A namespace is an object that lives in itself.
            namespace: match self.resource.is_core("namespaces") {
                true => name.clone(),
                false => self.namespace.clone().unwrap_or_default(),
            },
            name: if port { target(&name).1 } else { name },
            path: String::new(),
        }
    }

    /// The namespace; empty for what has none.
    pub(super) fn place(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// Scheme, name and port of what a proxy leads to: `https:web:http`.
pub(super) fn target(written: &str) -> (String, String, String) {
    let words: Vec<String> = written.split(':').map(str::to_owned).collect();
    match words.as_slice() {
        [name] => (String::new(), name.clone(), String::new()),
        [name, port] => (String::new(), name.clone(), port.clone()),
        [scheme, name, port, ..] => (scheme.clone(), name.clone(), port.clone()),
        [] => Default::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(path: &str) -> Spot {
        match find(path, &Catalogue::default()) {
            Way::Spot(spot) => spot,
            other => panic!("{path}: {other:?}"),
        }
    }

    #[test]
    fn paths_lead_to_resources_objects_and_their_parts() {
        let pods = spot("/api/v1/pods");
        assert_eq!((pods.resource.kind.as_str(), pods.namespace, pods.name), ("Pod", None, None));
        let log = spot("/api/v1/namespaces/a/pods/x/log");
        assert_eq!((log.place(), log.name(), log.part.as_str()), ("a", "x", "log"));
        let namespace = spot("/api/v1/namespaces/a");
        assert_eq!((namespace.resource.kind.as_str(), namespace.name(), namespace.place()), ("Namespace", "a", ""));
        assert_eq!(spot("/api/v1/namespaces/a/finalize").part, "finalize");
        let proxy = spot("/api/v1/namespaces/a/services/http:web:80/proxy/x/y");
        assert_eq!((proxy.part.as_str(), proxy.rest.as_str()), ("proxy", "/x/y"));
        assert_eq!(target(proxy.name()), ("http".into(), "web".into(), "80".into()));
    }

    #[test]
    fn what_is_no_resource_is_found_out() {
        let catalogue = Catalogue::default();
        assert!(matches!(find("/version", &catalogue), Way::Other));
        assert!(matches!(find("/api/v1/teas", &catalogue), Way::Unknown));
        assert!(matches!(find("/api/v1/pods/x", &catalogue), Way::Unknown));
        assert!(matches!(find("/api/v1/namespaces/a/nodes", &catalogue), Way::Unknown));
    }
}
