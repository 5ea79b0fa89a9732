//! `kube.events`: what the cluster's components have reported of objects.

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, Observation, Place, Ruling, Runs, Sort, Touch, Witness,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::cluster::Cluster;
use super::list::one_at_least;
use super::place::{called, listed, touch};
use crate::moment::Moment;

/// Reads events, oldest first. A cluster forgets them after an hour or so.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// Only in this namespace. Default: in all.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Only of objects of this kind, as the event says it: `Pod`, `Kafka`.
    #[serde(default)]
    pub kind: Option<String>,
    /// Only of objects of this name.
    #[serde(default)]
    pub name: Option<String>,
    /// `Normal` or `Warning`. Default: both.
    #[serde(default, rename = "type")]
    pub sort: Option<String>,
    /// Only with this reason: `BackOff`, `FailedScheduling`.
    #[serde(default)]
    pub reason: Option<String>,
    /// Only what was seen last at or after this moment: a time, or how long ago (`5m`).
    #[serde(default)]
    pub(crate) since: Option<Moment>,
}

const EXAMPLE: &str = r#"- id: no-backoff
  title: No container of the namespace crashes again and again
  cluster: apps
  kube.events: { namespace: kafka, reason: BackOff, since: 10m }
  expect: [none]
  witness: { reason: Started, since: 1h }
"#;

impl Events {
    fn fits(&self, event: &Json, since: Option<Timestamp>) -> bool {
        let same = |wanted: &Option<String>, value: &Json| wanted.as_deref().is_none_or(|wanted| value == wanted);
        let recent = since.is_none_or(|since| {
            event["last_seen"].as_str().and_then(|at| at.parse::<Timestamp>().ok()).is_some_and(|at| at >= since)
        });
        same(&self.kind, &event["object"]["kind"])
            && same(&self.name, &event["object"]["name"])
            && same(&self.sort, &event["type"])
            && same(&self.reason, &event["reason"])
            && recent
    }
}

/// An event in few words; the older and the newer form of the API in one.
fn read(event: &Json) -> Json {
    let first =
        |places: &[&Json]| places.iter().find(|place| !place.is_null()).map_or(Json::Null, |place| (*place).clone());
    let regarding = &event["regarding"];
    let last = first(&[
        &event["series"]["lastObservedTime"],
        &event["deprecatedLastTimestamp"],
        &event["eventTime"],
        &event["metadata"]["creationTimestamp"],
    ]);
    json!({
        "type": event["type"],
        "reason": event["reason"],
        "text": event["note"],
        "object": { "kind": regarding["kind"], "namespace": regarding["namespace"], "name": regarding["name"], "uid": regarding["uid"] },
        "count": first(&[&event["series"]["count"], &event["deprecatedCount"], &json!(1)]),
        "first_seen": first(&[&event["deprecatedFirstTimestamp"], &event["eventTime"], &event["metadata"]["creationTimestamp"]]),
        "last_seen": last,
    })
}

impl Kind for Events {
    const DOC: KindDoc = KindDoc {
        name: "kube.events",
        summary: "Reads events of the cluster, oldest first.",
        rule: "at least one",
        rule_proves: true,
        runs: Runs::Cluster,
        lock: None,
        selection: Some("items"),
        witness: Witness::Required,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "items", sort: Sort::Plain, doc: "The events, by when they were seen last." },
            Field { path: "items[].type", sort: Sort::Plain, doc: "`Normal` or `Warning`." },
            Field { path: "items[].reason", sort: Sort::Plain, doc: "The reason, in one word." },
            Field { path: "items[].text", sort: Sort::Plain, doc: "What happened." },
            Field { path: "items[].object", sort: Sort::Plain, doc: "To whom: `kind`, `namespace`, `name`, `uid`." },
            Field { path: "items[].count", sort: Sort::Plain, doc: "How often." },
            Field { path: "items[].first_seen", sort: Sort::Time, doc: "When first." },
            Field { path: "items[].last_seen", sort: Sort::Time, doc: "When last." },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, called("Event", self.namespace.as_deref(), None), "list")]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let cluster = Cluster::of(cx).await?;
        let resource = cluster.kind("Event.events.k8s.io", cx.deadline).await?;
        let namespace = listed(&resource, self.namespace.as_deref())?;
        let all =
            cluster.list(&resource, namespace.as_deref(), &std::collections::BTreeMap::new(), cx.deadline).await?;
        let since = self.since.map(|since| since.seen_from(cx.now()));
        let mut events: Vec<Json> = all.items.iter().map(read).filter(|event| self.fits(event, since)).collect();
        events.sort_by_key(|event| event["last_seen"].as_str().and_then(|at| at.parse::<Timestamp>().ok()));
        Ok(json!({ "items": events }).into())
    }

    fn rule(&self, seen: &Json, asked: Asked) -> Ruling {
        one_at_least(seen, "such event", asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_an_event_are_read() {
        let old = json!({
            "metadata": { "creationTimestamp": "2026-03-01T12:00:00Z" }, "type": "Warning", "reason": "BackOff", "note": "again",
            "regarding": { "kind": "Pod", "namespace": "a", "name": "x" }, "eventTime": null,
            "deprecatedCount": 7, "deprecatedFirstTimestamp": "2026-03-01T12:00:00Z", "deprecatedLastTimestamp": "2026-03-01T12:30:00Z",
        });
        let new = json!({
            "metadata": {}, "type": "Normal", "reason": "Pulled", "note": "", "regarding": { "kind": "Pod" },
            "eventTime": "2026-03-01T13:00:00.5Z", "series": { "count": 3, "lastObservedTime": "2026-03-01T13:10:00Z" },
        });
        assert_eq!((&read(&old)["count"], &read(&old)["last_seen"]), (&json!(7), &json!("2026-03-01T12:30:00Z")));
        assert_eq!((&read(&new)["count"], &read(&new)["last_seen"]), (&json!(3), &json!("2026-03-01T13:10:00Z")));
        let wanted = Events {
            namespace: None,
            kind: Some("Pod".into()),
            name: Some("x".into()),
            sort: Some("Warning".into()),
            reason: None,
            since: None,
        };
        assert!(wanted.fits(&read(&old), Some("2026-03-01T12:30:00Z".parse().unwrap())));
        assert!(!wanted.fits(&read(&old), Some("2026-03-01T12:30:01Z".parse().unwrap())));
        assert!(!wanted.fits(&read(&new), None));
    }
}
