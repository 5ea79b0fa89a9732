//! Faults and what they do: names that are there, selectors that are selectors.

use std::collections::BTreeSet;

use checkrun_model::{Node, Span, SpecError};

use super::check::{number, route};
use super::deed::{ApiState, Deed};
use super::reader::{Reader, near};
use super::shape::{FaultShape, WorldShape};
use crate::metrics;

/// Everything in a world that a deed may name.
#[derive(Debug, Clone, Default)]
pub struct Names {
    clusters: Vec<String>,
    kafka: Vec<String>,
    registries: Vec<String>,
    metrics: Vec<String>,
    logs: Vec<String>,
    http: Vec<String>,
    services: Vec<String>,
    s3: Vec<(String, Vec<String>)>,
    behaviours: Vec<String>,
}

/// A mistake in a deed: what is wrong, and the key of it that is.
struct Wrong {
    key: &'static str,
    message: String,
    help: Option<String>,
}

impl Names {
    /// Those of a world.
    pub(super) fn of<'b>(shape: &WorldShape, behaviours: impl Iterator<Item = &'b str>) -> Self {
        fn keys<V>(map: &std::collections::BTreeMap<String, V>) -> Vec<String> {
            map.keys().cloned().collect()
        }
        let s3 = shape.s3.iter().map(|(name, s3)| (name.clone(), keys(&s3.buckets))).collect();
        let services = [keys(&shape.metrics), keys(&shape.logs), keys(&shape.http)].concat();
        Self {
            clusters: keys(&shape.clusters),
            kafka: keys(&shape.kafka),
            registries: keys(&shape.registries),
            metrics: keys(&shape.metrics),
            logs: keys(&shape.logs),
            http: keys(&shape.http),
            services,
            s3,
            behaviours: behaviours.map(str::to_owned).collect(),
        }
    }
}

/// Checks the faults of one file; `known` are the names of those before.
pub(super) fn faults(
    reader: &mut Reader,
    root: &Node,
    shapes: &[FaultShape],
    names: &Names,
    known: &mut BTreeSet<String>,
) {
    let nodes = root.get("faults").and_then(Node::as_list).unwrap_or(&[]);
    for (fault, node) in shapes.iter().zip(nodes) {
        if !known.insert(fault.fault.clone()) {
            let place = node.get("fault").unwrap_or(node).span;
            let error =
                SpecError::new("world::fault", place, format!("there are two faults `{}`", fault.fault), "again");
            reader.errors.push(error.help("rename one of them"));
        }
        if fault.deeds.is_empty() {
            let message = format!("nothing happens in the fault `{}`", fault.fault);
            reader.errors.push(SpecError::new("world::fault", node.get("do").unwrap_or(node).span, message, "nothing"));
        }
        for (deed, node) in fault.deeds.iter().zip(node.get("do").and_then(Node::as_list).unwrap_or(&[])) {
            if let Some(wrong) = wrong(deed, names, fault.cluster.as_ref()) {
                let inner = node.as_map().and_then(|entries| entries.first()).map_or(node, |entry| &entry.value);
                let place = inner.get(wrong.key).unwrap_or(inner).span;
                let error = SpecError::new("world::deed", place, wrong.message, "here");
                reader.errors.push(match wrong.help {
                    Some(help) => error.help(help),
                    None => error,
                });
            }
        }
    }
}

/// The checks that the faults of one file name.
pub(super) fn breaks(root: &Node) -> Vec<(String, Span)> {
    let faults = root.get("faults").and_then(Node::as_list).unwrap_or(&[]).iter();
    let ids = faults.flat_map(|fault| fault.get("breaks").and_then(Node::as_list).unwrap_or(&[]));
    ids.filter_map(|id| Some((id.scalar_text()?.into_owned(), id.span))).collect()
}

fn named(key: &'static str, what: &str, name: &str, known: &[String]) -> Option<Wrong> {
    let there = known.iter().any(|one| one == name);
    (!there).then(|| Wrong {
        key,
        message: format!("there is no {what} `{name}`"),
        help: Some(near(name, known.iter().map(String::as_str), what)),
    })
}

fn named_s3(name: &str, names: &Names) -> Option<Wrong> {
    let known: Vec<String> = names.s3.iter().map(|(name, _)| name.clone()).collect();
    named("s3", "S3", name, &known)
}

/// A bucket that is there from the start: one that clients may make has no name that could be misspelt here.
fn bucket(s3: &str, name: &str, names: &Names) -> Option<Wrong> {
    let known = names.s3.iter().find(|(own, _)| own == s3).map_or(&[][..], |(_, buckets)| buckets);
    named_s3(s3, names).or_else(|| named("bucket", "bucket", name, known))
}

