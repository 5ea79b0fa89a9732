//! A check's own keys, and the rules that hold between them.

use std::sync::Arc;
use std::time::Duration;

use checkrun_lang::{Expectation, Hook, What};
use checkrun_model::{Effect, KindDoc, Node, NodeValue, SourceId, Span, SpecError, Witness, args, de};

use super::act::{self, ActSrc};
use super::item::{Entries, ItemBody};
use super::text::{Compiler, ExprSrc, Lex, May, Ref, TreeSrc, known};
use crate::diags::{near, quoted};
use crate::names;

/// A check as its file says it.
pub(crate) struct CheckSrc {
    /// What it does.
    pub(crate) act: Option<ActSrc>,
    /// What must hold.
    pub(crate) expect: Arc<[Expectation]>,
    /// `hook:`.
    pub(crate) hook: Option<Arc<Hook>>,
    /// `witness:`.
    pub(crate) witness: Option<Box<ActSrc>>,
    /// `within:`.
    pub(crate) within: Option<TimeSrc>,
    /// `holds_for:`.
    pub(crate) holds_for: Option<TimeSrc>,
    /// `timeout:`.
    pub(crate) timeout: Option<TimeSrc>,
    /// `keep:`, with its place.
    pub(crate) keep: Option<Span>,
    /// `effect:`, with its place.
    pub(crate) effect: Option<(Effect, Span)>,
    /// `reason:` of it.
    pub(crate) reason: Option<Arc<str>>,
    /// `cleanup:`.
    pub(crate) cleanup: Vec<ActSrc>,
    /// What all this reads of other checks.
    pub(crate) refs: Vec<Ref>,
    /// Whether a matcher holds a template that is filled in at load.
    pub(crate) has_templates: bool,
}

/// A time: known, or a template over inputs.
pub(crate) enum TimeSrc {
    /// Written out.
    Known(Duration, Span),
    /// `"{{ inputs.wait }}"`
    Tree(Box<TreeSrc>),
}

/// No check takes longer than this.
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Why a check cannot take so long: it is nothing, or beyond every clock.
pub(crate) fn not_a_time(time: Duration, span: Span) -> Option<SpecError> {
    if time.is_zero() {
        return Some(SpecError::new("spec::no-time", span, "this is no time at all", "longer than nothing is wanted"));
    }
    (time > YEAR).then(|| SpecError::new("spec::no-time", span, "no check takes longer than a year", "too long"))
}

impl TimeSrc {
    pub(crate) fn span(&self) -> Span {
        match self {
            Self::Known(_, span) => *span,
            Self::Tree(tree) => tree.span,
        }
    }
}

/// Whether the selection may be empty; beside a `foreach` it is the list.
fn allows_empty(entries: &Entries<'_>) -> bool {
    let allowed = entries.get("allow_empty").is_some_and(|node| node.value == NodeValue::Bool(true));
    allowed && entries.entry("foreach").is_none()
}

