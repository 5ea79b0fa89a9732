//! The body of one check at its place.

use std::sync::Arc;
use std::time::Duration;

use checkrun_lang::{Expectation, Matcher, Test, Tree, What};
use checkrun_model::{Effect, Endpoint, Repeats, Runs, SpecError, args, de};

use super::act::Placed;
use super::expand::{Env, Placer};
use super::ground::Here;
use crate::plan::{Body, CheckBody, NodeIx};
use crate::source::check::{CheckSrc, TimeSrc, not_a_time};
use crate::source::item::Item;

/// Time for one observation where nothing says another.
const TIMEOUT: Duration = Duration::from_secs(30);

impl<'a> Placer<'a> {
    pub(crate) fn check(&mut self, ix: NodeIx, item: &'a Item, source: &'a CheckSrc, env: &Env<'a>, here: &Here) {
        let own = item.endpoint.as_ref().and_then(|endpoint| self.endpoint_here(endpoint, here, env, &item.id));
        let placed = source.act.as_ref().and_then(|act| {
            let endpoint = self.endpoint_of(act.kind.doc, item, own.as_ref(), env, act);
            self.act(act, endpoint.flatten(), env, here)
        });
        let witness = source.witness.as_ref().and_then(|act| {
            let endpoint = placed.as_ref().and_then(|placed| placed.act.endpoint.clone());
            Some(self.act(act, endpoint, env, here)?.act)
        });
        let cleanup = self.cleanups(item, source, own.as_ref(), env, here);
        let within = source.within.as_ref().and_then(|time| self.duration(time, here));
        let holds_for = source.holds_for.as_ref().and_then(|time| self.duration(time, here));
        let timeout = source.timeout.as_ref().and_then(|time| self.duration(time, here));
        let doc = placed.as_ref().map(|placed| placed.act.kind.doc);
        let timeout = timeout.or(doc.and_then(|doc| doc.timeout)).or(env.timeout).unwrap_or(TIMEOUT);
        let expect = self.expectations(source, here);
        let effect = self.effect(source, placed.as_ref());
        if let Some(placed) = &placed {
            self.repeats(source, placed);
            self.may_be_empty(item, placed);
        }
        let endpoint = placed.as_ref().and_then(|placed| placed.act.endpoint.as_deref());
        let locks = self.check_locks(item, env, doc.map(|doc| (doc, endpoint)));
        if effect >= Effect::Disrupt && locks.is_empty() && env.locks.is_empty() {
            self.unlocked(source, placed.as_ref(), effect);
        }
        let node = &mut self.nodes[ix.0 as usize];
        node.locks = locks;
        node.skip = placed.as_ref().and_then(|placed| placed.allowed.refusal(effect, placed.act.kind.doc.name));
        for cleanup in &cleanup {
            let refusal = cleanup.allowed.refusal(cleanup.effect, cleanup.act.kind.doc.name);
            node.skip = node.skip.take().or(refusal.map(|why| format!("its cleanup is {why}")));
        }
        let planned_effect = cleanup.iter().map(|cleanup| cleanup.effect).fold(effect, Effect::max);
        let allowed = placed.as_ref().map_or(Effect::Read, |placed| placed.act.allowed);
        node.body = Body::Check(Box::new(CheckBody {
            act: placed.map(|placed| placed.act),
            expect,
            hook: source.hook.clone(),
            witness: witness.map(Box::new),
            within,
            holds_for,
            timeout,
            // Beside a `foreach` it is the list that may be empty, never what each instance looks at.
            allow_empty: item.allow_empty && item.foreach.is_none(),
            keep: source.keep.is_some(),
            effect: source.effect.map(|(effect, _)| effect),
            reason: source.reason.clone(),
            planned_effect,
            allowed,
            cleanup: cleanup.into_iter().map(|cleanup| cleanup.act).collect(),
        }));
    }

    /// The entries of `cleanup:`. What names this run's id is its own: undoing it is no more than writing.
    fn cleanups(
        &mut self,
        item: &Item,
        source: &CheckSrc,
        own: Option<&Arc<Endpoint>>,
        env: &Env<'a>,
        here: &Here,
    ) -> Vec<Placed> {
        let mut placed = Vec::with_capacity(source.cleanup.len());
        for act in &source.cleanup {
            let endpoint = match act.kind.doc.runs {
                Runs::Endpoint(family) | Runs::EndpointOr(family, _) => {
                    let own = own.filter(|own| own.family == family);
                    self.endpoint_of(act.kind.doc, item, own, env, act).flatten()
                }
                Runs::Local | Runs::Cluster => None,
            };
            let Some(mut entry) = self.act(act, endpoint, env, here) else { continue };
            if act.args.reads_run_id {
                entry.act.own = true;
                entry.effect = entry.effect.min(Effect::Write);
            }
            placed.push(entry);
        }
        placed
    }

