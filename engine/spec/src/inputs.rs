//! Typed inputs: what a suite or template declares, and the values that it is given.

use std::collections::BTreeMap;
use std::sync::Arc;

use checkrun_lang::Value;
use checkrun_model::{Node, NodeValue, Span, SpecError, args, de};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::diags::{Diags, near};
use crate::names;

/// The type of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Type {
    /// Text, taken as it is written.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `500ms`, `30s`, `5m`.
    Duration,
    /// `512KiB`, `1GiB`.
    Size,
    /// A list of anything.
    List,
}

/// An input: its type, and what its value must be.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shape {
    /// Its type.
    r#type: Type,
    /// Its value where none is given; without one it must be given.
    #[expect(dead_code, reason = "read from the tree, where its written form is")]
    default: Option<Json>,
    /// The least value that is taken.
    #[expect(dead_code, reason = "read from the tree, where its unit is")]
    minimum: Option<Json>,
    /// The largest value that is taken.
    #[expect(dead_code, reason = "read from the tree, where its unit is")]
    maximum: Option<Json>,
    /// The values that are taken.
    #[expect(dead_code, reason = "read from the tree, where their written form is")]
    one_of: Option<Vec<Json>>,
    /// What it is for.
    #[expect(dead_code, reason = "for people and the schema")]
    doc: Option<String>,
}

/// A declared input.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// Where it is declared.
    pub(crate) span: Span,
    r#type: Type,
    default: Option<Given>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    one_of: Option<Vec<Given>>,
}

/// A value with its form in the journal.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    /// As expressions see it.
    pub(crate) value: Value,
    /// As the journal keeps it: quantities as they were written.
    pub(crate) json: Json,
}

/// The inputs of a suite or template.
#[derive(Debug, Clone, Default)]
pub(crate) struct Inputs {
    /// In the order of the file.
    pub(crate) list: Vec<Input>,
}

impl Inputs {
    /// Reads `inputs:`.
    pub(crate) fn read(node: Option<&Node>, diags: &mut Diags) -> Self {
        let mut inputs = Self::default();
        let Some(node) = node else { return inputs };
        let Some(entries) = node.as_map() else {
            if node.value != NodeValue::Deferred {
                let message = format!("inputs are a mapping of names to types, not {}", node.sort_name());
                diags.push(
                    SpecError::new("spec::type", node.span, message, "a mapping is wanted")
                        .help("write `name: { type: string }`"),
                );
            }
            return inputs;
        };
        for entry in entries {
            if !names::is_name(&entry.key) {
                diags.push(names::bad_name(&entry.key, entry.key_span));
            } else {
                inputs.list.push(Input::read(&entry.key, entry.key_span, &entry.value, diags));
            }
        }
        inputs
    }

    /// The input of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&Input> {
        self.list.iter().find(|input| &*input.name == name)
    }

    /// The error of a name that is not declared.
    pub(crate) fn unknown(&self, name: &str, span: Option<Span>, whose: &str) -> SpecError {
        let message = format!("{whose} has no input `{name}`");
        let error = match span {
            Some(span) => SpecError::new("spec::unknown-input", span, message, "not declared"),
            None => SpecError::unplaced("spec::unknown-input", message),
        };
        error.help(near(name, self.list.iter().map(|input| &*input.name), "inputs"))
    }

    /// All values: what is given, else the default. What has neither is a mistake unless `lenient`;
    /// it then has a stand-in of its type, so that the rest can be checked.
    pub(crate) fn values(
        &self,
        given: &BTreeMap<String, Given>,
        missing: &mut dyn FnMut(&Input),
    ) -> Vec<(Arc<str>, Given)> {
        let value = |input: &Input| match given.get(&*input.name).or(input.default.as_ref()) {
            Some(value) => value.clone(),
            None => {
                missing(input);
                input.stand_in()
            }
        };
        let mut value = value;
        self.list.iter().map(|input| (Arc::clone(&input.name), value(input))).collect()
    }
}

impl Input {
    fn read(name: &str, span: Span, node: &Node, diags: &mut Diags) -> Self {
        let Some(shape) = diags.take(de::from_node::<Shape>(node)) else {
            return Self::unread(name, span);
        };
        let mut input = Self {
            name: name.into(),
            span,
            r#type: shape.r#type,
            default: None,
            minimum: None,
            maximum: None,
            one_of: None,
        };
        let mut errors = Vec::new();
        let bound =
            |key: &str, errors: &mut Vec<SpecError>| node.get(key).and_then(|bound| input.bound(key, bound, errors));
        let (minimum, maximum) = (bound("minimum", &mut errors), bound("maximum", &mut errors));
        (input.minimum, input.maximum) = (minimum, maximum);
        if let Some(choices) = node.get("one_of").and_then(Node::as_list) {
            let choices = choices.iter().map(|choice| input.convert(choice).map(|(given, _)| given));
            input.one_of = choices.map(|choice| choice.map_err(|error| errors.push(error)).ok()).collect();
        }
        if let Some(default) = node.get("default") {
            input.default = input.accept(default).map_err(|error| errors.push(error)).ok();
            input.default = input.default.take().or_else(|| Some(input.stand_in()));
        }
        diags.extend(errors);
        input
    }

    /// An input whose declaration has a mistake: it is there, and has some value.
    fn unread(name: &str, span: Span) -> Self {
        let default = Given { value: Value::text("x"), json: json!("x") };
        Self {
            name: name.into(),
            span,
            r#type: Type::String,
            default: Some(default),
            minimum: None,
            maximum: None,
            one_of: None,
        }
    }

