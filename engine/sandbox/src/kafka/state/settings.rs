//! The settings of topics: names, defaults, what each may be, and which of them the sandbox cannot do.

use std::collections::BTreeMap;

use super::refused::Refused;
use kafka_protocol::ResponseError::InvalidConfig;

/// What a setting's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// `true` or `false`.
    Bool,
    /// A whole number of 32 bits, at least this.
    Int(i32),
    /// A whole number of 64 bits, at least this.
    Long(i64),
    /// A number from 0 to 1.
    Share,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words, with commas between.
    Words(&'static [&'static str]),
    /// Any text.
    Text,
}

/// A setting of topics.
#[derive(Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Its value where nobody set it.
    pub default: &'static str,
    /// What it may be.
    pub sort: Sort,
    /// It must stay as it is: the sandbox has nothing behind it.
    pub fixed: bool,
}

const fn set(name: &'static str, default: &'static str, sort: Sort) -> Setting {
    Setting { name, default, sort, fixed: false }
}

const fn fixed(name: &'static str, default: &'static str, sort: Sort) -> Setting {
    Setting { name, default, sort, fixed: true }
}

const FOREVER: &str = "9223372036854775807";
const CODECS: &[&str] = &["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"];

/// The settings of Kafka 4's topics, by name.
pub const SETTINGS: &[Setting] = &[
    set("cleanup.policy", "delete", Sort::Words(&["compact", "delete"])),
    set("compression.gzip.level", "-1", Sort::Int(-1)),
    set("compression.lz4.level", "9", Sort::Int(1)),
    fixed("compression.type", "producer", Sort::Word(CODECS)),
    set("compression.zstd.level", "3", Sort::Int(-131_072)),
    set("delete.retention.ms", "86400000", Sort::Long(0)),
    set("file.delete.delay.ms", "60000", Sort::Long(0)),
    set("flush.messages", FOREVER, Sort::Long(1)),
    set("flush.ms", FOREVER, Sort::Long(0)),
    fixed("follower.replication.throttled.replicas", "", Sort::Text),
    set("index.interval.bytes", "4096", Sort::Int(0)),
    fixed("leader.replication.throttled.replicas", "", Sort::Text),
    set("local.retention.bytes", "-2", Sort::Long(-2)),
    set("local.retention.ms", "-2", Sort::Long(-2)),
    set("max.compaction.lag.ms", FOREVER, Sort::Long(1)),
    set("max.message.bytes", "1048588", Sort::Int(0)),
    set("message.timestamp.after.max.ms", "3600000", Sort::Long(0)),
    set("message.timestamp.before.max.ms", FOREVER, Sort::Long(0)),
    fixed("message.timestamp.type", "CreateTime", Sort::Word(&["CreateTime", "LogAppendTime"])),
    set("min.cleanable.dirty.ratio", "0.5", Sort::Share),
    set("min.compaction.lag.ms", "0", Sort::Long(0)),
    set("min.insync.replicas", "1", Sort::Int(1)),
    set("preallocate", "false", Sort::Bool),
    fixed("remote.log.copy.disable", "false", Sort::Bool),
    fixed("remote.log.delete.on.disable", "false", Sort::Bool),
    fixed("remote.storage.enable", "false", Sort::Bool),
    set("retention.bytes", "-1", Sort::Long(-2)),
    set("retention.ms", "604800000", Sort::Long(-1)),
    set("segment.bytes", "1073741824", Sort::Int(1_048_576)),
    set("segment.index.bytes", "10485760", Sort::Int(4)),
    set("segment.jitter.ms", "0", Sort::Long(0)),
    set("segment.ms", "604800000", Sort::Long(1)),
    fixed("unclean.leader.election.enable", "false", Sort::Bool),
];

/// The setting of this name.
#[must_use]
pub fn setting(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

impl Sort {
    /// Why a value is none of this sort, in Kafka's words; none if it is one.
    pub(super) fn refuses(self, value: &str) -> Option<String> {
        let least = |number: Option<i64>, sort: &str, least: i64| match number {
            None => Some(format!("Not a number of type {sort}")),
            Some(number) if number < least => Some(format!("Value must be at least {least}")),
            Some(_) => None,
        };
        match self {
            Self::Bool => {
                (!matches!(value, "true" | "false")).then(|| "Expected value to be either true or false".into())
            }
            Self::Int(low) => least(value.parse::<i32>().ok().map(i64::from), "INT", i64::from(low)),
            Self::Long(low) => least(value.parse().ok(), "LONG", low),
            Self::Share => match value.parse::<f64>() {
                Err(_) => Some("Not a number of type DOUBLE".into()),
                Ok(share) if (0.0..=1.0).contains(&share) => None,
                Ok(_) => Some("Value must be at least 0 and no more than 1".into()),
            },
            Self::Word(words) => (!words.contains(&value)).then(|| one_of(words)),
            Self::Words(words) => {
                let known = value.split(',').all(|word| words.contains(&word.trim()));
                (!known).then(|| one_of(words))
            }
            Self::Text => None,
        }
    }

    /// Its number in the protocol.
    #[must_use]
    pub fn code(self) -> i8 {
        match self {
            Self::Bool => 1,
            Self::Word(_) | Self::Text => 2,
            Self::Int(_) => 3,
            Self::Long(_) => 5,
            Self::Share => 6,
            Self::Words(_) => 7,
        }
    }
}

fn one_of(words: &[&str]) -> String {
    format!("String must be one of: {}", words.join(", "))
}

/// Checks settings that somebody wants of a topic.
///
/// # Errors
/// The first that there is not, that may not be so, or that the sandbox cannot do.
pub fn check(config: &BTreeMap<String, String>) -> Result<(), Refused> {
    for (name, value) in config {
        let Some(known) = setting(name) else {
            return Err(Refused::new(InvalidConfig, format!("Unknown topic config name: {name}")));
        };
        if let Some(why) = known.sort.refuses(value.trim()) {
            return Err(Refused::new(InvalidConfig, format!("Invalid value {value} for configuration {name}: {why}")));
        }
        if known.fixed && value != known.default {
            let why = format!("the sandbox cannot do {name}={value}: it is always {}", known.default);
            return Err(Refused::new(InvalidConfig, why));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(name: &str, value: &str) -> String {
        check(&BTreeMap::from([(name.to_owned(), value.to_owned())])).map_or_else(|why| why.why, |()| String::new())
    }

    #[test]
    fn every_default_is_allowed_and_names_are_in_order() {
        assert!(SETTINGS.is_sorted_by_key(|setting| setting.name));
        for setting in SETTINGS {
            assert_eq!(why(setting.name, setting.default), "", "{}", setting.name);
        }
    }

    #[test]
    fn what_is_wrong_is_refused_by_name() {
        assert_eq!(why("min.insync.replicas", "2"), "");
        assert_eq!(why("cleanup.policy", "compact,delete"), "");
        for (name, value, told) in [
            ("min.insync.replicas", "0", "Value must be at least 1"),
            ("retention.ms", "abc", "Not a number of type LONG"),
            ("preallocate", "maybe", "Expected value to be either true or false"),
            ("cleanup.policy", "x", "String must be one of: compact, delete"),
        ] {
            assert_eq!(why(name, value), format!("Invalid value {value} for configuration {name}: {told}"));
        }
        assert!(why("no.such.setting", "1").starts_with("Unknown topic config name"));
        assert!(why("message.timestamp.type", "LogAppendTime").starts_with("the sandbox cannot"));
    }
}
