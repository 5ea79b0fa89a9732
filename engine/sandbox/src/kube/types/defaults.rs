//! What a field is where nothing is said: from the schema of a defined kind, from a table for built-in ones. Pure.

use std::sync::LazyLock;

use serde_json::Value as Json;

use super::resource::Resource;
use super::schema::{Field, Schema};
use crate::kube::object::map;

/// By kind: the path of a field and its value; `[]` stands for every item of a list.
static TABLE: LazyLock<Json> =
    LazyLock::new(|| serde_json::from_str(include_str!("../data/defaults.json")).unwrap_or_default());

/// Fills in what is not said.
pub(in crate::kube) fn complete(resource: &Resource, object: &mut Json) {
    if let Some(custom) = &resource.custom {
        fill(Schema::custom(&custom.schema), object);
        return;
    }
    for (prefix, set) in sets(&resource.kind) {
        for (path, value) in TABLE[set].as_object().into_iter().flatten() {
            let path = format!("{prefix}{path}");
            let parts: Vec<&str> = path.split('.').collect();
            put(object, &parts, value);
        }
    }
    follow(resource, object);
}

/// Where the pods of a kind are described, and the sets of defaults that hold there.
fn sets(kind: &str) -> Vec<(&'static str, &'static str)> {
    let mut sets = match kind {
        "Pod" => vec![("", "Pod")],
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "ReplicationController" | "Job" => {
            vec![("spec.template.", "Pod")]
        }
        "CronJob" => vec![("spec.jobTemplate.spec.template.", "Pod")],
        "PodTemplate" => vec![("template.", "Pod")],
        _ => Vec::new(),
    };
    let own = TABLE.as_object().and_then(|table| table.get_key_value(kind)).map(|(name, _)| name.as_str());
    if kind != "Pod" {
        sets.extend(own.map(|own| ("", own)));
    }
    sets
}

/// Puts a value where nothing is, if what it belongs to is there.
fn put(value: &mut Json, path: &[&str], default: &Json) {
    let Some((first, rest)) = path.split_first() else { return };
    if let Some(list) = first.strip_suffix("[]") {
        for item in value.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            put(item, rest, default);
        }
    } else if let Some(optional) = first.strip_suffix('?') {
        if let Some(inner) = value.get_mut(optional).filter(|inner| inner.is_object()) {
            put(inner, rest, default);
        }
    } else if rest.is_empty() {
        if value[*first].is_null() && value.is_object() {
            map(value).insert((*first).to_owned(), default.clone());
        }
    } else {
        if value[*first].is_null() && value.is_object() {
            map(value).insert((*first).to_owned(), Json::Object(serde_json::Map::new()));
        }
        put(&mut value[*first], rest, default);
    }
}

/// Defaults that depend on other fields.
fn follow(resource: &Resource, object: &mut Json) {
    if let Some((prefix, _)) = sets(&resource.kind).into_iter().find(|(_, set)| *set == "Pod") {
        let mut parts = prefix.split('.').chain(["spec"]).filter(|part| !part.is_empty());
        let spec = parts.try_fold(&mut *object, |place, part| place.get_mut(part));
        spec.into_iter().for_each(pull);
    }
    for strategy in ["strategy", "updateStrategy"] {
        // Another way of updating has nothing to say of this one.
        if let Some(strategy) = object.get_mut("spec").and_then(|spec| spec.get_mut(strategy))
            && strategy["type"] != "RollingUpdate"
            && let Json::Object(strategy) = strategy
            && resource.group == "apps"
        {
            strategy.shift_remove("rollingUpdate");
        }
    }
    match resource.kind.as_str() {
        "Service" if resource.group.is_empty() => service(object),
        "Job" if object["spec"].is_object() => {
            let spec = &mut object["spec"];
            if spec["completions"].is_null() && spec["parallelism"].is_null() {
                spec["completions"] = 1.into();
            }
            if spec["parallelism"].is_null() {
                spec["parallelism"] = 1.into();
            }
        }
        "Secret" if object["stringData"].is_object() => encode(object),
        _ => {}
    }
}

/// An image without a version, or of the latest, is pulled each time.
fn pull(spec: &mut Json) {
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
            let image = container["image"].as_str().unwrap_or_default();
            let named = image.rsplit('/').next().unwrap_or_default();
            let latest = !named.contains('@') && named.rsplit_once(':').is_none_or(|(_, version)| version == "latest");
            if container["imagePullPolicy"].is_null() && container.is_object() {
                container["imagePullPolicy"] = if latest { "Always" } else { "IfNotPresent" }.into();
            }
        }
    }
}

