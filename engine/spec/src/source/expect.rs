//! Expectations: words and expressions, and the list of them. Compiles them; judging is another crate's work.

use std::sync::Arc;

use checkrun_lang::{Expectation, Known, What};
use checkrun_model::{KindDoc, Node, NodeValue, Span, SpecError};
use serde_json::Value as Json;

use super::item::Entries;
use super::text::{Compiler, ExprSrc, Lex, Ref, known};
use crate::names;

/// What must hold, and what that reads.
#[derive(Default)]
pub(crate) struct Judged {
    /// In the order of the file.
    pub(crate) list: Vec<Expectation>,
    /// What they read of other checks.
    pub(crate) refs: Vec<Ref>,
    /// Whether a matcher holds a template.
    pub(crate) has_templates: bool,
    /// Whether all of them could be compiled.
    pub(crate) complete: bool,
}

/// What an expectation is compiled against.
pub(super) struct Against<'a> {
    pub(super) doc: Option<&'static KindDoc>,
    pub(super) known: &'a Known,
    pub(super) lex: &'a Lex,
    /// How the check looks again.
    pub(super) looks: Looks,
}

/// How often a check looks, as far as its keys say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// Once.
    Once,
    /// Until it is satisfied.
    Until,
    /// Also after it was satisfied.
    Holds,
}

impl Looks {
    fn of(entries: &Entries<'_>) -> Self {
        match (entries.entry("holds_for"), entries.entry("within")) {
            (Some(_), _) => Self::Holds,
            (None, Some(_)) => Self::Until,
            (None, None) => Self::Once,
        }
    }
}

