//! Matchers: a `path` or a `value`, one test, a count.

use std::sync::Arc;

use checkrun_lang::{Matcher, Subject, Test, Tree, fits_every_text, never_equals};
use checkrun_model::{Entry, Node, NodeValue, SpecError, suggest};

use serde_json::Value as Json;

use super::expect::{Against, Judged};
use super::text::{Compiler, ExprSrc, May};
use crate::diags::near;

/// The tests of a matcher.
const TESTS: [&str; 9] = ["equals", "in", "matches", "exists", "absent", "ready", "all", "any", "none"];
/// All keys of a matcher.
const KEYS: [&str; 12] =
    ["path", "value", "equals", "in", "matches", "exists", "absent", "ready", "all", "any", "none", "count"];

impl Compiler<'_> {
    pub(super) fn matcher(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<Matcher> {
        let entries = node.as_map()?;
        let before = self.diags.errors();
        for entry in entries.iter().filter(|entry| !KEYS.contains(&entry.key.as_str())) {
            let message = format!("a matcher has no key `{}`", entry.key);
            let error = SpecError::new("spec::unknown-key", entry.key_span, message, "not a key of a matcher");
            self.diags
                .push(error.help(as_expression(entry, against).unwrap_or_else(|| near(&entry.key, KEYS, "keys"))));
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
        let (subject, source) = self.subject(node, against, judged)?;
        let test = self.one_test(node, &subject, against, judged)?;
        if let (Some(source), Some(value)) = (&source, node.get("value")) {
            self.vacuous_as(value, source, &wanted(node), against);
        }
        self.bounded(node, &subject, against);
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

    fn subject(
        &mut self,
        node: &Node,
        against: &Against<'_>,
        judged: &mut Judged,
    ) -> Option<(Subject, Option<ExprSrc>)> {
        match (node.entry("path"), node.entry("value")) {
            (Some(path), None) => Some((self.path(path, against)?, None)),
            (None, Some(value)) => {
                let source = self.expr(&value.value, against.lex, against.known)?;
                self.reads_what_was_seen(&source, against);
                judged.refs.extend(source.refs.clone());
                Some((Subject::Value(Arc::clone(&source.expr)), Some(source)))
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
            Ok(path) if self.is_observed(&path, entry, against) => Some(Subject::Path(path)),
            Ok(_) => None,
            Err(fault) => {
                self.diags.push(fault.in_node(&entry.value, self.sources));
                None
            }
        }
    }

    /// Whether the path begins with a field that the kind has.
    fn is_observed(&mut self, path: &checkrun_lang::Path, entry: &Entry, against: &Against<'_>) -> bool {
        let Some((doc, key)) = against.doc.filter(|doc| !doc.open).zip(path.first_key()) else { return true };
        let mut fields: Vec<&str> =
            doc.observation.iter().filter_map(|field| field.path.split(['.', '[']).next()).collect();
        fields.push("hook");
        fields.dedup();
        if fields.contains(&key) {
            return true;
        }
        let message = format!("`{}` observes no `{key}`", doc.name);
        let error = SpecError::new("spec::unknown-field", entry.value.span, message, "never there");
        self.diags.push(error.help(near(key, fields, "fields")));
        false
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
        let entries = node.as_map().unwrap_or_default();
        let Some(entry) = entries.iter().find(|entry| TESTS.contains(&entry.key.as_str())) else {
            if let [entry] = entries
                && let Some(test) = suggest(&entry.key, TESTS)
            {
                let message = format!("`{}` is no test, and an object of that one key is hardly meant", entry.key);
                let error = SpecError::new("spec::matcher", entry.key_span, message, "not a test");
                let help = format!("did you mean `{test}`? An object is compared by `equals: {{ {}: … }}`", entry.key);
                self.diags.push(error.help(help));
                return None;
            }
            return self.operand(node, against, judged).map(Test::Equals);
        };
        let fault = match (entries, entry.key.as_str()) {
            ([_], "all" | "any" | "none") => "a quantifier cannot stand inside a quantifier",
            ([_], "absent") => "an element that is there is not absent",
            ([_], _) => return self.test(entry, None, against, judged),
            _ => "a quantifier holds one test",
        };
        let error = SpecError::new("spec::matcher", entry.key_span, fault, "not here");
        self.diags.push(error.help("make expectations of their own of it, or an expression: `xs.all(|x| …)`"));
        None
    }

    /// What a field can never be is a slip of the hand, and `none` of it holds by itself.
    fn bounded(&mut self, node: &Node, subject: &Subject, against: &Against<'_>) {
        let is = |name: &str| match subject {
            Subject::Path(path) => path.is_field(name),
            Subject::Value(expr) => expr.is_field(name),
        };
        let fields = against.doc.map_or(&[][..], |doc| doc.bounds);
        let Some((name, bounds)) = fields.iter().find(|(name, _)| is(name)) else { return };
        for operand in operands(node) {
            let fault = never_equals(name, *bounds, &operand.to_json());
            self.diags.extend(fault.map(|fault| fault.in_node(operand, self.sources)));
        }
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

    fn operand(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<Tree> {
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

    fn operand_list(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<Tree> {
        let template = node.as_text().is_some_and(|text| text.contains("{{"));
        if !template && node.as_list().is_none_or(<[Node]>::is_empty) {
            let error =
                SpecError::new("spec::matcher", node.span, "`in` is followed by a list of values", "a list is wanted");
            self.diags.push(error.help("write `in: [a, b]`"));
            return None;
        }
        self.operand(node, against, judged)
    }

    fn pattern(&mut self, node: &Node, against: &Against<'_>, judged: &mut Judged) -> Option<Tree> {
        let Some(text) = node.scalar_text() else {
            let message = format!("a regular expression is text, not {}", node.sort_name());
            self.diags.push(SpecError::new("spec::type", node.span, message, "text is wanted"));
            return None;
        };
        if !text.contains("{{")
            && let Some((code, why)) = pattern_fault(&text)
        {
            self.diags.push(SpecError::new(code, node.span, why, "not a pattern to test with"));
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

/// What `equals` or `in` of a matcher compares with, where it stands there without a template.
fn wanted(node: &Node) -> Vec<Json> {
    let constant = |key: &str| node.get(key).filter(|value| !has_template(value)).map(Node::to_json);
    match (constant("equals"), constant("in")) {
        (Some(one), _) => vec![one],
        (None, Some(Json::Array(several))) => several,
        _ => Vec::new(),
    }
}

/// Every value that the `equals` and `in` of a matcher compare with, also within a quantifier.
fn operands(node: &Node) -> Vec<&Node> {
    let mut all = Vec::new();
    for entry in node.as_map().unwrap_or_default() {
        match entry.key.as_str() {
            "equals" => all.push(&entry.value),
            "in" => all.extend(entry.value.as_list().unwrap_or_default()),
            "all" | "any" | "none" if entry.value.as_map().is_some() => all.extend(operands(&entry.value)),
            "all" | "any" | "none" => all.push(&entry.value),
            _ => {}
        }
    }
    all
}

fn has_template(node: &Node) -> bool {
    node.has_deferred() || node.to_json().to_string().contains("{{")
}

fn pattern_fault(text: &str) -> Option<(&'static str, String)> {
    match regex::Regex::new(text) {
        Ok(regex) => fits_every_text(&regex).map(|why| ("expr::vacuous", why)),
        Err(error) => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or(&why).trim_start_matches("error: ");
            Some(("spec::regex", format!("this is not a regular expression: {why}")))
        }
    }
}

/// `status: 200` is an expression that is not one: how it is written.
fn as_expression(entry: &Entry, against: &Against<'_>) -> Option<String> {
    let top = |path: &'static str| path.split(['.', '[']).next();
    let field = against.doc?.observation.iter().any(|field| top(field.path) == Some(entry.key.as_str()));
    let value = match &entry.value.value {
        NodeValue::Text(text) => format!("\"{text}\""),
        _ => entry.value.scalar_text()?.into_owned(),
    };
    field.then(|| format!("write `{} == {value}`", entry.key))
}
