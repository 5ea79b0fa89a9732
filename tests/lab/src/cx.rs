//! What a part has at hand while it starts, breaks and heals: folders, ports, processes, relays, the other parts.
//! It knows no part by name.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::cache::Cache;
use crate::cluster::handle::Cluster;
use crate::ledger::{self, LOGS, Ledger};
use crate::machine::gate::{Gate, Pace};
use crate::machine::process::{Process, Start};
use crate::machine::relay::{Relay, Way};
use crate::machine::room::Room;
use crate::machine::{memory, proc};
use crate::recipe::Recipe;

/// A pause between two looks at something that is about to be ready.
const PAUSE: Duration = Duration::from_millis(50);

/// One running lab, shared by its parts.
struct Lab {
    name: String,
    dir: PathBuf,
    cache: Cache,
    outside: Room,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    rooms: BTreeMap<String, Room>,
    clusters: BTreeMap<String, Cluster>,
    processes: Vec<(String, Process)>,
    relays: BTreeMap<u16, Relay>,
    gates: BTreeMap<(String, String), Gate>,
    facts: BTreeMap<(String, String), String>,
    kept: BTreeMap<(String, String), Box<dyn std::any::Any + Send>>,
}

/// The lab as one part sees it. Cheap to clone.
#[derive(Clone)]
pub struct LabCx {
    lab: Arc<Lab>,
    part: String,
    memo: Arc<Mutex<Value>>,
}

impl LabCx {
    /// The lab `name`, whose folder is `dir`, seen by nobody yet.
    pub fn new(name: &str, dir: &Path, cache: Cache) -> Result<Self> {
        let state = Mutex::new(State::default());
        let lab = Lab { name: name.into(), dir: dir.into(), cache, outside: Room::outside()?, state };
        Ok(Self { lab: Arc::new(lab), part: String::new(), memo: Arc::default() })
    }

    /// The same lab as `part` sees it, with nothing noted.
    #[must_use]
    pub fn of(&self, part: &str) -> Self {
        Self { lab: Arc::clone(&self.lab), part: part.into(), memo: Arc::default() }
    }

    /// Notes what is needed to undo what is about to be broken.
    pub fn remember(&self, memo: Value) {
        *self.memo.lock().unwrap_or_else(PoisonError::into_inner) = memo;
    }

