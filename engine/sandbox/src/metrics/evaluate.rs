//! Works out an instant query over the last samples: selectors, aggregations, arithmetic and comparisons, and a few
//! functions. What is not worked out is refused by name, never answered with nothing.

use jiff::Timestamp;
use promql_parser::parser::{Call, Expr, VectorSelector, parse};

use super::series::{Labels, NAME, Store, Value};
use super::value::{Given, Refused, Sample, seconds};
use super::{aggregate, binary};

/// Deeper queries are refused.
const MOST_DEPTH: usize = 64;

/// What a query is worked out over.
#[derive(Clone, Copy)]
pub struct Over<'s> {
    /// The series.
    pub store: &'s Store,
    /// The moment of the query.
    pub now: Timestamp,
    depth: usize,
}

impl<'s> Over<'s> {
    /// Over these series, at this moment.
    #[must_use]
    pub fn new(store: &'s Store, now: Timestamp) -> Self {
        Self { store, now, depth: 0 }
    }

    /// What a query gives.
    ///
    /// # Errors
    /// It is none, or beyond what is worked out here.
    pub fn query(self, query: &str) -> Result<Given, Refused> {
        self.expr(&parse(query).map_err(Refused::Syntax)?)
    }

    pub(super) fn expr(self, expr: &Expr) -> Result<Given, Refused> {
        if self.depth > MOST_DEPTH {
            return Err(Refused::beyond(format!("queries that are more than {MOST_DEPTH} deep")));
        }
        let over = Self { depth: self.depth + 1, ..self };
        match expr {
            Expr::NumberLiteral(number) => Ok(Given::Scalar(number.val)),
            Expr::Paren(inner) => over.expr(&inner.expr),
            Expr::Unary(negated) => Ok(each(over.expr(&negated.expr)?, true, |value| -value)),
            Expr::VectorSelector(selector) => over.select(selector).map(Given::Vector),
            Expr::Aggregate(aggregate) => aggregate::aggregate(over, aggregate).map(Given::Vector),
            Expr::Binary(binary) => binary::binary(over, binary),
            Expr::Call(call) => over.call(call),
            Expr::MatrixSelector(range) => Err(Refused::beyond(format!("the range `{range}`"))),
            Expr::Subquery(subquery) => Err(Refused::beyond(format!("the subquery `{subquery}`"))),
            Expr::StringLiteral(_) => Err(Refused::beyond("a query that gives text")),
            Expr::Extension(_) => Err(Refused::beyond("extensions of the language")),
        }
    }

    /// What a part gives that must be samples.
    pub(super) fn vector(self, expr: &Expr) -> Result<Vec<Sample>, Refused> {
        match self.expr(expr)? {
            Given::Vector(samples) => Ok(samples),
            Given::Scalar(_) => Err(Refused::Syntax(format!("`{expr}` is a number, and samples are wanted"))),
        }
    }

    fn select(self, selector: &VectorSelector) -> Result<Vec<Sample>, Refused> {
        if selector.offset.is_some() || selector.at.is_some() {
            return Err(Refused::beyond(format!("`offset` and `@`: `{selector}`")));
        }
        let seen = self.store.all().iter().filter(|series| series.is_seen(self.now));
        let fitting = seen.filter(|series| fits(selector, &series.labels));
        fitting
            .map(|series| {
                let value = self.value(&series.value)?;
                Ok(Sample { labels: series.labels.clone(), value, at: seconds(series.at(self.now)) })
            })
            .collect()
    }

    fn value(self, value: &Value) -> Result<f64, Refused> {
        let query = match value {
            Value::Number(number) => return Ok(*number),
            Value::Query(query) => query,
        };
        match self.expr(&parse(query).map_err(Refused::Syntax)?)? {
            Given::Scalar(number) => Ok(number),
            Given::Vector(samples) => match samples.as_slice() {
                [only] => Ok(only.value),
                other => Err(Refused::beyond(format!("the value `{query}`, which gives {} samples", other.len()))),
            },
        }
    }

    fn call(self, call: &Call) -> Result<Given, Refused> {
        let args = &call.args.args;
        match (call.func.name, args.as_slice()) {
            ("time", []) => Ok(Given::Scalar(seconds(self.now))),
            ("timestamp", [arg]) => {
                let raw = matches!(**arg, Expr::VectorSelector(_));
                let now = seconds(self.now);
                let moment = |sample: Sample| {
                    let value = if raw { sample.at } else { now };
                    Sample { labels: nameless(sample.labels), value, at: now }
                };
                Ok(Given::Vector(self.vector(arg)?.into_iter().map(moment).collect()))
            }
            ("vector", [arg]) => match self.expr(arg)? {
                Given::Scalar(value) => Ok(Given::Vector(vec![self.sample(Labels::new(), value)])),
                Given::Vector(_) => Err(Refused::Syntax(format!("`vector()` takes a number, not `{arg}`"))),
            },
            ("scalar", [arg]) => Ok(Given::Scalar(match self.vector(arg)?.as_slice() {
                [only] => only.value,
                _ => f64::NAN,
            })),
            ("absent", [arg]) => {
                let absent = self.vector(arg)?.is_empty();
                Ok(Given::Vector(if absent { vec![self.sample(Labels::new(), 1.0)] } else { Vec::new() }))
            }
            ("abs", [arg]) => Ok(each(self.expr(arg)?, true, f64::abs)),
            ("ceil", [arg]) => Ok(each(self.expr(arg)?, true, f64::ceil)),
            ("floor", [arg]) => Ok(each(self.expr(arg)?, true, f64::floor)),
            (name, _) => Err(Refused::beyond(format!("the function `{name}` in `{call}`"))),
        }
    }

    /// A sample of this moment.
    pub(super) fn sample(self, labels: Labels, value: f64) -> Sample {
        Sample { labels, value, at: seconds(self.now) }
    }
}

/// Whether a selector means a series of these labels.
#[must_use]
pub fn fits(selector: &VectorSelector, labels: &Labels) -> bool {
    let label = |name: &str| labels.get(name).map_or("", String::as_str);
    let named = selector.name.as_deref().is_none_or(|name| label(NAME) == name);
    let all = |matchers: &[promql_parser::label::Matcher]| matchers.iter().all(|one| one.is_match(label(&one.name)));
    let matchers = &selector.matchers;
    named
        && all(&matchers.matchers)
        && (matchers.or_matchers.is_empty() || matchers.or_matchers.iter().any(|one| all(one)))
}

/// The labels without the metric's name: what was worked out is not that metric any more.
pub(super) fn nameless(mut labels: Labels) -> Labels {
    labels.remove(NAME);
    labels
}

fn each(given: Given, unname: bool, change: impl Fn(f64) -> f64) -> Given {
    match given {
        Given::Scalar(value) => Given::Scalar(change(value)),
        Given::Vector(samples) => Given::Vector(
            samples
                .into_iter()
                .map(|sample| Sample {
                    value: change(sample.value),
                    labels: if unname { nameless(sample.labels) } else { sample.labels },
                    ..sample
                })
                .collect(),
        ),
    }
}
