//! Where kinds announce effects: each goes to the owner, and is on the disk before the effect happens.

use std::collections::HashMap;
use std::sync::mpsc::Sender;
use std::sync::{Arc, OnceLock};

use checkrun_model::kind::BoxFuture;
use checkrun_model::{Broken, Intent, IntentId, Ledger};
use checkrun_spec::plan::{NodeIx, Plan};
use serde_json::Value as Json;
use tokio::sync::oneshot;

use crate::message::Msg;
use crate::state::graph::node;

/// The ledger of a run.
pub struct ToOwner {
    plan: Arc<Plan>,
    owner: Sender<Msg>,
    by_id: OnceLock<HashMap<Arc<str>, NodeIx>>,
}

impl ToOwner {
    /// A ledger that tells `owner`.
    pub fn new(plan: Arc<Plan>, owner: Sender<Msg>) -> Self {
        Self { plan, owner, by_id: OnceLock::new() }
    }

    fn node(&self, check: &str) -> Option<NodeIx> {
        let named = || self.plan.nodes.iter().enumerate().map(|(at, one)| (Arc::clone(&one.id), node(at))).collect();
        self.by_id.get_or_init(named).get(check).copied()
    }
}

/// Why an effect that was announced may not start.
pub const REFUSED: &str = "the run is being stopped, so no effect may start";

/// Announces an effect of a check; its number once it is on the disk.
pub async fn announce(owner: &Sender<Msg>, node: NodeIx, what: Intent) -> Result<IntentId, Broken> {
    let (id, numbered) = oneshot::channel();
    let (safe, written) = oneshot::channel();
    let refused = || Broken::fatal(REFUSED);
    owner.send(Msg::Intend { node, what, id, safe }).map_err(|_| refused())?;
    let id = numbered.await.map_err(|_| refused())?;
    written.await.map_err(|_| refused())??;
    Ok(id)
}

impl Ledger for ToOwner {
    fn intend<'a>(&'a self, check: &'a str, intent: Intent) -> BoxFuture<'a, Result<IntentId, Broken>> {
        Box::pin(async move {
            let unknown = || Broken::fatal(format!("`{check}` announces an effect and is no check of this run"));
            announce(&self.owner, self.node(check).ok_or_else(unknown)?, intent).await
        })
    }

    fn made<'a>(&'a self, id: IntentId, identity: Json) -> BoxFuture<'a, Result<(), Broken>> {
        let _ = self.owner.send(Msg::Made(id, identity));
        Box::pin(std::future::ready(Ok(())))
    }

    fn void<'a>(&'a self, id: IntentId) -> BoxFuture<'a, Result<(), Broken>> {
        let _ = self.owner.send(Msg::Void(id));
        Box::pin(std::future::ready(Ok(())))
    }
}
