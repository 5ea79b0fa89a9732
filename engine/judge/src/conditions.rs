//! What an object itself says of why it is not ready: its conditions, and what its containers wait for. For people; no
//! verdict hangs on it.

use serde_json::Value as Json;

/// Conditions and containers named at most.
const NAMED: usize = 3;

/// `Ready is False (ContainersNotReady): containers with unready status: [web]; container web waits: CrashLoopBackOff`;
/// empty where the object says nothing.
pub fn said(object: &Json) -> String {
    let conditions = list(object, "/status/conditions").filter(|condition| speaks_against(condition));
    let mut conditions: Vec<&Json> = conditions.collect();
    // These sum up the others.
    conditions.sort_by_key(|condition| !["Ready", "NotReady"].contains(&word(condition, "type")));
    let conditions = conditions.into_iter().map(condition);
    let containers = list(object, "/status/containerStatuses").filter_map(container);
    conditions.chain(containers).take(NAMED).collect::<Vec<_>>().join("; ")
}

fn list<'a>(object: &'a Json, at: &str) -> impl Iterator<Item = &'a Json> {
    object.pointer(at).and_then(Json::as_array).into_iter().flatten()
}

fn word<'a>(of: &'a Json, key: &str) -> &'a str {
    of.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// Conditions that are named for what is wrong: `True` is bad.
const TROUBLES: [&str; 8] = [
    "NotReady",
    "Stalled",
    "Failed",
    "Degraded",
    "Warning",
    "ReconciliationPaused",
    "ReplicaFailure",
    "NetworkUnavailable",
];

fn speaks_against(condition: &Json) -> bool {
    let name = word(condition, "type");
    let is_trouble = TROUBLES.contains(&name) || name.ends_with("Pressure");
    match word(condition, "status") {
        "False" => !is_trouble,
        "True" => is_trouble,
        status => status == "Unknown",
    }
}

fn condition(condition: &Json) -> String {
    let part = |before: &str, key: &str, after: &str| match word(condition, key) {
        "" => String::new(),
        text => format!("{before}{text}{after}"),
    };
    let (reason, message) = (part(" (", "reason", ")"), part(": ", "message", ""));
    format!("{} is {}{reason}{message}", word(condition, "type"), word(condition, "status"))
}

fn container(status: &Json) -> Option<String> {
    let name = word(status, "name");
    if let Some(waiting) = status.pointer("/state/waiting") {
        let message = Some(word(waiting, "message")).filter(|text| !text.is_empty());
        let message = message.map(|text| format!(": {text}")).unwrap_or_default();
        return Some(format!("container {name} waits: {}{message}", word(waiting, "reason")));
    }
    let ended = status.pointer("/state/terminated")?;
    let code = ended.get("exitCode").and_then(Json::as_i64).filter(|code| *code != 0)?;
    Some(format!("container {name} ended with {code} ({})", word(ended, "reason")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::said;

    #[test]
    fn a_pod_says_which_condition_and_what_its_container_waits_for() {
        let pod = json!({ "status": {
            "conditions": [
                { "type": "PodScheduled", "status": "True" },
                { "type": "ContainersReady", "status": "False", "reason": "ContainersNotReady", "message": "unready: [web]" },
                { "type": "Ready", "status": "False", "reason": "ContainersNotReady", "message": "unready: [web]" },
            ],
            "containerStatuses": [{ "name": "web", "state": { "waiting": { "reason": "CrashLoopBackOff" } } }],
        } });
        assert_eq!(
            said(&pod),
            "Ready is False (ContainersNotReady): unready: [web]; \
             ContainersReady is False (ContainersNotReady): unready: [web]; container web waits: CrashLoopBackOff"
        );
    }

    #[test]
    fn a_condition_that_is_named_for_the_trouble_counts_when_it_is_true() {
        let of = |name: &str, status: &str| {
            said(&json!({ "status": { "conditions": [{ "type": name, "status": status, "reason": "Creating" }] } }))
        };
        assert_eq!(of("NotReady", "True"), "NotReady is True (Creating)");
        for healthy in [("Stalled", "False"), ("MemoryPressure", "False"), ("Ready", "True")] {
            assert_eq!(of(healthy.0, healthy.1), "");
        }
        assert_eq!(said(&json!({ "status": {} })), "");
    }
}
