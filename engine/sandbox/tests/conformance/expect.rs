//! What a value must be like: equal; `null` where nothing stands; a text that begins with `~` is a regular
//! expression; `{"*": x}` says that some item is like x; `{"#": n}` how many there are. Of a map only what is named
//! is looked at.

use regex::Regex;
use serde_json::Value as Json;

/// What stands at a path: `metadata.name`, `items.0.metadata.name`, `items.*.metadata.name` for all of them, `\.` for
/// a dot in a name.
pub fn at(value: &Json, path: &str) -> Json {
    if path.is_empty() {
        return value.clone();
    }
    let end = (0..path.len()).find(|at| path[*at..].starts_with('.') && !path[..*at].ends_with('\\'));
    let (first, rest) = end.map_or((path, ""), |at| (&path[..at], &path[at + 1..]));
    let first = first.replace("\\.", ".");
    match (value, first.parse::<usize>()) {
        (Json::Array(list), _) if first == "*" => list.iter().map(|item| at(item, rest)).collect(),
        (Json::Array(list), Ok(index)) => list.get(index).map_or(Json::Null, |item| at(item, rest)),
        (Json::Object(map), _) => map.get(&first).map_or(Json::Null, |inner| at(inner, rest)),
        _ => Json::Null,
    }
}

/// Whether it is like that.
pub fn fits(expected: &Json, actual: &Json) -> Result<(), String> {
    let differs = || Err(format!("{actual} instead of {expected}"));
    match (expected, actual) {
        (Json::String(pattern), actual) if pattern.starts_with('~') => {
            let text = actual.as_str().map_or_else(|| actual.to_string(), str::to_owned);
            if Regex::new(&pattern[1..]).unwrap().is_match(&text) { Ok(()) } else { differs() }
        }
        (Json::Object(map), Json::Array(list)) if map.contains_key("*") => {
            if list.iter().any(|item| fits(&map["*"], item).is_ok()) { Ok(()) } else { differs() }
        }
        (Json::Object(map), Json::Array(list)) if map.contains_key("#") => {
            if map["#"] == list.len() {
                Ok(())
            } else {
                differs()
            }
        }
        (Json::Object(map), Json::Object(_)) => map
            .iter()
            .try_for_each(|(key, expected)| fits(expected, &actual[key]).map_err(|why| format!("{key}: {why}"))),
        (Json::Array(expected), Json::Array(actual)) if expected.len() == actual.len() => {
            expected.iter().zip(actual).try_for_each(|(expected, actual)| fits(expected, actual))
        }
        (expected, actual) if expected == actual => Ok(()),
        _ => differs(),
    }
}
