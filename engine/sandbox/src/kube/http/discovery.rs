//! What the server says of itself: health, version, and which resources it serves, in the older form (one document a
//! group and version) and the newer (one for all).

use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::gate::Desk;
use super::openapi;
use crate::kube::refusal::Refusal;
use crate::kube::types::catalogue::Catalogue;
use crate::kube::types::resource::{Part, Resource};

/// What the sandbox is like.
const VERSION: (&str, &str, &str) = ("v1.34.4", "1", "34");

/// The media type of the newer form.
const NEWER: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Answers a path that is no resource.
pub(super) fn answer(desk: &Desk) -> Result<Answer, Refusal> {
    let path = desk.request.path.trim_end_matches('/');
    if !matches!(desk.request.method, http::Method::GET | http::Method::HEAD) {
        return Ok(Answer::nowhere());
    }
    let words: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if words[0] == "openapi" && words.get(1) != Some(&"v3") {
        return Err(Refusal::unsupported("OpenAPI 2, only OpenAPI 3 at /openapi/v3"));
    }
    desk.server.read(|store| {
        let catalogue = &store.catalogue;
        Ok(match words.as_slice() {
            ["healthz" | "livez" | "readyz", ..] => Answer::text(200, "text/plain; charset=utf-8", "ok"),
            ["version"] => Answer::json(200, &version()),
            ["api"] if newer(desk) => together(catalogue, true),
            ["apis"] if newer(desk) => together(catalogue, false),
            ["api"] => Answer::json(200, &json!({
                "kind": "APIVersions", "versions": ["v1"],
                "serverAddressByClientCIDRs": [{ "clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1" }],
            })),
            ["apis"] => Answer::json(200, &groups(catalogue)),
            ["api", "v1"] => Answer::json(200, &resources(catalogue, "", "v1")),
            ["apis", name] if versions(catalogue, name).next().is_some() => {
                let mut group = group(catalogue, name);
                group["kind"] = "APIGroup".into();
                group["apiVersion"] = "v1".into();
                Answer::json(200, &group)
            }
            ["apis", group, version] if catalogue.has_version(group, version) => {
                Answer::json(200, &resources(catalogue, group, version))
            }
            ["openapi", "v3"] => openapi::index(catalogue),
            ["openapi", "v3", "api", "v1"] => openapi::document(catalogue, "", "v1"),
            ["openapi", "v3", "apis", group, version] if catalogue.has_version(group, version) => {
                openapi::document(catalogue, group, version)
            }
            [""] => Answer::json(200, &json!({ "paths": ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"] })),
            _ => Answer::nowhere(),
        })
    })
}

fn version() -> Json {
    let (version, major, minor) = VERSION;
    json!({
        "major": major, "minor": minor, "gitVersion": format!("{version}+sandbox"), "gitCommit": "", "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "", "compiler": "rustc", "platform": "sandbox",
    })
}

/// Whether the newer form is asked for before the older one.
fn newer(desk: &Desk) -> bool {
    let accept = desk.request.header(http::header::ACCEPT);
    accept
        .split(',')
        .any(|one| one.contains("g=apidiscovery.k8s.io") && (one.contains("v=v2;") || one.ends_with("v=v2")))
}

/// The names of the groups, each once, in their order.
fn names(catalogue: &Catalogue) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for resource in catalogue.all() {
        if !names.contains(&resource.group.as_str()) {
            names.push(&resource.group);
        }
    }
    names
}

/// The versions of a group, each once, the preferred one first.
fn versions<'a>(catalogue: &'a Catalogue, group: &'a str) -> impl Iterator<Item = &'a str> {
    let mut seen: Vec<&str> = Vec::new();
    let of_group = catalogue.all().filter(move |resource| resource.group == group);
    of_group.filter_map(move |resource| {
        let version = resource.version.as_str();
        (!seen.contains(&version)).then(|| {
            seen.push(version);
            version
        })
    })
}

fn group(catalogue: &Catalogue, name: &str) -> Json {
    let version = |version: &str| json!({ "groupVersion": format!("{name}/{version}"), "version": version });
    let all: Vec<Json> = versions(catalogue, name).map(version).collect();
    json!({ "name": name, "versions": all, "preferredVersion": all.first() })
}

fn groups(catalogue: &Catalogue) -> Json {
    let named = names(catalogue).into_iter().filter(|name| !name.is_empty());
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": named.map(|name| group(catalogue, name)).collect::<Vec<_>>() })
}

/// The resources of one version, in the older form.
fn resources(catalogue: &Catalogue, group: &str, version: &str) -> Json {
    let of_version = catalogue.all().filter(|one| one.group == group && one.version == version);
    let older = |one: &Resource| {
        let mut main = json!({
            "name": one.plural, "singularName": one.singular, "namespaced": one.namespaced, "kind": one.kind, "verbs": one.verbs,
        });
        for (key, list) in [("shortNames", &one.short), ("categories", &one.categories)] {
            if !list.is_empty() {
                main[key] = json!(list);
            }
        }
        let part = |part: &Part| {
            let mut shown = json!({
                "name": format!("{}/{}", one.plural, part.name), "singularName": "", "namespaced": one.namespaced,
                "kind": part.kind, "verbs": part.verbs,
            });
            if !part.version.is_empty() && part.kind != one.kind {
                shown["group"] = part.group.clone().into();
                shown["version"] = part.version.clone().into();
            }
            shown
        };
        std::iter::once(main).chain(one.parts.iter().map(part)).collect::<Vec<_>>()
    };
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version,
        "resources": of_version.flat_map(|one| older(one)).collect::<Vec<_>>(),
    })
}

/// Everything at once: the core group, or all others.
fn together(catalogue: &Catalogue, core: bool) -> Answer {
    let wanted = names(catalogue).into_iter().filter(|name| name.is_empty() == core);
    let items: Vec<Json> = wanted
        .map(|name| {
            let version = |version: &str| {
                let of_version = catalogue.all().filter(|one| one.group == name && one.version == version);
                json!({ "version": version, "freshness": "Current", "resources": of_version.map(|one| newer_form(one)).collect::<Vec<_>>() })
            };
            let metadata = if core { json!({ "creationTimestamp": null }) } else { json!({ "name": name, "creationTimestamp": null }) };
            json!({ "metadata": metadata, "versions": versions(catalogue, name).map(version).collect::<Vec<_>>() })
        })
        .collect();
    let body = json!({ "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items });
    Answer::text(200, NEWER, body.to_string())
}

fn newer_form(one: &Resource) -> Json {
    let kind = |group: &str, version: &str, kind: &str| json!({ "group": group, "version": version, "kind": kind });
    let mut shown = json!({
        "resource": one.plural, "responseKind": kind(&one.group, &one.version, &one.kind),
        "scope": if one.namespaced { "Namespaced" } else { "Cluster" }, "singularResource": one.singular, "verbs": one.verbs,
    });
    for (key, list) in [("shortNames", &one.short), ("categories", &one.categories)] {
        if !list.is_empty() {
            shown[key] = json!(list);
        }
    }
    let part = |part: &Part| {
        let (group, version) = match part.version.is_empty() {
            true => (&one.group, &one.version),
            false => (&part.group, &part.version),
        };
        json!({ "subresource": part.name, "responseKind": kind(group, version, &part.kind), "verbs": part.verbs })
    };
    if !one.parts.is_empty() {
        shown["subresources"] = one.parts.iter().map(part).collect::<Vec<_>>().into();
    }
    shown
}
