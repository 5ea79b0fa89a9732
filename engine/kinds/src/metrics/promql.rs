//! `promql`: one instant query. Knows the protocol's answer by [`super::answer`] and nothing of the store behind it.

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, LockMode, Node, Observation, Place, Ruling, Runs, Sort,
    SpecError, Touch, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::answer;
use super::ask::{Question, ask, touch};
use super::selection::{needs_a_query, one_at_least};
use crate::moment::Moment;

/// The most that an answer may weigh.
const MOST_BYTES: usize = 16 << 20;

/// Asks a Prometheus-compatible endpoint (Prometheus, VictoriaMetrics, Thanos, Mimir) one instant query.
///
/// The answer must be whole: one that says of itself that it is partial is no observation. A series whose
/// value is NaN or infinite does not meet the kind's own rule; nor does an empty answer, unless `none` is expected.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Promql {
    /// The query, in PromQL or what the endpoint adds to it.
    pub query: String,
    /// The moment that the query is evaluated for: a time, or how long ago (`5m`). Default: now.
    #[serde(default)]
    pub(crate) time: Option<Moment>,
}

const EXAMPLE: &str = r#"- id: targets-up
  title: Every scrape target of the cluster answers
  promql: { query: 'up{cluster="apps"}' }
  expect:
    - series.all(|s| s.value == 1)
  within: 2m
"#;

impl Kind for Promql {
    const DOC: KindDoc = KindDoc {
        name: "promql",
        summary: "Asks a Prometheus-compatible endpoint one instant query.",
        rule: "at least one series, finite values, whole answer",
        rule_proves: false,
        runs: Runs::Endpoint("promql"),
        lock: Some(LockMode::Shared),
        selection: Some("series"),
        witness: Witness::Required,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "series", sort: Sort::Plain, doc: "What the query gave, in the order of the answer." },
            Field { path: "series[].labels", sort: Sort::Plain, doc: "Labels by name; empty for a scalar." },
            Field {
                path: "series[].value",
                sort: Sort::Plain,
                doc: "The number; text (`NaN`, `+Inf`) where it is none.",
            },
            Field { path: "series[].at", sort: Sort::Time, doc: "The moment of the value." },
            Field {
                path: "value",
                sort: Sort::Plain,
                doc: "The value of the only series; absent if there is none or several.",
            },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        needs_a_query(&self.query, node)
    }

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch("promql", place, &self.query)]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let mut form = vec![("query", self.query.clone()), ("nocache", "1".into())];
        if let Some(time) = self.time {
            form.push(("time", time.seen_from(cx.now()).to_string()));
        }
        let reply = ask(cx, Question { family: "promql", path: "api/v1/query", form, most: MOST_BYTES }).await?;
        answer::observation(reply.status, &reply.body)
    }

    fn rule(&self, seen: &Json, asked: Asked) -> Ruling {
        let series = seen.get("series").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        match series.iter().find(|series| !series["value"].is_number()) {
            Some(odd) => {
                Ruling::NotYet(format!("the value of {} is {}, not a finite number", odd["labels"], odd["value"]))
            }
            None => one_at_least("series", series.len(), asked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ruling(seen: Json, asked: Asked) -> Ruling {
        Promql { query: "up".into(), time: None }.rule(&seen, asked)
    }

    #[test]
    fn no_series_is_not_yet_unless_none_is_wanted() {
        let empty = json!({ "series": [] });
        assert!(matches!(ruling(empty.clone(), Asked::default()), Ruling::NotYet(_)));
        assert_eq!(ruling(empty.clone(), Asked { none: true, allow_empty: false }), Ruling::Met);
        assert_eq!(ruling(empty, Asked { none: false, allow_empty: true }), Ruling::Met);
    }

    #[test]
    fn a_value_that_is_no_number_is_not_yet() {
        let nan = json!({ "series": [{ "labels": { "a": "b" }, "value": "NaN" }], "value": "NaN" });
        let Ruling::NotYet(why) = ruling(nan, Asked::default()) else { panic!("NaN met the rule") };
        assert_eq!(why, r#"the value of {"a":"b"} is "NaN", not a finite number"#);
        let fine = json!({ "series": [{ "labels": {}, "value": 0 }], "value": 0 });
        assert_eq!(ruling(fine, Asked::default()), Ruling::Met);
    }
}
