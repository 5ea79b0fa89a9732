//! The one task that plays a world: hears what has changed, notes which behaviours must look, lets them act when
//! their time has come.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use super::Troubles;
use super::agenda::{Acting, Agenda, Item, key};
use super::hear::{heard, until};
use super::kinds::{fits, means};
use super::ship::Shipped;
use super::stage::Stage;
use super::stir::{Stirred, Stirs};
use crate::file::shape::FaultShape;
use crate::file::{Behaviour, Sees, World};
use crate::kube::{By, Change, Happened, Interference, Ref};

/// A world is brought up so long before it is looked at.
const BEFORE: Duration = Duration::from_mins(10);
/// Nobody acts faster, so that one who is woken by what he does himself leaves time to others.
const LEAST: Duration = Duration::from_millis(50);
/// So many acts bring any world to rest that comes to rest at all.
const MOST_ACTS: usize = 50_000;

/// Something that is asked of the world.
#[derive(Debug)]
pub enum Msg {
    /// Switch a fault on.
    Fault(String, oneshot::Sender<Result<(), String>>),
    /// Say when all is done that was due by now.
    Settle(oneshot::Sender<()>),
}

/// Asks the world to settle, and waits until it has.
#[derive(Clone)]
pub struct Settled(pub tokio::sync::mpsc::UnboundedSender<Msg>);

impl Settled {
    /// Waits until all is done that was due when it was asked; at once where the world is gone.
    pub async fn wait(self) {
        let (reply, settled) = oneshot::channel();
        if self.0.send(Msg::Settle(reply)).is_ok() {
            let _ = settled.await;
        }
    }
}

/// A world that is played.
pub struct Play {
    pub(super) stage: Stage,
    pub(super) world: Arc<World>,
    pub(super) agenda: Agenda,
    pub(super) troubles: Troubles,
    pub(super) ships: Vec<Shipped>,
    pub(super) scraping: super::scrape::Scraping,
    /// Faults that are on.
    pub(super) faults: Vec<String>,
    /// Behaviours that act no more.
    pub(super) stopped: Vec<String>,
    /// For behaviours that act on a change of one value: that value, by behaviour and UID.
    pub(super) known: HashMap<(usize, String), Json>,
    /// Objects that are gone, for behaviours that act on that.
    pub(super) gone: BTreeMap<Acting, Arc<Json>>,
    changes: Vec<(String, UnboundedReceiver<Change>)>,
    stirs: Stirs,
    wake: UnboundedReceiver<()>,
    /// The moment of the world that is being played: that at which what is done now was due. So what follows from it
    /// is due when it should be, however late this machine is.
    pub(super) moment: Timestamp,
    /// What is wrong with API servers for a while.
    pub(super) calms: Vec<(String, Interference)>,
    /// How many times anything has acted.
    pub(super) count: u64,
}

impl Play {
    /// A world whose objects are put and whose behaviours have come to rest.
    ///
    /// # Errors
    /// A sentence that names what could not be put, or what does not come to rest.
    pub fn new(stage: Stage, world: Arc<World>, troubles: Troubles) -> Result<Self, String> {
        let changes = stage.clusters.iter().map(|(name, cluster)| (name.clone(), cluster.changes())).collect();
        let (waker, wake) = unbounded_channel();
        let stirs = Stirs::of(&stage, &waker);
        let ships = super::ship::shipped(&world.shape);
        let moment = stage.clock.now().checked_sub(BEFORE).unwrap_or(Timestamp::MIN);
        let mut play = Self {
            stage,
            world,
            agenda: Agenda::default(),
            troubles,
            ships,
            scraping: super::scrape::Scraping::default(),
            faults: Vec::new(),
            stopped: Vec::new(),
            known: HashMap::new(),
            gone: BTreeMap::new(),
            changes,
            stirs,
            wake,
            moment,
            calms: Vec::new(),
            count: 0,
        };
        play.first()?;
        play.rest()?;
        play.moment = play.stage.clock.now();
        play.scrape_all();
        for at in 0..play.world.behaviours.len() {
            play.again(at);
        }
        Ok(play)
    }

    /// Puts what the file says.
    fn first(&mut self) -> Result<(), String> {
        let world = Arc::clone(&self.world);
        for (name, objects) in &world.objects {
            let Some(cluster) = self.stage.clusters.get(name) else { continue };
            cluster.put_all(objects.clone()).map_err(|why| format!("cluster {name}: {why}"))?;
        }
        self.stock()?;
        for (at, behaviour) in world.behaviours.iter().enumerate() {
            if behaviour.every.is_some() {
                self.act_all(at, None);
            }
        }
        Ok(())
    }

