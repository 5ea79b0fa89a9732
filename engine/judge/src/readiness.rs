//! Whether a Kubernetes object is ready, by rules that are data. Three-valued: ready, not yet, failed.

use checkrun_lang::{EvalError, ReadinessRule, ReadinessRules, Scope, Value};
use serde_json::Value as Json;

use crate::conditions;

/// What an object's status says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is.
    Ready,
    /// Not yet; why.
    NotYet(String),
    /// It has given up; why.
    Failed(String),
    /// It cannot be told: no rule for the kind, or the rule does not fit the object.
    Unknown(String),
}

/// Judges one object.
pub fn state(rules: &ReadinessRules, scope: &Scope, object: &Json) -> State {
    if object.is_null() {
        return State::NotYet("it is not there".into());
    }
    let Some(kind) = object.get("kind").and_then(Json::as_str) else {
        return State::Unknown("an object without `kind` cannot be ready".into());
    };
    let group = group(object);
    let Some(rule) = rules.rules.iter().find(|rule| fits(&rule.kind, kind, group)) else {
        let full = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        return State::Unknown(format!("there is no readiness rule for {full}; say what must hold as an expression"));
    };
    if object.pointer("/metadata/deletionTimestamp").is_some() {
        return State::NotYet("it is being deleted".into());
    }
    by_rule(rule, scope, object)
}

fn by_rule(rule: &ReadinessRule, scope: &Scope, object: &Json) -> State {
    let mut scope = scope.clone();
    scope.set_object(Value::from_json(object));
    for (when, reason) in &rule.failed {
        match when.holds(&scope) {
            Ok(true) => return State::Failed(text(reason.eval(&scope))),
            Ok(false) => {}
            Err(error) if error.absent => {}
            Err(error) => return State::Unknown(error.message),
        }
    }
    if let Some(why) = stale(object, rule.without_generation) {
        return State::NotYet(why);
    }
    for expr in &rule.ready {
        match expr.holds(&scope) {
            Ok(true) => {}
            Ok(false) => return State::NotYet(not_yet(expr.explain(&scope), expr.text(), object)),
            Err(EvalError { absent: true, message, .. }) => return State::NotYet(message),
            Err(error) => return State::Unknown(error.message),
        }
    }
    State::Ready
}

/// What the object says of itself where the rule asks its conditions; beside the values that another rule read. Where
/// there are none, the rule with its values in place, or as it is written.
fn not_yet(lines: Vec<String>, text: &str, object: &Json) -> String {
    let read = match &lines[..] {
        [] => text.to_owned(),
        [only] => only.clone(),
        [_, values @ ..] => values.join(", "),
    };
    let said = conditions::said(object);
    let asks_them = ["status.conditions", "status.containerStatuses"].iter().any(|list| text.starts_with(list));
    match (said.is_empty(), asks_them) {
        (true, _) => read,
        (false, true) => said,
        (false, false) => format!("{read}; {said}"),
    }
}

fn text(value: Result<Value, EvalError>) -> String {
    match value {
        Ok(value) => value.render().unwrap_or_else(|_| value.show(200)),
        Err(error) => format!("(no reason: {})", error.message),
    }
}

/// A status that speaks of an older spec says nothing about this one.
fn stale(object: &Json, without_generation: bool) -> Option<String> {
    let wanted = object.pointer("/metadata/generation").and_then(Json::as_i64)?;
    match object.pointer("/status/observedGeneration").and_then(Json::as_i64) {
        Some(seen) if seen < wanted => Some(format!(
            "its status is of generation {seen}, the object of {wanted}: the controller has not looked yet"
        )),
        None if !without_generation => {
            Some("status.observedGeneration is not there: no controller has looked yet".into())
        }
        _ => None,
    }
}

fn group(object: &Json) -> &str {
    let version = object.get("apiVersion").and_then(Json::as_str).unwrap_or("");
    version.split_once('/').map_or("", |(group, _)| group)
}

/// `Deployment.apps` fits that kind and group; `Pod` only the core group; `*.cnpg.io` every kind of the group.
fn fits(rule: &str, kind: &str, group: &str) -> bool {
    let (rule_kind, rule_group) = rule.split_once('.').unwrap_or((rule, ""));
    (rule_kind == "*" || rule_kind == kind) && (rule_group == "*" || rule_group == group)
}

/// `Pod kafka/kafka-0`, or `fallback` for what has no name.
pub fn name(object: &Json, fallback: &str) -> String {
    let Some(name) = object.pointer("/metadata/name").and_then(Json::as_str) else {
        return fallback.to_owned();
    };
    let kind = object.get("kind").and_then(Json::as_str).unwrap_or("object");
    match object.pointer("/metadata/namespace").and_then(Json::as_str) {
        Some(namespace) => format!("{kind} {namespace}/{name}"),
        None => format!("{kind} {name}"),
    }
}
