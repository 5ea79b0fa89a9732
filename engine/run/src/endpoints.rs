//! Endpoints of the target with their templates filled in, when the run first needs them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use checkrun_lang::{Scope, SecretRef, Tree};
use checkrun_model::{Cx, Endpoint};

use crate::room::Room;
use crate::trouble::Trouble;

/// Endpoints that were looked at, by the place of the one that was written.
#[derive(Default)]
pub struct Endpoints {
    known: Mutex<HashMap<usize, Known>>,
}

#[derive(Clone)]
enum Known {
    /// The same for all checks.
    Filled(Arc<Endpoint>),
    /// Reads what differs from check to check.
    Template(Arc<Tree>),
}

impl Endpoints {
    /// `endpoint` with its templates filled in from `scope`.
    pub async fn filled(
        &self,
        room: &Room,
        endpoint: &Arc<Endpoint>,
        scope: &Scope,
        cx: &Cx,
    ) -> Result<Arc<Endpoint>, Trouble> {
        let key = Arc::as_ptr(endpoint) as usize;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let tree = match known {
            Some(Known::Filled(filled)) => return Ok(filled),
            Some(Known::Template(tree)) => tree,
            None => Arc::new(room.plan.lang.tree(&endpoint.config, &room.plan.sources)?),
        };
        let reads = tree.reads();
        let by_check = reads.iter().any(|(_, reads)| {
            !(reads.checks.is_empty() && reads.inputs.is_empty() && reads.names.is_empty())
                || reads.secrets.iter().any(|(secret, _)| matches!(secret, SecretRef::Kube { .. }))
        });
        let filled =
            if tree.is_constant() { Arc::clone(endpoint) } else { fill(room, endpoint, &tree, scope, cx).await? };
        let known = if by_check { Known::Template(Arc::clone(&tree)) } else { Known::Filled(Arc::clone(&filled)) };
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, known);
        Ok(filled)
    }
}

async fn fill(room: &Room, endpoint: &Endpoint, tree: &Tree, scope: &Scope, cx: &Cx) -> Result<Arc<Endpoint>, Trouble> {
    let mut scope = scope.clone();
    for (_, reads) in tree.reads() {
        for (secret, _) in &reads.secrets {
            let value = room.secrets.get(secret, cx).await?;
            scope.set_secret(secret.clone(), value);
        }
    }
    let config = tree.render(&scope)?;
    Ok(Arc::new(Endpoint { config, ..endpoint.clone() }))
}