    /// What was noted; null if nothing was.
    pub fn memo(&self) -> Value {
        self.memo.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.lab.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lab's name.
    pub fn lab(&self) -> &str {
        &self.lab.name
    }

    /// The part's name.
    pub fn part(&self) -> &str {
        &self.part
    }

    /// The part's own folder; empty when the lab starts, removed when it ends.
    pub fn dir(&self) -> Result<PathBuf> {
        let dir = self.lab.dir.join(&self.part);
        std::fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
        Ok(dir)
    }

    /// The log file of a process of the part.
    pub fn log(&self, process: &str) -> PathBuf {
        self.lab.dir.join(LOGS).join(&self.part).join(format!("{process}.log"))
    }

    /// Where a recipe's entry lies in the cache.
    pub fn made(&self, recipe: &Recipe) -> Result<PathBuf> {
        self.lab.cache.made(recipe)
    }

    /// A loopback port that is this part's for `purpose` as long as the lab lives.
    pub fn port(&self, purpose: &str) -> Result<u16> {
        let purpose = format!("{}/{purpose}", self.part);
        let folder = self.lab.cache.labs();
        self.note(|ledger| {
            let others = ledger::ports_of_others(&folder, &self.lab.name);
            ledger.ports.take(&self.lab.name, &purpose, &others, crate::ports::is_free)
        })
    }

    /// Notes a control group, so that it is removed even after a crash. Call it before making the group.
    pub fn note_cgroup(&self, name: &str) -> Result<()> {
        self.note(|ledger| {
            ledger.cgroups.insert(name.into());
            Ok(())
        })
    }

    /// Changes the ledger under the lock that all labs share.
    fn note<T>(&self, change: impl FnOnce(&mut Ledger) -> Result<T>) -> Result<T> {
        let _guard = self.lab.cache.lock("ledgers")?;
        let mut ledger = Ledger::read(&self.lab.dir)?.unwrap_or_default();
        let answer = change(&mut ledger)?;
        ledger.write(&self.lab.dir)?;
        Ok(answer)
    }

    /// Makes a room in a network namespace of its own; other parts find it by this name.
    pub fn make_room(&self, name: &str) -> Result<Room> {
        let room = Room::apart(name)?;
        self.state().rooms.insert(name.into(), room.clone());
        Ok(room)
    }

    /// A room that a part has made.
    pub fn room(&self, name: &str) -> Result<Room> {
        self.state().rooms.get(name).cloned().with_context(|| format!("there is no room {name}"))
    }

    /// Makes a cluster known to the other parts.
    pub fn add_cluster(&self, cluster: Cluster) {
        self.state().clusters.insert(cluster.name().into(), cluster);
    }

    /// A cluster that is up.
    pub fn cluster(&self, name: &str) -> Result<Cluster> {
        self.state().clusters.get(name).cloned().with_context(|| format!("there is no cluster {name}"))
    }

    /// Starts a process of the part.
    pub fn spawn(&self, start: Start) -> Result<Process> {
        let log = self.log(start.name());
        let process = Process::start(start, &self.lab.outside, log)?;
        self.state().processes.push((self.part.clone(), process.clone()));
        Ok(process)
    }

    /// Ends a process of the part and forgets it: it is not one that ought to run.
    pub async fn dismiss(&self, process: &Process, limit: Duration) -> Result<()> {
        process.end(Signal::SIGKILL, limit).await?;
        self.state().processes.retain(|(part, p)| *part != self.part || p.name() != process.name());
        Ok(())
    }

    /// A process of the part by its name.
    pub fn process(&self, name: &str) -> Result<Process> {
        let found = self.processes().into_iter().find(|p| p.name() == name);
        found.with_context(|| format!("part {} has no process {name}", self.part))
    }

    /// The part's processes, in the order they were started.
    pub fn processes(&self) -> Vec<Process> {
        let state = self.state();
        state.processes.iter().filter(|(part, _)| *part == self.part).map(|(_, p)| p.clone()).collect()
    }

    /// What the part's processes hold in memory, each with its descendants.
    pub fn memory(&self) -> Vec<(String, u64)> {
        let all = self.processes();
        let named: Vec<_> = all.iter().filter_map(|p| Some((p.name().to_owned(), p.pid()?))).collect();
        memory::by_name(&named, &proc::parents())
    }

    /// Opens `127.0.0.1:port` of the machine for `to` as `room` sees it, as long as the lab lives.
    pub async fn relay(&self, port: u16, room: &Room, to: SocketAddr) -> Result<()> {
        let relay = Relay::open(port, Way { room: room.clone(), to }).await?;
        self.state().relays.insert(port, relay);
        Ok(())
    }

    /// Leads the relay at `127.0.0.1:port` elsewhere, breaking its connections.
    pub fn redirect(&self, port: u16, room: &Room, to: SocketAddr) -> Result<()> {
        let state = self.state();
        let relay = state.relays.get(&port).with_context(|| format!("there is no relay at port {port}"))?;
        relay.redirect(Way { room: room.clone(), to });
        Ok(())
    }

    /// Keeps something of the part under `name` until it is released or the lab ends; one that is kept so goes.
    pub fn keep(&self, name: &str, thing: impl std::any::Any + Send) {
        let key = (self.part.clone(), name.to_owned());
        self.state().kept.insert(key, Box::new(thing));
    }

    /// Lets go of what `keep` was given.
    pub fn release(&self, name: &str) {
        let key = (self.part.clone(), name.to_owned());
        self.state().kept.remove(&key);
    }

    /// The network that the machine is in.
    pub fn outside(&self) -> &Room {
        &self.lab.outside
    }

    /// Opens `at` inside `room` for `to` in the same room, as long as the lab lives; `pace` finds it by `name`.
    pub fn gate(&self, name: &str, room: &Room, at: SocketAddr, to: SocketAddr) -> Result<()> {
        let gate = Gate::open(room.clone(), at, to)?;
        self.state().gates.insert((self.part.clone(), name.into()), gate);
        Ok(())
    }

    /// How fast a gate of the part carries from now on.
    pub fn pace(&self, gate: &str, pace: Pace) -> Result<()> {
        let key = (self.part.clone(), gate.to_owned());
        let state = self.state();
        state.gates.get(&key).with_context(|| format!("part {} has no gate {gate}", self.part))?.pace(pace);
        Ok(())
    }

    /// Tells the other parts something.
    pub fn tell(&self, fact: &str, value: impl Into<String>) {
        let key = (self.part.clone(), fact.to_owned());
        self.state().facts.insert(key, value.into());
    }

    /// What a part told.
    pub fn fact(&self, part: &str, fact: &str) -> Result<String> {
        let key = (part.to_owned(), fact.to_owned());
        self.state().facts.get(&key).cloned().with_context(|| format!("part {part} told no {fact}"))
    }

    /// Looks until there is an answer, at most `limit`. The end of one of `processes` ends the wait at once; else the
    /// error is what the last look saw.
    pub async fn until<T, F>(
        &self,
        what: &str,
        limit: Duration,
        processes: &[&Process],
        look: impl FnMut() -> F,
    ) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let wait = until(limit, processes, look);
        wait.await.with_context(|| format!("waiting for {what} (part {} of lab {})", self.part, self.lab.name))
    }
}

