//! What CloudNativePG and the Dragonfly operator would say. Behind a `Cluster` stand its pods and the lab's PostgreSQL,
//! behind a `Dragonfly` its pods and the lab's Redis.

use serde_json::{Value, json};

use super::operator::{Rule, condition};
use super::world::{World, name};

/// The namespace of databases and caches.
pub const NAMESPACE: &str = "databases";
const CNPG: &str = "postgresql.cnpg.io/v1";
const DRAGONFLY: &str = "dragonflydb.io/v1alpha1";

/// What is told of which kind.
pub const RULES: &[Rule] = &[
    Rule { api: CNPG, kind: "Cluster", status: cluster },
    Rule { api: CNPG, kind: "Pooler", status: pooler },
    Rule { api: CNPG, kind: "Backup", status: backup },
    Rule { api: CNPG, kind: "ScheduledBackup", status: scheduled },
    Rule { api: DRAGONFLY, kind: "Dragonfly", status: dragonfly },
];

/// The objects.
pub fn objects() -> Vec<Value> {
    let meta = |name: &str| json!({ "name": name, "namespace": NAMESPACE });
    let cnpg = |kind: &str, name: &str, spec: Value| json!({ "apiVersion": CNPG, "kind": kind, "metadata": meta(name), "spec": spec });
    vec![
        cnpg("Cluster", "pg", json!({ "instances": 3, "storage": { "size": "1Gi" } })),
        cnpg(
            "Pooler",
            "pg-rw",
            json!({
                "cluster": { "name": "pg" }, "instances": 2, "type": "rw", "pgbouncer": { "poolMode": "transaction" },
            }),
        ),
        cnpg("Backup", "pg-first", json!({ "cluster": { "name": "pg" } })),
        cnpg("ScheduledBackup", "pg-nightly", json!({ "cluster": { "name": "pg" }, "schedule": "0 0 2 * * *" })),
        json!({
            "apiVersion": DRAGONFLY, "kind": "Dragonfly", "metadata": meta("cache"), "spec": { "replicas": 2 },
        }),
    ]
}

fn cluster(object: &Value, world: &World) -> Value {
    let all = world.pods(NAMESPACE, &format!("cnpg.io/cluster={}", name(object)));
    let ready = world.ready(NAMESPACE, &format!("cnpg.io/cluster={}", name(object)));
    // a pod of the lab holds no server: none is ready unless PostgreSQL is
    let ready: Vec<&str> = if world.database { ready.into_iter().map(name).collect() } else { Vec::new() };
    let wanted = object["spec"]["instances"].as_u64().unwrap_or(1) as usize;
    let well = ready.len() >= wanted;
    let primary = object["status"]["currentPrimary"].as_str().filter(|p| ready.contains(p)).or(ready.first().copied());
    let phase = if well { "Cluster in healthy state" } else { "Waiting for the instances to become active" };
    let words = if well { "Cluster is Ready" } else { "Cluster Is Not Ready" };
    let reason = if well { "ClusterIsReady" } else { "ClusterIsNotReady" };
    let archiving = !ready.is_empty();
    let mut status = json!({
        "instances": all.len(), "readyInstances": ready.len(), "phase": phase,
        "instanceNames": all.into_iter().map(name).collect::<Vec<_>>(),
        "conditions": [
            condition("Ready", well, reason, words),
            condition("ContinuousArchiving", archiving, if archiving { "ContinuousArchivingSuccess" } else { "ContinuousArchivingFailing" }, "Continuous archiving is watched by the lab"),
            condition("LastBackupSucceeded", true, "LastBackupSucceeded", "Backup was successful"),
            condition("ConsistentSystemID", true, "Unique", "A single, unique system ID was found across reporting instances."),
        ],
    });
    if let Some(primary) = primary {
        status["currentPrimary"] = json!(primary);
        status["targetPrimary"] = json!(primary);
    }
    status
}

