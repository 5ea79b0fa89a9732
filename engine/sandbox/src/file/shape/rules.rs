//! Behaviours and faults as a world file writes them. Types only.

use std::collections::BTreeMap;

use checkrun_model::args;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::file::deed::Deed;

/// A rule that plays an operator, a kubelet, a person.
///
/// It is called for an object of `on` whenever that object or anything that it `sees` has changed, and gives back what
/// is to be done as data. It may be called at any time, so it compares what is with what should be; what would change
/// nothing is not done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BehaviourShape {
    /// Its name.
    pub behaviour: String,
    /// The cluster that it lives in. Default: every cluster that has its kinds.
    pub cluster: Option<String>,
    /// The objects that it cares for.
    pub on: Option<OnShape>,
    /// What else it sees, by the name under which its function finds it.
    #[serde(default)]
    pub sees: BTreeMap<String, SeesShape>,
    /// How long it takes to act, in the time of the world.
    pub after: Option<args::Duration>,
    /// It acts as often as this, in the time of the world, and not when something has changed.
    pub every: Option<args::Duration>,
    /// The file of its function `acts(it, world)`, beside this file.
    #[serde(rename = "do")]
    pub script: String,
    /// Another function of that file.
    pub call: Option<String>,
}

/// Objects of a kind.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnShape {
    /// `Pod`, or `Kind.group` outside of the core group.
    pub kind: String,
    /// Only in this namespace.
    pub namespace: Option<String>,
    /// Only the one of this name; `*` at its end stands for anything.
    pub name: Option<String>,
    /// Only those with these labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Only when the value at this path is another than when it last acted: `spec.trigger.manual`.
    pub changed: Option<String>,
    /// Only when it is gone: the function is given the object as it was last.
    #[serde(default)]
    pub gone: bool,
}

/// What a rule sees: a list of objects, how a Kafka cluster stands, or what an S3 holds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeesShape {
    /// Objects of this kind in the same cluster.
    pub kind: Option<String>,
    /// Only in this namespace.
    pub namespace: Option<String>,
    /// Only those with these labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Only those that the object owns.
    #[serde(default)]
    pub owned: bool,
    /// Instead: how the Kafka cluster of this name stands; `*`: all of them, by name.
    pub kafka: Option<String>,
    /// Instead: how the S3 of this name stands and what its buckets hold; `*`: all of them, by name.
    pub s3: Option<String>,
}

/// Something that can go wrong.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultShape {
    /// Its name.
    pub fault: String,
    /// One line about it.
    pub title: Option<String>,
    /// The cluster in which it happens. Default: the only one.
    pub cluster: Option<String>,
    /// What happens, in order.
    #[serde(rename = "do")]
    pub deeds: Vec<Deed>,
    /// Checks of the suite that cannot pass with it.
    #[serde(default)]
    pub breaks: Vec<String>,
}
