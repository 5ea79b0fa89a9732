//! What the stand-ins see at one moment: the pods and services of the cluster, and whether the lab's database and cache
//! answer. It judges nothing.

use serde_json::Value;

use crate::conditions;

/// One look.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// All pods.
    pub pods: Vec<Value>,
    /// All services.
    pub services: Vec<Value>,
    /// Dashboards and the like are kept in these.
    pub config_maps: Vec<Value>,
    /// All DaemonSets of the cluster that is validated.
    pub daemon_sets: Vec<Value>,
    /// PostgreSQL answers.
    pub database: bool,
    /// Redis answers.
    pub cache: bool,
    /// Now, as Kubernetes writes times.
    pub now: String,
}

impl World {
    /// The pods with this label in a namespace, in the order of their names; those that are about to go do not count.
    pub fn pods(&self, namespace: &str, label: &str) -> Vec<&Value> {
        let (key, value) = label.split_once('=').unwrap_or((label, ""));
        let fits = |p: &&Value| {
            let meta = &p["metadata"];
            meta["namespace"] == namespace && meta["labels"][key] == value && meta["deletionTimestamp"].is_null()
        };
        let mut found: Vec<_> = self.pods.iter().filter(fits).collect();
        found.sort_by_key(|p| p["metadata"]["name"].as_str());
        found
    }

    /// Those of them that are Ready.
    pub fn ready(&self, namespace: &str, label: &str) -> Vec<&Value> {
        self.pods(namespace, label).into_iter().filter(|p| conditions::holds(p, "Ready")).collect()
    }

    /// How many of them are Ready.
    pub fn count(&self, namespace: &str, label: &str) -> usize {
        self.ready(namespace, label).len()
    }

    /// Whether there is a service.
    pub fn has_service(&self, namespace: &str, name: &str) -> bool {
        self.services.iter().any(|s| s["metadata"]["namespace"] == namespace && s["metadata"]["name"] == name)
    }
}

/// A pod's name.
pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    /// A pod for tests.
    pub fn pod(namespace: &str, name: &str, label: (&str, &str), ready: bool) -> Value {
        json!({
            "metadata": { "namespace": namespace, "name": name, "labels": { label.0: label.1 } },
            "status": { "conditions": [{ "type": "Ready", "status": if ready { "True" } else { "False" } }] },
        })
    }

    #[test]
    fn only_ready_pods_of_the_namespace_with_the_label_count() {
        let mut going = pod("n", "c", ("app", "x"), true);
        going["metadata"]["deletionTimestamp"] = json!("now");
        let pods = vec![
            pod("n", "b", ("app", "x"), true),
            pod("n", "a", ("app", "x"), false),
            pod("m", "d", ("app", "x"), true),
            pod("n", "e", ("app", "y"), true),
            going,
        ];
        let world = World { pods, ..World::default() };
        assert_eq!(world.pods("n", "app=x").into_iter().map(name).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(world.count("n", "app=x"), 1);
    }
}
