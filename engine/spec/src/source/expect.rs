//! Expectations: words, expressions, matchers. Compiles them; judging is another crate's work.

use std::sync::Arc;

use checkrun_lang::{Expectation, Known, Matcher, Subject, Test, What};
use checkrun_model::{Entry, KindDoc, Node, NodeValue, Span, SpecError};

use super::item::Entries;
use super::text::{Compiler, ExprSrc, Lex, May, Ref, known};
use crate::diags::near;
use crate::names;

/// The tests of a matcher.
const TESTS: [&str; 9] = ["equals", "in", "matches", "exists", "absent", "ready", "all", "any", "none"];
/// All keys of a matcher.
const KEYS: [&str; 12] =
    ["path", "value", "equals", "in", "matches", "exists", "absent", "ready", "all", "any", "none", "count"];

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
struct Against<'a> {
    doc: Option<&'static KindDoc>,
    known: &'a Known,
    lex: &'a Lex,
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
        let known = known(lex, doc, hook);
        let against = Against { doc, known: &known, lex };
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
            NodeValue::Map(_) => What::Matcher(self.matcher(node, against, judged)?),
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
                self.hidden(&source, against);
                judged.refs.extend(source.refs);
                Some(What::Expr(source.expr))
            }
        }
    }

    fn ready(&mut self, span: Span, against: &Against<'_>) -> bool {
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
            let message = format!("counting `{selection}` to zero does not prove that nothing is there");
            let error = SpecError::new("spec::counts-to-zero", source.span, message, "an empty answer passes");
            self.diags.push(error.help("expect the word `none`, with a `witness:` that must find something"));
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

    fn matcher(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<Matcher> {
        let entries = node.as_map()?;
        let before = self.diags.errors();
        for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
            let message = format!("a matcher has no key `{}`", entry.key);
            let error = SpecError::new("spec::unknown-key", entry.key_span, message, "not a key of a matcher");
            self.diags.push(error.help(near(&entry.key, KEYS, "keys")));
        }
        if entries.is_empty() || self.diags.errors() > before {
            if entries.is_empty() {
                let error = SpecError::new(
                    "spec::matcher-empty",
                    node.span,
                    "this matcher is empty: it would always hold",
                    "nothing is asked",
                );
                self.diags.push(error.help("write `path:` and a test: `{ path: \"$.items[*]\", exists: true }`"));
            }
            return None;
        }
        let subject = self.subject(node, against, judged)?;
        let test = self.one_test(node, &subject, against, judged)?;
        let count = self.count(node, &subject)?;
        if test.is_none() && count.is_none() {
            let error = SpecError::new("spec::matcher-empty", node.span, "this matcher asks nothing", "no test");
            self.diags
                .push(error.help(
                    "add one of `equals`, `in`, `matches`, `exists`, `absent`, `all`, `any`, `none`, or `count`",
                ));
            return None;
        }
        Some(Matcher { subject, test, count })
    }

    fn subject(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<Subject> {
        match (node.entry("path"), node.entry("value")) {
            (Some(path), None) => self.path(path, against),
            (None, Some(value)) => {
                let source = self.expr(&value.value, against.lex, against.known)?;
                judged.refs.extend(source.refs);
                Some(Subject::Value(source.expr))
            }
            (Some(path), Some(value)) => {
                let error = SpecError::new(
                    "spec::matcher",
                    value.key_span,
                    "a matcher has a `path` or a `value`",
                    "a second subject",
                );
                self.diags.push(error.also(path.key_span, "the first"));
                None
            }
            (None, None) => {
                let error = SpecError::new(
                    "spec::matcher",
                    node.span,
                    "this matcher does not say what it tests",
                    "no `path`, no `value`",
                );
                self.diags.push(error.help("add `path:` (a JSONPath of the observation) or `value:` (an expression)"));
                None
            }
        }
    }

    fn path(&mut self, entry: &Entry, against: &Against<'_>) -> Option<Subject> {
        if against.doc.is_none() {
            let error = SpecError::new(
                "spec::matcher",
                entry.key_span,
                "a `path` is of an observation, and this check has no kind",
                "nothing to look at",
            );
            self.diags.push(error.help("use `value:` with an expression over `checks.…`"));
            return None;
        }
        let Some(text) = entry.value.as_text() else {
            if entry.value.value != NodeValue::Deferred {
                let message = format!("a path is text, not {}", entry.value.sort_name());
                self.diags.push(SpecError::new("spec::type", entry.value.span, message, "text is wanted"));
            }
            return None;
        };
        match against.lex.lang.path(text) {
            Ok(path) => Some(Subject::Path(path)),
            Err(fault) => {
                self.diags.push(fault.in_node(&entry.value, self.sources));
                None
            }
        }
    }

    /// The one test of a matcher, if it has one. The outer `None` is a mistake.
    fn one_test(
        &mut self,
        node: &Node,
        subject: &Subject,
        against: &Against<'_>,
        judged: &mut Judged,
    ) -> Option<Option<Test>> {
        let tests: Vec<&Entry> = node.as_map()?.iter().filter(|entry| TESTS.contains(&entry.key.as_str())).collect();
        match tests.as_slice() {
            [] => Some(None),
            [test] => self.test(test, Some(subject), against, judged).map(Some),
            [first, second, ..] => {
                let message = format!("a matcher has one test; this one has `{}` and `{}`", first.key, second.key);
                let error = SpecError::new("spec::matcher", second.key_span, message, "a second test")
                    .also(first.key_span, "the first");
                self.diags.push(error.help("make two expectations of it"));
                None
            }
        }
    }

    /// One test. `subject` is none within a quantifier: there it is each element.
    fn test(
        &mut self,
        entry: &Entry,
        subject: Option<&Subject>,
        against: &Against<'_>,
        judged: &mut Judged,
    ) -> Option<Test> {
        let of_value = matches!(subject, Some(Subject::Value(_)));
        match entry.key.as_str() {
            "equals" => self.operand(&entry.value, against, judged).map(Test::Equals),
            "in" => self.operand_list(&entry.value, against, judged).map(Test::In),
            "matches" => self.pattern(&entry.value, against, judged).map(Test::Matches),
            "ready" => (self.must_be_true(entry) && self.ready(entry.key_span, against)).then_some(Test::Ready),
            "exists" | "absent" if of_value => {
                let message = format!("`{}` is of a `path`: a `value` is there or is an error", entry.key);
                let error = SpecError::new("spec::matcher", entry.key_span, message, "not of a value");
                self.diags.push(error.help("write an expression: `has(\"a.b\")`"));
                None
            }
            "exists" => self.must_be_true(entry).then_some(Test::Exists),
            "absent" => self.must_be_true(entry).then_some(Test::Absent),
            "none" if entry.value.value == NodeValue::Bool(true) && !of_value && subject.is_some() => {
                Some(Test::Nothing)
            }
            quantifier => {
                let inner = Box::new(self.quantified(&entry.value, against, judged)?);
                Some(match quantifier {
                    "all" => Test::All(inner),
                    "any" => Test::Any(inner),
                    _ => Test::None(inner),
                })
            }
        }
    }

    /// What a quantifier holds: a test, or a value that each element is compared with.
    fn quantified(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<Test> {
        if let Some([entry]) = node.as_map()
            && TESTS.contains(&entry.key.as_str())
        {
            return self.test(entry, None, against, judged);
        }
        self.operand(node, against, judged).map(Test::Equals)
    }

    fn must_be_true(&mut self, entry: &Entry) -> bool {
        if entry.value.value == NodeValue::Bool(true) {
            return true;
        }
        let message = format!("`{}` is followed by `true`", entry.key);
        let error = SpecError::new("spec::matcher", entry.value.span, message, "`true` is wanted");
        let other = match entry.key.as_str() {
            "exists" => "for the contrary write `absent: true`",
            "absent" => "for the contrary write `exists: true`",
            _ => "write `ready: true`",
        };
        self.diags.push(error.help(other));
        false
    }

    fn operand(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<checkrun_lang::Tree> {
        if node.value == NodeValue::Null && node.written.is_none() {
            let error =
                SpecError::new("spec::matcher", node.span, "a value is missing here", "nothing after the colon");
            self.diags.push(error.help("write the value; a wanted null is written `null`"));
            return None;
        }
        let source = self.tree(node, against.lex, May::Run)?;
        judged.has_templates |= !source.tree.is_constant();
        judged.refs.extend(source.refs);
        Some(source.tree)
    }

    fn operand_list(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<checkrun_lang::Tree> {
        let template = node.as_text().is_some_and(|text| text.contains("{{"));
        if !template && node.as_list().is_none_or(<[Node]>::is_empty) {
            let error =
                SpecError::new("spec::matcher", node.span, "`in` is followed by a list of values", "a list is wanted");
            self.diags.push(error.help("write `in: [a, b]`"));
            return None;
        }
        self.operand(node, against, judged)
    }

    fn pattern(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<checkrun_lang::Tree> {
        let Some(text) = node.scalar_text() else {
            let message = format!("a regular expression is text, not {}", node.sort_name());
            self.diags.push(SpecError::new("spec::type", node.span, message, "text is wanted"));
            return None;
        };
        if !text.contains("{{")
            && let Err(error) = regex::Regex::new(&text)
        {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or(&why).trim_start_matches("error: ").to_owned();
            self.diags.push(SpecError::new(
                "spec::regex",
                node.span,
                format!("this is not a regular expression: {why}"),
                "not a regular expression",
            ));
            return None;
        }
        self.operand(node, against, judged)
    }

    /// `count:`. The outer `None` is a mistake.
    fn count(&mut self, node: &Node, subject: &Subject) -> Option<Option<u64>> {
        let Some(entry) = node.entry("count") else { return Some(None) };
        let fault = match (&entry.value.value, subject) {
            (_, Subject::Value(_)) => "a `count` is of what a `path` selects",
            (NodeValue::Int(0), _) => {
                "counting to zero does not prove absence; write `none: true`, which brings its witness"
            }
            (NodeValue::Int(count), _) if *count > 0 => return Some(Some(count.unsigned_abs())),
            _ => "a `count` is a whole number",
        };
        self.diags.push(SpecError::new("spec::matcher", entry.value.span, fault, "not a count"));
        None
    }
}
