//! Deeds, done.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::agenda::Item;
use super::kinds::{covers, selector};
use super::play::Play;
use super::stage::{NAMES, wanted};
use crate::authority::Validity;
use crate::file::deed::{
    ApiDeed, ApiState, Broker, BrokerState, Certificate, Deed, InKafka, KafkaDeed, Merge, RegistryDeed, RegistryState,
    ServiceDeed, ServiceState, Which, Written,
};
use crate::kafka::{Identity, Kafka};
use crate::kube::{Cluster, Interference, Ref, Refusal};
use crate::registry::Fault;
use crate::web::Fate;

/// How long what is late in an API server is late, unless it is said.
const LATE: std::time::Duration = std::time::Duration::from_secs(10);

impl Play {
    /// Does one thing. `cluster`: where nothing else is said.
    pub(super) fn perform(&mut self, deed: &Deed, cluster: Option<&str>) -> Result<(), String> {
        let at = |own: &Option<String>| own.clone().or_else(|| cluster.map(str::to_owned));
        match deed {
            Deed::Make(object) => self.make(object, at(&None)),
            Deed::Put(object) => self.put(object, at(&None)),
            Deed::Merge(merge) => self.merge(merge, at(&merge.cluster)),
            Deed::Remove(which) => self.remove(which, at(&which.cluster)),
            Deed::Log(written) => self.write(written, at(&written.cluster)),
            Deed::Restarted(container) => {
                let cluster = self.cluster(at(&container.cluster))?;
                let done = cluster.restarted(&container.namespace, &container.pod, &container.container);
                done.map_err(|why| why.to_string())
            }
            Deed::Api(api) => self.api(api, at(&api.cluster)),
            Deed::Row(row) => self.row(&row.logs, &row.row),
            Deed::Set(sample) => self.set(sample),
            Deed::Drop(chosen) => self.drop_series(chosen),
            Deed::Age(aged) => self.age(aged),
            Deed::Scraping(scraping) => {
                self.metrics(&scraping.metrics)?;
                self.scraping_changes(scraping);
                Ok(())
            }
            Deed::Shipping(shipping) => self.shipping_changes(shipping),
            Deed::Broker(broker) => self.broker(broker),
            Deed::Topic(topic) => self.topic(topic),
            Deed::Kafka(kafka) => self.kafka_changes(kafka),
            Deed::Registry(registry) => self.registry(registry),
            Deed::Service(service) => self.service(service),
            Deed::Store(store) => self.store(store),
            Deed::Erase(erased) => self.erase(erased),
            Deed::Bucket(bucket) => self.bucket(bucket),
            Deed::S3(s3) => self.s3_changes(s3),
            Deed::Route(route) => {
                let known = self.stage.sites.get(&route.http);
                known.ok_or_else(|| format!("there is no HTTP service `{}`", route.http))?.set(route.route.clone());
                Ok(())
            }
            Deed::Stop(name) => {
                self.stopped.push(name.clone());
                Ok(())
            }
        }
    }

    fn cluster(&self, name: Option<String>) -> Result<&Cluster, String> {
        let name = name.ok_or("it is not said in which cluster")?;
        self.stage.clusters.get(&name).ok_or_else(|| format!("there is no cluster `{name}`"))
    }

    fn kafka(&self, name: &str) -> Result<&Kafka, String> {
        self.stage.kafka.get(name).ok_or_else(|| format!("there is no Kafka `{name}`"))
    }

    fn make(&self, object: &Json, cluster: Option<String>) -> Result<(), String> {
        let cluster = self.cluster(cluster)?;
        if !object["metadata"]["name"].is_null() && cluster.get(&Ref::of(object)).is_some() {
            return Ok(());
        }
        match cluster.put(object.clone()) {
            // Clients act as well: an owner that went meanwhile wants nothing made any more.
            Err(_) if owners(object).any(|owner| cluster.get(&owner).is_none()) => Ok(()),
            put => put.map(drop).map_err(|why| why.to_string()),
        }
    }

    fn put(&self, object: &Json, cluster: Option<String>) -> Result<(), String> {
        let cluster = self.cluster(cluster)?;
        let there = cluster.get(&Ref::of(object));
        if there.is_some_and(|there| covers(&there, object)) {
            return Ok(());
        }
        cluster.put(object.clone()).map(drop).map_err(|why| why.to_string())
    }

