//! Stores of metrics and logs: `promql` and `logsql`.

mod answer;
mod ask;
pub(crate) mod logsql;
mod moment;
pub(crate) mod promql;
mod rows;
mod selection;
#[cfg(test)]
mod tests;
