//! S3 in a world: what its file may say, what its behaviours and faults do, where its target says it is.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::runtime::Runtime;

use super::client::{Ask, Client};
use crate::Sandbox;
use crate::file::{Loaded, load};

/// A world with one S3; `rest` is what else its file says.
fn read(rest: &str, script: &str) -> Loaded {
    let suite = tempfile::tempdir().unwrap();
    let folder = suite.path().join("sandbox");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("world.yaml"), format!("world: w\n{rest}")).unwrap();
    std::fs::write(folder.join("rule.rhai"), script).unwrap();
    load(suite.path())
}

const S3: &str = "s3: { store: { credentials: [{ access_key: a, secret_key: b }], buckets: { backups: { objects: [{ key: there, text: x, age: 1h }] } } } }\n";

/// What is wrong with a world: the text that is pointed at, message, help.
fn wrong(rest: &str) -> Vec<(String, String, String)> {
    let text = format!("world: w\n{rest}");
    let errors = read(rest, "fn acts(it, world) { [] }").errors;
    let at = |error: &checkrun_model::SpecError| {
        error.span().map(|span| text[span.start as usize..span.end as usize].to_owned()).unwrap_or_default()
    };
    errors.iter().map(|error| (at(error), error.message.clone(), error.help.clone().unwrap_or_default())).collect()
}

#[test]
fn every_mistake_is_pointed_at() {
    let fault = |deed: &str| format!("{S3}faults: [{{ fault: f, do: [{deed}] }}]\n");
    let keys = "credentials: [{ access_key: a, secret_key: b }]";
    for (rest, place, help) in [
        (format!("s3: {{ store: {{ {keys}, bukets: {{}} }} }}\n"), "bukets", "did you mean `buckets`?"),
        (format!("s3: {{ store: {{ {keys}, buckets: {{ No: {{}} }} }} }}\n"), "No", "3 to 63"),
        ("s3: { store: { credentials: [] } }\n".into(), "[]", "access_key"),
        ("s3: { store: { credentials: [{ access_key: a, secret_key: b, may: reed }] } }\n".into(), "reed", "read"),
        (
            format!(
                "s3: {{ store: {{ {keys}, buckets: {{ abc: {{ objects: [{{ key: k, text: a, base64: YQ== }}] }} }} }} }}\n"
            ),
            "{ key: k, text: a, base64: YQ== }",
            "docs/sandbox/s3.md",
        ),
        (format!("{S3}http: {{ store: {{ routes: [] }} }}\n"), "store", "rename one"),
        (fault("store: { s3: stor, bucket: backups, object: { key: k } }"), "stor", "did you mean `store`?"),
        (fault("store: { s3: store, bucket: backup, object: { key: k } }"), "backup", "did you mean `backups`?"),
        (fault("bucket: { s3: store, bucket: backup, is: gone }"), "backup", "did you mean `backups`?"),
        (fault("s3: { s3: store, is: dwon }"), "dwon", "did you mean `down`?"),
        (fault("s3: { s3: store }"), "store", ""),
        (fault("erase: { s3: store, bucket: backups }"), "backups", ""),
        (
            format!(
                "{S3}clusters: {{ apps: {{}} }}\nbehaviours: [{{ behaviour: b, on: {{ kind: Pod }}, sees: {{ x: {{ s3: stoer }} }}, do: rule.rhai }}]\n"
            ),
            "stoer",
            "did you mean `store`?",
        ),
    ] {
        let told = wrong(&rest);
        assert!(told.len() == 1 && told[0].0 == place && told[0].2.contains(help), "{rest}: {told:?}");
    }
    assert_eq!(wrong(S3), []);
}

/// A world that lives, and a client of its S3.
fn alive(loaded: Loaded, faults: &[String], s3: &str, keys: (&str, &str)) -> (Sandbox, Client, Json) {
    assert!(loaded.errors.is_empty(), "{:?}", loaded.errors);
    let sandbox = Sandbox::start(loaded.world.unwrap(), faults).unwrap();
    let target: Json = serde_yaml::from_str(&std::fs::read_to_string(sandbox.target()).unwrap()).unwrap();
    let url = target["endpoints"][s3]["http"]["url"].as_str().unwrap();
    let client = Client::new(url, keys.0, keys.1);
    (sandbox, client, target)
}

