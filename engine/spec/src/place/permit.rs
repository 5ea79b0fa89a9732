//! What a check may do at its place, and the sentence that says why it may not.

use std::sync::Arc;

use checkrun_model::{ClusterSpec, Effect, Endpoint, KindDoc, Node, Place, Prepared, Runs, Target};

use crate::load::Permission;

/// What is allowed, and which key says so.
pub(crate) struct Allowed {
    /// The most that is allowed.
    pub(crate) effect: Effect,
    by: By,
}

enum By {
    ReadOnly,
    Option,
    /// A key of the target's file.
    Target(String),
    /// Nothing says anything: commands of this machine.
    Default,
}

/// Who says what is allowed.
pub(crate) struct Permit<'a> {
    pub(crate) target: &'a Target,
    pub(crate) permission: Permission,
}

impl Permit<'_> {
    /// What is allowed where this runs. What names its own address is held to the endpoints that stand at that address;
    /// where only the run knows it, to the strictest of the family.
    pub(crate) fn allowed(
        &self,
        doc: &KindDoc,
        cluster: Option<&ClusterSpec>,
        endpoint: Option<&Endpoint>,
        decoded: &dyn Prepared,
    ) -> Allowed {
        let cluster = cluster.filter(|_| doc.runs == Runs::Cluster);
        let place = match (cluster, endpoint, doc.runs) {
            (Some(cluster), _, _) => Some((cluster.allow, format!("clusters.{}.allow", cluster.name))),
            (None, Some(endpoint), _) => Some(said_by(endpoint)),
            (None, None, Runs::EndpointOr(family, _)) => self.at_address(family, decoded).map(said_by),
            (None, None, _) => None,
        };
        let permission = self.permission;
        let (effect, by) = match (place, permission.allow) {
            (Some((there, _)), Some(option)) if option < there => (option, By::Option),
            (Some((there, key)), _) => (there, By::Target(key)),
            (None, Some(option)) => (option, By::Option),
            (None, None) => (Effect::Write, By::Default),
        };
        if permission.read_only && effect > Effect::Read {
            Allowed { effect: Effect::Read, by: By::ReadOnly }
        } else {
            Allowed { effect, by }
        }
    }

    fn at_address(&self, family: &str, decoded: &dyn Prepared) -> Option<&Endpoint> {
        let touched = decoded.touches(&Place::default());
        let address = touched.first()?.system.strip_prefix(family)?.strip_prefix(':')?.to_owned();
        let stands_there = |endpoint: &&Arc<Endpoint>| {
            let url = endpoint.config.get("url").and_then(Node::as_text).unwrap_or_default();
            let rest = url.strip_prefix(&*address);
            endpoint.family == family
                && rest.is_some_and(|rest| address.is_empty() || rest.is_empty() || rest.starts_with('/'))
        };
        let all = self.target.endpoints.values().filter(stands_there);
        all.min_by_key(|endpoint| endpoint.allow).map(|endpoint| &**endpoint)
    }
}

fn said_by(endpoint: &Endpoint) -> (Effect, String) {
    (endpoint.allow, format!("endpoints.{}.allow", endpoint.name))
}

impl Allowed {
    /// Why an effect is not allowed; none where it is.
    pub(crate) fn refusal(&self, effect: Effect, kind: &str) -> Option<String> {
        if effect <= self.effect {
            return None;
        }
        let (wanted, given) = (effect.word(), self.effect.word());
        Some(match &self.by {
            By::ReadOnly => format!("not allowed: the effect of `{kind}` is {wanted}, and the run is --read-only"),
            By::Option => format!("not allowed: the effect of `{kind}` is {wanted}, and the run says --allow {given}"),
            By::Target(key) => format!(
                "not allowed: the effect of `{kind}` is {wanted}; the target says `{key}: {given}`, it needs `{key}: {wanted}`"
            ),
            By::Default => format!("not allowed: the effect of `{kind}` is {wanted}; it needs --allow {wanted}"),
        })
    }
}
