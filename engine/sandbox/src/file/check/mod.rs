//! What must hold of a world beyond the types of its file: names that are there, queries that are queries.

mod s3;

use std::collections::BTreeMap;

use checkrun_model::{Node, Span, SpecError, suggest};

use crate::file::File;
use crate::file::behaviour::{Behaviour, Sees};
use crate::file::reader::{Reader, near};
use crate::file::shape::{KafkaEndpointShape, NumberOrQuery, PodsShape, RouteShape, WorldShape};
use crate::life::means;
use crate::metrics;

/// Checks a world; behaviours of libraries are among its own.
pub(super) fn world(
    reader: &mut Reader,
    file: &File<WorldShape>,
    behaviours: &[Behaviour],
    kinds: &BTreeMap<String, Vec<String>>,
) {
    let mut check = Check { errors: &mut reader.errors, shape: &file.shape };
    check.head(&file.root);
    check.names(&file.root);
    check.clusters(&file.root);
    check.kafka(&file.root);
    check.metrics(&file.root);
    check.logs(&file.root);
    check.http(&file.root);
    check.s3(&file.root);
    check.behaviours(&file.root, behaviours);
    check.kinds(&file.root, behaviours, kinds);
}

struct Check<'c> {
    errors: &'c mut Vec<SpecError>,
    shape: &'c WorldShape,
}

/// The node at a path of keys; the last that is there.
fn at<'n>(root: &'n Node, path: &[&str]) -> &'n Node {
    path.iter().fold(root, |node, key| node.get(key).unwrap_or(node))
}

fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    node.get(key).and_then(Node::as_list).unwrap_or(&[])
}

