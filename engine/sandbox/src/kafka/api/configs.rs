//! Settings are read and changed: those of topics; those of brokers can only be read.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError::{InvalidConfig, InvalidRequest};
use kafka_protocol::messages as m;
use kafka_protocol::protocol::StrBytes;
use m::alter_configs_response::AlterConfigsResourceResponse as Altered;
use m::describe_configs_request::DescribeConfigsResource;
use m::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym};
use m::incremental_alter_configs_response::AlterConfigsResourceResponse as ChangedOne;

use super::topics::{controller, outcome};
use super::{Answered, Call, text};
use crate::kafka::state::cluster::Cluster;
use crate::kafka::state::defaults::{Defaults, KNOWN};
use crate::kafka::state::refused::Refused;
use crate::kafka::state::settings::{SETTINGS, Sort, setting};

/// What has settings, as the protocol numbers it.
const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// Where a value comes from, as the protocol numbers it.
const OF_TOPIC: i8 = 1;
const OF_BROKER: i8 = 4;
const DEFAULT: i8 = 5;

/// A request to change brokers' settings waits so long for a controller, in milliseconds.
const PATIENCE: i32 = 30_000;

/// A setting as clients see it.
pub(super) struct Shown {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) source: i8,
    sort: Sort,
    /// The values that would count if this one were not there, and where they come from.
    others: Vec<(String, i8)>,
}

/// The settings of a topic, defaults among them.
pub(super) fn shown(config: &BTreeMap<String, String>, cluster: &Defaults) -> Vec<Shown> {
    let one = |known: &'static crate::kafka::state::settings::Setting| {
        let own = config.get(known.name).map(|value| (value.clone(), OF_TOPIC));
        let given = cluster.of_topics(known.name).map(|value| (value.to_owned(), OF_BROKER));
        let all: Vec<_> = own.into_iter().chain(given).chain([(known.default.to_owned(), DEFAULT)]).collect();
        let (value, source) = all.first().cloned().unwrap_or_default();
        Shown { name: known.name, value, source, sort: known.sort, others: all }
    };
    SETTINGS.iter().map(one).collect()
}

/// The settings of a broker that the sandbox obeys.
fn of_broker(cluster: &Defaults) -> Vec<Shown> {
    let one = |known: &'static crate::kafka::state::settings::Setting| {
        let source = if cluster.given(known.name).is_some() { OF_BROKER } else { DEFAULT };
        let value = cluster.value(known.name).to_owned();
        Shown { name: known.name, value: value.clone(), source, sort: known.sort, others: vec![(value, source)] }
    };
    KNOWN.iter().map(one).collect()
}

impl Answered for m::DescribeConfigsRequest {
    async fn answered(self, call: &Call<'_>) -> m::DescribeConfigsResponse {
        let results = call.inside.shared.look(|cluster| {
            let one = |asked: &DescribeConfigsResource| {
                let found = found(asked, call, cluster);
                let (code, why) = outcome(&found);
                let result = DescribeConfigsResult::default().with_error_code(code).with_error_message(why);
                let result =
                    result.with_resource_type(asked.resource_type).with_resource_name(asked.resource_name.clone());
                let configs = found.unwrap_or_default().into_iter().filter(|one| wanted(asked, one.name));
                result.with_configs(configs.map(|one| listed(one, &self, call.version)).collect())
            };
            self.resources.iter().map(one).collect()
        });
        m::DescribeConfigsResponse::default().with_results(results)
    }
}

fn found(asked: &DescribeConfigsResource, call: &Call<'_>, cluster: &Cluster) -> Result<Vec<Shown>, Refused> {
    let name = &*asked.resource_name;
    match asked.resource_type {
        TOPIC => match cluster.topic(name) {
            Ok(topic) => Ok(shown(&topic.config, &cluster.settings)),
            Err(code) => Err(Refused::new(code, format!("The topic '{name}' does not exist."))),
        },
        BROKER if name.is_empty() => Ok(Vec::new()),
        BROKER if name.parse() == Ok(call.node()) => Ok(of_broker(&cluster.settings)),
        BROKER => Err(Refused::new(InvalidRequest, format!("this is broker {}, not {name}", call.node()))),
        sort => Err(Refused::new(InvalidRequest, format!("the sandbox has no settings of resource type {sort}"))),
    }
}

fn wanted(asked: &DescribeConfigsResource, name: &str) -> bool {
    asked.configuration_keys.as_ref().is_none_or(|keys| keys.is_empty() || keys.iter().any(|key| &**key == name))
}

