//! `kube.apply`: makes objects, each only if there is none of its name.

use std::sync::Arc;

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Intent, Kind, KindDoc, LoadCx, Node, Observation, Place, Repeats, Ruling, Runs,
    Sort, SpecError, Touch, Undone, Witness,
};
use http::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::ask::Ask;
use super::cluster::Cluster;
use super::manifest;
use super::object::{self, MANAGER, bare, mark, marked_by, name, uid};
use super::place::{Spot, called, touch};
use super::reading::read;
use super::undo::{Identity, unmake};
use super::watch;

/// Makes objects of Kubernetes that the run takes away again.
///
/// Each is made only if there is none of its name; what exists and was not made by this run is never taken
/// over. It carries the label `checkrun.io/run` with the id of the run and the field manager `checkrun`.
/// Fields that the cluster does not know are refused. Under `within` it is read again, never written again.
/// What was made is deleted by its UID when the last check that needs it has ended, unless `keep: true`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Apply {
    /// An object, a list of objects, or a `.yaml` file of the suite, rendered with `vars`.
    /// `apiVersion` may be a bare group: then the served, preferred version is taken.
    pub manifest: Json,
    /// The namespace of objects that name none.
    #[serde(default)]
    pub namespace: Option<String>,
}

const EXAMPLE: &str = r#"- id: marker
  title: A config map can be made
  cluster: apps
  kube.apply:
    manifest:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: "checkrun-{{ run.id }}", namespace: default }
      data: { made-by: checkrun }
  expect:
    - data["made-by"] == "checkrun"
"#;

impl Apply {
    /// Where `object` is to be.
    async fn spot(&self, cluster: &Cluster, object: &Json, cx: &Cx) -> Result<Spot, Broken> {
        let text = |key: &str| object[key].as_str().unwrap_or_default();
        let resource = cluster.version(text("apiVersion"), text("kind"), cx.deadline).await?;
        let own = object["metadata"]["namespace"].as_str();
        let namespace = own.or(self.namespace.as_deref().filter(|_| resource.namespaced));
        Spot::new(resource, namespace, name(object))
    }

    async fn spots(&self, cluster: &Cluster, cx: &Cx) -> Result<Vec<Spot>, Broken> {
        let mut spots = Vec::new();
        for object in manifest::objects(&self.manifest) {
            spots.push(self.spot(cluster, object, cx).await?);
        }
        Ok(spots)
    }

    fn observation(&self, mut objects: Vec<Json>, notes: Vec<String>) -> Observation {
        let single = !self.manifest.is_array();
        let value = match objects.pop() {
            Some(only) if single => only,
            last => {
                objects.extend(last);
                json!({ "items": objects })
            }
        };
        object::observation(value, notes)
    }
}

/// Makes the object at `spot`, announced before.
async fn make(cx: &Cx, cluster: &Cluster, spot: &Spot, written: &Json) -> Result<Json, Broken> {
    cluster.may_change(&format!("making {}", spot.called()))?;
    let mut object = written.clone();
    object["apiVersion"] = spot.resource.api_version().into();
    if let Some(namespace) = &spot.namespace {
        object["metadata"]["namespace"] = namespace.as_str().into();
    }
    mark(&mut object, &cx.run.id);
    let mut identity = Identity::of(spot);
    let intent = Intent {
        kind: Apply::DOC.name.into(),
        cluster: Some(cluster.name.clone()),
        endpoint: None,
        object: spot.called(),
        identity: identity.json(),
        undo: true,
    };
    let announced = cx.ledger.intend(&cx.check, intent).await?;
    let path =
        format!("{}?fieldManager={MANAGER}&fieldValidation=Strict", spot.resource.list_path(spot.namespace.as_deref()));
    let answer = cluster.ask(&Ask::change(Method::POST, path, "application/json", &object), cx.deadline).await?;
    // Whatever came of it: what others read from now on must not be older.
    cx.shared.effect_ended();
    if answer.status < 400 {
        let made = bare(answer.granted()?);
        identity.uid = uid(&made).to_owned();
        cx.ledger.made(announced, identity.json()).await?;
        return Ok(made);
    }
    let refusal = answer.refusal();
    if !refusal.transient {
        cx.ledger.void(announced).await?;
    }
    if answer.status != 409 {
        return Err(refusal);
    }
    let there = cluster.read(spot, cx.deadline).await?;
    Err(taken(spot, there.as_ref(), &cx.run.id, refusal))
}

