//! The target's file: clusters, endpoints, secrets, what is allowed. Knows endpoint families through their registry.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use checkrun_lang::{Lang, SecretRef, Tree};
use checkrun_model::{
    Clock, ClusterSpec, Effect, Endpoint, EndpointEntry, Entry, Node, NodeValue, Sources, Span, SpecError, Target, de,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::read::Doc;
use crate::diags::{Diags, near};
use crate::plan::SecretSource;

/// A target: where suites run, and what they may do there.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetFile {
    /// Its name.
    pub(crate) target: String,
    /// Kubernetes clusters, by name.
    #[serde(default)]
    pub(crate) clusters: BTreeMap<String, ClusterShape>,
    /// What answers over the network, by name: one family with its settings, and `allow`.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    #[expect(dead_code, reason = "read from the tree, with the registry of families")]
    pub(crate) endpoints: serde::de::IgnoredAny,
    /// The endpoint that a family's checks take where they name none.
    #[serde(default)]
    pub(crate) defaults: BTreeMap<String, String>,
    /// Names under which suites may ask for secrets: `{{ secret('name') }}`.
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, SecretShape>,
    /// Values for the inputs of suites, in place of their defaults.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    #[expect(dead_code, reason = "read from the tree, in the type that the suite declares")]
    inputs: serde::de::IgnoredAny,
    /// Plain sentences about the place that every report carries: stand-ins, limits.
    #[serde(default)]
    pub(crate) environment: Vec<String>,
    /// Written by the sandbox: the place is an embedded world with a clock of its own. Every report says so.
    pub(crate) sandbox: Option<SandboxShape>,
}

/// An embedded world.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SandboxShape {
    /// The moment at which its clock agreed with the wall's.
    #[schemars(with = "String")]
    since: jiff::Timestamp,
    /// How many of its seconds go by in one of the wall's.
    #[schemars(range(min = 1))]
    rate: f64,
}

/// What every report says of a run in an embedded world.
fn sandbox_sentence(clock: &Clock) -> String {
    format!(
        "SANDBOX: this was the embedded world of checkrun, not a platform; it proves nothing about any. Its clock went \
         {} times as fast as the wall's.",
        clock.rate
    )
}

/// A Kubernetes cluster.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClusterShape {
    /// A kubeconfig file, relative to this file; else `KUBECONFIG`, `~/.kube/config` or the service account.
    kubeconfig: Option<PathBuf>,
    /// A context of it; else its current one.
    context: Option<String>,
    /// The most that a check may do there.
    #[serde(default)]
    allow: Effect,
}

/// Where a secret comes from: exactly one of these.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SecretShape {
    /// An environment variable.
    Env(String),
    /// A file, relative to this file.
    File(PathBuf),
    /// A key of a Secret.
    Kube(KubeSecret),
}

/// A key of a Kubernetes Secret.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KubeSecret {
    /// Cluster of this target.
    cluster: String,
    /// Namespace.
    namespace: String,
    /// Name.
    name: String,
    /// Key.
    key: String,
}

/// What the target's file says.
#[derive(Default)]
pub(crate) struct Place {
    /// Clusters, endpoints, defaults.
    pub(crate) target: Target,
    /// Where it is.
    pub(crate) file: Option<PathBuf>,
    /// Named secrets.
    pub(crate) secrets: BTreeMap<String, SecretSource>,
    /// No target was given, and none is needed: every name is taken for one that exists.
    pub(crate) any: bool,
}

/// Reads the target's file.
pub(crate) fn read(
    doc: &Doc,
    families: &[EndpointEntry],
    lang: &Lang,
    sources: &Sources,
    diags: &mut Diags,
) -> Option<Place> {
    let file: TargetFile = diags.take(de::from_node(&doc.root))?;
    let folder = doc.path.parent().unwrap_or(Path::new("")).to_owned();
    let clusters = clusters(file.clusters, &folder);
    let mut endpoints = Endpoints {
        families,
        lang,
        sources,
        diags,
        clusters: &clusters,
        secrets: &file.secrets,
        found: BTreeMap::new(),
    };
    endpoints.read(doc.root.get("endpoints"));
    let endpoints = endpoints.found;
    one_name_each(&doc.root, &clusters, &endpoints, diags);
    defaults(&doc.root, &endpoints, families, diags);
    let secrets = secrets(&doc.root, file.secrets, &clusters, &folder, diags);
    let sandbox = file.sandbox.map(|shape| Clock::new(shape.since, shape.rate));
    let environment = sandbox.iter().map(sandbox_sentence).chain(file.environment).collect();
    let target = Target { name: file.target, clusters, endpoints, defaults: file.defaults, environment, sandbox };
    Some(Place { target, file: Some(doc.path.clone()), secrets, any: false })
}

