//! What can be done to a world, as data: by faults in its file, by the functions of its behaviours.

mod kafka;
mod objects;
mod s3;
mod services;
mod stores;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

pub use kafka::{Broker, BrokerState, Certificate, InKafka, KafkaDeed, RegistryDeed, RegistryState};
pub use objects::{ApiDeed, ApiState, Container, Merge, Which, Written};
pub use s3::{BucketDeed, BucketState, Erased, InS3, S3Deed, S3State};
pub use services::{InHttp, ServiceDeed, ServiceState};
pub use stores::{Aged, Chosen, InLogs, Sample, Scraping, Shipping};

/// One thing that is done.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Makes an object, its status included, unless one of its name is there.
    Make(Json),
    /// Makes an object, or takes the place of the one that has its name.
    Put(Json),
    /// Changes an object by a merge patch, its status included; one that is not there is left so.
    Merge(Merge),
    /// Takes an object away, or all that have these labels.
    Remove(Which),
    /// A container writes lines.
    Log(Written),
    /// A container is restarted: what it wrote is the log of its life before.
    Restarted(Container),
    /// Keeps a row in a log store.
    Row(InLogs),
    /// Writes a sample in a metrics store.
    Set(Sample),
    /// Takes series out of a metrics store.
    Drop(Chosen),
    /// Makes the last samples of series older.
    Age(Aged),
    /// Scraping stops, or loses a label.
    Scraping(Scraping),
    /// Log shipping stops, loses lines, or sends them otherwise.
    Shipping(Shipping),
    /// Something happens to a broker.
    Broker(Broker),
    /// Makes a topic.
    Topic(InKafka),
    /// Something happens to a Kafka cluster.
    Kafka(KafkaDeed),
    /// Something happens to a schema registry.
    Registry(RegistryDeed),
    /// Puts an object into a bucket, or takes the place of the one that has its key.
    Store(InS3),
    /// Takes an object out of a bucket, or all whose keys begin so.
    Erase(Erased),
    /// A bucket goes, or is there again, empty.
    Bucket(BucketDeed),
    /// Something happens to an S3.
    S3(S3Deed),
    /// Something happens to an API server.
    Api(ApiDeed),
    /// Something happens to an HTTP service, a metrics store or a log store.
    Service(ServiceDeed),
    /// An HTTP service answers otherwise.
    Route(InHttp),
    /// A behaviour acts no more.
    Stop(String),
}
