//! Makes a check ready: arguments and endpoint filled in, decoded again, permitted.

use std::sync::Arc;

use checkrun_lang::Scope;
use checkrun_model::{Cx, Effect, Intent, LoadCx, Place, Prepared};
use checkrun_spec::plan::{Act, CheckBody, NodeIx};

use crate::room::Room;
use crate::trouble::Trouble;

/// An act with all its values.
pub struct Ready {
    /// The decoded kind.
    pub kind: Arc<dyn Prepared>,
    /// Where it runs.
    pub place: Place,
    /// Its arguments as JSON, where they were filled in just now.
    pub args: serde_json::Value,
}

/// A check that may look.
pub struct Preparation {
    /// What it does.
    pub act: Option<Ready>,
    /// The witness of an absence.
    pub witness: Option<Ready>,
    /// What it may do to the world.
    pub effect: Effect,
    /// Why it may not.
    pub refused: Option<String>,
}

/// Fills in and decodes everything that the check will use, its clean-up too: one who cannot clean up does not begin.
pub async fn check(room: &Room, ix: NodeIx, body: &CheckBody, scope: &Scope, cx: &Cx) -> Result<Preparation, Trouble> {
    let act = match &body.act {
        Some(act) => Some(ready(room, act, scope, cx).await?),
        None => None,
    };
    let own = body.act.as_ref().is_some_and(|act| act.own);
    let known = act.as_ref().map_or(Effect::Read, |ready| {
        let own = own && has_id_in_name(&ready.args, &room.facts.id);
        on_its_own(own, ready.kind.effect())
    });
    let effect = body.effect.unwrap_or(known);
    if let Some(why) = refusal(room, effect, body.allowed, act.as_ref()) {
        return Ok(Preparation { act: None, witness: None, effect, refused: Some(why) });
    }
    let witness = match &body.witness {
        Some(witness) => Some(ready(room, witness, scope, cx).await?),
        None => None,
    };
    let mut entries = Vec::with_capacity(body.cleanup.len());
    for entry in &body.cleanup {
        let ready = ready(room, entry, scope, cx).await?;
        let effect = on_its_own(entry.own, ready.kind.effect());
        if let Some(why) = refusal(room, effect, entry.allowed, Some(&ready)) {
            let refused = Some(format!("its clean-up is {why}"));
            return Ok(Preparation { act: None, witness: None, effect, refused });
        }
        entries.push(cleanup_intent(entry, ready));
    }
    for entry in entries {
        crate::ledger::announce(room.owner(), ix, entry).await?;
    }
    Ok(Preparation { act, witness, effect, refused: None })
}

/// The effect on what may be the run's own: to take that away is no more than writing.
fn on_its_own(own: bool, effect: Effect) -> Effect {
    if own { effect.min(Effect::Write) } else { effect }
}

/// Whether a name that reads the run's id also has it: only that shows that the object is nobody else's.
fn has_id_in_name(args: &serde_json::Value, run: &str) -> bool {
    args["name"].as_str().is_some_and(|name| name.contains(run))
}

fn refusal(room: &Room, effect: Effect, allowed: Effect, act: Option<&Ready>) -> Option<String> {
    let place = || {
        let place = act.map(|ready| &ready.place);
        let cluster = place.and_then(|place| place.cluster.as_ref()).map(|cluster| format!("cluster {}", cluster.name));
        let endpoint = || place.and_then(|place| place.endpoint.as_ref()).map(|one| format!("endpoint {}", one.name));
        cluster.or_else(endpoint).unwrap_or_else(|| "this machine".into())
    };
    if room.facts.read_only && effect > Effect::Read {
        return Some(format!("not allowed: its effect is {}, and the run is read-only", effect.word()));
    }
    (effect > allowed).then(|| {
        format!(
            "not allowed: with its values its effect is {}, and {} allows {}",
            effect.word(),
            place(),
            allowed.word()
        )
    })
}

/// Fills in and decodes one act.
pub async fn ready(room: &Room, act: &Act, scope: &Scope, cx: &Cx) -> Result<Ready, Trouble> {
    let mut cx = cx.clone();
    cx.place.cluster.clone_from(&act.cluster);
    let endpoint = match &act.endpoint {
        Some(endpoint) => Some(room.endpoints.filled(room, endpoint, scope, &cx).await?),
        None => None,
    };
    let place = Place { cluster: act.cluster.clone(), endpoint };
    if let Some(kind) = &act.prepared {
        return Ok(Ready { kind: Arc::clone(kind), place, args: serde_json::Value::Null });
    }
    let mut scope = scope.clone();
    for secret in &act.secrets {
        let value = room.secrets.get(secret, &cx).await?;
        scope.set_secret(secret.clone(), value);
    }
    let node = act.args.render(&scope)?;
    let kind = (act.kind.parse)(&node, &LoadCx { files: &*act.files })?;
    Ok(Ready { kind, place, args: node.to_json() })
}

/// A `cleanup:` entry in the journal, so that it is run also after the run was killed.
fn cleanup_intent(entry: &Act, ready: Ready) -> Intent {
    let args = if entry.prepared.is_some() { entry.args.deferred().to_json() } else { ready.args };
    Intent {
        kind: format!("{}{}", super::cleanup::PREFIX, entry.kind.doc.name),
        cluster: ready.place.cluster.map(|cluster| cluster.name.clone()),
        endpoint: ready.place.endpoint.map(|endpoint| endpoint.name.clone()),
        object: format!("clean-up by {}", entry.kind.doc.name),
        identity: args,
        undo: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_has_the_id_is_the_runs_own() {
        let named = |name: &str| has_id_in_name(&serde_json::json!({ "name": name, "other": "a1b2c3d4" }), "a1b2c3d4");
        assert!(named("topic-a1b2c3d4") && !named("prod") && !named(""));
    }
}