    /// Does everything that is noted, until nothing is; what comes again and again is left for later.
    fn rest(&mut self) -> Result<(), String> {
        let mut acts = 0;
        self.drain();
        while let Some((due, item)) = self.agenda.take_any() {
            acts += 1;
            if acts > MOST_ACTS {
                return Err(format!("the world does not come to rest; at last: {}", self.told(&item)));
            }
            self.moment = self.moment.max(due);
            self.done(item);
            self.drain();
        }
        Ok(())
    }

    /// Plays until nobody can ask anything any more.
    pub async fn run(mut self, mut inbox: UnboundedReceiver<Msg>) {
        loop {
            self.catch_up(self.stage.clock.now());
            let due = self.agenda.next();
            tokio::select! {
                msg = inbox.recv() => match msg {
                    Some(msg) => self.asked(msg),
                    None => return,
                },
                change = heard(&mut self.changes, &mut self.wake) => {
                    if let Some((cluster, change)) = change {
                        self.changed(&cluster, &change);
                    }
                }
                () = until(self.stage.clock, due) => {}
            }
        }
    }

    fn asked(&mut self, msg: Msg) {
        match msg {
            Msg::Fault(name, reply) => {
                self.catch_up(self.stage.clock.now());
                let _ = reply.send(self.fault(&name));
            }
            Msg::Settle(reply) => {
                self.catch_up(self.stage.clock.now());
                let _ = reply.send(());
            }
        }
    }

    /// Does all that is due by then, and what follows from it by then.
    fn catch_up(&mut self, by: Timestamp) {
        self.moment = by;
        self.drain();
        while let Some((due, item)) = self.agenda.take(by) {
            self.moment = due;
            self.done(item);
            self.drain();
        }
        self.moment = by;
    }

    /// Switches a fault on: what it does, and what the world makes of that at once.
    ///
    /// # Errors
    /// There is no such fault, or it cannot be done.
    pub fn fault(&mut self, name: &str) -> Result<(), String> {
        let world = Arc::clone(&self.world);
        let Some(FaultShape { cluster, deeds, .. }) = world.faults.iter().find(|fault| fault.fault == name) else {
            return Err(format!("the world has no fault `{name}`"));
        };
        self.faults.push(name.to_owned());
        for deed in deeds {
            let cluster = cluster.clone().or_else(|| self.only_cluster());
            self.perform(deed, cluster.as_deref()).map_err(|why| format!("fault {name}: {why}"))?;
        }
        for at in 0..world.behaviours.len() {
            self.act_all(at, None);
        }
        Ok(())
    }

    pub(super) fn only_cluster(&self) -> Option<String> {
        let mut names = self.stage.clusters.keys();
        names.next().filter(|_| names.next().is_none()).cloned()
    }

    /// Hears everything that has changed.
    fn drain(&mut self) {
        let mut heard = Vec::new();
        for (name, changes) in &mut self.changes {
            while let Ok(change) = changes.try_recv() {
                heard.push((name.clone(), change));
            }
        }
        for (name, change) in heard {
            self.changed(&name, &change);
        }
        for which in self.stirs.take() {
            self.stirred(&which);
        }
    }

    /// Notes who must look at a changed object, or at others because of it.
    fn changed(&mut self, cluster: &str, change: &Change) {
        let of = Ref::of(&change.object);
        let world = Arc::clone(&self.world);
        let played = self.moment;
        if matches!(change.by, By::Client(_)) {
            self.moment = self.stage.clock.now();
        }
        for (at, behaviour) in world.behaviours.iter().enumerate() {
            // Who acts every so often acts only then: its own change must not wake it.
            let elsewhere = behaviour.cluster.as_deref().is_some_and(|own| own != cluster);
            if elsewhere || behaviour.every.is_some() {
                continue;
            }
            if behaviour.on.as_ref().is_some_and(|on| fits(on, &of, &change.object)) {
                self.touched(at, cluster, &of, change);
            }
            for (_, sees) in &behaviour.sees {
                match sees {
                    Sees::Objects(seen, _) if !means(&seen.kind, &of.kind) || !fits(seen, &of, &change.object) => {}
                    Sees::Objects(_, true) => self.act_owners(at, cluster, &change.object),
                    Sees::Objects(_, false) => self.act_all(at, Some(cluster)),
                    Sees::Kafka(_) | Sees::S3(_) => {}
                }
            }
        }
        if of.kind == "Pod" {
            self.agenda.note(Item::Ship, self.moment);
        }
        self.moment = played;
    }

