//! `kube.patch`: changes fields of an object, and gives them their former values when the run has ended.

use std::sync::Arc;

use checkrun_model::{
    Asked, Broken, Cx, Effect, Intent, IntentId, Kind, KindDoc, LoadCx, Node, Observation, Place, Repeats, Ruling,
    Runs, SpecError, Touch, Undone, Witness,
};
use http::Method;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::ask::{Answer, Ask};
use super::cluster::Cluster;
use super::former::{drifted, inverse, made, tightened};
use super::get::OBJECT;
use super::object::{MANAGER, bare, name, uid};
use super::place::{Spot, called, find, touch};
use super::reading::{read, seen, there};
use super::undo::Identity;
use super::watch;

/// How often the object may have changed between reading and patching it.
const TRIES: usize = 5;

/// Changes fields of one object by a merge patch (RFC 7386).
///
/// The former values of exactly these fields are kept in the journal and given back when the last check that
/// needs this one has ended, unless `keep: true`. A field that somebody else has changed meanwhile is left
/// alone, and said. Fields that the cluster does not know are refused. A Secret is not patched: its former
/// values would stand in the journal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// `Kind`, or `Kind.group` where several groups serve it.
    pub kind: String,
    /// Its namespace; left out for what lives outside of namespaces.
    #[serde(default)]
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The fields to set; `null` takes one away.
    pub merge: Json,
}

const EXAMPLE: &str = r#"- id: suspended
  title: The reconciler can be suspended
  cluster: apps
  kube.patch: { kind: HelmRelease, namespace: kafka, name: strimzi, merge: { spec: { suspend: true } } }
  locks: { kafka: alone }
  expect:
    - spec.suspend
"#;

/// What is needed to take a patch back.
#[derive(Debug, Serialize, Deserialize)]
struct Patched {
    #[serde(flatten)]
    object: Identity,
    /// What was set.
    merge: Json,
    /// What gives the fields their former values.
    former: Json,
    /// The mappings that were made, as JSON pointers.
    made: Vec<String>,
}

impl Patch {
    fn called(&self) -> String {
        called(&self.kind, self.namespace.as_deref(), Some(&self.name))
    }

    /// Reads, announces, patches: again if the object has changed in between, since then nothing was patched.
    async fn patch(&self, cx: &Cx, cluster: &Cluster, spot: &Spot) -> Result<Option<Json>, Broken> {
        for _ in 0..TRIES {
            let Some(before) = cluster.read(spot, cx.deadline).await? else {
                return Ok(None);
            };
            let (announced, identity) = self.announce(cx, cluster, spot, &before).await?;
            let mut patch = self.merge.clone();
            patch["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
            let answer = cluster.ask(&merge(&spot.path(), &patch), cx.deadline).await?;
            // Whatever came of it: what others read from now on must not be older.
            cx.shared.effect_ended();
            if answer.status < 400 {
                cx.ledger.made(announced, identity).await?;
                return answer.granted().map(bare).map(Some);
            }
            refused(cx, announced, &answer).await?;
        }
        Err(Broken::transient(format!("{} changes faster than it can be patched", spot.called())))
    }

    async fn announce(
        &self,
        cx: &Cx,
        cluster: &Cluster,
        spot: &Spot,
        before: &Json,
    ) -> Result<(IntentId, Json), Broken> {
        cluster.may_change(&format!("a patch of {}", spot.called()))?;
        let mut object = Identity::of(spot);
        object.uid = uid(before).to_owned();
        let (former, made) = (inverse(&self.merge, before), made(&self.merge, before));
        let identity = json!(Patched { object, merge: self.merge.clone(), former, made });
        let intent = Intent {
            kind: Patch::DOC.name.into(),
            cluster: Some(cluster.name.clone()),
            endpoint: None,
            object: spot.called(),
            identity: identity.clone(),
            undo: true,
        };
        Ok((cx.ledger.intend(&cx.check, intent).await?, identity))
    }
}

/// Takes the announcement back where nothing was patched. Ok: it may be tried again.
async fn refused(cx: &Cx, announced: IntentId, answer: &Answer) -> Result<(), Broken> {
    let refusal = answer.refusal();
    if !refusal.transient {
        cx.ledger.void(announced).await?;
    }
    if answer.status == 409 { Ok(()) } else { Err(refusal) }
}

fn merge(path: &str, patch: &Json) -> Ask {
    let path = format!("{path}?fieldManager={MANAGER}&fieldValidation=Strict");
    Ask::change(Method::PATCH, path, "application/merge-patch+json", patch)
}

impl Kind for Patch {
    const DOC: KindDoc = KindDoc {
        name: "kube.patch",
        summary: "Changes fields of one object, and gives them their former values at the end.",
        rule: "it exists; accepted, with strict field validation",
        rule_proves: true,
        runs: Runs::Cluster,
        lock: None,
        selection: None,
        witness: Witness::NoAbsence,
        readiness: true,
        worst: Effect::Disrupt,
        may_say_read: false,
        grafts: &[],
        observation: OBJECT,
        open: true,
        example: EXAMPLE,
        effect_keys: &["merge"],
        bounds: &[],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        let at = |key: &str| node.get(key).unwrap_or(node).span;
        let mut errors = Vec::new();
        if self.merge.as_object().is_none_or(serde_json::Map::is_empty) {
            errors.push(SpecError::new(
                "args::value",
                at("merge"),
                "`merge` sets no field",
                "a mapping of fields is wanted",
            ));
        }
        if self.kind.split('.').next() == Some("Secret") {
            let error = SpecError::new(
                "patch::secret",
                at("kind"),
                "a Secret is not patched",
                "its values would stand in the journal",
            );
            errors.push(error.help("make one of your own with `kube.apply`"));
        }
        errors
    }

