//! What holds of clusters and groups whatever happens to them, in whatever order.

mod groups;
mod records;
