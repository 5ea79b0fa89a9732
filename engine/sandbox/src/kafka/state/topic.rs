//! A topic: its name, id, settings and partitions, and where new partitions are placed.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::ResponseError;
use uuid::Uuid;

use super::Node;
use super::defaults::Defaults;
use super::partition::Partition;
use super::refused::Refused;
use super::settings::setting;

/// A topic.
#[derive(Debug)]
pub struct Topic {
    /// Its id; another one when it is made again.
    pub id: Uuid,
    /// Whether the brokers keep it for themselves.
    pub internal: bool,
    /// Settings that differ from the cluster's.
    pub config: BTreeMap<String, String>,
    /// By number.
    pub partitions: Vec<Partition>,
}

impl Topic {
    /// The partition of this number.
    ///
    /// # Errors
    /// There is none.
    pub fn partition(&self, number: i32) -> Result<&Partition, ResponseError> {
        let found = usize::try_from(number).ok().and_then(|at| self.partitions.get(at));
        found.ok_or(ResponseError::UnknownTopicOrPartition)
    }

    /// The partition of this number.
    ///
    /// # Errors
    /// There is none.
    pub fn partition_mut(&mut self, number: i32) -> Result<&mut Partition, ResponseError> {
        let found = usize::try_from(number).ok().and_then(|at| self.partitions.get_mut(at));
        found.ok_or(ResponseError::UnknownTopicOrPartition)
    }

    /// A whole number that is set for it: its own, the cluster's, or Kafka's default.
    #[must_use]
    pub fn number(&self, name: &str, cluster: &Defaults) -> i64 {
        let set = self.config.get(name).map(String::as_str).or_else(|| cluster.of_topics(name));
        let value = set.or_else(|| setting(name).map(|known| known.default)).unwrap_or_default();
        value.trim().parse().unwrap_or(0)
    }
}

/// Whether a topic may be called so.
///
/// # Errors
/// It may not, as Kafka's own rule says.
pub fn check_name(name: &str) -> Result<(), Refused> {
    let odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    let why = match name {
        "" => "the empty string is not allowed".to_owned(),
        "." | ".." => format!("'{name}' is not allowed"),
        _ if name.len() > 249 => format!("the length of '{name}' is longer than the max allowed length 249"),
        _ if name.contains(odd) => {
            format!("'{name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'")
        }
        _ => return Ok(()),
    };
    Err(Refused::new(ResponseError::InvalidTopicException, format!("Topic name is invalid: {why}")))
}

/// The brokers of a topic's partitions from `first` to below `count`: each begins one broker further than the one
/// before, those that are taken for dead come last.
#[must_use]
pub fn place(first: usize, count: usize, factor: usize, all: &[Node], active: &BTreeSet<Node>) -> Vec<Vec<Node>> {
    let spread = |at: usize| {
        let begin = if all.is_empty() { 0 } else { at % all.len() };
        let mut order: Vec<Node> = all.iter().cycle().skip(begin).take(all.len()).copied().collect();
        order.sort_by_key(|node| !active.contains(node));
        order.truncate(factor);
        order
    };
    (first..count).map(spread).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_kafkas_rule() {
        assert!(check_name("a.b_c-1").is_ok());
        for name in ["", "..", "a b", "ä", &"x".repeat(250)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn partitions_are_spread_and_dead_brokers_lead_none() {
        let all = [0, 1, 2];
        let placed = place(0, 3, 2, &all, &BTreeSet::from(all));
        assert_eq!(placed, [vec![0, 1], vec![1, 2], vec![2, 0]]);
        let placed = place(1, 3, 3, &all, &BTreeSet::from([0, 2]));
        assert_eq!(placed, [vec![2, 0, 1], vec![2, 0, 1]]);
    }
}