impl Compiler<'_> {
    pub(crate) fn expect(
        &mut self,
        entries: &Entries<'_>,
        doc: Option<&'static KindDoc>,
        hook: bool,
        lex: &Lex,
    ) -> Judged {
        let mut judged = Judged { complete: true, ..Judged::default() };
        let Some(entry) = entries.entry("expect") else { return judged };
        let Some(items) = entry.value.as_list() else {
            judged.complete = false;
            if entry.value.value != NodeValue::Deferred {
                let message = format!("`expect` is a list, not {}", entry.value.sort_name());
                let error = SpecError::new("spec::expect", entry.value.span, message, "a list is wanted");
                self.diags.push(error.help("write one expectation a line, each after a dash"));
            }
            return judged;
        };
        if items.is_empty() {
            let error = SpecError::new("spec::expect-empty", entry.value.span, "this expects nothing", "an empty list");
            self.diags.push(error.help("take it out where the kind's own rule is enough, or write what must hold"));
            judged.complete = false;
        }
        judged.list.reserve_exact(items.len());
        let known = known(lex, doc, hook);
        let against = Against { doc, known: &known, lex, looks: Looks::of(entries) };
        for item in items {
            match self.expectation(item, &against, &mut judged) {
                Some(expectation) => judged.list.push(expectation),
                None => judged.complete = false,
            }
        }
        judged
    }

    fn expectation(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<Expectation> {
        let what = match &node.value {
            NodeValue::Deferred => return None,
            NodeValue::Text(text) => self.sentence(node, text.trim(), against, judged)?,
            NodeValue::Map(_) => What::Matcher(Box::new(self.matcher(node, against, judged)?)),
            NodeValue::Null => {
                let error =
                    SpecError::new("spec::null-item", node.span, "this expectation is null", "nothing is expected");
                self.diags.push(error.help("write what must hold, or take the line out"));
                return None;
            }
            _ => {
                let message =
                    format!("an expectation is an expression, `ready`, `none` or a matcher, not {}", node.sort_name());
                self.diags.push(SpecError::new("spec::expect", node.span, message, "not an expectation"));
                return None;
            }
        };
        let text: Arc<str> = match &node.value {
            NodeValue::Text(text) => text.trim().into(),
            _ => self.sources.text(node.span).into(),
        };
        Some(Expectation { span: node.span, text, what })
    }

    /// A word or an expression.
    fn sentence(&mut self, node: &Node, text: &str, against: &Against<'_>, judged: &mut Judged) -> Option<What> {
        match text {
            "ready" => self.ready(node.span, against).then_some(What::Ready),
            "none" if against.doc.is_some() => Some(What::None),
            "none" => {
                let error = SpecError::new(
                    "spec::none",
                    node.span,
                    "`none` needs a kind that selects something",
                    "nothing is selected",
                );
                self.diags.push(error);
                None
            }
            _ if text.contains("{{") => {
                let error = SpecError::new(
                    "spec::template-in-expression",
                    node.span,
                    "an expression never holds `{{ }}`",
                    "braces",
                );
                self.diags.push(error.help("`inputs`, `checks`, `run`, `cluster` and `foreach` variables are simply in scope: write `inputs.x`"));
                None
            }
            _ => {
                let source = self.expr(node, against.lex, against.known)?;
                self.counting(&source, against.doc);
                self.bounds(node, &source, against.doc);
                self.hidden(&source, against);
                self.vacuous(node, &source, against);
                judged.refs.extend(source.refs);
                Some(What::Expr(source.expr))
            }
        }
    }

    pub(super) fn ready(&mut self, span: Span, against: &Against<'_>) -> bool {
        if against.doc.is_some_and(|doc| doc.readiness) {
            self.uses_ready = true;
            return true;
        }
        let what = against.doc.map_or("a check without a kind".to_owned(), |doc| format!("`{}`", doc.name));
        let error = SpecError::new(
            "spec::ready",
            span,
            format!("`ready` is for objects of a cluster; {what} sees none"),
            "not for this check",
        );
        self.diags.push(error.help("write what must hold as an expression"));
        false
    }

    /// An empty list passes a count of zero also when the question was wrong.
    fn counting(&mut self, source: &ExprSrc, doc: Option<&KindDoc>) {
        let Some(selection) = doc.and_then(|doc| doc.selection) else { return };
        if source.expr.counts_to_zero(selection) {
            self.diags.push(counts_to_zero(selection, source.span));
        }
    }

    /// What a field can never be is a slip of the hand.
    fn bounds(&mut self, node: &Node, source: &ExprSrc, doc: Option<&KindDoc>) {
        let fields = doc.map_or(&[][..], |doc| doc.bounds).iter();
        let faults = fields.filter_map(|(name, bounds)| source.expr.out_of_bounds(name, *bounds));
        let faults: Vec<SpecError> = faults.map(|fault| fault.in_node(node, self.sources)).collect();
        self.diags.extend(faults);
    }

    /// What holds, or fails, whatever is observed is no expectation.
    fn vacuous(&mut self, node: &Node, source: &ExprSrc, against: &Against<'_>) {
        if self.reads_what_was_seen(source, against)
            && let Some(fault) = source.expr.vacuous(against.looks == Looks::Until)
            && !against.doc.and_then(|doc| doc.selection).is_some_and(|list| source.expr.counts_to_zero(list))
        {
            self.diags.push(fault.in_node(node, self.sources));
        }
    }

    /// Whether it reads an observation, and `first` only where there is one.
    pub(super) fn reads_what_was_seen(&mut self, source: &ExprSrc, against: &Against<'_>) -> bool {
        let reads = source.expr.reads();
        let known = |name: &str| name == "cluster" || against.lex.vars.iter().any(|var| **var == *name);
        if reads.checks.is_empty() && reads.names.iter().all(|(name, _)| known(name)) {
            let message = "this reads nothing that was observed: it is the same whatever the check sees";
            let error = SpecError::new("spec::reads-nothing", source.span, message, "not an expectation");
            let help = "name a field of the observation, or what another check saved; a condition on inputs is `when:`";
            self.diags.push(error.help(help));
            return false;
        }
        if against.looks == Looks::Once && reads.names.iter().any(|(name, _)| name == "first") {
            let message = "`first` is the first look of a check that looks again, and this one looks once";
            let error = SpecError::new("spec::first", source.span, message, "compares a look with itself");
            self.diags.push(error.help("say with `holds_for:` how long it must stay so"));
            return false;
        }
        true
    }

    /// As [`Self::counting`] and [`Self::vacuous`], of a `value:` that is to be one of `wanted`.
    pub(super) fn vacuous_as(&mut self, node: &Node, source: &ExprSrc, wanted: &[Json], against: &Against<'_>) {
        let selection = against.doc.and_then(|doc| doc.selection);
        if let Some(list) = selection.filter(|list| source.expr.counts_to(wanted, list)) {
            self.diags.push(counts_to_zero(list, source.span));
        } else if let Some(fault) = source.expr.vacuous_as(wanted, against.looks == Looks::Until) {
            self.diags.push(fault.in_node(node, self.sources));
        }
    }

    /// A documented field that a name of the engine hides is read as `it.NAME`.
    fn hidden(&mut self, source: &ExprSrc, against: &Against<'_>) {
        let Some(doc) = against.doc else { return };
        let reads = source.expr.reads();
        for name in names::ENGINE.into_iter().chain(against.lex.vars.iter().map(|var| &**var)) {
            let read = match name {
                "inputs" => !reads.inputs.is_empty(),
                "run" => !reads.run.is_empty(),
                "checks" => !reads.checks.is_empty(),
                _ => reads.names.iter().any(|(read, _)| read == name),
            };
            let documented = |path: &str| path.split(['.', '[']).next() == Some(name);
            if read && doc.observation.iter().any(|field| documented(field.path)) {
                let message = format!("`{name}` is a name of the engine here, not the field of `{}`", doc.name);
                let error = SpecError::new("spec::hidden-field", source.span, message, "the engine's");
                self.diags.push(error.help(format!("write `it.{name}` for the field")).warning());
            }
        }
    }
}

fn counts_to_zero(selection: &str, span: Span) -> SpecError {
    let message = format!("counting `{selection}` to zero does not prove that nothing is there");
    SpecError::new("spec::counts-to-zero", span, message, "an empty answer passes")
        .help("expect the word `none`, with a `witness:` that must find something")
}