impl Check<'_> {
    fn wrong(&mut self, span: Span, message: impl Into<String>, label: &str, help: impl Into<String>) {
        self.errors.push(SpecError::new("world::value", span, message, label).help(help));
    }

    fn unknown<'k>(
        &mut self,
        node: &Node,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'k str>,
        all: &str,
    ) {
        let message = format!("there is no {what} `{name}`");
        self.errors
            .push(SpecError::new("world::unknown", node.span, message, "not there").help(near(name, known, all)));
    }

    fn head(&mut self, root: &Node) {
        if let Some(rate) = self.shape.rate.filter(|rate| !(1.0..=1000.0).contains(rate)) {
            let span = at(root, &["rate"]).span;
            self.wrong(
                span,
                format!("`rate` is {rate}"),
                "1 to 1000",
                "at 30, `within: 10m` is 20 s of the wall's clock",
            );
        }
    }

    /// All endpoints have names of their own, because checks name them.
    fn names(&mut self, root: &Node) {
        let mut first: BTreeMap<String, Span> = BTreeMap::new();
        let mut all: Vec<(String, Span)> = Vec::new();
        for section in ["clusters", "registries", "metrics", "logs", "http", "s3"] {
            let entries = root.get(section).and_then(Node::as_map).unwrap_or(&[]);
            all.extend(entries.iter().map(|entry| (entry.key.clone(), entry.key_span)));
        }
        for kafka in root.get("kafka").and_then(Node::as_map).unwrap_or(&[]) {
            let entries = kafka.value.get("endpoints").and_then(Node::as_map).unwrap_or(&[]);
            all.extend(entries.iter().map(|entry| (entry.key.clone(), entry.key_span)));
        }
        for (name, span) in all {
            if let Some(before) = first.insert(name.clone(), span) {
                let error = SpecError::new("world::name-twice", span, format!("`{name}` names two things"), "again");
                self.errors.push(error.also(before, "first").help("checks name clusters and endpoints: rename one"));
            }
        }
        let families = self.shape.families();
        for (family, name) in &self.shape.defaults {
            let node = at(root, &["defaults", family]);
            let known: Vec<&str> =
                families.iter().filter(|(_, own)| own == family).map(|(name, _)| name.as_str()).collect();
            if !known.contains(&name.as_str()) {
                self.unknown(node, &format!("endpoint of `{family}` called"), name, known, "endpoints");
            }
        }
    }

    fn cluster(&mut self, node: &Node, name: Option<&String>) {
        let known = || self.shape.clusters.keys().map(String::as_str);
        match name {
            Some(name) if !self.shape.clusters.contains_key(name) => {
                let known: Vec<String> = known().map(str::to_owned).collect();
                self.unknown(
                    node.get("cluster").unwrap_or(node),
                    "cluster",
                    name,
                    known.iter().map(String::as_str),
                    "clusters",
                );
            }
            None if self.shape.clusters.len() != 1 => {
                let count = self.shape.clusters.len();
                self.wrong(node.span, format!("there are {count} clusters"), "which one?", "say `cluster:`");
            }
            _ => {}
        }
    }

    fn pods(&mut self, node: &Node, pods: &PodsShape) {
        self.cluster(node, pods.cluster.as_ref());
        if pods.labels.is_empty() {
            self.wrong(node.span, "no labels are given", "which pods?", "say `labels:`");
        }
    }

    fn clusters(&mut self, root: &Node) {
        let families = self.shape.families();
        for (name, cluster) in &self.shape.clusters {
            for (service, endpoint) in &cluster.expose {
                let node = at(root, &["clusters", name, "expose", service]);
                if crate::file::shape::service(service).is_none() {
                    self.wrong(node.span, format!("`{service}` is no service"), "this", "write `namespace/name:port`");
                }
                if !families.iter().any(|(known, _)| known == endpoint) {
                    self.unknown(
                        node,
                        "endpoint",
                        endpoint,
                        families.iter().map(|(name, _)| name.as_str()),
                        "endpoints",
                    );
                }
            }
        }
    }

    fn kafka(&mut self, root: &Node) {
        for (name, kafka) in &self.shape.kafka {
            for (endpoint, shape) in &kafka.endpoints {
                let node = at(root, &["kafka", name, "endpoints", endpoint]);
                let (listener, needs_tls) = match shape {
                    KafkaEndpointShape::Kafka(listener) | KafkaEndpointShape::Tcp(listener) => (listener, false),
                    KafkaEndpointShape::Tls(listener) => (listener, true),
                };
                match kafka.listeners.get(listener) {
                    None => self.unknown(
                        node,
                        "listener",
                        listener,
                        kafka.listeners.keys().map(String::as_str),
                        "listeners",
                    ),
                    Some(shape) if needs_tls && !shape.tls => {
                        self.wrong(
                            node.span,
                            format!("the listener `{listener}` speaks no TLS"),
                            "no TLS",
                            "say `tls: true` there",
                        );
                    }
                    Some(_) => {}
                }
            }
            if kafka.brokers.as_ref().is_some_and(Vec::is_empty) {
                self.wrong(at(root, &["kafka", name, "brokers"]).span, "a Kafka has brokers", "none", "name their ids");
            }
        }
        for (name, registry) in &self.shape.registries {
            if let Some(kafka) = registry.kafka.as_ref().filter(|kafka| !self.shape.kafka.contains_key(*kafka)) {
                let node = at(root, &["registries", name, "kafka"]);
                self.unknown(node, "Kafka", kafka, self.shape.kafka.keys().map(String::as_str), "Kafka clusters");
            }
        }
    }

    fn metrics(&mut self, root: &Node) {
        for (name, store) in &self.shape.metrics {
            let node = at(root, &["metrics", name]);
            for (shape, node) in store.series.iter().zip(items(node, "series")) {
                self.query(node, "series", metrics::labels(&shape.series).map(drop));
                self.query(node, "value", number(&shape.value));
            }
            for (shape, node) in store.answers.iter().zip(items(node, "answers")) {
                self.query(node, "query", metrics::neat(&shape.query).map(drop));
            }
            for (shape, node) in store.scrapes.iter().zip(items(node, "scrapes")) {
                self.pods(at(node, &["pods"]), &shape.pods);
                if let Some(agent) = &shape.agent {
                    self.pods(at(node, &["agent"]), agent);
                }
                if shape.every.is_some_and(|every| every.0.as_secs() == 0) {
                    self.wrong(at(node, &["every"]).span, "that is too often", "at least 1s", "say `every: 15s`");
                }
            }
        }
    }

    fn query(&mut self, node: &Node, key: &str, outcome: Result<(), String>) {
        if let Err(why) = outcome {
            self.errors.push(SpecError::new("world::query", at(node, &[key]).span, why, "not that"));
        }
    }

    fn logs(&mut self, root: &Node) {
        for (name, store) in &self.shape.logs {
            for (shape, node) in store.ships.iter().zip(items(at(root, &["logs", name]), "ships")) {
                self.cluster(node, shape.cluster.as_ref());
                self.pods(at(node, &["agent"]), &shape.agent);
            }
        }
    }

    fn http(&mut self, root: &Node) {
        for (name, site) in &self.shape.http {
            for (shape, node) in site.routes.iter().zip(items(at(root, &["http", name]), "routes")) {
                if let Err(why) = route(shape) {
                    self.wrong(node.span, why, "this route", "docs/sandbox/world.md says how routes are written");
                }
            }
        }
    }

    fn behaviours(&mut self, root: &Node, behaviours: &[Behaviour]) {
        let mut seen = std::collections::BTreeSet::new();
        for behaviour in behaviours {
            // Those of libraries have no place in this file: the whole of it stands for them.
            let own = items(root, "behaviours")
                .iter()
                .find(|node| node.get("behaviour").and_then(Node::as_text) == Some(&behaviour.name));
            let node = own.unwrap_or(root);
            if !seen.insert(&behaviour.name) {
                let message = format!("there are two behaviours `{}`", behaviour.name);
                self.wrong(at(node, &["behaviour"]).span, message, "again", "rename one of them");
            }
            if behaviour.cluster.is_some() {
                self.cluster(node, behaviour.cluster.as_ref());
            }
            for (name, sees) in &behaviour.sees {
                self.seen(at(node, &["sees", name]), sees);
            }
        }
    }

    /// A Kafka or an S3 that a behaviour sees is there.
    fn seen(&mut self, node: &Node, sees: &Sees) {
        let shape = self.shape;
        match sees {
            Sees::Kafka(kafka) if kafka != "*" && !shape.kafka.contains_key(kafka) => {
                let known = shape.kafka.keys().map(String::as_str);
                self.unknown(at(node, &["kafka"]), "Kafka", kafka, known, "Kafka clusters");
            }
            Sees::S3(s3) if s3 != "*" && !shape.s3.contains_key(s3) => {
                self.unknown(at(node, &["s3"]), "S3", s3, shape.s3.keys().map(String::as_str), "S3 services");
            }
            _ => {}
        }
    }
}

