//! What Rook would say: a Ceph cluster is as well as its daemons' pods are.

use serde_json::{Value, json};

use super::operator::{Rule, condition};
use super::world::World;

/// The namespace of Rook and Ceph.
pub const NAMESPACE: &str = "rook-ceph";
/// The daemons' labels.
pub const MON: &str = "app=rook-ceph-mon";
/// The manager's.
pub const MGR: &str = "app=rook-ceph-mgr";
/// The disks'.
pub const OSD: &str = "app=rook-ceph-osd";
const GROUP: &str = "ceph.rook.io/v1";
const GIB: u64 = 1 << 30;

/// What is told of which kind.
pub const RULES: &[Rule] = &[
    Rule { api: GROUP, kind: "CephCluster", status: cluster },
    Rule { api: GROUP, kind: "CephBlockPool", status: pool },
];

/// The objects.
pub fn objects() -> Vec<Value> {
    let meta = |name: &str| json!({ "name": name, "namespace": NAMESPACE });
    vec![
        json!({
            "apiVersion": GROUP, "kind": "CephCluster", "metadata": meta("rook-ceph"),
            "spec": {
                "cephVersion": { "image": "quay.io/ceph/ceph:v19.2.3" },
                "dataDirHostPath": "/var/lib/rook",
                "mon": { "count": 3 }, "mgr": { "count": 1 },
                "storage": { "storageClassDeviceSets": [{ "name": "set", "count": 3, "volumeClaimTemplates": [] }] },
            },
        }),
        json!({
            "apiVersion": GROUP, "kind": "CephBlockPool", "metadata": meta("replicapool"),
            "spec": { "failureDomain": "host", "replicated": { "size": 3 } },
        }),
    ]
}

/// Daemons that are missing, as Ceph's own checks call them.
fn missing(object: &Value, world: &World) -> Vec<(&'static str, String)> {
    let spec = &object["spec"];
    let osds = spec["storage"]["storageClassDeviceSets"][0]["count"].as_u64().unwrap_or(0);
    let wanted = [
        ("MON_DOWN", MON, spec["mon"]["count"].as_u64().unwrap_or(3)),
        ("OSD_DOWN", OSD, osds),
        ("MGR_DOWN", MGR, spec["mgr"]["count"].as_u64().unwrap_or(1)),
    ];
    let there = |label: &str| world.count(NAMESPACE, label) as u64;
    let short = wanted.iter().filter(|(_, label, n)| there(label) < *n);
    short.map(|(check, label, n)| (*check, format!("{} of {n} {label} are up", there(label)))).collect()
}

fn cluster(object: &Value, world: &World) -> Value {
    let missing = missing(object, world);
    let mons = object["spec"]["mon"]["count"].as_u64().unwrap_or(3) as usize;
    // without a majority of monitors nothing is answered
    let quorum = world.count(NAMESPACE, MON) * 2 > mons;
    let health = match (quorum, missing.is_empty()) {
        (false, _) => "HEALTH_ERR",
        (true, false) => "HEALTH_WARN",
        (true, true) => "HEALTH_OK",
    };
    let details = missing.iter().map(|(check, words)| {
        (check.to_string(), json!({ "message": words, "severity": if quorum { "HEALTH_WARN" } else { "HEALTH_ERR" } }))
    });
    let osds = world.count(NAMESPACE, OSD) as u64;
    let mut ceph = json!({
        "health": health, "fsid": "5f0b0b52-6f5c-4b0e-9f0a-000000000049", "lastChecked": minute(&world.now),
        "capacity": {
            "bytesTotal": osds * 100 * GIB, "bytesUsed": osds * 20 * GIB, "bytesAvailable": osds * 80 * GIB,
            "lastUpdated": minute(&world.now),
        },
    });
    if !missing.is_empty() {
        ceph["details"] = details.collect::<serde_json::Map<_, _>>().into();
    }
    json!({
        "phase": "Ready", "state": "Created", "message": "Cluster created successfully", "ceph": ceph,
        "observedGeneration": object["metadata"]["generation"],
        "conditions": [condition("Ready", true, "ClusterCreated", "Cluster created successfully")],
    })
}

/// The time without its seconds: Ceph is asked once a minute, and a status that says nothing new is not written.
fn minute(now: &str) -> String {
    format!("{}:00Z", now.get(..16).unwrap_or(now))
}

fn pool(object: &Value, world: &World) -> Value {
    let size = object["spec"]["replicated"]["size"].as_u64().unwrap_or(1) as usize;
    let well = world.count(NAMESPACE, OSD) >= size;
    json!({ "phase": if well { "Ready" } else { "Failure" }, "observedGeneration": object["metadata"]["generation"] })
}

#[cfg(test)]
mod tests {
    use super::super::world::tests::pod;
    use super::*;

    fn world(mons: usize, osds: usize) -> World {
        let some = |label: &'static str, n: usize| {
            let (key, value) = label.split_once('=').unwrap();
            (0..n).map(move |at| pod(NAMESPACE, &format!("{value}-{at}"), (key, value), true))
        };
        let pods = some(MON, mons).chain(some(OSD, osds)).chain(some(MGR, 1)).collect();
        World { pods, now: "2026-01-02T03:04:05Z".into(), ..World::default() }
    }

    #[test]
    fn health_is_that_of_the_daemons() {
        let all = objects();
        let health = |mons, osds| cluster(&all[0], &world(mons, osds))["ceph"]["health"].clone();
        assert_eq!(health(3, 3), "HEALTH_OK");
        assert_eq!(health(2, 3), "HEALTH_WARN");
        assert_eq!(health(1, 3), "HEALTH_ERR");
        let status = cluster(&all[0], &world(3, 2));
        assert_eq!(status["ceph"]["details"]["OSD_DOWN"]["severity"], "HEALTH_WARN");
        assert_eq!(status["ceph"]["lastChecked"], "2026-01-02T03:04:00Z");
        assert_eq!(
            (pool(&all[1], &world(3, 3))["phase"].clone(), pool(&all[1], &world(3, 2))["phase"].clone()),
            (json!("Ready"), json!("Failure"))
        );
    }
}
