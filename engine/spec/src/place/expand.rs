//! Items into nodes: groups before their members, one node for each turn of a `foreach`, templates unfolded.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use checkrun_lang::{Tree, Value};
use checkrun_model::{ClusterSpec, Endpoint, EndpointEntry, Importance, LockMode, Span, SpecError};

use super::ground::{Ground, Here};
use crate::diags::{Diags, near};
use crate::file::target::{self, Place};
use crate::inputs::Given;
use crate::load::Permission;
use crate::plan::{Body, NodeIx, PlanNode, Reach};
use crate::source::group::{DefaultsSrc, Holds, TemplateSrc};
use crate::source::item::{Covers, Item, ItemBody};
use crate::source::text::TreeSrc;

/// The most checks and groups that a suite unfolds to.
pub(crate) const MOST_NODES: usize = 50_000;

/// Makes nodes of items.
pub(crate) struct Placer<'a> {
    /// All mistakes.
    pub(crate) diags: &'a mut Diags,
    /// Where the suite runs.
    pub(crate) place: &'a Place,
    /// Endpoint families, for endpoints written in a check.
    pub(crate) families: &'static [EndpointEntry],
    /// Templates by name.
    pub(crate) templates: HashMap<&'a str, &'a TemplateSrc>,
    /// What the run may do.
    pub(crate) permission: Permission,
    /// The nodes.
    pub(crate) nodes: Vec<PlanNode>,
    /// Beside each node, what its names are resolved from.
    pub(crate) origins: Vec<Origin<'a>>,
    /// Scopes of names.
    pub(crate) scopes: Vec<Names<'a>>,
    /// Something could not be read: a name that is not found proves nothing.
    pub(crate) incomplete: bool,
    /// It unfolds to more than may be: nothing is added any more.
    pub(crate) full: bool,
    using: Vec<&'a str>,
    made_up: HashMap<String, Arc<ClusterSpec>>,
    /// Of nodes that read none.
    no_names: Arc<[(Arc<str>, Reach)]>,
}

/// What a node was made from.
pub(crate) struct Origin<'a> {
    /// Its item.
    pub(crate) item: &'a Item,
    /// The scope in which it stands.
    pub(crate) scope: usize,
    /// For a group: the scope of its members.
    pub(crate) inner: Option<usize>,
    /// The step before it.
    pub(crate) before: Vec<NodeIx>,
    /// For a template's group: what it hands out.
    pub(crate) outputs: Option<&'a TemplateSrc>,
}

/// The ids of one level.
#[derive(Default)]
pub(crate) struct Names<'a> {
    /// The level around it; none: nothing else is in reach.
    pub(crate) outer: Option<usize>,
    /// Id to what it stands for.
    pub(crate) ids: HashMap<Arc<str>, (Reach, &'a Item)>,
}

/// What a node has from around it.
#[derive(Clone)]
pub(crate) struct Env<'a> {
    pub(crate) ground: Rc<Ground>,
    pub(crate) scope: usize,
    pub(crate) parent: Option<NodeIx>,
    pub(crate) prefix: Arc<str>,
    pub(crate) cluster: Option<Arc<str>>,
    pub(crate) endpoint: Option<Arc<Endpoint>>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) severity: Option<Importance>,
    pub(crate) locks: Vec<(Arc<str>, LockMode)>,
    pub(crate) covers: Option<&'a Covers>,
}

impl<'a> Placer<'a> {
    pub(crate) fn new(
        diags: &'a mut Diags,
        place: &'a Place,
        families: &'static [EndpointEntry],
        templates: &'a [TemplateSrc],
        permission: Permission,
    ) -> Self {
        Self {
            diags,
            place,
            families,
            templates: templates.iter().map(|template| (template.name.as_str(), template)).collect(),
            permission,
            nodes: Vec::new(),
            origins: Vec::new(),
            scopes: vec![Names::default()],
            incomplete: false,
            full: false,
            using: Vec::new(),
            made_up: HashMap::new(),
            no_names: Arc::default(),
        }
    }