/// The body of an object as soon as it is there.
async fn becomes(sandbox: &Sandbox, client: &Client, path: &str) -> String {
    for _look in 0..200 {
        let got = client.get(path).await;
        if got.status == 200 {
            return got.text();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} does not appear: {:?}", sandbox.troubles().all())
}

/// What a rule sees of an S3 it answers in it: an object for each that clients bring.
const ANSWERS: &str = r#"
fn acts(it, world) {
    let brought = world.store.buckets.backups.filter(|o| o.key.starts_with("in/"));
    let deeds = [];
    for o in brought {
        let said = text(o.size) + " bytes, " + world.store.state;
        deeds.push(#{ store: #{ s3: "store", bucket: "backups", object: #{ key: o.key.replace("in/", "out/"), text: said } } });
    }
    deeds
}
"#;

const RULE: &str = "clusters: { apps: {} }\nbehaviours: [{ behaviour: b, on: { kind: Namespace, name: default }, sees: { store: { s3: store } }, do: rule.rhai }]\n";

#[test]
fn a_behaviour_sees_what_clients_bring_and_answers() {
    let object =
        "clusters: { apps: { objects: [{ apiVersion: v1, kind: Namespace, metadata: { name: default } }] } }\n";
    let rule = RULE.replace("clusters: { apps: {} }\n", object);
    let (sandbox, client, target) = alive(read(&format!("{S3}{rule}"), ANSWERS), &[], "store", ("a", "b"));
    assert_eq!(target["defaults"], json!({}), "nobody's HTTP service by chance");
    Runtime::new().unwrap().block_on(async {
        assert_eq!(client.get("/backups/there").await.text(), "x");
        client.put("/backups/in/1", "12345").await;
        assert_eq!(becomes(&sandbox, &client, "/backups/out/1").await, "5 bytes, up");
    });
    assert_eq!(sandbox.troubles().all(), Vec::<String>::new());
}

#[test]
fn faults_put_take_and_break() {
    let faults = "faults:\n  - { fault: put, do: [store: { s3: store, bucket: backups, object: { key: k, base64: aGVsbG8= } }] }\n  \
        - { fault: erase, do: [erase: { s3: store, bucket: backups, prefix: th }] }\n  \
        - { fault: gone, do: [bucket: { s3: store, bucket: backups, is: gone }] }\n  \
        - { fault: broken, do: [s3: { s3: store, is: broken }] }\n  \
        - { fault: down, do: [s3: { s3: store, is: down, slow: 1ms }] }\n";
    let begins = ["put".to_owned()];
    let (sandbox, client, _) = alive(read(&format!("{S3}{faults}"), ""), &begins, "store", ("a", "b"));
    let runtime = Runtime::new().unwrap();
    let code = |path| runtime.block_on(client.get(path)).code();
    assert_eq!(runtime.block_on(client.get("/backups/k")).text(), "hello");
    sandbox.fault("erase").unwrap();
    assert_eq!(code("/backups/there"), (404, "NoSuchKey".into()));
    sandbox.fault("gone").unwrap();
    assert_eq!(code("/backups/k"), (404, "NoSuchBucket".into()));
    sandbox.fault("broken").unwrap();
    assert_eq!(code("/backups/k"), (500, "InternalError".into()));
    sandbox.fault("down").unwrap();
    let ask = Ask { method: "GET", path: "/", ..Ask::default() };
    assert!(runtime.block_on(client.try_ask(&ask)).is_none());
}

/// Asks VolSync of story 49 for a backup: the status that it comes to.
async fn backed_up(sandbox: &Sandbox, moment: &str) -> Json {
    use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
    let kubeconfig = kube::config::Kubeconfig::read_from(&sandbox.kubeconfigs()[0]).unwrap();
    let options = kube::config::KubeConfigOptions::default();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    let client = kube::Client::try_from(config).unwrap();
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("volsync.backube", "v1alpha1", "ReplicationSource"));
    let sources: Api<DynamicObject> = Api::namespaced_with(client, "kafka", &kind);
    let source = json!({
        "apiVersion": "volsync.backube/v1alpha1", "kind": "ReplicationSource", "metadata": { "name": "data" },
        "spec": { "sourcePVC": "data", "trigger": { "manual": moment }, "restic": { "repository": "volsync-restic" } },
    });
    sources.patch("data", &PatchParams::apply("test"), &Patch::Apply(&source)).await.unwrap();
    for _look in 0..200 {
        let status = sources.get("data").await.unwrap().data["status"].clone();
        if status["latestMoverStatus"]["result"] == "Failed" || status["lastManualSync"] == moment {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("VolSync does nothing: {:?}", sandbox.troubles().all())
}

#[test]
fn a_backup_of_story_49_leaves_a_snapshot_in_the_bucket_or_fails() {
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../checks/story-49");
    let (sandbox, client, target) = alive(load(&suite), &[], "s3", ("auditor", "auditor-of-the-sandbox"));
    assert_eq!(target["defaults"]["http"], "registry");
    let keys = |runtime: &Runtime| runtime.block_on(client.list("/volsync-backups", &[("list-type", "2")])).text();
    let runtime = Runtime::new().unwrap();
    assert!(!keys(&runtime).contains("<Key>"));
    for moment in ["one", "two"] {
        let status = runtime.block_on(backed_up(&sandbox, moment));
        assert_eq!(status["latestMoverStatus"]["result"], "Successful", "{status}");
    }
    let seen = keys(&runtime);
    assert_eq!(seen.matches("<Key>kafka/snapshots/").count(), 2, "{seen}");
    assert_eq!(seen.matches("<Key>kafka/config<").count(), 1, "{seen}");
    sandbox.fault("backup-bucket-gone").unwrap();
    let status = runtime.block_on(backed_up(&sandbox, "three"));
    assert_eq!((&status["latestMoverStatus"]["result"], &status["lastManualSync"]), (&json!("Failed"), &json!("two")));
    assert_eq!(sandbox.troubles().all(), Vec::<String>::new());
}
