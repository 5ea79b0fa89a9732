//! Brings Kafka's topics to what `KafkaTopic` objects ask for, and plans each step as data before doing it.
//! Statuses and objects are the operator's.

use serde_json::Value;

use crate::kafka::admin::{Admin, AdminError};
use crate::kafka::cluster::Topic;

/// What one object asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The topic's name in Kafka.
    pub name: String,
    partitions: Option<i32>,
    replicas: Option<i16>,
    config: Vec<(String, String)>,
}

/// What is to be done about one topic.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Make it.
    Create,
    /// Give it this many partitions.
    Grow(i32),
    /// It is as it should be.
    Nothing,
    /// It cannot be done: reason and words.
    Impossible(&'static str, String),
}

impl Wanted {
    /// Reads a `KafkaTopic`.
    pub fn of(object: &Value) -> Self {
        let spec = &object["spec"];
        let name = spec["topicName"].as_str().or(object["metadata"]["name"].as_str());
        let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
        let config = spec["config"].as_object().into_iter().flatten();
        Self {
            name: name.unwrap_or_default().to_owned(),
            partitions: spec["partitions"].as_i64().map(|n| n as i32),
            replicas: spec["replicas"].as_i64().map(|n| n as i16),
            config: config.map(|(k, v)| (k.clone(), text(v))).collect(),
        }
    }

    /// What has to happen, given the topic as Kafka has it.
    pub fn step(&self, found: Option<&Topic>) -> Step {
        let Some(found) = found else { return Step::Create };
        let have = found.partitions.len() as i32;
        let copies = found.partitions.first().map_or(0, |p| p.replicas.len() as i16);
        if self.replicas.is_some_and(|r| r != copies) {
            let words = format!("Replication factor change not supported (has {copies})");
            return Step::Impossible("NotSupported", words);
        }
        match self.partitions {
            Some(n) if n < have => {
                let words = format!("Decreasing partitions not supported (has {have})");
                Step::Impossible("NotSupported", words)
            }
            Some(n) if n > have => Step::Grow(n),
            _ => Step::Nothing,
        }
    }

    /// Does `step`; the topic's settings are written whenever the object has changed.
    pub fn take(&self, step: &Step, changed: bool, admin: &Admin) -> Result<(), AdminError> {
        match step {
            Step::Create => {
                let (n, r) = (self.partitions.unwrap_or(-1), self.replicas.unwrap_or(-1));
                return admin.create_topic(&self.name, n, r, &self.config);
            }
            Step::Grow(n) => admin.create_partitions(&self.name, *n)?,
            Step::Nothing | Step::Impossible(..) => {}
        }
        match changed && !self.config.is_empty() {
            true => admin.set_config(&self.name, &self.config),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::cluster::Partition;
    use serde_json::json;

    fn topic(partitions: i32, copies: i32) -> Topic {
        let replicas: Vec<_> = (0..copies).collect();
        let one = |index| Partition { index, leader: 0, replicas: replicas.clone(), isr: vec![] };
        Topic {
            name: "t".into(),
            id: "x".into(),
            error: 0,
            internal: false,
            partitions: (0..partitions).map(one).collect(),
        }
    }

    fn wanted(spec: Value) -> Wanted {
        Wanted::of(&json!({ "metadata": { "name": "object" }, "spec": spec }))
    }

    #[test]
    fn the_name_is_the_specs_or_the_objects() {
        assert_eq!(wanted(json!({})).name, "object");
        let w = wanted(json!({ "topicName": "t_1", "config": { "retention.ms": 5, "a": "b" } }));
        assert_eq!(w.name, "t_1");
        assert!(w.config.contains(&("retention.ms".into(), "5".into())), "{w:?}");
    }

    #[test]
    fn steps_follow_what_is_there() {
        let w = wanted(json!({ "partitions": 3, "replicas": 3 }));
        assert_eq!(w.step(None), Step::Create);
        assert_eq!(w.step(Some(&topic(3, 3))), Step::Nothing);
        assert_eq!(w.step(Some(&topic(1, 3))), Step::Grow(3));
        assert!(matches!(w.step(Some(&topic(6, 3))), Step::Impossible(..)));
        assert!(matches!(w.step(Some(&topic(3, 1))), Step::Impossible(..)));
        assert_eq!(wanted(json!({})).step(Some(&topic(6, 2))), Step::Nothing);
    }
}
