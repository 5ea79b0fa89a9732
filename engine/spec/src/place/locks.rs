//! Locks of checks and groups. What a group holds its members do not take again: they are one holder.

use std::sync::Arc;

use checkrun_model::{Endpoint, KindDoc, LockMode, Runs, Span, SpecError};

use super::expand::{Env, Placer};
use crate::diags::near;
use crate::source::item::Item;

type Locks = Vec<(Arc<str>, LockMode)>;

impl Placer<'_> {
    /// What a group holds from its start to its end.
    pub(crate) fn group_locks(&mut self, item: &Item, env: &Env<'_>) -> Locks {
        let mut locks = Vec::new();
        for (name, mode, span) in &item.locks {
            self.known_lock(name, *span);
            self.take(&mut locks, name, *mode, *span, env);
        }
        locks.sort_by(|a, b| a.0.cmp(&b.0));
        locks
    }

    /// What a check holds: what it says, and its endpoint or cluster as its kind takes it.
    pub(crate) fn check_locks(
        &mut self,
        item: &Item,
        env: &Env<'_>,
        kind: Option<(&KindDoc, Option<&Endpoint>)>,
    ) -> Locks {
        let mut locks = self.group_locks(item, env);
        let Some((doc, endpoint)) = kind else { return locks };
        let name = match doc.runs {
            Runs::Local => None,
            Runs::Cluster => env.cluster.as_deref(),
            Runs::Endpoint(_) | Runs::EndpointOr(..) => endpoint
                .map(|endpoint| endpoint.name.as_str())
                .filter(|name| self.place.target.endpoints.contains_key(*name)),
        };
        if let (Some(name), Some(mode)) = (name, doc.lock)
            && !locks.iter().any(|(lock, _)| **lock == *name)
        {
            self.take(&mut locks, &name.into(), mode, item.span, env);
            locks.sort_by(|a, b| a.0.cmp(&b.0));
        }
        locks
    }

    fn known_lock(&mut self, name: &str, span: Span) {
        let target = &self.place.target;
        if self.place.any || target.clusters.contains_key(name) || target.endpoints.contains_key(name) {
            return;
        }
        let names = target.clusters.keys().chain(target.endpoints.keys()).map(String::as_str);
        let error = SpecError::new(
            "spec::unknown-lock",
            span,
            format!("the target has nothing named `{name}` to lock"),
            "not in the target",
        );
        self.diags.push(error.help(near(name, names, "clusters and endpoints")));
    }

    fn take(&mut self, locks: &mut Locks, name: &Arc<str>, mode: LockMode, span: Span, env: &Env<'_>) {
        let held = env.locks.iter().filter(|(lock, _)| lock == name).map(|(_, held)| *held);
        let held: Vec<LockMode> = held.collect();
        match (held.as_slice(), mode) {
            ([], _) => locks.push((Arc::clone(name), mode)),
            (held, LockMode::Alone) if !held.contains(&LockMode::Alone) => {
                let message = format!("the group holds `{name}` shared, and this member wants it alone");
                let error = SpecError::new("spec::lock", span, message, "wants it alone");
                self.diags.push(error.help(format!("write `locks: {{ {name}: alone }}` on the group")));
            }
            _ => {}
        }
    }
}