    /// The items of one level, in order.
    pub(crate) fn items(&mut self, items: &'a [Item], env: &Env<'a>, ordered: bool) -> Vec<NodeIx> {
        let mut all = Vec::with_capacity(items.len());
        self.nodes.reserve(items.len());
        self.origins.reserve(items.len());
        self.scopes[env.scope].ids.reserve(items.len());
        let mut before = Vec::new();
        for item in items {
            let (reach, nodes) = self.item(item, env, &before);
            if self.full {
                break;
            }
            if let Some((_, first)) = self.scopes[env.scope].ids.get(&item.id) {
                let message = format!("the id `{}` stands here twice", item.id);
                let error = SpecError::new("spec::duplicate-id", item.span, message, "again").also(first.span, "first");
                self.diags.push(error.help("rename one of them"));
            } else {
                self.scopes[env.scope].ids.insert(Arc::clone(&item.id), (reach, item));
            }
            if ordered && !nodes.is_empty() {
                before.clone_from(&nodes);
            }
            all.extend(nodes);
        }
        all
    }

    fn item(&mut self, item: &'a Item, env: &Env<'a>, before: &[NodeIx]) -> (Reach, Vec<NodeIx>) {
        if self.is_full(item) {
            return (Reach::Instances(Vec::new()), Vec::new());
        }
        let Some(foreach) = &item.foreach else {
            let id = format!("{}{}", env.prefix, item.id);
            let node = self.node(item, env.clone(), id.into(), before);
            return (Reach::Node(node), vec![node]);
        };
        let here = env.ground.on(env.cluster.as_ref());
        let turns = self.turns(item, foreach, &here);
        let mut instances = Vec::with_capacity(turns.len());
        for turn in turns {
            if self.is_full(item) {
                break;
            }
            let ground = Rc::new(env.ground.with(&foreach.var, turn.value));
            let id = format!("{}{}[{}]", env.prefix, item.id, turn.key);
            let node = self.node(item, Env { ground, ..env.clone() }, id.into(), before);
            instances.push((turn.key.into(), node));
        }
        let nodes = instances.iter().map(|(_, node)| *node).collect();
        (Reach::Instances(instances), nodes)
    }

    /// Whether there is no room for another node; said once, at the item that wants it.
    fn is_full(&mut self, item: &Item) -> bool {
        if self.full || self.nodes.len() < MOST_NODES {
            return self.full;
        }
        self.full = true;
        self.incomplete = true;
        let span = item.foreach.as_ref().map_or(item.span, |foreach| foreach.list.span);
        let message = format!("the suite unfolds to more than {MOST_NODES} checks and groups");
        let error = SpecError::new("spec::too-many-checks", span, message, "here the limit is reached");
        self.diags.push(error.help("shorten the lists of nested `foreach`, or judge many things in one check"));
        true
    }