/// Why an object is not made although its manifest is right.
fn taken(spot: &Spot, there: Option<&Json>, run: &str, refusal: Broken) -> Broken {
    let called = spot.called();
    match there.map(marked_by) {
        None => refusal,
        Some(Some(other)) if other == run => Broken::fatal(format!("{called} was already made by this run"))
            .hint("two checks make the same object: let one need the other"),
        Some(Some(other)) => Broken::fatal(format!("{called} exists: run {other} has left it behind"))
            .hint(format!("`checkrun cleanup {other}` takes it away")),
        Some(None) => Broken::fatal(format!("{called} exists, and no run has made it; it is not taken over"))
            .hint("give it a name with `{{ run.id }}`; what exists is changed by `kube.patch`"),
    }
}

impl Kind for Apply {
    const DOC: KindDoc = KindDoc {
        name: "kube.apply",
        summary: "Makes objects of Kubernetes that the run takes away again.",
        rule: "accepted, with strict field validation",
        rule_proves: true,
        runs: Runs::Cluster,
        lock: None,
        selection: None,
        witness: Witness::NoAbsence,
        readiness: true,
        worst: Effect::Write,
        may_say_read: false,
        grafts: &["manifest"],
        observation: &[
            Field {
                path: "items",
                sort: Sort::Plain,
                doc: "With a list, or a file of several documents: the objects, in its order. Else the object itself is the observation.",
            },
            Field { path: "metadata.creationTimestamp", sort: Sort::Time, doc: "When it was made." },
        ],
        open: true,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        node.get("manifest").map(manifest::errors).unwrap_or_default()
    }

    fn effect(&self) -> Effect {
        Effect::Write
    }

    fn repeats(&self) -> Repeats {
        Repeats::Reread
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        let object = |object: &Json| {
            let namespace = object["metadata"]["namespace"].as_str().or(self.namespace.as_deref());
            touch(place, called(object["kind"].as_str().unwrap_or("object"), namespace, Some(name(object))), "create")
        };
        manifest::objects(&self.manifest).iter().map(object).collect()
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let cluster = Cluster::of(cx).await?;
        // All are found before the first is made: half a manifest is of no use.
        let spots = self.spots(&cluster, cx).await?;
        let mut made = Vec::new();
        for (spot, object) in spots.iter().zip(manifest::objects(&self.manifest)) {
            made.push(make(cx, &cluster, spot, object).await?);
        }
        Ok(self.observation(made, Vec::new()))
    }

    async fn reread(&self, cx: &Cx, last: &Observation) -> Result<Observation, Broken> {
        let cluster: Arc<Cluster> = Cluster::of(cx).await?;
        let before = last.value["items"].as_array().map_or(std::slice::from_ref(&last.value), Vec::as_slice);
        let (mut objects, mut notes) = (Vec::new(), Vec::new());
        for (spot, before) in self.spots(&cluster, cx).await?.iter().zip(before) {
            let (object, note) = read(cx, &cluster, spot).await?;
            let object = object.ok_or_else(|| Broken::fatal(format!("{} was made, and is gone", spot.called())))?;
            if uid(&object) != uid(before) {
                return Err(Broken::fatal(format!("{} was made, and another has taken its place", spot.called())));
            }
            objects.push(object);
            notes.extend(note);
        }
        Ok(self.observation(objects, notes))
    }

    async fn changed(&self, cx: &Cx) {
        watch::changed(cx).await;
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        let objects = seen["items"].as_array().map_or(std::slice::from_ref(seen), Vec::as_slice);
        match objects.is_empty() || objects.iter().any(|object| name(object).is_empty()) {
            true => Ruling::NotYet("not every object was accepted".into()),
            false => Ruling::Met,
        }
    }

    async fn undo(identity: &Json, cx: &Cx) -> Result<Undone, Broken> {
        unmake(identity, cx).await
    }
}