fn clusters(shapes: BTreeMap<String, ClusterShape>, folder: &Path) -> BTreeMap<String, Arc<ClusterSpec>> {
    let cluster = |(name, shape): (String, ClusterShape)| {
        let kubeconfig = shape.kubeconfig.map(|path| folder.join(path));
        (name.clone(), Arc::new(ClusterSpec { name, kubeconfig, context: shape.context, allow: shape.allow }))
    };
    shapes.into_iter().map(cluster).collect()
}

/// Locks are named like clusters and endpoints: a name that stands for both would lock both.
fn one_name_each(
    root: &Node,
    clusters: &BTreeMap<String, Arc<ClusterSpec>>,
    endpoints: &BTreeMap<String, Arc<Endpoint>>,
    diags: &mut Diags,
) {
    for entry in root.get("endpoints").and_then(Node::as_map).unwrap_or(&[]) {
        if clusters.contains_key(&entry.key) && endpoints.contains_key(&entry.key) {
            let message = format!("`{}` names a cluster and an endpoint", entry.key);
            let error = SpecError::new("target::name-twice", entry.key_span, message, "also a cluster");
            diags.push(error.help("rename one of them: locks are taken by these names"));
        }
    }
}

fn defaults(root: &Node, endpoints: &BTreeMap<String, Arc<Endpoint>>, families: &[EndpointEntry], diags: &mut Diags) {
    for entry in root.get("defaults").and_then(Node::as_map).unwrap_or(&[]) {
        if !families.iter().any(|row| row.family == entry.key) {
            diags.push(unknown_family(entry, families));
            continue;
        }
        let Some(name) = entry.value.as_text() else { continue };
        match endpoints.get(name) {
            Some(endpoint) if endpoint.family == entry.key => {}
            Some(endpoint) => {
                let message = format!("`{name}` is an endpoint of `{}`, not of `{}`", endpoint.family, entry.key);
                diags.push(SpecError::new("target::wrong-family", entry.value.span, message, "of another family"));
            }
            None => {
                let error = SpecError::new(
                    "target::unknown-endpoint",
                    entry.value.span,
                    format!("there is no endpoint `{name}`"),
                    "not there",
                );
                diags.push(error.help(near(name, endpoints.keys().map(String::as_str), "endpoints")));
            }
        }
    }
}

fn unknown_family(entry: &Entry, families: &[EndpointEntry]) -> SpecError {
    let message = format!("there is no endpoint family `{}`", entry.key);
    SpecError::new("target::unknown-family", entry.key_span, message, "not a family").help(near(
        &entry.key,
        families.iter().map(|row| row.family),
        "families",
    ))
}

fn secrets(
    root: &Node,
    shapes: BTreeMap<String, SecretShape>,
    clusters: &BTreeMap<String, Arc<ClusterSpec>>,
    folder: &Path,
    diags: &mut Diags,
) -> BTreeMap<String, SecretSource> {
    let mut secrets = BTreeMap::new();
    for (name, shape) in shapes {
        let source = match shape {
            SecretShape::Env(variable) => SecretSource::Env(variable),
            SecretShape::File(path) => SecretSource::File(folder.join(path)),
            SecretShape::Kube(key) => {
                if !clusters.contains_key(&key.cluster) {
                    let node = root.get("secrets").and_then(|all| all.get(&name)?.get("kube")?.get("cluster"));
                    diags.push(unknown_cluster(&key.cluster, node.unwrap_or(root).span, clusters));
                }
                let secret = SecretRef::Kube { namespace: key.namespace, name: key.name, key: key.key };
                SecretSource::Kube { cluster: key.cluster, secret }
            }
        };
        secrets.insert(name, source);
    }
    secrets
}

