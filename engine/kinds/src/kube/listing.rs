//! All objects of a resource, page by page, as of one moment. Filters nothing itself.

use std::collections::BTreeMap;
use std::time::Instant;

use checkrun_model::Broken;
use serde_json::Value as Json;

use super::ask::Ask;
use super::cluster::Cluster;
use super::object::{bare, name, namespace};
use super::served::Resource;

/// Objects in one page.
const PAGE: usize = 500;

/// A list, and the version of the cluster's state that it shows.
pub(super) struct Listing {
    pub(super) items: Vec<Json>,
    pub(super) version: String,
}

impl Cluster {
    /// All objects of `resource`, sorted by namespace and name.
    ///
    /// # Errors
    /// They cannot be listed.
    pub(super) async fn list(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        labels: &BTreeMap<String, String>,
        deadline: Instant,
    ) -> Result<Listing, Broken> {
        let base = format!("{}?limit={PAGE}{}", resource.list_path(namespace), selector(labels));
        let (mut items, mut next) = (Vec::new(), String::new());
        loop {
            let page = self.ask(&Ask::get(format!("{base}{next}")), deadline).await?;
            if page.status == 410 && !next.is_empty() {
                // The state that the first page showed is forgotten: from the start.
                (items, next) = (Vec::new(), String::new());
                continue;
            }
            let mut page = page.granted()?;
            let Some(list) = page.get_mut("items").and_then(Json::as_array_mut) else {
                return Err(Broken::transient(format!("`{base}` was not answered with a list"))
                    .hint("is that the API server of the cluster, or something before it?"));
            };
            items.extend(std::mem::take(list).into_iter().map(|item| typed(item, resource)));
            match page["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) {
                Some(token) => next = format!("&continue={}", escaped(token)),
                None => {
                    items.sort_by(|a, b| (namespace_of(a), name(a)).cmp(&(namespace_of(b), name(b))));
                    let version = page["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned();
                    return Ok(Listing { items, version });
                }
            }
        }
    }
}

fn namespace_of(object: &Json) -> &str {
    namespace(object)
}

/// An item says what it is, as a single object does: in a list only the list does.
fn typed(item: Json, resource: &Resource) -> Json {
    let mut typed = serde_json::json!({ "apiVersion": resource.api_version(), "kind": resource.kind });
    if let (Json::Object(typed), Json::Object(item)) = (&mut typed, bare(item)) {
        typed.extend(item);
    }
    typed
}

/// `&labelSelector=a%3Db`, or nothing.
fn selector(labels: &BTreeMap<String, String>) -> String {
    if labels.is_empty() {
        return String::new();
    }
    let list: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("&labelSelector={}", escaped(&list.join(",")))
}

/// Text as a value of a query.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            true => escaped.push(char::from(byte)),
            false => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}
