//! A log store with the query API of VictoriaLogs: rows are really kept, and really filtered.
//!
//! What it cannot work out it refuses with 400 and a message that names it; it never answers with nothing instead.

mod answer;
mod filter;
mod lex;
mod parse;
mod pipe;
mod row;

use std::sync::{Mutex, PoisonError};

use futures::future::BoxFuture;
use jiff::Timestamp;

pub use row::{Fields, Row};

use crate::clock::Clock;
use crate::web::{Answer, Asked, Site};

/// More rows are not kept: the oldest go.
const MOST_ROWS: usize = 200_000;

/// A store.
pub struct Logs {
    clock: Clock,
    rows: Mutex<Vec<Row>>,
}

/// Which rows are wanted beside the query.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part {
    /// Written at this moment or later.
    pub start: Option<Timestamp>,
    /// Written before this moment.
    pub end: Option<Timestamp>,
    /// At most so many, the youngest.
    pub limit: Option<usize>,
}

impl Logs {
    /// An empty store of this world.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, rows: Mutex::default() }
    }

    /// Keeps a row.
    pub fn keep(&self, row: Row) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.len() >= MOST_ROWS {
            rows.drain(..MOST_ROWS / 10);
        }
        rows.push(row);
    }

    /// How many rows there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The rows that a query gives, oldest first, every value text.
    ///
    /// # Errors
    /// It is no query, or beyond what is worked out here: a sentence that names the part.
    pub fn query(&self, query: &str, part: Part) -> Result<Vec<Fields>, String> {
        let query = parse::query(query)?;
        let now = self.clock.now();
        let inside =
            |row: &&Row| part.start.is_none_or(|start| row.at >= start) && part.end.is_none_or(|end| row.at < end);
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = rows.iter().filter(inside).filter(|row| query.filter.fits(row, now));
        let mut found: Vec<Fields> = fitting.map(Row::whole).collect();
        found.sort_by(|a, b| a.get("_time").cmp(&b.get("_time")));
        for pipe in &query.pipes {
            found = pipe.through(found);
        }
        let most = part.limit.unwrap_or(usize::MAX);
        Ok(found.split_off(found.len().saturating_sub(most)))
    }
}

impl Site for Logs {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Answer> {
        Box::pin(std::future::ready(answer::answer(self, &asked)))
    }
}

#[cfg(test)]
mod tests;
