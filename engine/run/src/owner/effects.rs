//! Effects in the owner's books: announced, made, undone, left behind.

use checkrun_model::event::Event;
use checkrun_model::{Broken, Intent, IntentId};
use checkrun_spec::plan::{Body, NodeIx};
use serde_json::Value as Json;
use tokio::sync::oneshot;

use super::Owner;
use crate::journal::sync::{Reply, Syncer};
use crate::life::cleanup::{self, Gone};

impl Owner {
    /// A check that waited wants to look again.
    pub(super) fn wants_look(&mut self, ix: NodeIx, go: oneshot::Sender<()>) {
        if let Some(running) = self.running.get_mut(&ix) {
            running.go = Some(go);
            self.states.wants_look(ix);
        }
    }

    /// Answers when everything written so far is on the disk; not while it cannot be written.
    pub(super) fn safe(&mut self, reply: Reply) {
        self.flush();
        if let Some(why) = self.journal.broken().filter(|_| self.unmaking.is_empty()) {
            let _ =
                reply.send(Err(Broken::fatal(format!("the journal cannot be written, so no effect may start: {why}"))));
            return;
        }
        if self.syncer.is_none() {
            let started = self.journal.handle().and_then(|file| Syncer::start(file).map_err(|error| error.to_string()));
            match started {
                Ok(syncer) => self.syncer = Some(syncer),
                Err(why) => {
                    let _ = reply.send(Err(Broken::fatal(why)));
                    return;
                }
            }
        }
        if let Some(syncer) = &self.syncer {
            syncer.ask(reply);
        }
    }

    /// An effect is announced. One of a check that has ended, or of a run that stops, is refused; one of its
    /// clean-up is not, and is itself never undone.
    pub(super) fn intend(&mut self, node: NodeIx, mut what: Intent, id: oneshot::Sender<IntentId>, safe: Reply) {
        let cleans = self.unmaking.contains(&node);
        let may_act = self.running.contains_key(&node) && !self.stopping && self.journal.broken().is_none();
        if !may_act && !cleans {
            return;
        }
        what.undo &= !cleans;
        if let Body::Check(check) = &self.room.node(node).body
            && check.keep
            && !what.kind.starts_with(cleanup::PREFIX)
        {
            what.undo = false;
        }
        let intent = IntentId(self.intents);
        self.intents += 1;
        self.write(Event::Intended { intent, node: node.0, what: what.clone() });
        if what.undo {
            self.states.may_have_made(node);
        }
        self.open.insert(intent, (node, what));
        let _ = id.send(intent);
        self.safe(safe);
    }

    pub(super) fn made(&mut self, intent: IntentId, identity: Json) {
        if let Some((_, open)) = self.open.get_mut(&intent) {
            open.identity.clone_from(&identity);
        }
        self.write(Event::Made { intent, identity });
    }

    /// Begins to undo what a check made, newest first. What one that was given up did is not known: it is left.
    pub(super) fn unmake(&mut self, ix: NodeIx) {
        let mine = |(_, (node, intent)): &(&IntentId, &(NodeIx, Intent))| *node == ix && intent.undo;
        let open = self.open.iter().rev().filter(mine);
        let open: Vec<(IntentId, Intent)> = open.map(|(id, (_, intent))| (*id, intent.clone())).collect();
        if self.abandoned.contains(&ix) {
            for (id, intent) in open {
                self.open.remove(&id);
                self.left(Some(id), intent.object, "its check was given up and may still be at work".into());
            }
            return self.states.unmade(ix);
        }
        self.unmaking.insert(ix);
        self.runtime.spawn(cleanup::unmake(std::sync::Arc::clone(&self.room), ix, open));
    }

    pub(super) fn undone(&mut self, intent: IntentId, done: Result<Gone, String>) {
        let Some((_, what)) = self.open.remove(&intent) else { return };
        match done {
            Ok(Gone { already: already_gone, unknown }) => {
                unknown.iter().for_each(|what| self.tally.unknown(what));
                self.write(Event::Undone { intent, already_gone, unknown });
            }
            Err(why) => self.left(Some(intent), what.object, why),
        }
    }

    /// All of a check's effects were tried; what was not answered for is left behind.
    pub(super) fn unmade(&mut self, ix: NodeIx) {
        let mine = |(_, (node, intent)): &(&IntentId, &(NodeIx, Intent))| *node == ix && intent.undo;
        let rest: Vec<IntentId> = self.open.iter().filter(mine).map(|(id, _)| *id).collect();
        for id in rest {
            self.undone(id, Err("its undoing broke off".into()));
        }
        self.unmaking.remove(&ix);
        self.states.unmade(ix);
    }

    pub(super) fn left(&mut self, intent: Option<IntentId>, object: String, why: String) {
        self.tally.left_behind(&object);
        self.write(Event::LeftBehind { intent, object, why });
    }
}
