//! A kind that does what its test says, and keeps book of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Intent, Kind, KindDoc, KindEntry, LockMode, Observation, Place, Repeats, Ruling,
    Runs, Sort, Touch, Undone, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// What one look does.
pub enum Does {
    Returns(Json),
    Breaks(Broken),
    /// Takes so long, then returns that it is fine.
    Takes(Duration),
    /// Holds its thread for so long.
    Blocks(Duration),
    /// Works on a thread of its own and does not heed its deadline.
    Hangs(Duration),
    /// Never ends, but can be dropped.
    Pends,
    Panics,
    /// Announces an effect, makes it, and returns that it is fine.
    Makes(&'static str),
    /// Returns that it is fine once the gate is opened.
    AtGate,
    /// Returns that it is not fine yet once the gate is opened.
    AtGateUnmet,
    /// Announces and makes an effect once the gate is opened.
    AtGateMakes(&'static str),
    /// Announces and makes an effect, then breaks.
    MakesAndBreaks(&'static str),
    /// Announces an effect and never comes back.
    MakesAndPends(&'static str),
}

/// Fine by the probe's own rule.
pub fn fine() -> Does {
    Does::Returns(json!({"ok": true}))
}

/// Not fine yet.
pub fn not_yet() -> Does {
    Does::Returns(json!({"ok": false}))
}

type Script = dyn Fn(&str, usize) -> Does + Send + Sync;

/// What a test sees of its probes.
pub struct World {
    script: Box<Script>,
    looks: Mutex<BTreeMap<String, usize>>,
    /// Ids in the order in which they looked.
    pub order: Mutex<Vec<String>>,
    in_flight: AtomicUsize,
    /// The most looks at a time.
    pub most: AtomicUsize,
    /// What there is.
    pub made: Mutex<Vec<String>>,
    /// What was undone, in order.
    pub undone: Mutex<Vec<String>>,
    /// Undoing these fails.
    pub sticky: Mutex<Vec<String>>,
    /// Epochs that looks were given.
    pub epochs: Mutex<Vec<(String, Option<u64>)>>,
    /// Opened by cancelling it.
    pub gate: tokio_util::sync::CancellationToken,
    /// Wakes the waits.
    pub changed: tokio::sync::Notify,
}

static WORLDS: LazyLock<Mutex<HashMap<u64, Arc<World>>>> = LazyLock::new(Mutex::default);
static NEXT: AtomicU64 = AtomicU64::new(0);

impl World {
    /// A world in which look number `n` (from 1) of check `id` does what `script` says; its number goes into the arguments.
    pub fn new(script: impl Fn(&str, usize) -> Does + Send + Sync + 'static) -> (u64, Arc<Self>) {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let world = Arc::new(Self {
            script: Box::new(script),
            looks: Mutex::default(),
            order: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            made: Mutex::default(),
            undone: Mutex::default(),
            sticky: Mutex::default(),
            epochs: Mutex::default(),
            gate: tokio_util::sync::CancellationToken::new(),
            changed: tokio::sync::Notify::new(),
        });
        WORLDS.lock().unwrap().insert(number, Arc::clone(&world));
        (number, world)
    }

    /// How often a check has looked.
    pub fn looks(&self, id: &str) -> usize {
        self.looks.lock().unwrap().get(id).copied().unwrap_or(0)
    }

    fn of(number: u64) -> Arc<Self> {
        Arc::clone(&WORLDS.lock().unwrap()[&number])
    }
}

/// The fake kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    world: u64,
    #[serde(default = "read")]
    effect: Effect,
    #[serde(default)]
    rereads: bool,
    /// Comes back in the observation.
    #[serde(default)]
    says: Option<String>,
    /// Its intents name the endpoint.
    #[serde(default)]
    at_endpoint: bool,
}

fn read() -> Effect {
    Effect::Read
}

/// Its row in the registry.
pub static KINDS: &[KindEntry] = &[KindEntry::of::<Probe>()];

struct InFlight<'w>(&'w World);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Probe {
    async fn make(&self, world: &World, cx: &Cx, name: &str) -> Result<(), Broken> {
        let identity = json!({"world": self.world, "name": name});
        let endpoint = cx.place.endpoint.as_ref().filter(|_| self.at_endpoint).map(|endpoint| endpoint.name.clone());
        let intent = Intent {
            kind: "probe".into(),
            cluster: None,
            endpoint,
            object: name.into(),
            identity: identity.clone(),
            undo: true,
        };
        let id = cx.ledger.intend(&cx.check, intent).await?;
        world.made.lock().unwrap().push(name.into());
        cx.ledger.made(id, identity).await
    }

