//! A metrics store with the query API of Prometheus: series with their last samples, and answers given by query.
//!
//! What it cannot work out it refuses with 422 and a message that names it; it never answers with nothing instead.

mod aggregate;
mod answer;
mod binary;
mod evaluate;
pub mod series;
mod value;

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use promql_parser::parser::{Expr, VectorSelector, parse};

pub use evaluate::fits;
pub use series::{Labels, NAME, Series, Store, Value, When};
pub use value::{Given, Refused, Sample};

use crate::clock::Clock;
use crate::web::{Answer, Asked, Site};
use evaluate::Over;

/// A store.
pub struct Metrics {
    clock: Clock,
    store: Mutex<Store>,
    /// Answers by query, as the query is written when it is written neatly.
    answers: Mutex<Vec<(String, Vec<Told>)>>,
}

/// A series of an answer that the world gives: its labels and its value.
type Told = (Labels, f64);

/// A selector: `up{job="x"}`.
///
/// # Errors
/// It is none.
pub fn selector(text: &str) -> Result<VectorSelector, String> {
    match parse(text)? {
        Expr::VectorSelector(selector) if selector.offset.is_none() && selector.at.is_none() => Ok(selector),
        _ => Err(format!("`{text}` is not a selector; write `name{{label=\"value\"}}`")),
    }
}

/// The labels of a series: `up{job="x"}`.
///
/// # Errors
/// It names no single series.
pub fn labels(text: &str) -> Result<Labels, String> {
    use promql_parser::label::MatchOp;
    let selector = selector(text)?;
    let mut labels: Labels = selector.name.into_iter().map(|name| (NAME.to_owned(), name)).collect();
    for matcher in selector.matchers.matchers {
        match matcher.op {
            MatchOp::Equal => labels.insert(matcher.name, matcher.value),
            other => {
                return Err(format!("`{}{other}…` names no single series; a series is written with `=`", matcher.name));
            }
        };
    }
    Ok(labels)
}

/// The query in one form, however it is spaced.
///
/// # Errors
/// It is none.
pub fn neat(query: &str) -> Result<String, String> {
    parse(query).map(|expr| expr.to_string())
}

impl Metrics {
    /// An empty store of this world.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, store: Mutex::default(), answers: Mutex::default() }
    }

    /// The series, to be changed.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a query from now on with these series; the query is one that [`neat`] gave.
    pub fn give(&self, query: String, series: Vec<(Labels, f64)>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|(known, _)| *known != query);
        answers.push((query, series));
    }

    /// What a query gives now.
    ///
    /// # Errors
    /// It is none, or beyond what is worked out here.
    pub fn query(&self, query: &str, at: Option<jiff::Timestamp>) -> Result<Given, Refused> {
        let now = at.unwrap_or_else(|| self.clock.now());
        let written = neat(query).map_err(Refused::Syntax)?;
        let store = self.store();
        let over = Over::new(&store, now);
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        match answers.iter().find(|(known, _)| *known == written) {
            Some((_, series)) => {
                Ok(Given::Vector(series.iter().map(|(labels, value)| over.sample(labels.clone(), *value)).collect()))
            }
            None => over.query(query),
        }
    }
}

impl Site for Metrics {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Answer> {
        Box::pin(std::future::ready(answer::answer(self, &asked)))
    }
}

#[cfg(test)]
mod tests;