fn listed(shown: Shown, asked: &m::DescribeConfigsRequest, version: i16) -> DescribeConfigsResourceResult {
    let synonym = |(value, source): (String, i8)| {
        let synonym = DescribeConfigsSynonym::default().with_name(text(shown.name));
        synonym.with_value(Some(text(value))).with_source(source)
    };
    let synonyms = shown.others.into_iter().filter(|_| asked.include_synonyms).map(synonym).collect();
    let result = DescribeConfigsResourceResult::default()
        .with_name(text(shown.name))
        .with_value(Some(text(shown.value)))
        .with_config_source(shown.source)
        .with_synonyms(synonyms);
    if version >= 3 { result.with_config_type(shown.sort.code()) } else { result }
}

/// Gives a topic other settings, made from those that it has.
fn altered(
    call: &Call<'_>,
    sort: i8,
    name: &str,
    only_ask: bool,
    change: impl FnOnce(BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Refused>,
) -> Result<(), Refused> {
    if sort != TOPIC {
        let why = "the sandbox changes settings of topics only; those of brokers are given when it starts";
        return Err(Refused::new(InvalidRequest, why));
    }
    call.inside.shared.change(|cluster, _| {
        let has = cluster.topic(name).map(|topic| topic.config.clone()).unwrap_or_default();
        cluster.configure(name, change(has)?, only_ask)
    })
}

impl Answered for m::AlterConfigsRequest {
    async fn answered(self, call: &Call<'_>) -> m::AlterConfigsResponse {
        controller(call, PATIENCE).await;
        let one = |asked: &m::alter_configs_request::AlterConfigsResource| {
            let given = asked.configs.iter().filter_map(|one| Some((one.name.to_string(), one.value.as_ref()?)));
            let given: BTreeMap<_, _> = given.map(|(name, value)| (name, value.to_string())).collect();
            let done = altered(call, asked.resource_type, &asked.resource_name, self.validate_only, |_| Ok(given));
            let (code, why) = outcome(&done);
            let answer = Altered::default().with_error_code(code).with_error_message(why);
            answer.with_resource_type(asked.resource_type).with_resource_name(asked.resource_name.clone())
        };
        m::AlterConfigsResponse::default().with_responses(self.resources.iter().map(one).collect())
    }
}

impl Answered for m::IncrementalAlterConfigsRequest {
    async fn answered(self, call: &Call<'_>) -> m::IncrementalAlterConfigsResponse {
        controller(call, PATIENCE).await;
        let one = |asked: &m::incremental_alter_configs_request::AlterConfigsResource| {
            let change = |mut config: BTreeMap<String, String>| {
                for one in &asked.configs {
                    step(&mut config, &one.name, one.config_operation, one.value.as_ref())?;
                }
                Ok(config)
            };
            let done = altered(call, asked.resource_type, &asked.resource_name, self.validate_only, change);
            let (code, why) = outcome(&done);
            let answer = ChangedOne::default().with_error_code(code).with_error_message(why);
            answer.with_resource_type(asked.resource_type).with_resource_name(asked.resource_name.clone())
        };
        m::IncrementalAlterConfigsResponse::default().with_responses(self.resources.iter().map(one).collect())
    }
}

/// One change of a setting: 0 sets it, 1 takes it back, 2 and 3 add and remove words of a list.
fn step(
    config: &mut BTreeMap<String, String>,
    name: &str,
    operation: i8,
    value: Option<&StrBytes>,
) -> Result<(), Refused> {
    let refused = |why: String| Err(Refused::new(InvalidConfig, why));
    let given = value.map_or("", |value| value);
    match operation {
        0 if value.is_none() => return refused(format!("no value for {name}")),
        0 => drop(config.insert(name.to_owned(), given.to_owned())),
        1 => drop(config.remove(name)),
        2 | 3 => {
            let Some(known) = setting(name).filter(|known| matches!(known.sort, Sort::Words(_))) else {
                return refused(format!("{name} is not a list: words cannot be added or removed"));
            };
            let now = config.get(name).map_or(known.default, String::as_str);
            let words = now.split(',').filter(|word| !word.is_empty() && !given.split(',').any(|one| one == *word));
            let added = given.split(',').filter(|_| operation == 2);
            let words: Vec<&str> = words.chain(added).collect();
            config.insert(name.to_owned(), words.join(","));
        }
        other => return refused(format!("unknown operation {other} for {name}")),
    }
    Ok(())
}
