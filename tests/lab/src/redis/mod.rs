//! Redis, from Debian, with a password.

pub mod part;
