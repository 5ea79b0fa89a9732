//! Which endpoint a check speaks to: its own, the one around it, or the target's default of the family.

use std::sync::Arc;

use checkrun_model::{Effect, Endpoint, KindDoc, Runs, Span, SpecError};

use super::expand::{Env, Placer};
use super::ground::Here;
use crate::diags::near;
use crate::source::act::ActSrc;
use crate::source::item::Item;
use crate::source::text::TreeSrc;

impl Placer<'_> {
    /// An endpoint of the target.
    pub(crate) fn endpoint_named(&mut self, name: &str, span: Span) -> Option<Arc<Endpoint>> {
        let found = self.place.target.endpoints.get(name).cloned();
        if found.is_none() && !self.place.any {
            let message = format!("the target has no endpoint `{name}`");
            let error = SpecError::new("spec::unknown-endpoint", span, message, "not in the target");
            let names = self.place.target.endpoints.keys().map(String::as_str);
            self.diags.push(error.help(near(name, names, "endpoints")));
        }
        found
    }

    /// `endpoint:` of a node: a name, or a family with its settings.
    pub(crate) fn endpoint_here(
        &mut self,
        source: &TreeSrc,
        here: &Here,
        env: &Env<'_>,
        id: &str,
    ) -> Option<Arc<Endpoint>> {
        let tree = self.folded(source, here)?;
        let node = tree.deferred();
        if let Some(name) = node.scalar_text() {
            return self.endpoint_named(&name, source.span);
        }
        self.secrets(source, env);
        let late = tree.reads().iter().any(|(_, reads)| !reads.run.is_empty() || !reads.checks.is_empty());
        if late {
            let error = SpecError::new(
                "spec::not-in-this-version",
                source.span,
                "an endpoint that only the run knows is not in this version",
                "not yet",
            );
            self.diags.push(error.help("name an endpoint of the target"));
            return None;
        }
        let Some([family]) = node.as_map() else {
            let error = SpecError::new(
                "spec::endpoint",
                source.span,
                "an endpoint is a name of the target, or one family with its settings",
                "not that",
            );
            self.diags.push(error.help("write `endpoint: registry`"));
            return None;
        };
        let Some(row) = self.families.iter().find(|row| row.family == family.key) else {
            let message = format!("there is no endpoint family `{}`", family.key);
            let error = SpecError::new("target::unknown-family", family.key_span, message, "not a family");
            self.diags.push(error.help(near(&family.key, self.families.iter().map(|row| row.family), "families")));
            return None;
        };
        self.diags.take((row.parse)(&family.value))?;
        let config = tree.node().get(&family.key).unwrap_or(&family.value).clone();
        Some(Arc::new(Endpoint { name: id.to_owned(), family: family.key.clone(), config, allow: Effect::default() }))
    }

    /// The endpoint of a check of this kind. The outer `None` is a mistake.
    pub(crate) fn endpoint_of(
        &mut self,
        doc: &KindDoc,
        item: &Item,
        own: Option<&Arc<Endpoint>>,
        env: &Env<'_>,
        act: &ActSrc,
    ) -> Option<Option<Arc<Endpoint>>> {
        let kind = act.span;
        let family = match doc.runs {
            Runs::EndpointOr(family, key) if act.args.tree.node().get(key).is_some() => {
                if let Some(source) = item.endpoint.as_ref().filter(|_| own.is_some_and(|own| own.family == family)) {
                    let message = format!("with `{key}` this speaks to that address, without any endpoint");
                    let error = SpecError::new("spec::endpoint", source.span, message, "of no use");
                    self.diags.push(error.help(format!("take `endpoint` out, or write `path` instead of `{key}`")));
                }
                return Some(None);
            }
            Runs::Endpoint(family) | Runs::EndpointOr(family, _) => family,
            Runs::Local | Runs::Cluster => return self.no_endpoint(doc, item),
        };
        if let Some(own) = own {
            if own.family == family {
                return Some(Some(Arc::clone(own)));
            }
            let span = item.endpoint.as_ref().map_or(kind, |source| source.span);
            let message = format!(
                "`{}` speaks to an endpoint of `{family}`, and `{}` is one of `{}`",
                doc.name, own.name, own.family
            );
            let error = SpecError::new("spec::wrong-endpoint", span, message, "of another family");
            self.diags.push(error.help(self.endpoints_of(family)));
            return None;
        }
        let around = env.endpoint.as_ref().filter(|endpoint| endpoint.family == family);
        let default = || self.place.target.defaults.get(family).and_then(|name| self.place.target.endpoints.get(name));
        if let Some(endpoint) = around.or_else(default) {
            return Some(Some(Arc::clone(endpoint)));
        }
        if self.place.any || item.endpoint.is_some() {
            return Some(None);
        }
        let message = format!("`{}` speaks to an endpoint of `{family}`, and none is named", doc.name);
        let error = SpecError::new("spec::no-endpoint", kind, message, "where?");
        self.diags.push(error.help(self.endpoints_of(family)));
        None
    }

    fn no_endpoint(&mut self, doc: &KindDoc, item: &Item) -> Option<Option<Arc<Endpoint>>> {
        if let Some(source) = &item.endpoint {
            let message = format!("`{}` speaks to no endpoint", doc.name);
            self.diags.push(SpecError::new("spec::endpoint", source.span, message, "of no use"));
        }
        Some(None)
    }

    fn endpoints_of(&self, family: &str) -> String {
        let all = self.place.target.endpoints.values().filter(|endpoint| endpoint.family == family);
        let names: Vec<&str> = all.map(|endpoint| endpoint.name.as_str()).collect();
        if names.is_empty() {
            return format!("the target has no endpoint of `{family}`; add one under `endpoints:`");
        }
        format!("write `endpoint: {}`, or name it under `defaults:` of the target", names.join("` or `"))
    }
}