    fn merge(&self, merge: &Merge, cluster: Option<String>) -> Result<(), String> {
        let cluster = self.cluster(cluster)?;
        let namespace = merge.namespace.as_deref();
        for of in chosen(cluster, &merge.kind, namespace, merge.name.as_deref(), &merge.labels)? {
            match cluster.get(&of) {
                Some(object) if !covers(&object, &merge.with) => done(cluster.merge(&of, &merge.with))?,
                _ => {}
            }
        }
        Ok(())
    }

    fn remove(&self, which: &Which, cluster: Option<String>) -> Result<(), String> {
        let cluster = self.cluster(cluster)?;
        let namespace = which.namespace.as_deref();
        for of in chosen(cluster, &which.kind, namespace, which.name.as_deref(), &which.labels)? {
            if cluster.get(&of).is_some() {
                done(cluster.remove(&of))?;
            }
        }
        Ok(())
    }

    fn write(&mut self, written: &Written, cluster: Option<String>) -> Result<(), String> {
        let own = self.cluster(cluster.clone())?;
        let namespace = Some(written.namespace.as_str());
        let pods = match &written.pod {
            Some(pod) => own.get(&Ref::new("Pod", namespace, pod)).into_iter().collect(),
            None => own.list("Pod", namespace, &selector(&written.labels)).map_err(|why| why.to_string())?,
        };
        if pods.is_empty() && written.pod.is_none() {
            return Err(format!("there is no pod to write a log in {}", written.namespace));
        }
        for pod in pods {
            let first = || pod["spec"]["containers"][0]["name"].as_str().unwrap_or_default().to_owned();
            let container = written.container.clone().unwrap_or_else(first);
            let name = pod["metadata"]["name"].as_str().unwrap_or_default();
            let own = self.cluster(cluster.clone())?;
            for line in &written.lines {
                done(own.log(&written.namespace, name, &container, line))?;
            }
            self.wrote(cluster.as_deref().unwrap_or_default(), &pod, &container, &written.lines);
        }
        Ok(())
    }

    fn api(&mut self, api: &ApiDeed, cluster: Option<String>) -> Result<(), String> {
        let own = self.cluster(cluster.clone())?;
        let by = api.by.map_or(LATE, |by| by.0);
        let wrong = match api.is {
            ApiState::Up => {
                own.calm_all();
                return Ok(());
            }
            ApiState::Down => Interference::Down,
            ApiState::Slow => Interference::Slow(by),
            ApiState::Hangs => Interference::Freeze,
            ApiState::TooMany => Interference::TooMany { retry_after: 1 },
            ApiState::Broken => Interference::Broken,
            ApiState::RefusesWatches => Interference::RefuseWatches,
            ApiState::CutsWatches => Interference::CutWatches(by),
            ApiState::StaleWatches => Interference::StaleWatches(by),
            ApiState::Denies => Interference::Deny {
                kind: api.kind.clone().ok_or("`denies` needs `kind`")?,
                message: "the world's fault denies it".into(),
            },
        };
        own.interfere(wrong.clone());
        if let (Some(lasts), Some(cluster)) = (api.lasts, cluster) {
            self.calms.push((cluster, wrong));
            let due = self.moment.checked_add(lasts.0).unwrap_or(Timestamp::MAX);
            self.agenda.note(Item::Calm(self.calms.len() - 1), due);
        }
        Ok(())
    }

    /// Something that was wrong with an API server is over.
    pub(super) fn calm(&self, at: usize) {
        if let Some((cluster, wrong)) = self.calms.get(at)
            && let Some(cluster) = self.stage.clusters.get(cluster)
        {
            cluster.calm(wrong);
        }
    }

    fn broker(&self, broker: &Broker) -> Result<(), String> {
        let kafka = self.kafka(&broker.kafka)?;
        let done = match broker.is {
            BrokerState::Up => kafka.disk_full(broker.id, false).and_then(|()| kafka.broker_up(broker.id)),
            BrokerState::Down => kafka.broker_down(broker.id),
            BrokerState::Stopped => kafka.broker_stop(broker.id),
            BrokerState::Paused => kafka.broker_pause(broker.id),
            BrokerState::Full => kafka.disk_full(broker.id, true),
        };
        done.map_err(|why| why.to_string())
    }

