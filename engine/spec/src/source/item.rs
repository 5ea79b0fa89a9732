//! One node of `checks:`: what checks and groups have in common, and which of the two it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use checkrun_model::{Entry, Importance, LockMode, Node, NodeValue, Span, SpecError, de};

use super::check::CheckSrc;
use super::group::{GroupSrc, Holds};
use super::keys;
use super::text::{Compiler, ExprSrc, Lex, May, TreeSrc, Var, known};
use crate::names;

/// A check or group as its file says it.
pub(crate) struct Item {
    /// `id:`.
    pub(crate) id: Arc<str>,
    /// Where it stands.
    pub(crate) span: Span,
    /// `title:`.
    pub(crate) title: Option<Box<TreeSrc>>,
    /// `covers:`.
    pub(crate) covers: Covers,
    /// `needs:`.
    pub(crate) needs: Vec<Need>,
    /// `when:`.
    pub(crate) when: Option<ExprSrc>,
    /// `foreach:`.
    pub(crate) foreach: Option<Box<Foreach>>,
    /// `locks:`.
    pub(crate) locks: Vec<(Arc<str>, LockMode, Span)>,
    /// `cluster:`.
    pub(crate) cluster: Option<Box<TreeSrc>>,
    /// `endpoint:`, a name or a family with its settings.
    pub(crate) endpoint: Option<Box<TreeSrc>>,
    /// `severity:`.
    pub(crate) severity: Option<Importance>,
    /// `allow_empty: true`.
    pub(crate) allow_empty: bool,
    /// `save:`.
    pub(crate) saves: Vec<(Arc<str>, ExprSrc)>,
    /// What it does.
    pub(crate) body: ItemBody,
    /// Parts of it could not be read or compiled: what it lacks proves nothing.
    pub(crate) broken: bool,
}

impl Item {
    /// Keeps no more than the name: the file around it could not be read whole.
    pub(crate) fn forget(&mut self) {
        self.body = ItemBody::Unknown;
        self.needs.clear();
        self.when = None;
        self.saves.clear();
        self.broken = true;
    }
}

/// Criteria of a check, or of a group's members.
#[derive(Default)]
pub(crate) struct Covers {
    /// Of the node itself.
    pub(crate) own: Vec<String>,
    /// Of its members, by their id.
    pub(crate) members: BTreeMap<String, (Span, Vec<String>)>,
}

/// A written need.
pub(crate) struct Need {
    /// `group.member`, taken apart.
    pub(crate) path: Vec<String>,
    /// Where it stands.
    pub(crate) span: Span,
}

/// `foreach: { name: list }`.
pub(crate) struct Foreach {
    /// The variable.
    pub(crate) var: Arc<str>,
    /// Where its name stands.
    pub(crate) span: Span,
    /// The list.
    pub(crate) list: TreeSrc,
}

/// What an item is.
pub(crate) enum ItemBody {
    /// A check.
    Check(Box<CheckSrc>),
    /// A group.
    Group(Box<GroupSrc>),
    /// Its mistakes leave nothing to place but its name.
    Unknown,
}

/// The entries of an item, sorted by what they are.
pub(crate) struct Entries<'n> {
    /// The item.
    pub(crate) node: &'n Node,
    /// Kinds.
    pub(crate) kinds: Vec<&'n Entry>,
}

impl<'n> Entries<'n> {
    /// The value under a key of ours.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        keys::get(self.node, key)
    }

    /// The entry with a key of ours.
    pub(crate) fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.node.entry(key)
    }
}