    /// An object that a behaviour cares for has changed.
    fn touched(&mut self, at: usize, cluster: &str, of: &Ref, change: &Change) {
        let acting = Acting { behaviour: at, cluster: cluster.to_owned(), object: Some(key(of)) };
        let wants_gone = self.world.behaviours[at].on.as_ref().is_some_and(|on| on.gone);
        match (change.happened, wants_gone) {
            (Happened::Deleted, true) => {
                self.gone.insert(acting.clone(), Arc::clone(&change.object));
                self.note(acting);
            }
            (Happened::Deleted, false) | (_, true) => {}
            _ => self.note(acting),
        }
    }

    /// A Kafka or an S3 is otherwise than before.
    fn stirred(&mut self, which: &Stirred) {
        let world = Arc::clone(&self.world);
        for (at, behaviour) in world.behaviours.iter().enumerate() {
            // Who acts every so often acts only then.
            if behaviour.every.is_none() && behaviour.sees.iter().any(|(_, sees)| which.is_seen_by(sees)) {
                self.act_all(at, None);
            }
        }
    }

    pub(super) fn note(&mut self, acting: Acting) {
        let after = self.world.behaviours[acting.behaviour].after.max(LEAST);
        let due = self.moment.checked_add(after).unwrap_or(Timestamp::MAX);
        self.agenda.note(Item::Act(acting), due);
    }

    /// Notes a behaviour for those of its objects that own this one.
    fn act_owners(&mut self, at: usize, cluster: &str, owned: &Json) {
        let Some(on) = self.world.behaviours[at].on.clone() else { return };
        for of in super::perform::owners(owned) {
            if means(&on.kind, &of.kind) {
                self.note(Acting { behaviour: at, cluster: cluster.to_owned(), object: Some(key(&of)) });
            }
        }
    }

    /// Notes a behaviour for all its objects: of one cluster, or of all.
    pub(super) fn act_all(&mut self, at: usize, cluster: Option<&str>) {
        let behaviour: &Behaviour = &self.world.behaviours[at];
        let own = |name: &&String| {
            behaviour.cluster.as_ref().is_none_or(|own| own == *name) && cluster.is_none_or(|only| only == *name)
        };
        let names: Vec<String> = self.stage.clusters.keys().filter(own).cloned().collect();
        let Some(on) = behaviour.on.clone().filter(|on| !on.gone) else {
            if behaviour.on.is_none() {
                names.into_iter().for_each(|cluster| self.note(Acting { behaviour: at, cluster, object: None }));
            }
            return;
        };
        for name in names {
            let found =
                self.stage.clusters[&name].list(&on.kind, on.namespace.as_deref(), &super::kinds::selector(&on.labels));
            for object in found.unwrap_or_default() {
                let of = Ref::of(&object);
                if fits(&on, &of, &object) {
                    self.note(Acting { behaviour: at, cluster: name.clone(), object: Some(key(&of)) });
                }
            }
        }
    }

    /// Notes the next time of a behaviour that acts by itself.
    fn again(&mut self, at: usize) {
        if let Some(every) = self.world.behaviours[at].every {
            let due = self.stage.clock.now().checked_add(every).unwrap_or(Timestamp::MAX);
            self.agenda.note(Item::Every(at), due);
        }
    }

    fn done(&mut self, item: Item) {
        match item {
            Item::Act(acting) => self.act(&acting),
            Item::Every(at) => {
                self.act_all(at, None);
                self.again(at);
            }
            Item::Scrape(store, number) => self.scrape(&store, number),
            Item::Ship => self.ship(),
            Item::Calm(at) => self.calm(at),
        }
    }

    fn told(&self, item: &Item) -> String {
        match item {
            Item::Act(acting) => {
                let object =
                    acting.object.as_ref().map(|(kind, _, name)| format!(" for {kind} {name}")).unwrap_or_default();
                format!("the behaviour `{}`{object}", self.world.behaviours[acting.behaviour].name)
            }
            other => format!("{other:?}"),
        }
    }
}