impl Check<'_> {
    /// What a behaviour of this file cares for and sees is served where it lives. Those of a library are for many worlds.
    fn kinds(&mut self, root: &Node, behaviours: &[Behaviour], served: &BTreeMap<String, Vec<String>>) {
        for node in items(root, "behaviours") {
            let is_own =
                |behaviour: &&Behaviour| node.get("behaviour").and_then(Node::as_text) == Some(&behaviour.name);
            let Some(behaviour) = behaviours.iter().find(is_own) else { continue };
            let lives = |cluster: &&String| behaviour.cluster.as_ref().is_none_or(|own| own == *cluster);
            let known: Vec<&str> = served
                .iter()
                .filter(|(name, _)| lives(name))
                .flat_map(|(_, kinds)| kinds.iter().map(String::as_str))
                .collect();
            let sees = behaviour.sees.iter().filter_map(|(name, sees)| match sees {
                Sees::Objects(on, _) => Some((at(node, &["sees", name, "kind"]), on)),
                Sees::Kafka(_) | Sees::S3(_) => None,
            });
            for (place, on) in behaviour.on.iter().map(|on| (at(node, &["on", "kind"]), on)).chain(sees) {
                if known.iter().any(|kind| means(&on.kind, kind)) {
                    continue;
                }
                let bare = |kind: &&str| kind.split('.').next().unwrap_or(kind).to_owned();
                let bares: Vec<String> = known.iter().map(bare).collect();
                let near = suggest(&on.kind, known.iter().copied().chain(bares.iter().map(String::as_str)));
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "custom kinds are named under `kinds:` of the cluster, or defined in its manifests".into(),
                };
                let message = format!("no cluster serves a kind `{}`", on.kind);
                self.errors.push(SpecError::new("world::unknown", place.span, message, "not served").help(help));
            }
        }
    }
}

/// A number, or a query.
pub(super) fn number(value: &NumberOrQuery) -> Result<(), String> {
    match &value.0 {
        serde_json::Value::Number(_) => Ok(()),
        serde_json::Value::String(query) => metrics::neat(query).map(drop),
        other => Err(format!("a number or a query is wanted, not {other}")),
    }
}

pub(super) use s3::object;

/// What is wrong with a route.
pub(super) fn route(route: &RouteShape) -> Result<(), String> {
    if !route.path.starts_with('/') {
        return Err(format!("the path `{}` does not begin with `/`", route.path));
    }
    if route.json.is_some() && route.text.is_some() {
        return Err("`json` and `text` are both given".into());
    }
    if let Some(status) = route.status.filter(|status| !(200..=599).contains(status)) {
        return Err(format!("{status} is no status code of an answer"));
    }
    match route.headers.iter().find(|(name, value)| {
        http::HeaderName::try_from(name.as_str()).is_err() || http::HeaderValue::try_from(value.as_str()).is_err()
    }) {
        Some((name, _)) => Err(format!("`{name}` is no header that can be sent")),
        None => Ok(()),
    }
}
