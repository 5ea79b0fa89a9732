//! A cluster of the target, ready to be asked: its client, made once a run. Knows no kind of object.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use checkrun_model::clock::spoken;
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
    /// Where it is and how it was found.
    pub(super) site: Site,
    /// Nothing but reading is sent.
    pub(super) read_only: bool,
    /// The client; asked only by [`Cluster::ask`] and its neighbours, which keep the limits.
    pub(super) client: Client,
    pub(super) pace: Pace,
    pub(super) discovery: Discovery,
}

/// Where the API server of a cluster is, and which settings said so. Holds no credential.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// ``cluster `apps` at https://10.0.0.1:6443``.
    pub(super) at: String,
    /// ``context `apps-admin` of apps.kubeconfig``.
    pub(super) settings: String,
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
            let (client, site) = client(spec).await?;
            let (pace, discovery) = (Pace::default(), Discovery::default());
            let (name, read_only) = (spec.name.clone(), cx.run.read_only);
            Ok(Arc::new(Self { name, site, read_only, client, pace, discovery }))
        });
        let time = cx.remaining();
        let late = |_| {
            let cause = format!("cluster `{}`: its credentials were not there within {}", spec.name, spoken(time));
            Broken::transient(cause).hint(format!("{} is used", settings(spec)))
        };
        tokio::time::timeout(time, made).await.map_err(late)?.cloned()
    }
}

async fn client(spec: &ClusterSpec) -> Result<(Client, Site), Broken> {
    // Somebody else may have chosen one before; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let unusable = |why: &(dyn std::error::Error + 'static)| {
        Broken::fatal(format!("cluster `{}`: {}", spec.name, root(why).text))
            .hint(format!("{} is used", settings(spec)))
    };
    let mut config = config(spec).await.map_err(|why| unusable(&*why))?;
    // What was sent is never sent again by itself: only this crate knows what is safe to repeat.
    config.default_retry = false;
    let site =
        Site { at: format!("cluster `{}` at {}", spec.name, address(&config.cluster_url)), settings: settings(spec) };
    // A plugin that makes credentials is a process, and is waited for.
    let made = tokio::task::spawn_blocking(move || Client::try_from(config)).await;
    Ok((made.map_err(|why| unusable(&why))?.map_err(|why| unusable(&why))?, site))
}

async fn config(spec: &ClusterSpec) -> Result<Config, Box<dyn std::error::Error + Send + Sync>> {
    let options = KubeConfigOptions { context: spec.context.clone(), ..KubeConfigOptions::default() };
    Ok(match (&spec.kubeconfig, &spec.context) {
        (Some(path), _) => Config::from_custom_kubeconfig(Kubeconfig::read_from(path)?, &options).await?,
        (None, Some(_)) => Config::from_kubeconfig(&options).await?,
        (None, None) => Config::infer().await?,
    })
}

/// The server's address without user and password, which a URL can hold.
fn address(url: &http::Uri) -> String {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{}://{host}{}", url.scheme_str().unwrap_or("https"), url.path().trim_end_matches('/'))
}

/// What says where the cluster is, for people.
fn settings(spec: &ClusterSpec) -> String {
    let context = spec.context.as_ref().map_or("the current context".to_owned(), |name| format!("context `{name}`"));
    match &spec.kubeconfig {
        Some(path) => format!("{context} of {}", path.display()),
        None => format!("{context} of KUBECONFIG or ~/.kube/config"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_no_password() {
        let url = |text: &str| address(&text.parse().unwrap());
        assert_eq!(url("https://me:hush@10.0.0.1:6443/k8s/"), "https://10.0.0.1:6443/k8s");
        assert_eq!(url("https://[::1]:6443"), "https://[::1]:6443");
    }
}
