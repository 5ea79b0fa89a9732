//! What a kind may use: at load, files of the suite; at run, its place, its time, clients shared by all.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::Ledger;
use crate::{Place, Target};

/// Reads files of the suite while specs are loaded. Paths are relative to the suite's folder and stay inside it.
pub trait Files: Send + Sync {
    /// The text of a file.
    ///
    /// # Errors
    /// A sentence that names the path and what is wrong with it.
    fn text(&self, path: &str) -> Result<Arc<str>, String>;
}

/// What a kind may use while its arguments are decoded: no network.
pub struct LoadCx<'a> {
    /// Files of the suite.
    pub files: &'a dyn Files,
}

/// Facts of the run that kinds may put into marks and names.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// 8 characters `[a-z0-9]`.
    pub id: String,
    /// When it started, by the clock of this machine.
    pub started: jiff::Timestamp,
    /// No effect above [`Effect::Read`]; clients refuse too.
    pub read_only: bool,
    /// The suite's folder: the working directory of local commands.
    pub suite_dir: PathBuf,
}

/// What a kind may use while it observes. Cheap to clone.
#[derive(Clone)]
pub struct Cx {
    /// The check's full id.
    pub check: Arc<str>,
    /// Cluster and endpoint of the check.
    pub place: Place,
    /// The whole target, for `through:`.
    pub target: Arc<Target>,
    /// When this observation must be over; clients that block get what is left of it in every call.
    pub deadline: Instant,
    /// Facts of the run.
    pub run: Arc<RunFacts>,
    /// Clients and caches shared by all checks of the run.
    pub shared: Arc<Shared>,
    /// Where effects are announced before they happen.
    pub ledger: Arc<dyn Ledger>,
    /// Set once the check is given up; blocking clients look at it.
    pub cancelled: Arc<AtomicBool>,
    /// The check waits (`within`, `holds_for`): what it reads must not be older than this epoch of
    /// [`Shared::epoch`], taken when its wait began. None: a single look, always fresh.
    pub wait_epoch: Option<u64>,
    /// A stamp that the observations of one wait share, so that a watching kind can tell them apart. Unique in the run.
    pub wait_id: u64,
}

impl Cx {
    /// Time left for this observation; zero when it is over.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The time of the place where the check runs: what is written there is younger or older than this.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        self.target.clock().now()
    }

    /// Whether the check was given up.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// Clients and caches of one run, by type: kinds put theirs here when first needed.
#[derive(Default)]
pub struct Shared {
    slots: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    epoch: AtomicU64,
}

impl Shared {
    /// The one `T` of the run, made on first use.
    pub fn get<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let mut slots = self.slots.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let slot = slots.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        Arc::clone(slot).downcast::<T>().unwrap_or_else(|_| Arc::new(T::default()))
    }

    /// How many effects have ended so far. A wait that begins now must not be judged on anything read before.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Says that an effect has ended (whatever became of it).
    pub fn effect_ended(&self) {
        self.epoch.fetch_add(1, Ordering::SeqCst);
    }
}
