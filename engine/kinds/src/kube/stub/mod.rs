//! An API server for tests: a few kinds of the core group, kept in memory, with the faults that real ones have.

mod http;
mod store;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use checkrun_model::{ClusterSpec, Cx, Effect, Place};
use serde_json::Value as Json;
use tokio::net::TcpListener;

use crate::testing::{Remembered, context};
pub(super) use store::{Fault, Store};

/// A server that answers as long as its test runs.
pub(super) struct Stub {
    store: Arc<Mutex<Store>>,
    kubeconfig: PathBuf,
    _dir: tempfile::TempDir,
}

impl Stub {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let kubeconfig = dir.path().join("kubeconfig");
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{ name: c, context: {{ cluster: c, user: u }} }}]\n\
             clusters: [{{ name: c, cluster: {{ server: \"http://{address}\" }} }}]\nusers: [{{ name: u, user: {{}} }}]\n"
        );
        std::fs::write(&kubeconfig, text).unwrap();
        let store = Arc::new(Mutex::new(Store::default()));
        tokio::spawn(http::serve(listener, store.clone()));
        Self { store, kubeconfig, _dir: dir }
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap()
    }

    /// A context of a check on this cluster, and what it announces.
    pub(super) fn context(&self) -> (Cx, Arc<Remembered>) {
        let (mut cx, ledger) = context(None);
        let spec = ClusterSpec {
            name: "apps".into(),
            kubeconfig: Some(self.kubeconfig.clone()),
            context: None,
            allow: Effect::Destroy,
        };
        cx.place = Place { cluster: Some(Arc::new(spec)), endpoint: None };
        (cx, ledger)
    }

    /// How many requests there were whose method and path begin like this.
    pub(super) fn asked(&self, what: &str) -> usize {
        self.store().log.iter().filter(|line| line.starts_with(what)).count()
    }
}

/// A context of a check of the same run that waits since now.
pub(super) fn waiting(cx: &Cx, wait: u64) -> Cx {
    let mut waiting = cx.clone();
    (waiting.wait_epoch, waiting.wait_id) = (Some(cx.shared.epoch()), wait);
    waiting.cancelled = Arc::default();
    waiting
}

pub(super) fn pod(name: &str, phase: &str) -> Json {
    serde_json::json!({ "metadata": { "name": name, "namespace": "a", "labels": { "app": "web" } }, "spec": { "containers": [{ "name": "c" }] }, "status": { "phase": phase } })
}

/// What takes longer than this does not happen.
pub(super) async fn soon<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_secs(60), future).await.ok()
}