/// What the type of a service asks for.
fn service(object: &mut Json) {
    let spec = &mut object["spec"];
    for port in spec.get_mut("ports").and_then(Json::as_array_mut).into_iter().flatten() {
        if port["targetPort"].is_null() && port.is_object() {
            port["targetPort"] = port["port"].clone();
        }
    }
    let (outside, balanced) =
        (spec["type"] != "ClusterIP" && spec["type"] != "ExternalName", spec["type"] == "LoadBalancer");
    for (field, value, wanted) in [
        ("externalTrafficPolicy", Json::from("Cluster"), outside),
        ("allocateLoadBalancerNodePorts", Json::from(true), balanced),
    ] {
        if wanted && spec[field].is_null() && spec.is_object() {
            spec[field] = value;
        }
    }
}

/// Data of a secret that is written as text.
fn encode(secret: &mut Json) {
    use base64::Engine as _;
    let Some(Json::Object(texts)) = map(secret).shift_remove("stringData") else { return };
    for (key, text) in texts {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text.as_str().unwrap_or_default());
        secret["data"][key] = encoded.into();
    }
}

/// The defaults of a schema, where what they belong to is there.
fn fill(schema: Schema<'_>, value: &mut Json) {
    match value {
        Json::Object(map) => {
            for (name, field) in schema.fields() {
                let default = &field.node()["default"];
                let nothing = map.get(name).is_none_or(|value| value.is_null() && field.node()["nullable"] != true);
                if !default.is_null() && nothing {
                    map.insert(name.clone(), default.clone());
                }
            }
            for (name, value) in map.iter_mut() {
                if let Field::Known(schema) = schema.field(name)
                    && schema.called() != "ObjectMeta"
                {
                    fill(schema, value);
                }
            }
        }
        Json::Array(list) => {
            if let Field::Known(schema) = schema.items() {
                list.iter_mut().for_each(|item| fill(schema, item));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::types::catalogue::Catalogue;
    use serde_json::json;

    fn completed(api_version: &str, kind: &str, mut object: Json) -> Json {
        let catalogue = Catalogue::default();
        complete(catalogue.kind(api_version, kind).unwrap(), &mut object);
        object
    }

    #[test]
    fn a_deployment_and_its_pods_are_completed() {
        let spec = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "c", "ports": [{ "containerPort": 80 }] }] } } } });
        let done = completed("apps/v1", "Deployment", spec);
        assert_eq!(
            (&done["spec"]["replicas"], &done["spec"]["strategy"]["type"]),
            (&json!(1), &json!("RollingUpdate"))
        );
        let pod = &done["spec"]["template"]["spec"];
        assert_eq!(
            (&pod["restartPolicy"], &pod["containers"][0]["ports"][0]["protocol"]),
            (&json!("Always"), &json!("TCP"))
        );
    }

    #[test]
    fn nothing_is_made_up_where_there_is_no_list() {
        let done = completed(
            "v1",
            "Pod",
            json!({ "spec": { "containers": [{ "name": "c", "image": "a/b:1" }, { "name": "d", "image": "x:5000/b" }] } }),
        );
        let spec = &done["spec"];
        assert!(spec.get("initContainers").is_none() && spec["containers"][0].get("ports").is_none());
        let pulled = |at: usize| &spec["containers"][at]["imagePullPolicy"];
        assert_eq!((pulled(0), pulled(1)), (&json!("IfNotPresent"), &json!("Always")));
    }

    #[test]
    fn texts_of_a_secret_are_encoded() {
        let done = completed("v1", "Secret", json!({ "stringData": { "a": "b" } }));
        assert_eq!(
            (&done["data"]["a"], &done["type"], done.get("stringData")),
            (&json!("Yg=="), &json!("Opaque"), None)
        );
    }

    #[test]
    fn a_schema_fills_in_what_is_missing_one_inside_the_other() {
        let schema = json!({ "properties": { "spec": { "type": "object", "default": {}, "properties": { "size": { "type": "integer", "default": 3 } } } } });
        let mut object = json!({});
        fill(Schema::custom(&schema), &mut object);
        assert_eq!(object, json!({ "spec": { "size": 3 } }));
    }
}
