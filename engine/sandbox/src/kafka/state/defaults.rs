//! The settings of brokers that the sandbox obeys: the same for all brokers, given when the cluster starts.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError::InvalidConfig;

use super::refused::Refused;
use super::settings::{Setting, Sort};

const fn set(name: &'static str, default: &'static str, sort: Sort) -> Setting {
    Setting { name, default, sort, fixed: false }
}

/// The settings that there are, with Kafka's defaults.
pub const KNOWN: &[Setting] = &[
    set("auto.create.topics.enable", "true", Sort::Bool),
    set("default.replication.factor", "1", Sort::Int(1)),
    set("group.initial.rebalance.delay.ms", "3000", Sort::Int(0)),
    set("group.max.session.timeout.ms", "1800000", Sort::Int(1)),
    set("group.min.session.timeout.ms", "6000", Sort::Int(1)),
    set("message.max.bytes", "1048588", Sort::Int(0)),
    set("min.insync.replicas", "1", Sort::Int(1)),
    set("num.partitions", "1", Sort::Int(1)),
    set("offsets.topic.num.partitions", "50", Sort::Int(1)),
    set("offsets.topic.replication.factor", "3", Sort::Int(1)),
];

/// Settings of all brokers.
#[derive(Debug, Clone, Default)]
pub struct Defaults(BTreeMap<String, String>);

impl Defaults {
    /// These settings, Kafka's defaults for the others.
    ///
    /// # Errors
    /// The first that the sandbox does not know, or that may not be so.
    pub fn new(given: BTreeMap<String, String>) -> Result<Self, Refused> {
        for (name, value) in &given {
            let Some(known) = KNOWN.iter().find(|known| known.name == name) else {
                let names: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
                let why = format!("the sandbox does not know the broker setting {name}, only {}", names.join(", "));
                return Err(Refused::new(InvalidConfig, why));
            };
            if let Some(why) = known.sort.refuses(value) {
                let why = format!("Invalid value {value} for configuration {name}: {why}");
                return Err(Refused::new(InvalidConfig, why));
            }
        }
        Ok(Self(given))
    }

    /// What somebody set.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A setting's value.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        let default = || KNOWN.iter().find(|known| known.name == name).map(|known| known.default);
        self.given(name).or_else(default).unwrap_or_default()
    }

    /// The value of a setting that is a whole number.
    #[must_use]
    pub fn number(&self, name: &str) -> i32 {
        self.value(name).parse().unwrap_or(0)
    }

    /// What is set for topics that say nothing about it themselves.
    #[must_use]
    pub fn of_topics(&self, setting: &str) -> Option<&str> {
        match setting {
            "max.message.bytes" => self.given("message.max.bytes"),
            "min.insync.replicas" => self.given(setting),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Result<Defaults, Refused> {
        Defaults::new(BTreeMap::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn what_is_not_obeyed_is_refused() {
        assert!(with("log.retention.hours", "1").unwrap_err().why.contains("log.retention.hours"));
        assert!(with("num.partitions", "0").is_err());
        let defaults = with("message.max.bytes", "77").unwrap();
        assert_eq!((defaults.of_topics("max.message.bytes"), defaults.of_topics("retention.ms")), (Some("77"), None));
        assert_eq!((defaults.number("num.partitions"), defaults.value("auto.create.topics.enable")), (1, "true"));
    }
}
