//! PostgreSQL behind pgbouncer, both from Debian, both with passwords.

pub mod part;
pub mod recipe;
pub mod server;