    /// Whether it must be given.
    pub(crate) fn required(&self) -> bool {
        self.default.is_none()
    }

    fn bound(&self, key: &str, node: &Node, errors: &mut Vec<SpecError>) -> Option<f64> {
        let numeric = matches!(self.r#type, Type::Integer | Type::Number | Type::Duration | Type::Size);
        if !numeric {
            let message = format!("`{key}` is for numbers, durations and sizes");
            errors.push(SpecError::new("spec::input", node.span, message, "of no use here"));
            return None;
        }
        match self.convert(node) {
            Ok((_, number)) => number,
            Err(error) => {
                errors.push(error);
                None
            }
        }
    }

    /// Any value of the type, for checking what depends on it.
    pub(crate) fn stand_in(&self) -> Given {
        if let Some(first) = self.one_of.as_ref().and_then(|choices| choices.first()) {
            return first.clone();
        }
        let number = self.minimum.unwrap_or(1.0).min(self.maximum.unwrap_or(f64::INFINITY));
        let json = match self.r#type {
            Type::String => json!("x"),
            #[expect(clippy::cast_possible_truncation, reason = "a stand-in only")]
            Type::Integer => json!(number as i64),
            Type::Number => json!(number),
            Type::Boolean => json!(false),
            Type::Duration => {
                return Given {
                    value: Value::from_tagged(&json!({ "$duration": number })),
                    json: json!(format!("{number}s")),
                };
            }
            Type::Size => {
                return Given {
                    value: Value::from_tagged(&json!({ "$size": number })),
                    json: json!(format!("{number}B")),
                };
            }
            Type::List => json!([]),
        };
        Given { value: Value::from_json(&json), json }
    }

    /// The value of a node, if it is one that this input takes.
    pub(crate) fn accept(&self, node: &Node) -> Result<Given, SpecError> {
        let (given, number) = self.convert(node)?;
        let says = |what: String| SpecError::new("spec::input-value", node.span, what, "not taken");
        if let (Some(number), Some(minimum)) = (number, self.minimum)
            && number < minimum
        {
            return Err(says(format!("`{}` is below the minimum of the input `{}`", given.json, self.name)));
        }
        if let (Some(number), Some(maximum)) = (number, self.maximum)
            && number > maximum
        {
            return Err(says(format!("`{}` is above the maximum of the input `{}`", given.json, self.name)));
        }
        if let Some(choices) = &self.one_of
            && !choices.iter().any(|choice| choice.json == given.json)
        {
            let all: Vec<String> = choices.iter().map(|choice| choice.json.to_string()).collect();
            return Err(says(format!("{} is not one of the values of the input `{}`", given.json, self.name))
                .help(all.join(", ")));
        }
        Ok(given)
    }

    /// The value of a node in this type, and its number where it has one.
    fn convert(&self, node: &Node) -> Result<(Given, Option<f64>), SpecError> {
        let wrong = |wanted: &str| {
            let message = format!("the input `{}` is {wanted}, not {}", self.name, node.sort_name());
            SpecError::new("spec::input-value", node.span, message, format!("{wanted} is wanted"))
        };
        let plain = |json: Json, number| Ok((Given { value: Value::from_json(&json), json }, number));
        match (self.r#type, &node.value) {
            (Type::String, _) => plain(json!(node.scalar_text().ok_or_else(|| wrong("text"))?), None),
            #[expect(clippy::cast_precision_loss, reason = "compared with bounds only")]
            (Type::Integer | Type::Number, NodeValue::Int(whole)) => plain(json!(whole), Some(*whole as f64)),
            (Type::Number, NodeValue::Float(number)) => plain(json!(number), Some(*number)),
            (Type::Integer, _) => Err(wrong("a whole number")),
            (Type::Number, _) => Err(wrong("a number")),
            (Type::Boolean, NodeValue::Bool(flag)) => plain(json!(flag), None),
            (Type::Boolean, _) => Err(wrong("true or false")),
            (Type::List, NodeValue::List(_)) => plain(node.to_json(), None),
            (Type::List, _) => Err(wrong("a list")),
            (Type::Duration, _) => self.quantity(node, "$duration", args::parse_duration, "a duration like `30s`"),
            (Type::Size, _) => self.quantity(node, "$size", args::parse_size, "a size like `1GiB`"),
        }
    }

    fn quantity(
        &self,
        node: &Node,
        tag: &str,
        parse: fn(&str) -> Result<f64, String>,
        wanted: &str,
    ) -> Result<(Given, Option<f64>), SpecError> {
        let Some(text) = node.scalar_text() else {
            let message = format!("the input `{}` is {wanted}, not {}", self.name, node.sort_name());
            return Err(SpecError::new("spec::input-value", node.span, message, "not that"));
        };
        let number = parse(&text).map_err(|why| SpecError::new("spec::input-value", node.span, why, "not that"))?;
        Ok((Given { value: Value::from_tagged(&json!({ tag: number })), json: json!(text) }, Some(number)))
    }

    /// A value of the command line: text for a string, else YAML.
    pub(crate) fn node_of_option(&self, text: &str, source: checkrun_model::SourceId) -> Result<Node, Vec<SpecError>> {
        let span = Span::new(source, 0, text.len());
        if matches!(self.r#type, Type::String | Type::Duration | Type::Size) {
            return Ok(Node::new(span, NodeValue::Text(text.to_owned())));
        }
        let reading = checkrun_yaml::document(source, text);
        if !reading.errors.is_empty() {
            return Err(reading.errors);
        }
        Ok(reading.documents.into_iter().next().unwrap_or_else(|| Node::new(span, NodeValue::Null)))
    }
}