fn fine(key: &'static str, outcome: Result<(), String>) -> Option<Wrong> {
    outcome.err().map(|message| Wrong { key, message, help: None })
}

fn cluster(own: Option<&String>, of_fault: Option<&String>, names: &Names) -> Option<Wrong> {
    match own.or(of_fault) {
        Some(name) => named("cluster", "cluster", name, &names.clusters),
        None if names.clusters.len() == 1 => None,
        None => {
            let message = format!("there are {} clusters: which one?", names.clusters.len());
            Some(Wrong { key: "cluster", message, help: Some("say `cluster:`".into()) })
        }
    }
}

/// What is wrong with a deed.
fn wrong(deed: &Deed, names: &Names, of_fault: Option<&String>) -> Option<Wrong> {
    let of = |own: Option<&String>| cluster(own, of_fault, names);
    match deed {
        Deed::Make(_) | Deed::Put(_) => of(None),
        Deed::Merge(merge) => of(merge.cluster.as_ref())
            .or_else(|| fine("kind", one_of("name", merge.name.is_some(), "labels", !merge.labels.is_empty()))),
        Deed::Remove(which) => of(which.cluster.as_ref())
            .or_else(|| fine("kind", one_of("name", which.name.is_some(), "labels", !which.labels.is_empty()))),
        Deed::Log(log) => of(log.cluster.as_ref())
            .or_else(|| fine("lines", one_of("pod", log.pod.is_some(), "labels", !log.labels.is_empty()))),
        Deed::Restarted(container) => of(container.cluster.as_ref()),
        Deed::Row(row) => named("logs", "log store", &row.logs, &names.logs),
        Deed::Set(sample) => named("metrics", "metrics store", &sample.metrics, &names.metrics)
            .or_else(|| fine("series", metrics::labels(&sample.series).map(drop)))
            .or_else(|| fine("value", number(&sample.value))),
        Deed::Drop(chosen) => named("metrics", "metrics store", &chosen.metrics, &names.metrics)
            .or_else(|| fine("series", metrics::selector(&chosen.series).map(drop))),
        Deed::Age(aged) => named("metrics", "metrics store", &aged.metrics, &names.metrics)
            .or_else(|| fine("series", metrics::selector(&aged.series).map(drop))),
        Deed::Scraping(scraping) => named("metrics", "metrics store", &scraping.metrics, &names.metrics),
        Deed::Shipping(shipping) => named("logs", "log store", &shipping.logs, &names.logs),
        Deed::Broker(broker) => named("kafka", "Kafka", &broker.kafka, &names.kafka),
        Deed::Topic(topic) => named("kafka", "Kafka", &topic.kafka, &names.kafka),
        Deed::Kafka(kafka) => named("kafka", "Kafka", &kafka.kafka, &names.kafka),
        Deed::Registry(registry) => named("registry", "registry", &registry.registry, &names.registries),
        Deed::Store(store) => {
            bucket(&store.s3, &store.bucket, names).or_else(|| fine("object", super::check::object(&store.object)))
        }
        Deed::Erase(erased) => bucket(&erased.s3, &erased.bucket, names)
            .or_else(|| fine("bucket", one_of("key", erased.key.is_some(), "prefix", erased.prefix.is_some()))),
        Deed::Bucket(changed) => bucket(&changed.s3, &changed.bucket, names),
        Deed::S3(s3) => named_s3(&s3.s3, names).or_else(|| {
            let nothing = s3.is.is_none() && s3.slow.is_none();
            fine("s3", if nothing { Err("neither `is` nor `slow` is given".into()) } else { Ok(()) })
        }),
        Deed::Api(api) => of(api.cluster.as_ref()).or_else(|| {
            let denies = api.is == ApiState::Denies;
            fine("is", if denies && api.kind.is_none() { Err("`denies` needs `kind:`".into()) } else { Ok(()) })
        }),
        Deed::Service(service) => named("endpoint", "service", &service.endpoint, &names.services),
        Deed::Route(at) => {
            named("http", "HTTP service", &at.http, &names.http).or_else(|| fine("route", route(&at.route)))
        }
        Deed::Stop(name) => named("", "behaviour", name, &names.behaviours),
    }
}

fn one_of(a: &str, has_a: bool, b: &str, has_b: bool) -> Result<(), String> {
    match (has_a, has_b) {
        (true, true) => Err(format!("`{a}` and `{b}` are both given")),
        (false, false) => Err(format!("neither `{a}` nor `{b}` is given")),
        _ => Ok(()),
    }
}
