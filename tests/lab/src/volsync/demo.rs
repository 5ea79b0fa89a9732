//! A volume with files and its backup, as JSON: what faults break and smoke tests look at. It applies nothing.

use serde_json::{Value, json};

/// The namespace of volume and backup.
pub const NAMESPACE: &str = "backup-demo";
/// Volume, backup and the pod that holds the volume are called so.
pub const NAME: &str = "files";
/// The Secret with the repository's address, password and keys.
pub const REPOSITORY: &str = "restic";
/// The repository's password. A lab on loopback keeps no secrets.
pub const PASSWORD: &str = "checkrun-lab-restic";
/// The Secret with the authority of the S3 server's certificate.
const AUTHORITY: &str = "s3-ca";
const VOLSYNC: &str = "volsync.backube/v1alpha1";

/// Where backups go.
#[derive(Debug, Clone)]
pub struct Store {
    /// The server as pods reach it, with its scheme.
    pub url: String,
    /// The bucket.
    pub bucket: String,
    /// Who asks.
    pub access_key: String,
    /// And its secret.
    pub secret_key: String,
    /// The authority's certificate as PEM.
    pub ca: String,
}

impl Store {
    /// The Secret `name` of a repository at `path` within the bucket.
    pub fn repository(&self, name: &str, path: &str) -> Value {
        secret(
            name,
            &json!({
                "RESTIC_REPOSITORY": format!("s3:{}/{}/{path}", self.url, self.bucket),
                "RESTIC_PASSWORD": PASSWORD,
                "AWS_ACCESS_KEY_ID": self.access_key,
                "AWS_SECRET_ACCESS_KEY": self.secret_key,
            }),
        )
    }

    /// The namespace, the Secrets, the volume and the pod that fills it.
    pub fn objects(&self, image: &str) -> Vec<Value> {
        vec![
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": NAMESPACE } }),
            self.repository(REPOSITORY, "demo"),
            secret(AUTHORITY, &json!({ "ca.crt": self.ca })),
            claim(NAME),
            writer(image),
        ]
    }
}

fn secret(name: &str, text: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name, "namespace": NAMESPACE },
        "stringData": text,
    })
}

/// A volume's claim.
pub fn claim(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "16Mi" } } },
    })
}

/// Ready once the volume holds files and their sums.
fn writer(image: &str) -> Value {
    let work = "cd /data && dd if=/dev/urandom of=blob bs=64k count=16 && echo precious > note && \
                md5sum blob note > sums && exec sleep 2000000000";
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": NAME, "namespace": NAMESPACE },
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": false,
            "containers": [{
                "name": "writer", "image": image, "imagePullPolicy": "Never", "command": ["/bin/sh", "-c", work],
                "readinessProbe": { "exec": { "command": ["/bin/sh", "-c", "test -s /data/sums"] }, "periodSeconds": 1 },
                "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
            }],
            "volumes": [{ "name": "data", "persistentVolumeClaim": { "claimName": NAME } }],
        },
    })
}

/// A backup of the volume `claim`, once for each new `trigger`.
pub fn backup(name: &str, claim: &str, repository: &str, trigger: &str) -> Value {
    let mut restic = restic(repository);
    restic["pruneIntervalDays"] = json!(7);
    restic["retain"] = json!({ "hourly": 24, "daily": 7, "weekly": 4 });
    json!({
        "apiVersion": VOLSYNC, "kind": "ReplicationSource", "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "sourcePVC": claim, "trigger": { "manual": trigger }, "restic": restic },
    })
}

/// A restore of the newest backup into a new volume `volsync-NAME-dest`.
pub fn restore(name: &str, repository: &str, trigger: &str) -> Value {
    let mut restic = restic(repository);
    restic["capacity"] = json!("16Mi");
    restic["accessModes"] = json!(["ReadWriteOnce"]);
    json!({
        "apiVersion": VOLSYNC, "kind": "ReplicationDestination", "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": { "trigger": { "manual": trigger }, "restic": restic },
    })
}

fn restic(repository: &str) -> Value {
    json!({
        "repository": repository, "copyMethod": "Direct", "cacheCapacity": "16Mi",
        "customCA": { "secretName": AUTHORITY, "key": "ca.crt" },
    })
}

/// Whether a backup or restore has done what `trigger` asked for. Its last result alone is that of an earlier run.
pub fn done(object: &Value, trigger: &str) -> bool {
    object["status"]["lastManualSync"] == trigger
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_success_is_not_an_answer_to_a_new_trigger() {
        let seen = json!({ "status": { "lastManualSync": "one", "latestMoverStatus": { "result": "Successful" } } });
        assert!(done(&seen, "one") && !done(&seen, "two"));
        assert!(!done(&json!({}), "one"));
    }

    #[test]
    fn each_repository_has_its_own_path() {
        let store = Store {
            url: "https://10.0.0.1:9000".into(),
            bucket: "b".into(),
            access_key: "a".into(),
            secret_key: "s".into(),
            ca: String::new(),
        };
        let text = &store.repository("r", "p")["stringData"]["RESTIC_REPOSITORY"];
        assert_eq!(text, "s3:https://10.0.0.1:9000/b/p");
    }
}
