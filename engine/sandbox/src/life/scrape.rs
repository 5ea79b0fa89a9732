//! Scraping: pods become `up` and what they export, as long as somebody is there who scrapes them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value as Json;

use super::agenda::Item;
use super::kinds::{is_ready, selector};
use super::play::Play;
use crate::file::deed;
use crate::file::shape::{PodsShape, ScrapeShape};
use crate::metrics::{Labels, NAME, Series, Value, When};

/// How often, unless it is said.
const EVERY: Duration = Duration::from_secs(15);

/// What went wrong with scraping.
#[derive(Debug, Default)]
pub(super) struct Scraping {
    /// Store and job; no job: all of them.
    stopped: Vec<(String, Option<String>)>,
    /// Store, job, and the label that is lost.
    lost: Vec<(String, Option<String>, String)>,
}

impl Play {
    pub(super) fn scraping_changes(&mut self, deed: &deed::Scraping) {
        if deed.stops {
            self.scraping.stopped.push((deed.metrics.clone(), deed.job.clone()));
        }
        if let Some(label) = &deed.loses {
            self.scraping.lost.push((deed.metrics.clone(), deed.job.clone(), label.clone()));
            // What was scraped before is of other series, and is forgotten with them.
            let job = deed.job.clone();
            if let Some(metrics) = self.stage.metrics.get(&deed.metrics) {
                metrics.store().remove(|labels| {
                    labels.contains_key("instance") && job.as_ref().is_none_or(|job| labels.get("job") == Some(job))
                });
            }
            self.scrape_all();
        }
    }

    /// Scrapes everything now, and notes the next time.
    pub(super) fn scrape_all(&mut self) {
        let world = std::sync::Arc::clone(&self.world);
        for (store, shape) in &world.shape.metrics {
            for number in 0..shape.scrapes.len() {
                self.scrape(store, number);
            }
        }
    }

    /// Scrapes the pods of one job, and notes the next time.
    pub(super) fn scrape(&mut self, store: &str, number: usize) {
        let world = std::sync::Arc::clone(&self.world);
        let Some(shape) = world.shape.metrics.get(store).and_then(|shape| shape.scrapes.get(number)) else { return };
        let every = shape.every.map_or(EVERY, |every| every.0);
        if let Ok(next) = self.stage.clock.now().checked_add(every) {
            self.agenda.note(Item::Scrape(store.to_owned(), number), next);
        }
        let of = |job: &Option<String>| job.as_ref().is_none_or(|job| *job == shape.job);
        let stopped = self.scraping.stopped.iter().any(|(name, job)| name == store && of(job));
        let alone = shape.agent.as_ref().is_some_and(|agent| !self.pods(agent).iter().any(is_ready));
        if stopped || alone {
            return;
        }
        let lost: Vec<String> = self
            .scraping
            .lost
            .iter()
            .filter(|(name, job, _)| name == store && of(job))
            .map(|(.., label)| label.clone())
            .collect();
        let pods = self.pods(&shape.pods);
        self.sample(store, shape, &pods, &lost);
    }

    /// Pods of a cluster; none where there is no such cluster.
    pub(super) fn pods(&self, shape: &PodsShape) -> Vec<Json> {
        let name = shape.cluster.clone().or_else(|| self.only_cluster());
        let cluster = name.and_then(|name| self.stage.clusters.get(&name));
        let found = cluster.map(|cluster| cluster.list("Pod", Some(&shape.namespace), &selector(&shape.labels)));
        found.and_then(Result::ok).unwrap_or_default()
    }

    fn sample(&self, store: &str, shape: &ScrapeShape, pods: &[Json], lost: &[String]) {
        let Some(metrics) = self.stage.metrics.get(store) else { return };
        let now = self.stage.clock.now();
        let mut store = metrics.store();
        let mut seen = BTreeSet::new();
        for pod in pods {
            let mut labels = of_pod(shape, pod);
            lost.iter().for_each(|label| {
                labels.remove(label);
            });
            let mut set = |name: &str, value: f64| {
                let mut labels = labels.clone();
                labels.insert(NAME.into(), name.into());
                seen.insert(labels.clone());
                store.set(Series { labels, value: Value::Number(value), when: When::At(now) });
            };
            let up = is_ready(pod);
            set("up", f64::from(u8::from(up)));
            if up {
                shape.exports.iter().for_each(|(name, value)| set(name, *value));
            }
        }
        // Pods that are gone are no targets any more, and their series end.
        store.remove(|labels| {
            labels.get("job") == Some(&shape.job) && labels.contains_key("instance") && !seen.contains(labels)
        });
    }
}

fn of_pod(shape: &ScrapeShape, pod: &Json) -> Labels {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let address = text(&pod["status"]["podIP"]);
    let mut labels: Labels = shape.labels.clone();
    labels.insert("job".into(), shape.job.clone());
    labels.insert("instance".into(), format!("{address}:{}", shape.port.unwrap_or(8080)));
    labels.insert("namespace".into(), text(&pod["metadata"]["namespace"]));
    labels.insert("pod".into(), text(&pod["metadata"]["name"]));
    labels
}
