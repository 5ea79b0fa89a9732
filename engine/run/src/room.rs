//! What all checks of one run share: plan, facts, clients, secrets, saved values, and the line to the owner.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use checkrun_lang::Value;
use checkrun_model::{Clock, Cx, Ledger, Place, RunFacts, Shared, Target};
use checkrun_spec::plan::{NodeIx, Plan, PlanNode};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::endpoints::Endpoints;
use crate::journal::evidence::Keeper;
use crate::ledger::ToOwner;
use crate::message::Msg;
use crate::redact::Redactor;
use crate::secrets::Secrets;
use crate::state::graph::at;

/// Everything that is the same for all checks of a run.
pub struct Room {
    /// What runs.
    pub plan: Arc<Plan>,
    /// Id, start, folder.
    pub facts: Arc<RunFacts>,
    /// The name `run` of expressions and templates.
    pub run_value: Value,
    /// Clients of the kinds.
    pub shared: Arc<Shared>,
    /// Secrets by name.
    pub secrets: Secrets,
    /// Endpoints with their secrets filled in.
    pub endpoints: Endpoints,
    /// Takes secrets out.
    pub redactor: Arc<Redactor>,
    /// Keeps evidence.
    pub keeper: Keeper,
    /// Cancelled when nothing new may start and what runs must end.
    pub stop: CancellationToken,
    /// Cancelled when also clean-up must end.
    pub now: CancellationToken,
    saved: Vec<OnceLock<Saved>>,
    /// What a check that passed is to those who read it, made when the first one does.
    read: Vec<OnceLock<Value>>,
    owner: Sender<Msg>,
    ledger: Arc<dyn Ledger>,
    waits: AtomicU64,
    world: Option<crate::Embedded>,
}

/// A world that does not settle is not waited for any longer.
const SETTLING: Duration = Duration::from_secs(5);

/// The longest look at what is in this process.
const LOOK_IN_A_WORLD: Duration = Duration::from_secs(10);

/// What a node that passed leaves for others.
#[derive(Debug, Clone)]
pub struct Saved {
    /// Saved values by name.
    pub values: Vec<(Arc<str>, Value)>,
    /// When it was admitted.
    pub started: Timestamp,
    /// When its verdict was known.
    pub ended: Timestamp,
}

/// What a room is made of.
pub struct Parts {
    /// What runs.
    pub plan: Arc<Plan>,
    /// Id, start, folder.
    pub facts: RunFacts,
    /// The run's folder.
    pub dir: PathBuf,
    /// Reads secrets of clusters.
    pub reader: Option<crate::SecretReader>,
    /// The embedded world behind the target.
    pub world: Option<crate::Embedded>,
    /// The owner.
    pub owner: Sender<Msg>,
}

impl Room {
    /// The room of a run.
    pub fn new(parts: Parts) -> Self {
        let Parts { plan, facts, dir, reader, world, owner } = parts;
        let redactor = Arc::new(Redactor::default());
        let started = plan.target.clock().at(facts.started);
        let run_value =
            Value::object(vec![("id".into(), Value::text(&facts.id)), ("started".into(), Value::time(started))]);
        Self {
            secrets: Secrets::new(plan.secrets.clone(), reader, Arc::clone(&redactor)),
            endpoints: Endpoints::default(),
            keeper: Keeper::new(dir),
            stop: CancellationToken::new(),
            now: CancellationToken::new(),
            saved: plan.nodes.iter().map(|_| OnceLock::new()).collect(),
            read: plan.nodes.iter().map(|_| OnceLock::new()).collect(),
            ledger: Arc::new(ToOwner::new(Arc::clone(&plan), owner.clone())),
            shared: Arc::new(Shared::default()),
            facts: Arc::new(facts),
            waits: AtomicU64::new(0),
            world,
            run_value,
            redactor,
            owner,
            plan,
        }
    }

    /// A node of the plan.
    pub fn node(&self, ix: NodeIx) -> &PlanNode {
        &self.plan.nodes[at(ix)]
    }

    /// Tells the owner. It may have ended already: then nobody needs to know.
    pub fn tell(&self, msg: Msg) {
        let _ = self.owner.send(msg);
    }

    /// The line to the owner.
    pub fn owner(&self) -> &Sender<Msg> {
        &self.owner
    }

    /// Keeps what a node that passed has saved.
    pub fn save(&self, ix: NodeIx, saved: Saved) {
        let _ = self.saved[at(ix)].set(saved);
    }

    /// What a node has saved, if it passed.
    pub fn saved(&self, ix: NodeIx) -> Option<&Saved> {
        self.saved[at(ix)].get()
    }

    /// What a check that passed is to those who read it: its saved values, `started` and `ended`; made once.
    pub fn saved_value(&self, ix: NodeIx, make: impl FnOnce(&Saved) -> Value) -> Option<Value> {
        let saved = self.saved(ix)?;
        Some(self.read[at(ix)].get_or_init(|| make(saved)).clone())
    }

    /// A stamp for one wait.
    pub fn wait_id(&self) -> u64 {
        self.waits.fetch_add(1, Ordering::Relaxed)
    }

    /// What a kind may use for one observation.
    pub fn cx(&self, ix: NodeIx, place: Place, deadline: Instant, cancelled: &Arc<AtomicBool>) -> Cx {
        Cx {
            check: Arc::clone(&self.node(ix).id),
            place,
            target: Arc::clone(&self.plan.target),
            deadline,
            run: Arc::clone(&self.facts),
            shared: Arc::clone(&self.shared),
            ledger: Arc::clone(&self.ledger),
            cancelled: Arc::clone(cancelled),
            wait_epoch: None,
            wait_id: 0,
        }
    }

    /// The clock of the place: what the suite says of time is time there.
    pub fn clock(&self) -> Clock {
        self.plan.target.clock()
    }

    /// The time for one look. It is the wall's: a look crosses real sockets. In an embedded world these are of this
    /// machine, and what does not answer there in ten seconds does not answer.
    pub fn timeout(&self, own: Duration) -> Duration {
        if self.clock().is_wall() { own } else { own.min(LOOK_IN_A_WORLD) }
    }

    /// Lets an embedded world do all that it had scheduled until now; a real place is as it is.
    pub async fn settled(&self) {
        if let Some(world) = &self.world {
            let _ = tokio::time::timeout(SETTLING, (world.settled)()).await;
        }
    }

    /// The target.
    pub fn target(&self) -> &Target {
        &self.plan.target
    }
}