    fn node(&mut self, item: &'a Item, mut env: Env<'a>, id: Arc<str>, before: &[NodeIx]) -> NodeIx {
        let ix = NodeIx(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.settle(item, &mut env);
        let here = env.ground.on(env.cluster.as_ref());
        let title =
            item.title.as_ref().and_then(|title| self.text(title, &here)).map_or_else(|| Arc::clone(&id), Into::into);
        let covers = env.covers.and_then(|covers| covers.members.get(&*item.id)).map_or(&[][..], |(_, ids)| ids);
        self.nodes.push(PlanNode {
            id: Arc::clone(&id),
            title,
            span: item.span,
            parent: env.parent,
            needs: Vec::new(),
            inferred: Vec::new(),
            when: item.when.as_ref().map(|when| (Arc::clone(&when.expr), when.span)),
            skip: None,
            locks: Vec::new(),
            severity: env.severity.unwrap_or_default(),
            covers: item.covers.own.iter().chain(covers).cloned().collect(),
            bindings: Arc::clone(&here.bindings),
            reach: Arc::clone(&self.no_names),
            saves: item
                .saves
                .iter()
                .map(|(name, save)| (Arc::clone(name), Arc::clone(&save.expr), save.span))
                .collect(),
            body: Body::Group { members: Vec::new() },
        });
        self.origins.push(Origin { item, scope: env.scope, inner: None, before: before.to_vec(), outputs: None });
        match &item.body {
            ItemBody::Check(check) => self.check(ix, item, check, &env, &here),
            ItemBody::Group(group) => self.group(ix, item, &group.holds, env, &here),
            ItemBody::Unknown => {}
        }
        ix
    }

    /// What the item says about its place, over what is around it.
    fn settle(&mut self, item: &'a Item, env: &mut Env<'a>) {
        if let ItemBody::Group(group) = &item.body {
            self.defaults(&group.defaults, env);
        }
        if let Some(cluster) = &item.cluster {
            let here = env.ground.on(env.cluster.as_ref());
            env.cluster = self.text(cluster, &here).map(Into::into);
            if let Some(name) = env.cluster.clone() {
                self.known_cluster(&name, cluster.span);
            }
        }
        env.severity = item.severity.or(env.severity);
    }

    /// `defaults:` of a suite, a file or a group.
    pub(crate) fn defaults(&mut self, defaults: &DefaultsSrc, env: &mut Env<'a>) {
        if let (Some(cluster), Some(span)) = (&defaults.values.cluster, defaults.cluster) {
            self.known_cluster(cluster, span);
            env.cluster = Some(cluster.as_str().into());
        }
        if let (Some(endpoint), Some(span)) = (&defaults.values.endpoint, defaults.endpoint) {
            env.endpoint = self.endpoint_named(endpoint, span);
        }
        if let Some(timeout) = defaults.values.timeout {
            env.timeout = Some(timeout.0);
        }
    }

    fn known_cluster(&mut self, name: &str, span: Span) {
        if !self.place.any && !self.place.target.clusters.contains_key(name) {
            self.diags.push(target::unknown_cluster(name, span, &self.place.target.clusters));
        }
    }

    /// A cluster of the target.
    pub(crate) fn cluster(&mut self, name: &str) -> Option<Arc<ClusterSpec>> {
        if let Some(cluster) = self.place.target.clusters.get(name) {
            return Some(Arc::clone(cluster));
        }
        let any = |name: &str| ClusterSpec {
            name: name.to_owned(),
            kubeconfig: None,
            context: None,
            allow: checkrun_model::Effect::Destroy,
        };
        let make = || Arc::new(any(name));
        self.place.any.then(|| Arc::clone(self.made_up.entry(name.to_owned()).or_insert_with(make)))
    }

    fn group(&mut self, ix: NodeIx, item: &'a Item, holds: &'a Holds, mut env: Env<'a>, here: &Here) {
        let locks = self.group_locks(item, &env);
        env.locks.extend(locks.iter().cloned());
        self.nodes[ix.0 as usize].locks = locks;
        if let Some(endpoint) = &item.endpoint {
            env.endpoint = self.endpoint_here(endpoint, here, &env, &item.id).or(env.endpoint);
        }
        env.prefix = format!("{}.", self.nodes[ix.0 as usize].id).into();
        env.parent = Some(ix);
        env.covers = Some(&item.covers);
        let members = match holds {
            Holds::Members { ordered, items } => {
                self.enter(ix, &mut env, true);
                self.covered(item, items);
                self.items(items, &env, *ordered)
            }
            Holds::Template { name: (name, span), with } => match self.templates.get(name.as_str()).copied() {
                Some(template) => self.template(ix, item, template, (with, *span), env, here),
                None => Vec::new(),
            },
        };
        self.nodes[ix.0 as usize].body = Body::Group { members };
    }

    /// Opens the scope of a group's members.
    fn enter(&mut self, ix: NodeIx, env: &mut Env<'a>, reaches_out: bool) {
        self.scopes.push(Names { outer: reaches_out.then_some(env.scope), ids: HashMap::new() });
        env.scope = self.scopes.len() - 1;
        self.origins[ix.0 as usize].inner = Some(env.scope);
    }

    /// Every member that `covers:` names must be there.
    fn covered(&mut self, item: &Item, members: &[Item]) {
        for (name, (span, _)) in &item.covers.members {
            if !members.iter().any(|member| *member.id == **name) && !self.incomplete {
                let message = format!("`{}` has no member `{name}`", item.id);
                let error = SpecError::new("spec::unknown-id", *span, message, "not a member");
                self.diags.push(error.help(near(name, members.iter().map(|member| &*member.id), "members")));
            }
        }
    }

    fn template(
        &mut self,
        ix: NodeIx,
        item: &'a Item,
        template: &'a TemplateSrc,
        (with, span): (&'a [(String, Span, TreeSrc)], Span),
        mut env: Env<'a>,
        here: &Here,
    ) -> Vec<NodeIx> {
        if self.using.contains(&template.name.as_str()) {
            let path: Vec<&str> = self.using.iter().copied().chain([template.name.as_str()]).collect();
            let error = SpecError::new(
                "spec::template-cycle",
                span,
                format!("a template uses itself: {}", path.join(" → ")),
                "again",
            );
            self.diags.push(error);
            return Vec::new();
        }
        let given = self.with(template, with, here);
        let values = template.inputs.values(&given, &mut |_| {});
        let values: Vec<(Arc<str>, Value)> = values.into_iter().map(|(name, given)| (name, given.value)).collect();
        env.ground = Rc::new(Ground::of_inputs(values));
        self.hand_out(ix, item, template, &env);
        self.covered(item, &template.items);
        self.enter(ix, &mut env, false);
        self.using.push(&template.name);
        let members = self.items(&template.items, &env, template.ordered);
        self.using.pop();
        members
    }

    /// The values of a template's inputs.
    fn with(
        &mut self,
        template: &TemplateSrc,
        with: &[(String, Span, TreeSrc)],
        here: &Here,
    ) -> BTreeMap<String, Given> {
        let mut given = BTreeMap::new();
        for (name, _, source) in with {
            let Some((tree, input)) = self.folded(source, here).zip(template.inputs.get(name)) else { continue };
            match input.accept(&tree.deferred()) {
                Ok(value) => drop(given.insert(name.clone(), value)),
                Err(error) => self.diags.push(error),
            }
        }
        given
    }

    /// A template's outputs become saves of its group; they see the template's inputs.
    fn hand_out(&mut self, ix: NodeIx, item: &Item, template: &'a TemplateSrc, env: &Env<'a>) {
        let node = &mut self.nodes[ix.0 as usize];
        let outputs = template.outputs.iter();
        node.saves = outputs.map(|(name, output)| (Arc::clone(name), Arc::clone(&output.expr), output.span)).collect();
        self.origins[ix.0 as usize].outputs = Some(template);
        let reads_inputs = template.outputs.iter().find(|(_, output)| !output.expr.reads().inputs.is_empty());
        match (&item.when, reads_inputs) {
            (Some(when), Some((name, _))) => {
                let message =
                    format!("`when` beside a template whose output `{name}` reads its inputs is not in this version");
                self.diags.push(SpecError::new("spec::not-in-this-version", when.span, message, "not yet"));
            }
            (Some(_), None) => {}
            (None, _) => self.nodes[ix.0 as usize].bindings = Arc::clone(&env.ground.on(env.cluster.as_ref()).bindings),
        }
    }

    /// A tree with what is known at load filled in.
    pub(crate) fn folded(&mut self, source: &TreeSrc, here: &Here) -> Option<Tree> {
        if source.tree.is_constant() {
            return Some(source.tree.clone());
        }
        self.diags.take(source.tree.fold(&here.scope))
    }

    /// The text of a scalar that is known at load.
    pub(crate) fn text(&mut self, source: &TreeSrc, here: &Here) -> Option<String> {
        let tree = self.folded(source, here)?;
        let node = tree.deferred();
        let text = node.scalar_text().map(std::borrow::Cow::into_owned);
        if text.is_none() {
            let message = format!("text is wanted here, not {}", node.sort_name());
            self.diags.push(SpecError::new("spec::type", source.span, message, "text is wanted"));
        }
        text
    }
}
