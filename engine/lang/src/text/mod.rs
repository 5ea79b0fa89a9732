//! The lexing step ahead of every language inside a suite: names with hyphens after `checks.`, quantities,
//! any field name after a dot. One scanner for expressions, templates and hooks.

mod quantity;
mod rewrite;
mod scan;

pub(crate) use quantity::quantity;
pub(crate) use rewrite::{Dialect, NULL, Rewritten, no_guard, rewrite};
pub(crate) use scan::{Lex, Token, scan};

#[cfg(test)]
mod tests;
