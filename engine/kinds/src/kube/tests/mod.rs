//! The kinds of Kubernetes against an API server of the test.

mod fixtures;
mod reads;
mod waits;

use std::sync::Arc;

use checkrun_model::{Kind, KindEntry, Prepared};
use serde_json::Value as Json;

use crate::testing::prepare;

/// A check of kind `K`.
fn check<K: Kind>(args: Json) -> Arc<dyn Prepared> {
    prepare(&KindEntry::of::<K>(), &args).unwrap()
}
