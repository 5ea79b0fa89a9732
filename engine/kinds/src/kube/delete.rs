//! `kube.delete`: deletes one object, that one and no other of its name.

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Intent, Kind, KindDoc, Observation, Place, Repeats, Ruling, Runs, Sort, Touch,
    Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::cluster::Cluster;
use super::object::{self, bare, held_by, name, uid};
use super::place::{Spot, called, find, touch};
use super::reading::read;
use super::undo::{Identity, deletion};
use super::watch;

/// Deletes one object and sees that it is gone.
///
/// What is deleted is the object that has the name at that moment, by its UID: one that takes its place is
/// another. The observation is the object as it was, and `gone`. Deleting takes time, so write `within`. A pod
/// that is deleted disrupts; anything else may lose data. Nothing is undone.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delete {
    /// `Kind`, or `Kind.group` where several groups serve it.
    pub kind: String,
    /// Its namespace; left out for what lives outside of namespaces.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Seconds that a pod has to end by itself. Default: what the pod says. 0 kills it.
    #[serde(default)]
    pub grace: Option<u32>,
}

const EXAMPLE: &str = r#"- id: gone
  title: A broker is killed
  cluster: apps
  kube.delete: { kind: Pod, namespace: kafka, name: kafka-cluster-pool-0 }
  locks: { kafka: alone }
  within: 2m
"#;

impl Delete {
    fn called(&self) -> String {
        called(&self.kind, self.namespace.as_deref(), Some(&self.name))
    }

    /// Deletes `object`, announced before; whether it was there to be deleted.
    async fn delete(&self, cx: &Cx, cluster: &Cluster, spot: &Spot, object: &Json) -> Result<(), Broken> {
        cluster.may_change(&format!("deleting {}", spot.called()))?;
        let mut identity = Identity::of(spot);
        identity.uid = uid(object).to_owned();
        let intent = Intent {
            kind: Delete::DOC.name.into(),
            cluster: Some(cluster.name.clone()),
            endpoint: None,
            object: spot.called(),
            identity: identity.json(),
            undo: false,
        };
        let announced = cx.ledger.intend(&cx.check, intent).await?;
        let ask = deletion(&identity.path, &identity.uid, self.grace.map(u64::from));
        let answer = cluster.ask(&ask, cx.deadline).await?;
        // Whatever came of it: what others read from now on must not be older.
        cx.shared.effect_ended();
        if answer.status >= 400 {
            let refusal = answer.refusal();
            if !refusal.transient {
                cx.ledger.void(announced).await?;
            }
            return Err(refusal);
        }
        cx.ledger.made(announced, identity.json()).await
    }
}

/// The object as it was, and what became of it.
fn observation(before: &Json, now: Option<&Json>, notes: Vec<String>) -> Observation {
    let mut value = before.clone();
    let still = now.filter(|now| uid(now) == uid(before));
    value["gone"] = still.is_none().into();
    match still {
        Some(object) => value["held"] = held_by(object).into(),
        None => drop(value.as_object_mut().and_then(|value| value.shift_remove("held"))),
    }
    object::observation(value, notes)
}

impl Kind for Delete {
    const DOC: KindDoc = KindDoc {
        name: "kube.delete",
        summary: "Deletes one object and sees that it is gone.",
        rule: "that UID was there and is gone",
        rule_proves: true,
        runs: Runs::Cluster,
        lock: None,
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Destroy,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "gone", sort: Sort::Plain, doc: "Whether it is gone." },
            Field { path: "held", sort: Sort::Plain, doc: "Why it is still there, if it is." },
            Field { path: "metadata", sort: Sort::Plain, doc: "Of the deleted object: name, `uid`, …" },
            Field { path: "spec", sort: Sort::Plain, doc: "Of the deleted object." },
            Field { path: "status", sort: Sort::Plain, doc: "Of the deleted object, before it was deleted." },
        ],
        open: true,
        example: EXAMPLE,
        effect_keys: &["kind"],
        bounds: &[],
        timeout: None,
    };

    fn effect(&self) -> Effect {
        if matches!(self.kind.as_str(), "Pod" | "Pod.core") { Effect::Disrupt } else { Effect::Destroy }
    }

    fn repeats(&self) -> Repeats {
        Repeats::Reread
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, self.called(), "delete")]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let (cluster, spot) = find(cx, &self.kind, self.namespace.as_deref(), &self.name).await?;
        let Some(before) = cluster.read(&spot, cx.deadline).await?.map(bare) else {
            return Ok(json!({}).into());
        };
        self.delete(cx, &cluster, &spot, &before).await?;
        let now = cluster.read(&spot, cx.deadline).await?;
        Ok(observation(&before, now.as_ref(), Vec::new()))
    }

    async fn reread(&self, cx: &Cx, last: &Observation) -> Result<Observation, Broken> {
        if name(&last.value).is_empty() || last.value["gone"] == true {
            // Nothing was deleted, or it is gone for good: a UID never comes back.
            return Ok(last.clone());
        }
        let (cluster, spot) = find(cx, &self.kind, self.namespace.as_deref(), &self.name).await?;
        let (now, note) = read(cx, &cluster, &spot).await?;
        Ok(observation(&last.value, now.as_ref(), note.into_iter().collect()))
    }

    async fn changed(&self, cx: &Cx) {
        watch::changed(cx).await;
    }

    fn rule(&self, seen: &Json, asked: Asked) -> Ruling {
        match (name(seen).is_empty(), seen["gone"].as_bool()) {
            (true, _) if asked.allow_empty => Ruling::Met,
            (true, _) => Ruling::Final(format!("{} does not exist, so it cannot be deleted", self.called())),
            (false, Some(true)) => Ruling::Met,
            (false, _) => Ruling::NotYet(format!(
                "{} is still there: {}",
                self.called(),
                seen["held"].as_str().unwrap_or("no reason known")
            )),
        }
    }
}