    /// To stop a reconciler, or pods, hurts what is not the run's own.
    fn effect(&self) -> Effect {
        let spec = &self.merge["spec"];
        match ["suspend", "paused", "replicas"].iter().any(|key| spec.get(key).is_some()) {
            true => Effect::Disrupt,
            false => Effect::Write,
        }
    }

    fn repeats(&self) -> Repeats {
        Repeats::Reread
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![touch(place, self.called(), "patch")]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let (cluster, spot) = find(cx, &self.kind, self.namespace.as_deref(), &self.name).await?;
        Ok(seen(self.patch(cx, &cluster, &spot).await?, None))
    }

    async fn reread(&self, cx: &Cx, last: &Observation) -> Result<Observation, Broken> {
        if name(&last.value).is_empty() {
            // It was not there, so nothing was patched: that it comes later proves nothing.
            return Ok(last.clone());
        }
        let (cluster, spot): (Arc<Cluster>, Spot) = find(cx, &self.kind, self.namespace.as_deref(), &self.name).await?;
        let (object, note) = read(cx, &cluster, &spot).await?;
        match object {
            Some(object) if uid(&object) == uid(&last.value) => Ok(seen(Some(object), note)),
            _ => Err(Broken::fatal(format!("{} was patched, and is gone", spot.called()))),
        }
    }

    async fn changed(&self, cx: &Cx) {
        watch::changed(cx).await;
    }

    fn rule(&self, seen: &Json, asked: Asked) -> Ruling {
        there(seen, &self.called(), asked)
    }

    async fn undo(identity: &Json, cx: &Cx) -> Result<Undone, Broken> {
        let patched: Patched = Identity::read(identity)?;
        let cluster = Cluster::of(cx).await?;
        let now = match patched.object.found(&cluster, cx).await? {
            Ok(object) => object,
            Err(undone) => return Ok(undone),
        };
        if drifted(&patched.former, &now).is_empty() {
            return Ok(Undone::Done);
        }
        let drifted = drifted(&patched.merge, &now);
        if !drifted.is_empty() {
            let why = format!("{}: changed by somebody else since: {}", patched.object.object, drifted.join(", "));
            return Ok(Undone::NotOurs(why));
        }
        let mut back = tightened(patched.former, &patched.made, &patched.merge, &now);
        back["metadata"]["resourceVersion"] = now["metadata"]["resourceVersion"].clone();
        cluster.ask(&merge(&patched.object.path, &back), cx.deadline).await?.granted()?;
        Ok(Undone::Done)
    }
}
