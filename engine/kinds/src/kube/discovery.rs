//! What the cluster serves, asked once a run, and again when something is missing (a CRD may have come meanwhile).

use std::sync::Arc;
use std::time::Instant;

use checkrun_model::Broken;
use tokio::sync::Mutex;

use super::ask::Ask;
use super::cluster::Cluster;
use super::refusal::late;
use super::served::{Missing, Resource, Served};

/// The account in one answer for all groups; older servers know its beta.
const ACCOUNT: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json;q=0.5";

/// What is known so far, and since when.
#[derive(Default)]
pub(super) struct Discovery(Mutex<Option<(Instant, Arc<Served>)>>);

impl Cluster {
    /// The resource of `Kind` or `Kind.group`.
    ///
    /// # Errors
    /// It is not served, or by several groups.
    pub(super) async fn kind(&self, written: &str, deadline: Instant) -> Result<Arc<Resource>, Broken> {
        self.resource(|served| served.find(written), deadline).await
    }

    /// The resource of a manifest.
    ///
    /// # Errors
    /// It is not served in that version.
    pub(super) async fn version(
        &self,
        api_version: &str,
        kind: &str,
        deadline: Instant,
    ) -> Result<Arc<Resource>, Broken> {
        self.resource(|served| served.find_version(api_version, kind), deadline).await
    }

    async fn resource(
        &self,
        find: impl Fn(&Served) -> Result<Arc<Resource>, Missing>,
        deadline: Instant,
    ) -> Result<Arc<Resource>, Broken> {
        let begun = Instant::now();
        let known = self.served(None, deadline).await?;
        match find(&known) {
            Ok(resource) => Ok(resource),
            Err(Missing::Unclear(broken)) => Err(broken),
            Err(Missing::Unserved(_)) => {
                let fresh = self.served(Some(begun), deadline).await?;
                find(&fresh).map_err(|(Missing::Unserved(broken) | Missing::Unclear(broken))| broken)
            }
        }
    }

    /// What is served, as asked after `since`. Whoever comes while it is being asked waits for that answer.
    async fn served(&self, since: Option<Instant>, deadline: Instant) -> Result<Arc<Served>, Broken> {
        let begun = Instant::now();
        let time = deadline.saturating_duration_since(begun);
        // Whoever asks before us may not come back: that it is the cluster's trouble is said here, too.
        let turn = tokio::time::timeout_at(deadline.into(), self.discovery.0.lock());
        let mut known = turn.await.map_err(|_| late(&self.site, "GET /api", time))?;
        if let Some((asked, served)) = &*known
            && since.is_none_or(|since| *asked >= since)
        {
            return Ok(Arc::clone(served));
        }
        let asked = Instant::now();
        let mut served = Served::default();
        for root in ["/api", "/apis"] {
            let account = self.ask_since(begun, &Ask::get(root).accept(ACCOUNT), deadline).await?.granted()?;
            served.add(&account)?;
        }
        let served = Arc::new(served);
        *known = Some((asked, Arc::clone(&served)));
        Ok(served)
    }
}
