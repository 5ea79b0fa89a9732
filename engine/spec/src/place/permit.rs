//! What a check may do at its place, and the sentence that says why it may not.

use checkrun_model::{Effect, Runs};

use crate::load::Permission;
use crate::plan::Act;

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

/// What is allowed where this act runs.
pub(crate) fn allowed(act: &Act, permission: Permission) -> Allowed {
    let cluster = act.cluster.as_ref().filter(|_| act.kind.doc.runs == Runs::Cluster);
    let place = match (cluster, &act.endpoint) {
        (Some(cluster), _) => Some((cluster.allow, format!("clusters.{}.allow", cluster.name))),
        (None, Some(endpoint)) => Some((endpoint.allow, format!("endpoints.{}.allow", endpoint.name))),
        (None, None) => None,
    };
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