async fn until<T, F>(limit: Duration, processes: &[&Process], mut look: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let start = Instant::now();
    loop {
        let left = limit.saturating_sub(start.elapsed());
        let seen = tokio::time::timeout(left, look()).await;
        for process in processes {
            process.trouble()?;
        }
        match seen {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(_)) if start.elapsed() + PAUSE < limit => tokio::time::sleep(PAUSE).await,
            Ok(Err(e)) => return Err(e.context(format!("not within {limit:?}"))),
            Err(_) => bail!("no answer within {limit:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lab(dir: &Path) -> LabCx {
        LabCx::new("t", &dir.join("labs/t"), Cache::at(dir)).unwrap().of("one")
    }

    #[tokio::test]
    async fn ports_are_kept_by_part_and_purpose() {
        let dir = tempfile::tempdir().unwrap();
        let cx = lab(dir.path());
        let port = cx.port("api").unwrap();
        assert_eq!(cx.port("api").unwrap(), port);
        assert_ne!(cx.of("two").port("api").unwrap(), port);
        let again = lab(dir.path());
        assert_eq!(again.port("api").unwrap(), port, "the ledger remembers");
    }

    #[tokio::test]
    async fn a_wait_ends_with_the_process_it_waits_for() {
        let dir = tempfile::tempdir().unwrap();
        let cx = lab(dir.path());
        let process = cx.spawn(Start::new("p", "/bin/sh").args(["-c", "echo bad flag; exit 1"])).unwrap();
        let nobody = || async { bail!("nobody answers") };
        let waited: Result<()> = cx.until("p", Duration::from_secs(60), &[&process], nobody).await;
        let error = format!("{:#}", waited.unwrap_err());
        assert!(error.contains("waiting for p") && error.contains("bad flag"), "{error}");
    }

    #[tokio::test]
    async fn a_wait_in_vain_tells_what_was_seen_last() {
        let dir = tempfile::tempdir().unwrap();
        let cx = lab(dir.path());
        let limit = Duration::from_millis(120);
        let waited: Result<()> = cx.until("x", limit, &[], || async { bail!("status 503") }).await;
        let error = waited.unwrap_err();
        assert!(format!("{error:#}").contains("status 503"), "{error:#}");
        let never = cx.until("x", limit, &[], std::future::pending::<Result<()>>).await.unwrap_err();
        assert!(format!("{never:#}").contains("no answer"), "{never:#}");
    }
}
