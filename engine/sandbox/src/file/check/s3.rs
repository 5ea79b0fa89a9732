//! What must hold of S3 services: buckets that can be called so, keys that are one of a kind.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use checkrun_model::Node;

use super::{Check, at, items};
use crate::file::shape::{ObjectShape, S3Shape};

/// A longer key is none.
const MOST_KEY: usize = 1024;

impl Check<'_> {
    pub(super) fn s3(&mut self, root: &Node) {
        let shape = self.shape;
        for (name, s3) in &shape.s3 {
            let node = at(root, &["s3", name]);
            self.credentials(node, s3);
            for entry in node.get("buckets").and_then(Node::as_map).unwrap_or(&[]) {
                if !crate::s3::names_a_bucket(&entry.key) {
                    let message = format!("`{}` cannot be the name of a bucket", entry.key);
                    let help = "3 to 63 of a-z, 0-9, `-` and `.`, with a letter or digit at both ends";
                    self.wrong(entry.key_span, message, "this bucket", help);
                }
                if let Some(shape) = s3.buckets.get(&entry.key) {
                    self.objects(&entry.value, &shape.objects);
                }
            }
        }
    }

    fn credentials(&mut self, node: &Node, s3: &S3Shape) {
        if s3.credentials.is_empty() {
            let help = "give it `{ access_key: …, secret_key: … }`";
            self.wrong(at(node, &["credentials"]).span, "nobody may use this S3", "no credentials", help);
        }
        let mut known = BTreeSet::new();
        for (credential, node) in s3.credentials.iter().zip(items(node, "credentials")) {
            for (key, value) in [("access_key", &credential.access_key), ("secret_key", &credential.secret_key)] {
                if value.is_empty() {
                    self.wrong(at(node, &[key]).span, format!("`{key}` is empty"), "empty", "write any text");
                }
            }
            if credential.access_key.contains('/') {
                let help = "signatures use `/` to part what they say";
                self.wrong(at(node, &["access_key"]).span, "an access key has no `/`", "this key", help);
            }
            if !known.insert(&credential.access_key) {
                let message = format!("there are two credentials `{}`", credential.access_key);
                self.wrong(at(node, &["access_key"]).span, message, "again", "leave one out");
            }
        }
    }

    fn objects(&mut self, node: &Node, objects: &[ObjectShape]) {
        let mut known = BTreeSet::new();
        for (shape, node) in objects.iter().zip(items(node, "objects")) {
            if let Err(why) = object(shape) {
                self.wrong(node.span, why, "this object", "docs/sandbox/s3.md says how objects are written");
            }
            if !known.insert(&shape.key) {
                let message = format!("there are two objects `{}`", shape.key);
                self.wrong(at(node, &["key"]).span, message, "again", "leave one out");
            }
        }
    }
}

/// What is wrong with an object.
pub(in crate::file) fn object(object: &ObjectShape) -> Result<(), String> {
    if object.key.is_empty() || object.key.len() > MOST_KEY {
        return Err(format!("a key has 1 to {MOST_KEY} bytes, not {}", object.key.len()));
    }
    match (&object.text, &object.base64) {
        (Some(_), Some(_)) => return Err("`text` and `base64` are both given".into()),
        (None, Some(base64)) if BASE64_STANDARD.decode(base64).is_err() => return Err("`base64` is none".into()),
        _ => {}
    }
    let unfit = |text: &str| http::HeaderValue::try_from(text).is_err();
    if object.content_type.as_deref().is_some_and(unfit) {
        return Err("`content_type` is none that can be sent".into());
    }
    let unsent = |name: &str| http::HeaderName::try_from(format!("x-amz-meta-{name}")).is_err();
    match object.metadata.iter().find(|(name, value)| unsent(name) || unfit(value)) {
        Some((name, _)) => Err(format!("the metadata `{name}` cannot be sent in a header")),
        None => Ok(()),
    }
}
