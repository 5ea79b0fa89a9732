//! One act of a behaviour: its function is called, what it gives back is done.

use checkrun_lang::Value;
use serde_json::Value as Json;

use super::agenda::{Acting, name};
use super::kinds::at;
use super::play::Play;
use super::view;
use crate::file::deed::Deed;

impl Play {
    /// Lets a behaviour act, unless there is nothing for it to do.
    pub(super) fn act(&mut self, acting: &Acting) {
        let behaviour = self.world.behaviours[acting.behaviour].clone();
        if self.stopped.contains(&behaviour.name) {
            return;
        }
        let Some(it) = self.object(acting) else { return };
        let path = behaviour.on.as_ref().and_then(|on| on.changed.as_deref());
        if let Some(path) = path {
            let uid = it["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
            let now = at(&it, path).clone();
            let before = self.known.insert((acting.behaviour, uid), now.clone());
            if now.is_null() || before.as_ref() == Some(&now) {
                return;
            }
        }
        self.count += 1;
        let told = view::Told { faults: &self.faults, now: self.moment, count: self.count };
        let world = view::world(&self.stage, &behaviour, &acting.cluster, &it, &told);
        let given = behaviour.hook.call(&behaviour.function, &[Value::from_json(&it), world]);
        let told = |why: &str| format!("the behaviour `{}`: {why}", behaviour.name);
        match given.map(|given| given.to_json()) {
            Err(why) => self.troubles.note(told(&why.message)),
            Ok(Json::Array(deeds)) => {
                for deed in deeds {
                    let done = serde_json::from_value::<Deed>(deed).map_err(|why| format!("no deed: {why}"));
                    let done = done.and_then(|deed| self.perform(&deed, Some(&acting.cluster)));
                    if let Err(why) = done {
                        self.troubles.note(told(&why));
                    }
                }
            }
            Ok(other) => {
                self.troubles.note(told(&format!("`{}` gives {other}, not a list of deeds", behaviour.function)))
            }
        }
    }

    /// The object of an act: null where the behaviour cares for none; none where it is not there any more.
    fn object(&mut self, acting: &Acting) -> Option<Json> {
        let Some(key) = &acting.object else { return Some(Json::Null) };
        if let Some(gone) = self.gone.remove(acting) {
            return Some((*gone).clone());
        }
        self.stage.clusters.get(&acting.cluster)?.get(&name(key))
    }
}
