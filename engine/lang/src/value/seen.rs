//! A list or object inside an observation, by reference: the observation is shared, never copied.

use std::borrow::Cow;
use std::sync::Arc;

use checkrun_model::Sort;
use serde_json::Value as Json;
use yoke::Yoke;

use super::{Repr, Text, Track, Unit, Value, convert};

type At = Yoke<&'static Json, Arc<Json>>;

/// A place in a shared observation.
#[derive(Clone)]
pub(crate) struct Seen {
    at: At,
    track: Track,
}

impl Seen {
    pub(crate) fn root(json: Arc<Json>, track: Track) -> Self {
        Self { at: Yoke::attach_to_cart(json, |json| json), track }
    }

    pub(crate) fn json(&self) -> &Json {
        self.at.get()
    }

    pub(crate) fn is_list(&self) -> bool {
        self.json().is_array()
    }

    /// What stands here: a scalar as itself, a list or object by reference.
    pub(crate) fn value(self) -> Value {
        Value(match self.json() {
            Json::Null => Repr::Null,
            Json::Bool(flag) => Repr::Bool(*flag),
            Json::Number(number) => number_of(number, self.track),
            Json::String(text) => match moment(text, self.track) {
                Some(time) => time,
                None => Repr::Text(Text::Seen(self.at.map_project(|json, _| json.as_str().unwrap_or_default()))),
            },
            Json::Array(_) | Json::Object(_) => Repr::Seen(self),
        })
    }

    fn part(&self, track: Track, find: impl for<'a> FnOnce(&'a Json) -> Option<&'a Json>) -> Option<Value> {
        let at = self.at.try_map_project_cloned(|json, _| find(json).ok_or(())).ok()?;
        Some(Self { at, track }.value())
    }

    pub(crate) fn count(&self) -> usize {
        match self.json() {
            Json::Array(items) => items.len(),
            Json::Object(map) => map.len(),
            _ => 0,
        }
    }

    pub(crate) fn item(&self, at: usize) -> Option<Value> {
        self.part(self.track.item(), |json| json.as_array()?.get(at))
    }

    pub(crate) fn items(&self) -> Option<Vec<Value>> {
        let count = self.json().as_array()?.len();
        let track = self.track.item();
        Some((0..count).filter_map(|at| self.part(track, |json| json.as_array()?.get(at))).collect())
    }

    pub(crate) fn entry(&self, key: &str) -> Option<Value> {
        self.part(self.track.key(key), |json| json.as_object()?.get(key))
    }

    pub(crate) fn keys(&self) -> Option<Vec<Cow<'_, str>>> {
        Some(self.json().as_object()?.keys().map(|key| Cow::Borrowed(key.as_str())).collect())
    }

    /// See [`Value::walk`].
    pub(crate) fn walk(&self, keys: &[Arc<str>]) -> Result<Value, (usize, Value)> {
        let mut found = 0;
        let there = self.part(self.tracked(keys), |json| {
            keys.iter().try_fold(json, |at, key| {
                let next = at.as_object()?.get(key.as_ref())?;
                found += 1;
                Some(next)
            })
        });
        there.ok_or_else(|| {
            let base = self.walk(&keys[..found]).unwrap_or(Value::NULL);
            (found, base)
        })
    }

    fn tracked(&self, keys: &[Arc<str>]) -> Track {
        keys.iter().fold(self.track, |track, key| track.key(key))
    }
}

fn number_of(number: &serde_json::Number, track: Track) -> Repr {
    match Unit::of(track.sort()) {
        Some(unit) => Repr::Quantity(unit, number.as_f64().unwrap_or(f64::NAN)),
        None => convert::number(number).0,
    }
}

fn moment(text: &str, track: Track) -> Option<Repr> {
    (track.sort() == Sort::Time).then(|| text.parse().ok().map(Repr::Time)).flatten()
}