    pub(crate) fn duration(&mut self, time: &TimeSrc, here: &Here) -> Option<Duration> {
        let tree = match time {
            TimeSrc::Known(time, _) => return Some(*time),
            TimeSrc::Tree(tree) => self.folded(tree, here)?,
        };
        let time = self.diags.take(de::from_node::<args::Duration>(&tree.deferred()))?.0;
        if let Some(wrong) = not_a_time(time, tree.node().span) {
            self.diags.push(wrong);
            return None;
        }
        Some(time)
    }

    /// The effect of the check: what it says, if it may say that, else what its arguments give.
    fn effect(&mut self, source: &CheckSrc, placed: Option<&Placed>) -> Effect {
        let own = placed.map_or(Effect::Read, |placed| placed.effect);
        if let Some(span) = source.keep
            && placed.is_some_and(|placed| placed.decided)
            && own == Effect::Read
        {
            let error = SpecError::new("spec::keep", span, "this check makes nothing that could be kept", "of no use");
            self.diags.push(error.help("take `keep` out"));
        }
        let Some((said, span)) = source.effect else { return own };
        if said != Effect::Read && said < own && placed.is_some_and(|placed| placed.decided) {
            let message = format!("the effect of this check is {}, which is more than {}", own.word(), said.word());
            let error = SpecError::new("spec::effect", span, message, "less than it is");
            self.diags.push(error.help("`effect` can raise what the arguments give, not lower it: take it out"));
            return own;
        }
        said
    }

    /// `allow_empty` needs a selection that can be empty; one object that is not there is no empty selection.
    fn may_be_empty(&mut self, item: &Item, placed: &Placed) {
        let doc = placed.act.kind.doc;
        if item.allow_empty && item.foreach.is_none() && doc.selection.is_none() && doc.worst == Effect::Read {
            let message =
                format!("`{}` selects nothing that could be empty: `allow_empty` would let it pass unseen", doc.name);
            let error = SpecError::new("spec::allow-empty", placed.act.span, message, "cannot be empty");
            self.diags.push(error.help("leave it out, or list what may be there with a kind that selects"));
        }
    }

    /// `within` and `holds_for` need something that can be looked at again.
    fn repeats(&mut self, source: &CheckSrc, placed: &Placed) {
        let said = source.effect.map(|(effect, _)| effect);
        let instead = match placed.decoded.repeats() {
            Repeats::Refused(instead) if said != Some(Effect::Read) && placed.decided => instead,
            Repeats::Observe if said > Some(Effect::Read) => {
                "what is said to change something is looked at once; take `effect` out, or wait in a check that needs this one"
            }
            _ => return,
        };
        for (key, time) in [("within", &source.within), ("holds_for", &source.holds_for)] {
            if let Some(time) = time {
                let message = format!(
                    "`{key}` would act again and again: `{}` has nothing to read afterwards",
                    placed.act.kind.doc.name
                );
                self.diags.push(SpecError::new("spec::repeats", time.span(), message, "cannot wait").help(instead));
            }
        }
    }

    fn unlocked(&mut self, source: &CheckSrc, placed: Option<&Placed>, effect: Effect) {
        let Some(act) = &source.act else { return };
        // A cluster and an endpoint are locks by their names.
        let endpoint = placed.and_then(|placed| placed.act.endpoint.as_ref()).map(|endpoint| &endpoint.name);
        let cluster = placed.and_then(|placed| placed.act.cluster.as_ref()).map(|cluster| &cluster.name);
        let lock = endpoint.or(cluster).map_or("NAME", String::as_str);
        let message = format!("the effect of this check is {}, and it holds no lock", effect.word());
        let warning = SpecError::new("spec::no-lock", act.span, message, "others may run meanwhile");
        self.diags.push(
            warning
                .help(format!(
                    "name what it hurts, and nobody who says so too runs meanwhile: `locks: {{ {lock}: alone }}`"
                ))
                .warning(),
        );
    }

    fn expectations(&mut self, source: &CheckSrc, here: &Here) -> Arc<[Expectation]> {
        if !source.has_templates {
            return Arc::clone(&source.expect);
        }
        let folded = source.expect.iter().map(|expectation| {
            let what = match &expectation.what {
                What::Matcher(matcher) => What::Matcher(Box::new(Matcher {
                    test: matcher.test.as_ref().and_then(|test| self.test(test, here)),
                    ..(**matcher).clone()
                })),
                other => other.clone(),
            };
            Expectation { what, ..expectation.clone() }
        });
        folded.collect()
    }

    fn test(&mut self, test: &Test, here: &Here) -> Option<Test> {
        let mut tree = |tree: &Tree| self.diags.take(tree.fold(&here.scope));
        Some(match test {
            Test::Equals(value) => Test::Equals(tree(value)?),
            Test::In(values) => Test::In(tree(values)?),
            Test::Matches(pattern) => Test::Matches(tree(pattern)?),
            Test::All(inner) => Test::All(Box::new(self.test(inner, here)?)),
            Test::Any(inner) => Test::Any(Box::new(self.test(inner, here)?)),
            Test::None(inner) => Test::None(Box::new(self.test(inner, here)?)),
            plain => plain.clone(),
        })
    }
}
