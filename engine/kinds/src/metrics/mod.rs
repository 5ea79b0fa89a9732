//! Stores of metrics and logs: `promql` and `logsql`.

mod answer;
mod ask;
pub(crate) mod logsql;
pub(crate) mod promql;
mod rows;
mod selection;
#[cfg(test)]
mod tests;
