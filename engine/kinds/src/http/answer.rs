//! An HTTP answer as an observation, and the kind's rule over it. Knows no network.

use checkrun_model::json::{self, Unread};
use checkrun_model::{Broken, Ruling};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use serde_json::{Map, Value as Json, json};

use super::client::Reply;
use crate::codes::Codes;
use crate::start::start_of;

/// What is seen of an answer. `url` is where it came from, after redirects.
///
/// # Errors
/// Its body has a key twice in one object: then it says two things.
pub(super) fn observation(reply: Reply, url: &str, head: bool) -> Result<Json, Broken> {
    let Reply { status, headers, body, elapsed } = reply;
    let size = body.len();
    let mut seen = json!({ "status": status, "headers": listed(&headers) });
    let bare = head || status == 204 || status == 304;
    match content_is_json(&headers) && !bare {
        true => match json::read(&body) {
            Ok(value) => seen["json"] = value,
            Err(twice @ Unread::Twice { .. }) => {
                let hint = "the server writes it so; `curl` shows the body, JSON wants every key of an object once";
                return Err(Broken::fatal(format!("the JSON body of {url} cannot be judged: {twice}")).hint(hint));
            }
            Err(Unread::Malformed(why)) => {
                seen["malformed"] = format!("the content type says JSON, the body is not: {why}").into();
                seen["text"] = String::from_utf8_lossy(&body).into();
            }
        },
        // A body that is no text is only measured.
        false => {
            if let Ok(text) = String::from_utf8(body) {
                seen["text"] = text.into();
            }
        }
    }
    seen["size"] = size.into();
    seen["elapsed"] = elapsed.as_secs_f64().into();
    seen["url"] = url.into();
    Ok(seen)
}

/// Headers by name, in small letters; several of one name are joined, as the protocol says.
fn listed(headers: &HeaderMap) -> Json {
    let mut listed = Map::new();
    for name in headers.keys() {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        listed.insert(name.as_str().to_owned(), values.join(", ").into());
    }
    listed.into()
}

/// `application/json`, or a type that ends in `+json`; not a stream of JSON lines.
fn content_is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let streams = essence == "application/stream+json";
    !streams && (essence == "application/json" || essence.ends_with("+json"))
}

/// The kind's rule: the status that is wanted (2xx unless said), and a body that is what its content type says.
pub(super) fn rule(seen: &Json, wanted: Option<&Codes>) -> Ruling {
    let status = seen["status"].as_i64().unwrap_or_default();
    let right = wanted.map_or((200..300).contains(&status), |codes| codes.has(status));
    if !right {
        let wanted = wanted.map_or_else(|| "2xx".to_owned(), ToString::to_string);
        let why = format!("status is {status}, not {wanted}{}", beside(seen, status));
        return if matches!(status, 401 | 403) { Ruling::Final(why) } else { Ruling::NotYet(why) };
    }
    match seen["malformed"].as_str() {
        Some(why) => Ruling::NotYet(why.to_owned()),
        None => Ruling::Met,
    }
}

/// What helps to understand a status that is not wanted: where it points, or the start of its body.
fn beside(seen: &Json, status: i64) -> String {
    if let (300..400, Some(location)) = (status, seen["headers"]["location"].as_str()) {
        return format!("; it points to {location} (say `redirects: 1` to follow)");
    }
    let body = seen.get("json").map_or_else(|| seen["text"].as_str().unwrap_or_default().to_owned(), Json::to_string);
    let start = start_of(&body, 200);
    if start.is_empty() { start } else { format!(": {start}") }
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
