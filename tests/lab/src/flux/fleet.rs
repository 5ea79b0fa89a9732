//! What the lab's repository holds, and the objects that make Flux reconcile from it. It applies and commits nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::manifests::NAMESPACE;
use crate::git::repository::BRANCH;
use crate::objects::Ref;

/// The repository and the root Kustomization, called as Flux's own installer calls them.
pub const ROOT: &str = "flux-system";
/// The workload's Kustomization and its namespace.
pub const DEMO: &str = "demo";
/// The release of a chart in the repository.
pub const RELEASE: &str = "demo-chart";
/// The file whose text is what reconciliations are seen by.
pub const VERSION: &str = "demo/version.yaml";
/// How often Flux looks by itself.
const INTERVAL: &str = "10s";

const KUSTOMIZATION: &str = "kustomize.toolkit.fluxcd.io/v1";
/// The root Kustomization.
pub const ROOT_KUSTOMIZATION: Ref<'static> = Ref(KUSTOMIZATION, "Kustomization", NAMESPACE, ROOT);
/// The workload's Kustomization.
pub const DEMO_KUSTOMIZATION: Ref<'static> = Ref(KUSTOMIZATION, "Kustomization", NAMESPACE, DEMO);
/// The source.
pub const SOURCE: Ref<'static> = Ref("source.toolkit.fluxcd.io/v1", "GitRepository", NAMESPACE, ROOT);
/// The release.
pub const HELM_RELEASE: Ref<'static> = Ref("helm.toolkit.fluxcd.io/v2", "HelmRelease", NAMESPACE, RELEASE);
/// What the workload's Kustomization applies.
pub const APPLIED: Ref<'static> = Ref("v1", "ConfigMap", DEMO, "version");

/// The files of the first commit.
pub fn files(clusters: &[&str]) -> BTreeMap<String, String> {
    let mut all = version("1");
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": DEMO } });
    all.insert("demo/namespace.yaml".into(), namespace.to_string());
    all.insert("chart/Chart.yaml".into(), format!("apiVersion: v2\nname: {RELEASE}\nversion: 0.1.0\n"));
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: \"{{ .Release.Name }}\" }\n\
                    data: { greeting: \"{{ .Values.greeting }}\", cluster: \"{{ .Values.cluster }}\" }\n";
    all.insert("chart/templates/configmap.yaml".into(), template.into());
    all.insert("chart/values.yaml".into(), "greeting: hello\ncluster: unknown\n".into());
    for cluster in clusters {
        let text = format!("{}\n---\n{}\n", kustomization(DEMO, "./demo"), release(cluster));
        all.insert(format!("clusters/{cluster}/demo.yaml"), text);
    }
    all
}

/// The file that says which version the workload has.
pub fn version(version: &str) -> BTreeMap<String, String> {
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "version", "namespace": DEMO },
        "data": { "version": version },
    });
    BTreeMap::from([(VERSION.to_owned(), object.to_string())])
}

/// A commit as Flux spells it.
pub fn revision(commit: &str) -> String {
    format!("{BRANCH}@sha1:{commit}")
}

/// The objects that a cluster is begun with; `url` is the repository as its pods reach it.
pub fn roots(cluster: &str, url: &str) -> Vec<Value> {
    let token = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "receiver-token", "namespace": NAMESPACE },
        "stringData": { "token": "checkrun-lab" },
    });
    let receiver = json!({
        "apiVersion": "notification.toolkit.fluxcd.io/v1", "kind": "Receiver",
        "metadata": { "name": ROOT, "namespace": NAMESPACE },
        "spec": {
            "type": "generic", "interval": "10m", "secretRef": { "name": "receiver-token" },
            "resources": [{ "apiVersion": SOURCE.0, "kind": SOURCE.1, "name": ROOT }],
        },
    });
    let source = json!({
        "apiVersion": SOURCE.0, "kind": SOURCE.1, "metadata": { "name": ROOT, "namespace": NAMESPACE },
        "spec": { "interval": INTERVAL, "timeout": "10s", "url": url, "ref": { "branch": BRANCH } },
    });
    vec![token, source, kustomization(ROOT, &format!("./clusters/{cluster}")), receiver]
}

fn kustomization(name: &str, path: &str) -> Value {
    json!({
        "apiVersion": KUSTOMIZATION, "kind": "Kustomization", "metadata": { "name": name, "namespace": NAMESPACE },
        "spec": {
            "interval": "10m", "retryInterval": "5s", "timeout": "1m", "path": path, "prune": true, "wait": true,
            "sourceRef": { "kind": "GitRepository", "name": ROOT },
        },
    })
}

fn release(cluster: &str) -> Value {
    json!({
        "apiVersion": HELM_RELEASE.0, "kind": HELM_RELEASE.1,
        "metadata": { "name": RELEASE, "namespace": NAMESPACE },
        "spec": {
            "interval": "10m", "releaseName": RELEASE, "targetNamespace": DEMO, "install": { "createNamespace": true },
            "chart": { "spec": {
                "chart": "./chart", "interval": INTERVAL, "sourceRef": { "kind": "GitRepository", "name": ROOT },
            } },
            "values": { "cluster": cluster },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cluster_has_its_own_path_and_release() {
        let files = files(&["apps", "infra"]);
        let text = &files["clusters/infra/demo.yaml"];
        assert!(text.contains(r#""cluster":"infra""#) && text.contains("\n---\n"), "{text}");
        assert_eq!(roots("apps", "u")[2]["spec"]["path"], "./clusters/apps");
        assert!(files[VERSION].contains(r#""version":"1""#));
    }
}
