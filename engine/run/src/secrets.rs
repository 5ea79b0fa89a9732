//! Reads secrets when they are first needed: from the environment, a file, or a cluster. Every value read is
//! made known to the redactor before anybody else sees it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use checkrun_lang::SecretRef;
use checkrun_model::{Broken, Cx};
use checkrun_spec::plan::SecretSource;

use crate::SecretReader;
use crate::redact::Redactor;

/// A secret and the cluster from which it is read.
type Key = (Option<String>, SecretRef);

/// The secrets of a run.
pub struct Secrets {
    sources: BTreeMap<String, SecretSource>,
    reader: Option<SecretReader>,
    redactor: Arc<Redactor>,
    known: Mutex<HashMap<Key, String>>,
}

impl Secrets {
    /// Secrets from the target's sources. What stands on this machine is read now, so that it is redacted
    /// also where a check sees it that never asks for it; what is missing is an error only where it is needed.
    pub fn new(sources: BTreeMap<String, SecretSource>, reader: Option<SecretReader>, redactor: Arc<Redactor>) -> Self {
        for (name, source) in &sources {
            if let Some(Ok(value)) = local(name, source) {
                // Whoever begins a run asks the redactor whether it still can tell.
                let _ = redactor.learn(name, &value);
            }
        }
        Self { sources, reader, redactor, known: Mutex::default() }
    }

    /// The value of a secret; one of a cluster is read through `cx.place.cluster`.
    pub async fn get(&self, secret: &SecretRef, cx: &Cx) -> Result<String, Broken> {
        let SecretRef::Named(name) = secret else { return self.of_cluster(secret, cx, &shown(secret)).await };
        let source = self.sources.get(name).ok_or_else(|| {
            Broken::fatal(format!("the target has no secret `{name}`")).hint("add it under the target's `secrets:`")
        })?;
        if let SecretSource::Kube { cluster, secret } = source {
            let mut cx = cx.clone();
            cx.place.cluster = cx.target.clusters.get(cluster).cloned();
            return self.of_cluster(secret, &cx, name).await;
        }
        let value = local(name, source)
            .unwrap_or_else(|| Err(format!("secret `{name}` has no source")))
            .map_err(Broken::fatal)?;
        self.redactor.learn(name, &value)?;
        Ok(value)
    }

    async fn of_cluster(&self, secret: &SecretRef, cx: &Cx, name: &str) -> Result<String, Broken> {
        let cluster = cx.place.cluster.as_ref().ok_or_else(|| {
            Broken::fatal(format!("secret {} is read through a cluster, and there is none here", shown(secret)))
                .hint("say `cluster:` at the check")
        })?;
        let key = (Some(cluster.name.clone()), secret.clone());
        if let Some(value) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(value.clone());
        }
        let reader = self.reader.ok_or_else(|| Broken::fatal("this build of checkrun speaks to no cluster"))?;
        let value = reader(secret, cx).await?;
        if value.is_empty() {
            return Err(Broken::fatal(format!("secret {} is empty", shown(secret))));
        }
        self.redactor.learn(name, &value)?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value.clone());
        Ok(value)
    }
}

/// `ns/name/key` or the name.
fn shown(secret: &SecretRef) -> String {
    match secret {
        SecretRef::Named(name) => name.clone(),
        SecretRef::Kube { namespace, name, key } => format!("{namespace}/{name}/{key}"),
    }
}

fn local(name: &str, source: &SecretSource) -> Option<Result<String, String>> {
    let value = match source {
        SecretSource::Env(variable) => {
            std::env::var(variable).map_err(|_| format!("secret `{name}`: the environment has no `{variable}`"))
        }
        SecretSource::File(path) => from_file(name, path),
        SecretSource::Kube { .. } => return None,
    };
    Some(value.and_then(|value| if value.is_empty() { Err(format!("secret `{name}` is empty")) } else { Ok(value) }))
}

fn from_file(name: &str, path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("secret `{name}`: cannot read {}: {error}", path.display()))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