impl Compiler<'_> {
    pub(crate) fn check(&mut self, entries: &Entries<'_>, lex: &Lex) -> Option<CheckSrc> {
        self.group_keys(entries);
        if entries.kinds.is_empty() && self.has_unknown_key(entries) {
            // The kind is most likely the key that is misspelt, and has its error.
            return None;
        }
        let act = self.act(entries, lex);
        let doc = entries.kinds.first().and_then(|entry| self.by_name.get(entry.key.as_str())).map(|kind| kind.doc);
        let hook = self.hook(entries, lex);
        let mut judged = self.expect(entries, doc, hook.is_some(), lex);
        let witness = self.witness(entries, lex);
        let cleanup = self.cleanup(entries, lex);
        judged.refs.extend(act::refs(act.iter().chain(&witness).chain(&cleanup)).cloned());
        let check = CheckSrc {
            within: self.time(entries, "within", lex),
            holds_for: self.time(entries, "holds_for", lex),
            timeout: self.time(entries, "timeout", lex),
            keep: self.flag(entries, "keep").then(|| entries.get("keep").map(|node| node.span)).flatten(),
            effect: self.effect(entries, doc),
            reason: self.reason(entries),
            expect: judged.list.into(),
            refs: judged.refs,
            has_templates: judged.has_templates,
            act,
            hook,
            witness: witness.map(Box::new),
            cleanup,
        };
        self.rules(entries, doc, &check, judged.complete);
        Some(check)
    }

    fn group_keys(&mut self, entries: &Entries<'_>) {
        for key in ["with", "defaults"] {
            if let Some(entry) = entries.entry(key) {
                let message = format!("`{key}` is for groups, and this is a check");
                self.diags.push(SpecError::new("spec::key-of-groups", entry.key_span, message, "not for a check"));
            }
        }
    }

    fn has_unknown_key(&self, entries: &Entries<'_>) -> bool {
        let ours = |key: &str| super::keys::is_known(key) || self.by_name.contains_key(key);
        entries.node.as_map().is_some_and(|map| map.iter().any(|entry| !ours(&entry.key)))
    }

    /// What must hold between the keys of a check.
    fn rules(&mut self, entries: &Entries<'_>, doc: Option<&'static KindDoc>, check: &CheckSrc, complete: bool) {
        match doc {
            Some(doc) => self.kind_rules(entries, doc, check, complete),
            None => self.no_kind(entries),
        }
        if let Some((text, effect)) =
            check.reason.as_ref().zip(entries.entry("reason")).filter(|_| check.effect.is_none())
        {
            let message = format!("`reason` is of `effect: read`, which this check does not say: {text}");
            self.diags.push(SpecError::new("spec::reason", effect.key_span, message, "of no use"));
        }
    }

    fn kind_rules(&mut self, entries: &Entries<'_>, doc: &'static KindDoc, check: &CheckSrc, complete: bool) {
        let kind = entries.kinds.first().map_or(entries.node.span, |entry| entry.key_span);
        if !doc.rule_proves && entries.entry("expect").is_none() {
            let message = format!("`{}` proves nothing without `expect`", doc.name);
            let help = format!("its own rule is only: {}", doc.rule);
            self.diags.push(SpecError::new("spec::expect-missing", kind, message, "needs `expect:`").help(help));
        }
        let none = check.expect.iter().find(|expectation| matches!(expectation.what, What::None));
        let given = entries.entry("witness").map(|entry| entry.key_span);
        match (none, doc.witness, given) {
            (Some(none), Witness::NoAbsence, _) => {
                let message = format!("`none` makes no sense for `{}`: it selects nothing", doc.name);
                self.diags.push(SpecError::new("spec::none", none.span, message, "cannot be absent"));
            }
            (Some(none), Witness::Required, None) => {
                let message = format!("`none` of `{}` needs a witness: an empty answer alone proves nothing", doc.name);
                let help = "add `witness:` with the arguments that differ: the same request, which must find something";
                self.diags
                    .push(SpecError::new("spec::witness-missing", none.span, message, "needs `witness:`").help(help));
            }
            (Some(none), ..) if allows_empty(entries) => {
                let message = "`none` beside `allow_empty`: then an empty witness would pass, too";
                let error = SpecError::new("spec::none", none.span, message, "proves nothing");
                self.diags.push(error.help("take `allow_empty` out: `none` allows nothing else than an empty answer"));
            }
            (None, _, Some(span)) if complete => {
                let error =
                    SpecError::new("spec::witness", span, "a witness stands beside `none` in `expect`", "of no use");
                self.diags.push(error.help("expect `none`, or take the witness out"));
            }
            _ => {}
        }
    }

    /// A check without a kind judges what others saved.
    fn no_kind(&mut self, entries: &Entries<'_>) {
        let id = entries.get("id").map_or(entries.node.span, |node| node.span);
        if entries.entry("expect").is_none() {
            let error = SpecError::new(
                "spec::nothing-to-judge",
                id,
                "this check has neither a kind nor `expect`",
                "does nothing",
            );
            self.diags.push(error.help("give it a kind, or `expect:` over what other checks saved"));
        }
        for key in [
            "within",
            "holds_for",
            "timeout",
            "witness",
            "keep",
            "effect",
            "cleanup",
            "hook",
            "allow_empty",
            "endpoint",
        ] {
            if let Some(entry) = entries.entry(key) {
                let message = format!("`{key}` is of no use without a kind: what others saved does not change");
                self.diags.push(SpecError::new("spec::key-of-kinds", entry.key_span, message, "of no use"));
            }
        }
    }

    fn time(&mut self, entries: &Entries<'_>, key: &str, lex: &Lex) -> Option<TimeSrc> {
        let node = entries.get(key)?;
        if node.as_text().is_some_and(|text| text.contains("{{")) {
            return self.tree(node, lex, May::Load).map(|tree| TimeSrc::Tree(Box::new(tree)));
        }
        self.duration(node).map(|time| TimeSrc::Known(time, node.span))
    }

    /// A duration that a check can take.
    pub(crate) fn duration(&mut self, node: &Node) -> Option<Duration> {
        let time = self.diags.take(de::from_node::<args::Duration>(node))?.0;
        let wrong = not_a_time(time, node.span);
        let right = wrong.is_none().then_some(time);
        self.diags.extend(wrong);
        right
    }

    fn effect(&mut self, entries: &Entries<'_>, doc: Option<&KindDoc>) -> Option<(Effect, Span)> {
        let node = entries.get("effect")?;
        let effect: Effect = self.diags.take(de::from_node(node))?;
        if effect == Effect::Read && doc.is_some_and(|doc| !doc.may_say_read) {
            let name = doc.map_or("", |doc| doc.name);
            let error = SpecError::new(
                "spec::effect",
                node.span,
                format!("`{name}` knows its effect; it cannot be said to be read"),
                "not for this kind",
            );
            let may = self.kinds.iter().map(|kind| kind.doc).filter(|doc| doc.may_say_read);
            let may: Vec<&str> = may.map(|doc| doc.name).collect();
            self.diags.push(error.help(format!("kinds that may say `effect: read`: {}", quoted(&may))));
        } else if effect == Effect::Read && entries.entry("reason").is_none() {
            let error = SpecError::new("spec::reason", node.span, "`effect: read` needs a `reason`", "no `reason:`");
            self.diags.push(error.help("add `reason:` with one sentence; the plan lists it"));
        }
        Some((effect, node.span))
    }

    fn reason(&mut self, entries: &Entries<'_>) -> Option<Arc<str>> {
        let node = entries.get("reason")?;
        let text = self.diags.take(de::from_node::<String>(node))?;
        if text.trim().is_empty() {
            self.diags.push(SpecError::new("spec::reason", node.span, "this reason is empty", "no sentence"));
        }
        Some(text.into())
    }

    /// `hook: order.rhai`, a file of `hooks/`.
    fn hook(&mut self, entries: &Entries<'_>, lex: &Lex) -> Option<Arc<Hook>> {
        let node = entries.get("hook")?;
        let Some(name) = node.as_text().filter(|name| name.ends_with(".rhai") && !name.contains('/')) else {
            let error = SpecError::new("spec::hook", node.span, "a hook is the name of a file of `hooks/`", "not that");
            self.diags.push(error.help("write `hook: order.rhai` for `hooks/order.rhai`"));
            return None;
        };
        let path = format!("hooks/{name}");
        match checkrun_model::Files::text(&*lex.files, &path) {
            Ok(text) => {
                let source = self.source_of(&lex.files.shown(&path), &text);
                let hook = self.script(lex.lang.hook(name, &text), source)?;
                self.hook_is_called(&hook, source, node.span);
                Some(hook)
            }
            Err(why) => {
                self.diags.push(SpecError::new("spec::file", node.span, why, "not readable"));
                None
            }
        }
    }

    /// A function that nobody calls is most likely one of the two that the engine calls, misspelt.
    fn hook_is_called(&mut self, hook: &Hook, source: SourceId, place: Span) {
        let before = self.diags.errors();
        for (name, range) in hook.uncalled() {
            let message = format!("nothing calls `{name}`: of a hook the engine calls `observed(it)` and `judge(it)`");
            let span = Span::new(source, range.start, range.end);
            let error = SpecError::new("spec::hook", span, message, "never called");
            self.diags.push(error.help(near(&name, ["observed", "judge"], "functions that are called")));
        }
        if self.diags.errors() == before && !hook.has("observed") && !hook.has("judge") {
            let message = "this hook has neither `observed(it)` nor `judge(it)`";
            self.diags.push(SpecError::new("spec::hook", place, message, "does nothing"));
        }
    }

    /// `save:` of a check or group.
    pub(crate) fn saves(&mut self, entries: &Entries<'_>, body: &ItemBody, lex: &Lex) -> Vec<(Arc<str>, ExprSrc)> {
        let Some(node) = entries.get("save") else { return Vec::new() };
        let Some(map) = node.as_map() else {
            let error = SpecError::new(
                "spec::save",
                node.span,
                "`save` is a mapping of names to expressions",
                "a mapping is wanted",
            );
            self.diags.push(error.help("write `save: { count: items.len() }`"));
            return Vec::new();
        };
        if matches!(body, ItemBody::Unknown) {
            return Vec::new();
        }
        let doc = entries.kinds.first().and_then(|entry| self.by_name.get(entry.key.as_str())).map(|kind| kind.doc);
        let hook = matches!(body, ItemBody::Check(check) if check.hook.is_some());
        let known = known(lex, doc, hook);
        let mut saves = Vec::with_capacity(map.len());
        for entry in map {
            if !names::is_name(&entry.key) {
                self.diags.push(names::bad_name(&entry.key, entry.key_span));
            } else if matches!(entry.key.as_str(), "started" | "ended") {
                let message = format!("`{}` is the time that every check has", entry.key);
                self.diags.push(
                    SpecError::new("spec::name-taken", entry.key_span, message, "taken").help("choose another name"),
                );
            } else if entry.value.value == NodeValue::Null {
                let error = SpecError::new(
                    "spec::save",
                    entry.key_span,
                    "this save has no expression",
                    "nothing after the colon",
                );
                self.diags.push(error.help("write where the value is: `items[0].metadata.name`"));
            } else if let Some(expr) = self.expr(&entry.value, lex, &known) {
                saves.push((entry.key.as_str().into(), expr));
            }
        }
        saves
    }
}