    async fn act(&self, world: &World, cx: &Cx, does: Does) -> Result<Observation, Broken> {
        let mut value = json!({"ok": true});
        match does {
            Does::Returns(json) => value = json,
            Does::Breaks(broken) => return Err(broken),
            Does::Takes(time) => tokio::time::sleep(time).await,
            Does::Blocks(time) => std::thread::sleep(time),
            Does::Hangs(time) => {
                let cx = cx.clone();
                let work = tokio::task::spawn_blocking(move || {
                    std::thread::sleep(time);
                    drop(cx);
                });
                work.await.unwrap();
            }
            Does::Pends => std::future::pending().await,
            Does::Panics => panic!("as the test asked"),
            Does::Makes(name) => self.make(world, cx, name).await?,
            Does::AtGate => world.gate.cancelled().await,
            Does::AtGateUnmet => {
                world.gate.cancelled().await;
                value = json!({"ok": false});
            }
            Does::AtGateMakes(name) => {
                world.gate.cancelled().await;
                self.make(world, cx, name).await?;
            }
            Does::MakesAndBreaks(name) => {
                self.make(world, cx, name).await?;
                return Err(Broken::fatal("cut half way"));
            }
            Does::MakesAndPends(name) => {
                self.make(world, cx, name).await?;
                std::future::pending().await
            }
        }
        if let (Some(said), Some(map)) = (&self.says, value.as_object_mut()) {
            map.insert("said".into(), said.clone().into());
        }
        Ok(value.into())
    }
}

impl Kind for Probe {
    const DOC: KindDoc = KindDoc {
        name: "probe",
        summary: "Does what a test says.",
        rule: "it is fine",
        rule_proves: true,
        runs: Runs::EndpointOr("fake", "does"),
        lock: Some(LockMode::Shared),
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Destroy,
        may_say_read: true,
        grafts: &[],
        observation: &[Field { path: "took", sort: Sort::Duration, doc: "Time taken." }],
        open: true,
        example: "- id: probe",
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn effect(&self) -> Effect {
        self.effect
    }

    fn touches(&self, _: &Place) -> Vec<Touch> {
        Vec::new()
    }

    fn repeats(&self) -> Repeats {
        if self.rereads { Repeats::Reread } else { Repeats::Observe }
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let world = World::of(self.world);
        let number = {
            let mut looks = world.looks.lock().unwrap();
            let number = looks.entry(cx.check.to_string()).or_default();
            *number += 1;
            *number
        };
        world.order.lock().unwrap().push(cx.check.to_string());
        world.epochs.lock().unwrap().push((cx.check.to_string(), cx.wait_epoch));
        let now = world.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        let _ends = InFlight(&world);
        world.most.fetch_max(now, Ordering::SeqCst);
        let does = (world.script)(&cx.check, number);
        self.act(&world, cx, does).await
    }

    async fn changed(&self, _: &Cx) {
        World::of(self.world).changed.notified().await;
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        match (&seen["ok"], &seen["over"]) {
            (_, Json::String(why)) => Ruling::Final(why.clone()),
            (Json::Bool(true), _) => Ruling::Met,
            (seen, _) => Ruling::NotYet(format!("ok is {seen}")),
        }
    }

    async fn undo(identity: &Json, _: &Cx) -> Result<Undone, Broken> {
        let world = World::of(identity["world"].as_u64().unwrap());
        let name = identity["name"].as_str().unwrap().to_owned();
        if world.sticky.lock().unwrap().contains(&name) {
            return Err(Broken::fatal("it sticks"));
        }
        if name.starts_with("unseen") {
            return Ok(Undone::NotSeen(format!("{name} was never confirmed")));
        }
        let mut made = world.made.lock().unwrap();
        let Some(place) = made.iter().position(|one| *one == name) else { return Ok(Undone::AlreadyGone) };
        made.remove(place);
        world.undone.lock().unwrap().push(name);
        Ok(Undone::Done)
    }
}