fn pooler(object: &Value, world: &World) -> Value {
    let instances = world.count(NAMESPACE, &format!("cnpg.io/poolerName={}", name(object)));
    let instances = if world.database { instances } else { 0 };
    json!({ "instances": instances, "phase": if instances > 0 { "active" } else { "inactive" } })
}

/// A backup is made once, and then stays as it is.
fn backup(object: &Value, world: &World) -> Value {
    if object["status"]["phase"] == "completed" {
        return Value::Null;
    }
    match world.database {
        true => {
            json!({ "phase": "completed", "method": "barmanObjectStore", "startedAt": world.now, "stoppedAt": world.now })
        }
        false => json!({ "phase": "pending" }),
    }
}

/// It was last due at the last full hour, and is only made while the database answers.
fn scheduled(_: &Value, world: &World) -> Value {
    match world.database {
        true => json!({ "lastScheduleTime": format!("{}:00:00Z", world.now.get(..13).unwrap_or_default()) }),
        false => Value::Null,
    }
}

fn dragonfly(object: &Value, world: &World) -> Value {
    let wanted = object["spec"]["replicas"].as_u64().unwrap_or(1) as usize;
    let label = |role: &str| {
        world
            .ready(NAMESPACE, &format!("app={}", name(object)))
            .into_iter()
            .filter(|p| p["metadata"]["labels"]["role"] == role)
            .count()
    };
    let well = world.cache && label("master") == 1 && label("master") + label("replica") >= wanted;
    json!({ "phase": if well { "Ready" } else { "Configuring" }, "isRollingUpdate": false })
}

#[cfg(test)]
mod tests {
    use super::super::world::tests::pod;
    use super::*;

    fn world(ready: usize, database: bool) -> World {
        let pods = (1..=3).map(|at| pod(NAMESPACE, &format!("pg-{at}"), ("cnpg.io/cluster", "pg"), at <= ready));
        World { pods: pods.collect(), database, now: "2026-01-02T03:04:05Z".into(), ..World::default() }
    }

    #[test]
    fn a_cluster_is_healthy_only_with_all_pods_and_a_database_that_answers() {
        let object = &objects()[0];
        let healthy = cluster(object, &world(3, true));
        assert_eq!(
            (&healthy["phase"], &healthy["currentPrimary"]),
            (&json!("Cluster in healthy state"), &json!("pg-1"))
        );
        assert_eq!(cluster(object, &world(2, true))["conditions"][0]["status"], "False");
        let lost = cluster(object, &world(3, false));
        assert_eq!((&lost["readyInstances"], &lost["currentPrimary"]), (&json!(0), &Value::Null));
    }

    #[test]
    fn a_primary_stays_while_it_is_ready_and_a_backup_stays_made() {
        let mut object = objects()[0].clone();
        object["status"] = json!({ "currentPrimary": "pg-2" });
        assert_eq!(cluster(&object, &world(3, true))["currentPrimary"], "pg-2");
        let made = json!({ "status": { "phase": "completed" } });
        assert!(backup(&made, &world(0, false)).is_null());
        assert_eq!(backup(&json!({}), &world(0, false))["phase"], "pending");
    }

    #[test]
    fn a_dragonfly_without_its_master_is_not_ready() {
        let object = objects()[4].clone();
        let with = |role: &str| {
            let mut p = pod(NAMESPACE, role, ("app", "cache"), true);
            p["metadata"]["labels"]["role"] = json!(role);
            p
        };
        let mut world = World { pods: vec![with("master"), with("replica")], cache: true, ..World::default() };
        assert_eq!(dragonfly(&object, &world)["phase"], "Ready");
        world.cache = false;
        assert_eq!(dragonfly(&object, &world)["phase"], "Configuring");
        let replicas = World { pods: vec![with("replica")], cache: true, ..World::default() };
        assert_eq!(dragonfly(&object, &replicas)["phase"], "Configuring");
    }
}
