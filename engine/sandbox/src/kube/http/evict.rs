//! Eviction: a pod is deleted unless a budget forbids it.

use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::gate::{Desk, denied};
use super::path::Spot;
use crate::kube::refusal::Refusal;
use crate::kube::store::{Deletion, Key, Store};

/// Evicts a pod.
pub(super) fn answer(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    denied(desk, spot)?;
    let eviction = desk.request.object()?;
    let options = &eviction["deleteOptions"];
    let act = desk.server.act(desk.request.by(), desk.request.dry(options)?);
    let key = Key::new(&spot.resource, spot.place(), spot.name());
    let how = Deletion { grace: options["gracePeriodSeconds"].as_i64(), ..Deletion::default() };
    desk.server.write(|store| {
        let pod = store.get(&key).cloned().ok_or_else(|| Refusal::not_found(spot.resource.about(spot.name())))?;
        if let Some(budget) = forbids(store, spot.place(), &pod) {
            let why = format!("Cannot evict pod as it would violate the pod's disruption budget. The disruption budget {budget} needs its pods");
            return Err(Refusal::new(429, "TooManyRequests", why));
        }
        store.delete(&spot.resource, &key, &how, &act)
    })?;
    Ok(Answer::json(
        201,
        &json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 }),
    ))
}

/// The budget that has no pod to spare.
fn forbids(store: &Store, namespace: &str, pod: &Json) -> Option<String> {
    let shelf = "poddisruptionbudgets.policy".into();
    let meant = |budget: &Json| {
        let labels = budget["spec"]["selector"]["matchLabels"].as_object();
        labels.is_some_and(|labels| labels.iter().all(|(key, value)| pod["metadata"]["labels"][key] == *value))
    };
    let mut budgets = store.shelf(&shelf, Some(namespace)).filter(|(_, budget)| meant(budget));
    let spent = budgets.find(|(_, budget)| budget["status"]["disruptionsAllowed"].as_i64().unwrap_or(0) < 1);
    spent.map(|(key, _)| key.name.clone())
}
