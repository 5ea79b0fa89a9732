//! Conditions and statuses of Kubernetes objects, read and prepared for writing. Pure.

use serde_json::{Value, json};

/// What the condition `kind` of an object says; nothing if it has none.
pub fn status<'a>(object: &'a Value, kind: &str) -> Option<&'a str> {
    let all = object["status"]["conditions"].as_array()?;
    all.iter().find(|c| c["type"] == kind)?["status"].as_str()
}

/// Whether the condition `kind` of an object is true.
pub fn holds(object: &Value, kind: &str) -> bool {
    status(object, kind) == Some("True")
}

/// What has to be merged into the status `old` to make it `new`; nothing if it says so already. A condition keeps its
/// time until it changes, and what `new` lacks is taken away.
pub fn change(old: &Value, mut new: Value, now: &str) -> Option<Value> {
    stamp(&mut new, old, now);
    (*old != new).then(|| replacing(old, new))
}

/// Stamps the conditions of `new` and of whatever is below it, such as listeners and parents.
fn stamp(new: &mut Value, old: &Value, now: &str) {
    match new {
        Value::Object(fields) => {
            for (name, field) in fields {
                match name == "conditions" {
                    true => stamp_conditions(field, &old[name], now),
                    false => stamp(field, &old[name], now),
                }
            }
        }
        Value::Array(items) => items.iter_mut().enumerate().for_each(|(at, item)| stamp(item, &old[at], now)),
        _ => {}
    }
}

fn stamp_conditions(new: &mut Value, old: &Value, now: &str) {
    let old = old.as_array().map_or(&[][..], Vec::as_slice);
    for c in new.as_array_mut().into_iter().flatten() {
        let same = |o: &&Value| o["type"] == c["type"] && o["status"] == c["status"];
        let since = old.iter().find(same).and_then(|o| o["lastTransitionTime"].as_str());
        c["lastTransitionTime"] = json!(since.unwrap_or(now));
    }
}

/// `new` with an explicit null for each key that only `old` has, at any depth, since a merge would keep it.
fn replacing(old: &Value, mut new: Value) -> Value {
    if let (Some(old), Some(new)) = (old.as_object(), new.as_object_mut()) {
        for (key, before) in old {
            let now = new.entry(key.clone()).or_insert(Value::Null);
            *now = replacing(before, now.take());
        }
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_found_by_its_type() {
        let o = json!({ "status": { "conditions": [{ "type": "A", "status": "False" }] } });
        assert_eq!((status(&o, "A"), status(&o, "B")), (Some("False"), None));
        assert!(!holds(&o, "A") && !holds(&json!({}), "A"));
    }

    #[test]
    fn a_condition_keeps_its_time_until_it_changes() {
        let with = |status: &str| json!({ "conditions": [{ "type": "Ready", "status": status }] });
        let mut old = with("True");
        old["conditions"][0]["lastTransitionTime"] = json!("then");
        assert_eq!(change(&old, with("True"), "now"), None);
        let other = change(&old, with("False"), "now").unwrap();
        assert_eq!(other["conditions"][0]["lastTransitionTime"], "now");
    }

    #[test]
    fn conditions_below_are_stamped_too() {
        let new = json!({ "parents": [{ "conditions": [{ "type": "Accepted", "status": "True" }] }] });
        let change = change(&Value::Null, new, "now").unwrap();
        assert_eq!(change["parents"][0]["conditions"][0]["lastTransitionTime"], "now");
    }

    #[test]
    fn what_the_new_status_lacks_is_taken_away() {
        let merged = change(&json!({ "topicId": "x", "topicName": "t" }), json!({ "topicName": "t" }), "now");
        assert_eq!(merged, Some(json!({ "topicName": "t", "topicId": null })));
        assert_eq!(change(&Value::Null, json!({ "a": 1 }), "now"), Some(json!({ "a": 1 })));
        let deep = change(&json!({ "a": { "b": 1, "c": 2 } }), json!({ "a": { "b": 1 } }), "now");
        assert_eq!(deep, Some(json!({ "a": { "b": 1, "c": null } })));
    }
}