    fn topic(&self, deed: &InKafka) -> Result<(), String> {
        self.kafka(&deed.kafka)?.create_topic(&wanted(&deed.topic)).map_err(|why| why.to_string())
    }

    fn service(&self, deed: &ServiceDeed) -> Result<(), String> {
        let known = self.stage.services.get(&deed.endpoint);
        let server = known.ok_or_else(|| format!("there is no service `{}`", deed.endpoint))?;
        server.set(match deed.is {
            ServiceState::Up => Fate::Up,
            ServiceState::Down => Fate::Down,
            ServiceState::Hangs => Fate::Frozen,
            ServiceState::Broken => Fate::Broken,
        });
        Ok(())
    }

    fn registry(&self, deed: &RegistryDeed) -> Result<(), String> {
        let known = self.stage.registries.get(&deed.registry);
        let registry = known.ok_or_else(|| format!("there is no registry `{}`", deed.registry))?;
        let fault = match deed.is {
            RegistryState::Down => Fault::Down,
            RegistryState::Hangs => Fault::Hanging,
            RegistryState::AcceptsEverything => Fault::AcceptsEverything,
            RegistryState::ReadOnly => Fault::ReadOnly,
            RegistryState::Up => {
                let all = [Fault::Down, Fault::AcceptsEverything, Fault::ReadOnly];
                all.into_iter().for_each(|fault| registry.fault(fault, false));
                return Ok(());
            }
        };
        registry.fault(fault, true);
        Ok(())
    }

    fn kafka_changes(&self, deed: &KafkaDeed) -> Result<(), String> {
        let kafka = self.kafka(&deed.kafka)?;
        if let Some(topics) = &deed.loses {
            kafka.lose(&topics.iter().map(String::as_str).collect::<Vec<_>>());
        }
        if let Some(time) = deed.slow {
            kafka.slow(time.0);
        }
        if let Some(certificate) = deed.certificate {
            let identity = self.identity(certificate)?;
            for listener in self.stage.tls.get(&deed.kafka).into_iter().flatten() {
                kafka.present(listener, &identity).map_err(|why| why.to_string())?;
            }
        }
        Ok(())
    }

    fn identity(&self, certificate: Certificate) -> Result<Identity, String> {
        let names = NAMES.map(str::to_owned);
        let own = &self.stage.authority;
        let signed = match certificate {
            Certificate::Good => own.server(&names),
            Certificate::Expired => own.server_valid(&names, Validity::Over),
            Certificate::ExpiresSoon => own.server_valid(&names, Validity::Days(2)),
            Certificate::OfAnother => {
                let other = crate::authority::Authority::new("another authority").map_err(|why| why.to_string())?;
                other.server(&names)
            }
            Certificate::ForAnother => own.server(&["another.example".to_owned()]),
        };
        signed.map(Identity::from).map_err(|why| why.to_string())
    }
}

/// What came of a change. Clients act as well: what went meanwhile is not there to be changed.
fn done<T>(outcome: Result<T, Refusal>) -> Result<(), String> {
    match outcome {
        Err(why) if why.code == 404 => Ok(()),
        other => other.map(drop).map_err(|why| why.to_string()),
    }
}

/// Those who own an object.
pub(super) fn owners(object: &Json) -> impl Iterator<Item = Ref> + '_ {
    let metadata = &object["metadata"];
    metadata["ownerReferences"].as_array().into_iter().flatten().map(|owner| {
        let named = serde_json::json!({ "name": owner["name"], "namespace": metadata["namespace"] });
        Ref::of(&serde_json::json!({ "apiVersion": owner["apiVersion"], "kind": owner["kind"], "metadata": named }))
    })
}

/// The objects that are meant: the one of a name, or those with labels.
fn chosen(
    cluster: &Cluster,
    kind: &str,
    namespace: Option<&str>,
    name: Option<&str>,
    labels: &std::collections::BTreeMap<String, String>,
) -> Result<Vec<Ref>, String> {
    match name {
        Some(name) => Ok(vec![Ref::new(kind, namespace, name)]),
        None => {
            let found = cluster.list(kind, namespace, &selector(labels)).map_err(|why| why.to_string())?;
            Ok(found.iter().map(Ref::of).collect())
        }
    }
}