/// The error of a cluster that the target has not.
pub(crate) fn unknown_cluster(name: &str, span: Span, clusters: &BTreeMap<String, Arc<ClusterSpec>>) -> SpecError {
    SpecError::new("spec::unknown-cluster", span, format!("the target has no cluster `{name}`"), "not in the target")
        .help(near(name, clusters.keys().map(String::as_str), "clusters"))
}

/// Reads endpoints: one family with its settings each.
struct Endpoints<'a> {
    families: &'a [EndpointEntry],
    lang: &'a Lang,
    sources: &'a Sources,
    diags: &'a mut Diags,
    clusters: &'a BTreeMap<String, Arc<ClusterSpec>>,
    secrets: &'a BTreeMap<String, SecretShape>,
    found: BTreeMap<String, Arc<Endpoint>>,
}

impl Endpoints<'_> {
    fn read(&mut self, node: Option<&Node>) {
        let Some(node) = node else { return };
        let Some(entries) = node.as_map() else {
            let message = format!("endpoints are a mapping, not {}", node.sort_name());
            self.diags.push(SpecError::new("spec::type", node.span, message, "a mapping is wanted"));
            return;
        };
        for entry in entries {
            if let Some(endpoint) = self.endpoint(&entry.key, &entry.value) {
                self.found.insert(entry.key.clone(), Arc::new(endpoint));
            }
        }
    }

    fn endpoint(&mut self, name: &str, node: &Node) -> Option<Endpoint> {
        let mut family: Option<&Entry> = None;
        let mut allow = Effect::default();
        for entry in node.as_map().unwrap_or(&[]) {
            if entry.key == "allow" {
                allow = self.diags.take(de::from_node(&entry.value)).unwrap_or_default();
            } else if !self.families.iter().any(|row| row.family == entry.key) {
                self.diags.push(unknown_family(entry, self.families));
                return None;
            } else if let Some(first) = family.replace(entry) {
                let error = SpecError::new(
                    "target::two-families",
                    entry.key_span,
                    "an endpoint has one family",
                    "a second one",
                );
                self.diags.push(error.also(first.key_span, "the first"));
            }
        }
        let Some(family) = family else {
            let error = SpecError::new(
                "target::no-family",
                node.span,
                format!("the endpoint `{name}` has no family"),
                "no family",
            );
            self.diags.push(error.help(near("", self.families.iter().map(|row| row.family), "families")));
            return None;
        };
        let row = self.families.iter().find(|row| row.family == family.key)?;
        let tree = self.diags.take(self.lang.tree(&family.value, self.sources))?;
        self.only_secrets(&tree);
        self.diags.take((row.parse)(&tree.deferred()));
        self.through(&family.value);
        Some(Endpoint { name: name.to_owned(), family: family.key.clone(), config: family.value.clone(), allow })
    }

    /// A target knows no inputs and no checks: its templates hold secrets and nothing else.
    fn only_secrets(&mut self, tree: &Tree) {
        for (span, reads) in tree.reads() {
            let other =
                [&reads.inputs, &reads.run, &reads.names].into_iter().flatten().map(|(name, _)| name.as_str()).next();
            let check = reads.checks.first().map(|_| "checks");
            if let Some(name) = other.or(check) {
                let message = format!("a target's templates read secrets only, not `{name}`");
                self.diags.push(
                    SpecError::new("target::template", span, message, "not known here")
                        .help("write {{ secret('name') }}"),
                );
            }
            for (secret, _) in &reads.secrets {
                let SecretRef::Named(name) = secret else { continue };
                if !self.secrets.contains_key(name) {
                    let error = SpecError::new(
                        "spec::unknown-secret",
                        span,
                        format!("the target has no secret `{name}`"),
                        "not in `secrets:`",
                    );
                    self.diags.push(error.help(near(name, self.secrets.keys().map(String::as_str), "secrets")));
                }
            }
        }
    }

    fn through(&mut self, config: &Node) {
        let Some(cluster) = config.get("through").and_then(|through| through.get("cluster")) else { return };
        if let NodeValue::Text(name) = &cluster.value
            && !self.clusters.contains_key(name)
        {
            self.diags.push(unknown_cluster(name, cluster.span, self.clusters));
        }
    }
}

/// The values that the target gives to inputs, as written.
pub(crate) fn inputs(root: &Node) -> HashMap<&str, &Entry> {
    root.get("inputs").and_then(Node::as_map).unwrap_or(&[]).iter().map(|entry| (entry.key.as_str(), entry)).collect()
}
