//! A cluster of the target, ready to be asked: its client, made once a run. Knows no kind of object.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use checkrun_model::{Broken, ClusterSpec, Cx};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::sync::OnceCell;

use super::discovery::Discovery;
use super::pace::Pace;
use crate::http::trouble::root;

/// A cluster, ready to be asked.
pub(crate) struct Cluster {
    /// Its name in the target.
    pub(super) name: String,
    /// Nothing but reading is sent.
    pub(super) read_only: bool,
    /// The client; asked only by [`Cluster::ask`] and its neighbours, which keep the limits.
    pub(super) client: Client,
    pub(super) pace: Pace,
    pub(super) discovery: Discovery,
}

/// The clusters of one run.
#[derive(Default)]
struct Clusters(Mutex<HashMap<String, Arc<OnceCell<Arc<Cluster>>>>>);

impl Cluster {
    /// The cluster of the check.
    ///
    /// # Errors
    /// The check has none, or its client cannot be made.
    pub(crate) async fn of(cx: &Cx) -> Result<Arc<Self>, Broken> {
        let missing = || {
            Broken::fatal("the check has no cluster").hint("say `cluster:`, in the check or in the suite's `defaults:`")
        };
        Self::open(cx, cx.place.cluster.as_ref().ok_or_else(missing)?).await
    }

    /// The cluster `name` of the target.
    ///
    /// # Errors
    /// There is none, or its client cannot be made.
    pub(crate) async fn named(cx: &Cx, name: &str) -> Result<Arc<Self>, Broken> {
        let missing = || Broken::fatal(format!("the target has no cluster `{name}`"));
        Self::open(cx, cx.target.clusters.get(name).ok_or_else(missing)?).await
    }

    async fn open(cx: &Cx, spec: &Arc<ClusterSpec>) -> Result<Arc<Self>, Broken> {
        let clusters = cx.shared.get::<Clusters>();
        let slot = {
            let mut slots = clusters.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(spec.name.clone()).or_default())
        };
        let made = slot.get_or_try_init(|| async {
            let client = client(spec).await?;
            let (pace, discovery) = (Pace::default(), Discovery::default());
            Ok(Arc::new(Self { name: spec.name.clone(), read_only: cx.run.read_only, client, pace, discovery }))
        });
        let late = |_| Broken::transient(format!("cluster `{}`: no client within the time of the check", spec.name));
        tokio::time::timeout(cx.remaining(), made).await.map_err(late)?.cloned()
    }
}

async fn client(spec: &ClusterSpec) -> Result<Client, Broken> {
    // Somebody else may have chosen one before; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let unusable = |why: &(dyn std::error::Error + 'static)| {
        Broken::fatal(format!("cluster `{}`: {}", spec.name, root(why).text)).hint(where_from(spec))
    };
    let mut config = config(spec).await.map_err(|why| unusable(&*why))?;
    // What was sent is never sent again by itself: only this crate knows what is safe to repeat.
    config.default_retry = false;
    // A plugin that makes credentials is a process, and is waited for.
    let made = tokio::task::spawn_blocking(move || Client::try_from(config)).await;
    made.map_err(|why| unusable(&why))?.map_err(|why| unusable(&why))
}

async fn config(spec: &ClusterSpec) -> Result<Config, Box<dyn std::error::Error + Send + Sync>> {
    let options = KubeConfigOptions { context: spec.context.clone(), ..KubeConfigOptions::default() };
    Ok(match (&spec.kubeconfig, &spec.context) {
        (Some(path), _) => Config::from_custom_kubeconfig(Kubeconfig::read_from(path)?, &options).await?,
        (None, Some(_)) => Config::from_kubeconfig(&options).await?,
        (None, None) => Config::infer().await?,
    })
}

fn where_from(spec: &ClusterSpec) -> String {
    let context = spec.context.as_ref().map_or("the current context".to_owned(), |name| format!("context `{name}`"));
    match &spec.kubeconfig {
        Some(path) => format!("{context} of {} is used", path.display()),
        None => format!("{context} of KUBECONFIG or ~/.kube/config is used"),
    }
}
