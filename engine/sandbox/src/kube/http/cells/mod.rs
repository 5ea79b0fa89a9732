//! What stands in the cells of tables: values put together of several fields, as `kubectl get` shows them.

mod network;
mod rest;
mod workload;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::kube::object::at;

const NONE: &str = "<none>";

/// How long ago, in few letters.
pub(super) fn since(time: &str, now: Timestamp) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => duration(now.duration_since(time).as_secs()),
        Err(_) => "<unknown>".to_owned(),
    }
}

/// How old an object is.
pub(super) fn age(object: &Json, now: Timestamp) -> String {
    since(object["metadata"]["creationTimestamp"].as_str().unwrap_or_default(), now)
}

/// Seconds in few letters: the smaller unit only where it says something.
fn duration(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let two = |big: i64, unit: char, small: i64, smaller: char| match small {
        0 => format!("{big}{unit}"),
        _ => format!("{big}{unit}{small}{smaller}"),
    };
    match () {
        () if seconds < -1 => "<invalid>".to_owned(),
        () if seconds < 120 => format!("{}s", seconds.max(0)),
        () if minutes < 10 => two(minutes, 'm', seconds % 60, 's'),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => two(hours, 'h', minutes % 60, 'm'),
        () if hours < 48 => format!("{hours}h"),
        () if hours < 24 * 8 => two(hours / 24, 'd', hours % 24, 'h'),
        () if hours < 24 * 365 * 2 => format!("{}d", hours / 24),
        () if hours < 24 * 365 * 8 => two(hours / 24 / 365, 'y', hours / 24 % 365, 'd'),
        () => format!("{}y", hours / 24 / 365),
    }
}

/// A cell of a built-in kind, by its source.
pub(super) fn cell(source: &str, object: &Json, now: Timestamp) -> Json {
    let time = |value: &Json| value.as_str().map_or_else(|| "<unknown>".to_owned(), |text| since(text, now));
    if let Some(path) = source.strip_prefix('#') {
        return at(object, path).as_i64().unwrap_or(0).into();
    }
    if let Some(path) = source.strip_prefix('?') {
        return at(object, path).as_bool().unwrap_or(false).into();
    }
    if let Some(path) = source.strip_prefix('~') {
        let value = at(object, path);
        return if value.is_null() { NONE.into() } else { time(value).into() };
    }
    let Some(word) = source.strip_prefix('@') else { return plain(at(object, source), source) };
    let seen = |paths: &[&str]| time(first(object, paths));
    let text = match word {
        "last_seen" => seen(&[
            "series.lastObservedTime",
            "lastTimestamp",
            "deprecatedLastTimestamp",
            "eventTime",
            "metadata.creationTimestamp",
        ]),
        "first_seen" => {
            seen(&["firstTimestamp", "deprecatedFirstTimestamp", "eventTime", "metadata.creationTimestamp"])
        }
        "job_duration" => workload::duration(object, now),
        "none" => NONE.to_owned(),
        "unset" => "<unset>".to_owned(),
        "data" => return rest::data(object).into(),
        word => workload::cell(word, object)
            .or_else(|| network::cell(word, object))
            .or_else(|| rest::cell(word, object))
            .unwrap_or_default(),
    };
    text.into()
}

/// A field as it is; some say that there is nothing, others stay empty.
fn plain(value: &Json, path: &str) -> Json {
    const SAY_NOTHING: [&str; 5] =
        ["spec.ingressClassName", "spec.timeZone", "status.nominatedNodeName", "status.podIP", "spec.nodeName"];
    match value {
        Json::Null if SAY_NOTHING.contains(&path) => NONE.into(),
        Json::Null => "".into(),
        Json::Number(value) => value.to_string().into(),
        Json::Object(map) => pairs(map.iter()).into(),
        value => value.clone(),
    }
}

fn first<'a>(object: &'a Json, paths: &[&str]) -> &'a Json {
    static NOTHING: Json = Json::Null;
    paths.iter().map(|path| at(object, path)).find(|value| !value.is_null()).unwrap_or(&NOTHING)
}

fn text(object: &Json, path: &str) -> String {
    at(object, path).as_str().unwrap_or_default().to_owned()
}

fn number(object: &Json, path: &str) -> i64 {
    at(object, path).as_i64().unwrap_or(0)
}

/// With commas between them, or that there is none.
fn several(list: impl Iterator<Item = String>) -> String {
    let list: Vec<String> = list.collect();
    if list.is_empty() { NONE.to_owned() } else { list.join(",") }
}

fn pairs<'a>(map: impl Iterator<Item = (&'a String, &'a Json)>) -> String {
    map.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect::<Vec<_>>().join(",")
}

fn several_pairs(value: &Json) -> String {
    match value.as_object().filter(|map| !map.is_empty()) {
        Some(map) => pairs(map.iter()),
        None => NONE.to_owned(),
    }
}

/// A selector, with or without `matchLabels`.
fn selector(selector: &Json) -> String {
    several_pairs(if selector["matchLabels"].is_object() { &selector["matchLabels"] } else { selector })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_says_no_more_than_is_of_use() {
        for (seconds, shown) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (330, "5m30s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (12_000, "3h20m"),
            (86_400, "24h"),
            (180_000, "2d2h"),
            (800_000, "9d"),
            (-5, "<invalid>"),
        ] {
            assert_eq!(duration(seconds), shown, "{seconds}");
        }
    }
}
