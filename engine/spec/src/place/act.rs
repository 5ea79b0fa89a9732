//! A kind with its arguments at its place: filled in as far as is known, decoded, its effect weighed.

use std::sync::Arc;

use checkrun_lang::{SecretRef, Tree};
use checkrun_model::{Effect, Endpoint, LoadCx, Node, NodeValue, Prepared, Runs, SpecError};

use super::expand::{Env, Placer};
use super::ground::Here;
use super::permit::{Allowed, Permit};
use crate::diags::near;
use crate::plan::Act;
use crate::source::act::ActSrc;
use crate::source::text::TreeSrc;

/// An act and what was learnt while it was decoded.
pub(crate) struct Placed {
    /// For the plan.
    pub(crate) act: Act,
    /// Decoded, with values of the run as wildcards.
    pub(crate) decoded: Arc<dyn Prepared>,
    /// The largest effect that its arguments can give it.
    pub(crate) effect: Effect,
    /// Whether the arguments that decide the effect are known.
    pub(crate) decided: bool,
    /// What is allowed there, and who says so.
    pub(crate) allowed: Allowed,
}

impl Placer<'_> {
    pub(crate) fn act(
        &mut self,
        source: &ActSrc,
        endpoint: Option<Arc<Endpoint>>,
        env: &Env<'_>,
        here: &Here,
    ) -> Option<Placed> {
        let doc = source.kind.doc;
        let folded = self.folded(&source.args, here);
        // What cannot be filled in is taken for any value: the other arguments' mistakes are told in the same run.
        let node = folded.as_ref().unwrap_or(&source.args.tree).deferred();
        let decoded = self.diags.take((source.kind.parse)(&node, &LoadCx { files: &*source.files }));
        let (args, decoded) = (folded?, decoded?);
        let constant = args.is_constant();
        let decided = constant || !decides(&node, doc.effect_keys);
        let effect = if decided { decoded.effect() } else { doc.worst };
        let own = names_its_own(&source.args.tree);
        let effect = if own { effect.min(Effect::Write) } else { effect };
        let prepared = constant.then(|| Arc::clone(&decoded));
        let cluster = self.act_cluster(source, env);
        self.secrets(&source.args, env);
        let secrets: Vec<SecretRef> = source.args.secrets.iter().map(|(secret, _)| secret.clone()).collect();
        let files = Arc::clone(&source.files);
        let permit = Permit { target: &self.place.target, permission: self.permission };
        let allowed = permit.allowed(doc, cluster.as_deref(), endpoint.as_deref(), &*decoded);
        let act = Act {
            kind: source.kind,
            span: source.span,
            args,
            prepared,
            cluster,
            endpoint,
            allowed: allowed.effect,
            own,
            secrets,
            files,
        };
        Some(Placed { act, decoded, effect, decided, allowed })
    }

    fn act_cluster(&mut self, source: &ActSrc, env: &Env<'_>) -> Option<Arc<checkrun_model::ClusterSpec>> {
        let cluster = env.cluster.as_ref().and_then(|name| self.cluster(name));
        if source.kind.doc.runs == Runs::Cluster && env.cluster.is_none() && !self.place.any {
            let message = format!("`{}` runs on a cluster, and none is named", source.kind.doc.name);
            let error = SpecError::new("spec::no-cluster", source.span, message, "where?");
            let names: Vec<&str> = self.place.target.clusters.keys().map(String::as_str).collect();
            let help = match names.as_slice() {
                [] => "give a target with `--target`, and name its cluster: `cluster:`".to_owned(),
                names => format!(
                    "write `cluster: {}` on the check, its group, or under `defaults:` of the suite",
                    names.join("` or `")
                ),
            };
            self.diags.push(error.help(help));
        }
        cluster
    }

    /// Every secret must be one that the target has; those of a cluster need one.
    pub(crate) fn secrets(&mut self, source: &TreeSrc, env: &Env<'_>) {
        for (secret, span) in source.secrets.iter().filter(|_| !self.place.any) {
            match secret {
                SecretRef::Named(name) if !self.place.secrets.contains_key(name) => {
                    let message = format!("the target has no secret `{name}`");
                    let error = SpecError::new("spec::unknown-secret", *span, message, "not in the target");
                    let names = self.place.secrets.keys().map(String::as_str);
                    self.diags.push(error.help(near(name, names, "secrets")));
                }
                SecretRef::Kube { .. } if env.cluster.is_none() => {
                    let error = SpecError::new(
                        "spec::no-cluster",
                        *span,
                        "this secret is read from the check's cluster, and it has none",
                        "where?",
                    );
                    self.diags.push(error.help("write `cluster:` on the check"));
                }
                _ => {}
            }
        }
    }
}

/// Whether the object that is acted on has the run's id in its name: nobody else makes such a one.
fn names_its_own(args: &Tree) -> bool {
    let Some(name) = args.node().get("name") else { return false };
    args.reads().iter().any(|(span, reads)| *span == name.span && reads.run.iter().any(|(fact, _)| fact == "id"))
}

/// Whether one of the arguments that decide the effect is not known yet.
fn decides(node: &Node, keys: &[&str]) -> bool {
    node.value == NodeValue::Deferred || keys.iter().any(|key| node.get(key).is_some_and(Node::has_deferred))
}