impl Compiler<'_> {
    /// The items of a `checks:` or `steps:` list.
    pub(crate) fn items(&mut self, node: &Node, lex: &Lex) -> Vec<Item> {
        if node.value == NodeValue::Deferred {
            self.incomplete = true;
            return Vec::new();
        }
        let Some(items) = node.as_list() else {
            let message = format!("a list of checks is wanted here, not {}", node.sort_name());
            self.diags.push(
                SpecError::new("spec::type", node.span, message, "a list is wanted").help("write `- id: …` for each"),
            );
            self.incomplete = true;
            return Vec::new();
        };
        // Room for all at once: a suite of thousands would be copied at each doubling.
        let mut all = Vec::with_capacity(items.len());
        all.extend(items.iter().filter_map(|item| self.item(item, lex)));
        all
    }

    fn item(&mut self, node: &Node, lex: &Lex) -> Option<Item> {
        let Some(map) = node.as_map() else {
            self.incomplete = true;
            if node.value != NodeValue::Deferred {
                let message = format!("a check is a mapping, not {}", node.sort_name());
                self.diags.push(
                    SpecError::new("spec::type", node.span, message, "no check").help("write `- id: …`, then its kind"),
                );
            }
            return None;
        };
        let (id, id_span) = self.id(node, map)?;
        let before = self.diags.errors();
        let damaged = node.has_deferred();
        let entries = self.sort(node, map);
        let mut lex = lex.clone();
        let foreach = entries.get("foreach").and_then(|node| self.foreach(node, &lex));
        lex.vars.extend(foreach.iter().map(|foreach| Var::new(Arc::clone(&foreach.var))));
        let body = self.body(&entries, &lex);
        let group = matches!(body, ItemBody::Group(_));
        let item = Item {
            title: self.load_tree(&entries, "title", &lex).map(Box::new),
            covers: entries.get("covers").map(|node| self.covers(node, group)).unwrap_or_default(),
            needs: entries.get("needs").map(|node| self.needs(node)).unwrap_or_default(),
            when: entries.get("when").and_then(|node| self.expr(node, &lex, &known(&lex, None, false))),
            locks: entries.get("locks").map(|node| self.locks(node)).unwrap_or_default(),
            cluster: self.load_tree(&entries, "cluster", &lex).map(Box::new),
            endpoint: entries.get("endpoint").and_then(|node| self.tree(node, &lex, May::Secrets)).map(Box::new),
            severity: entries.get("severity").and_then(|node| self.diags.take(de::from_node(node))),
            allow_empty: self.flag(&entries, "allow_empty"),
            saves: self.saves(&entries, &body, &lex),
            broken: damaged || self.diags.errors() > before,
            span: id_span,
            id,
            foreach: foreach.map(Box::new),
            body,
        };
        self.group_rules(&entries, &item);
        let unread = item.foreach.as_ref().zip(lex.vars.last()).filter(|_| !item.broken);
        let unread = unread.and_then(|(foreach, var)| var.unread(foreach.span));
        self.diags.extend(unread);
        Some(item)
    }

    /// What must hold between the keys of a group and its members.
    fn group_rules(&mut self, entries: &Entries<'_>, item: &Item) {
        let ItemBody::Group(group) = &item.body else { return };
        if let (Some(entry), None) = (entries.entry("allow_empty"), entries.entry("foreach")) {
            let message = "`allow_empty` of a group is of its `foreach`, and there is none";
            self.diags.push(
                SpecError::new("spec::allow-empty", entry.key_span, message, "of no use").help("put it on the members"),
            );
        }
        let Holds::Members { items, .. } = &group.holds else { return };
        for (name, save) in &item.saves {
            if let Some(member) = items.iter().find(|member| member.id == *name) {
                let message =
                    format!("`{name}` is a member of this group: `checks.{}.{name}` would mean two things", item.id);
                let error = SpecError::new("spec::name-taken", save.span, message, "saved by that name")
                    .also(member.span, "the member");
                self.diags.push(error.help("choose another name"));
            }
        }
    }

    fn id(&mut self, node: &Node, map: &[Entry]) -> Option<(Arc<str>, Span)> {
        let Some(entry) = map.iter().find(|entry| entry.key == "id") else {
            let at = map.first().map_or(node.span, |entry| entry.key_span);
            self.diags.push(
                SpecError::new("spec::missing-id", at, "this check has no `id`", "no `id:`")
                    .help("begin it with `- id: a-name`"),
            );
            self.incomplete = true;
            return None;
        };
        let text = entry.value.scalar_text().map(std::borrow::Cow::into_owned).unwrap_or_default();
        if !names::is_id(&text) {
            self.incomplete = true;
            if entry.value.value != NodeValue::Deferred {
                self.diags.push(names::bad_id(&text, entry.value.span));
            }
            return None;
        }
        Some((text.into(), entry.value.span))
    }

    /// Tells our keys from kinds; what is neither is a mistake.
    fn sort<'n>(&mut self, node: &'n Node, map: &'n [Entry]) -> Entries<'n> {
        let mut kinds = Vec::new();
        for entry in map {
            if self.by_name.contains_key(entry.key.as_str()) {
                kinds.push(entry);
            } else if !keys::is_known(&entry.key) {
                let names = self.kinds.iter().map(|kind| kind.doc.name);
                self.diags.push(keys::unknown(&entry.key, entry.key_span, names));
            }
        }
        Entries { node, kinds }
    }

    fn body(&mut self, entries: &Entries<'_>, lex: &Lex) -> ItemBody {
        let groups: Vec<&Entry> = ["steps", "checks", "use"].iter().filter_map(|key| entries.entry(key)).collect();
        if let [first, second, ..] = groups.as_slice() {
            let message = format!("a group has `{}` or `{}`, not both", first.key, second.key);
            self.diags.push(
                SpecError::new("spec::two-bodies", second.key_span, message, "a second body")
                    .also(first.key_span, "the first"),
            );
        }
        if let ([group, ..], [kind, ..]) = (groups.as_slice(), entries.kinds.as_slice()) {
            let message = "this is a check by its kind and a group by its members";
            let error =
                SpecError::new("spec::two-bodies", kind.key_span, message, "a kind").also(group.key_span, "members");
            self.diags.push(error.help("make the kind a member of its own"));
        }
        if groups.is_empty() {
            return self.check(entries, lex).map_or(ItemBody::Unknown, |check| ItemBody::Check(Box::new(check)));
        }
        self.group(entries, lex).map_or(ItemBody::Unknown, |group| ItemBody::Group(Box::new(group)))
    }

    fn load_tree(&mut self, entries: &Entries<'_>, key: &str, lex: &Lex) -> Option<TreeSrc> {
        let node = entries.get(key)?;
        if node.scalar_text().is_none() {
            let message = format!("`{key}` is text, not {}", node.sort_name());
            self.diags.push(SpecError::new("spec::type", node.span, message, "text is wanted"));
            return None;
        }
        self.tree(node, lex, May::Load)
    }

    /// A key that is `true` or `false`.
    pub(crate) fn flag(&mut self, entries: &Entries<'_>, key: &str) -> bool {
        entries.get(key).and_then(|node| self.diags.take(de::from_node(node))).unwrap_or(false)
    }

    fn foreach(&mut self, node: &Node, lex: &Lex) -> Option<Foreach> {
        let Some([entry]) = node.as_map() else {
            let error =
                SpecError::new("spec::foreach", node.span, "`foreach` has one variable and its list", "not that");
            self.diags.push(error.help("write `foreach: { c: [infra, apps] }`"));
            return None;
        };
        if !names::is_name(&entry.key) {
            self.diags.push(names::bad_name(&entry.key, entry.key_span));
            return None;
        }
        if names::ENGINE.contains(&entry.key.as_str()) || lex.vars.iter().any(|var| **var == *entry.key) {
            let message = format!("`{}` has a meaning here already", entry.key);
            self.diags
                .push(SpecError::new("spec::name-taken", entry.key_span, message, "taken").help("choose another name"));
            return None;
        }
        let list = self.foreach_list(&entry.value, lex)?;
        Some(Foreach { var: entry.key.as_str().into(), span: entry.key_span, list })
    }

    fn foreach_list(&mut self, node: &Node, lex: &Lex) -> Option<TreeSrc> {
        let before = self.diags.errors();
        let list = self.tree(node, lex, May::Run)?;
        let late = list.refs.first().map(|reference| reference.span);
        if let Some(at) = late.filter(|_| self.diags.errors() == before) {
            let error = SpecError::new(
                "spec::not-in-this-version",
                at,
                "a `foreach` over what the run finds is not in this version",
                "known only in the run",
            );
            self.diags.push(error.help("name the items, or take them from an input"));
            return None;
        }
        self.tree(node, lex, May::Load)
    }

    fn needs(&mut self, node: &Node) -> Vec<Need> {
        let texts = self.diags.take(names::texts(node, "ids")).unwrap_or_default();
        let mut needs = Vec::new();
        for (text, node) in texts {
            match names::path(&text) {
                Some(path) => needs.push(Need { path, span: node.span }),
                None => self.diags.push(names::bad_id(&text, node.span)),
            }
        }
        needs
    }

    fn covers(&mut self, node: &Node, group: bool) -> Covers {
        let mut covers = Covers::default();
        match node.as_map() {
            Some(members) if group => {
                for entry in members {
                    let ids = self.criteria_of(&entry.value);
                    covers.members.insert(entry.key.clone(), (entry.key_span, ids));
                }
            }
            Some(_) => {
                let error = SpecError::new(
                    "spec::covers",
                    node.span,
                    "a mapping of members to criteria is for groups",
                    "this is a check",
                );
                self.diags.push(error.help("write a list: `covers: [AC1.v1]`"));
            }
            None => covers.own = self.criteria_of(node),
        }
        covers
    }

    fn criteria_of(&mut self, node: &Node) -> Vec<String> {
        let texts = self.diags.take(names::texts(node, "criteria")).unwrap_or_default();
        for (text, node) in &texts {
            self.criterion(text, node.span);
        }
        texts.into_iter().map(|(text, _)| text).collect()
    }

    fn criterion(&mut self, id: &str, span: Span) {
        let message = format!("there is no criterion `{id}`");
        let error = SpecError::new("spec::unknown-criterion", span, message, "not a criterion");
        match &self.criteria {
            _ if self.any_criterion => {}
            Some(known) if known.contains(id) => {}
            Some(known) => {
                let help = crate::diags::near(id, known.iter().map(String::as_str), "criteria");
                self.diags.push(error.help(help));
            }
            None => self.diags.push(error.help("name the file of criteria in `suite.yaml`: `criteria: criteria.yaml`")),
        }
    }

    fn locks(&mut self, node: &Node) -> Vec<(Arc<str>, LockMode, Span)> {
        let Some(entries) = node.as_map() else {
            let error = SpecError::new(
                "spec::locks",
                node.span,
                "locks are a mapping of names of the target to `shared` or `alone`",
                "not that",
            );
            self.diags
                .push(error.help("write `locks: { NAME: alone }`, NAME being a cluster or endpoint of the target"));
            return Vec::new();
        };
        let mut locks = Vec::new();
        for entry in entries {
            if let Some(mode) = self.diags.take(de::from_node::<LockMode>(&entry.value)) {
                locks.push((entry.key.as_str().into(), mode, entry.key_span));
            }
        }
        locks
    }
}
