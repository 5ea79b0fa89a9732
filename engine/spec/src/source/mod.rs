//! Nodes into checked sources: what a file says, with its expressions and templates compiled, before inputs,
//! `foreach` and `use` make plan nodes of it. A template is compiled once, however often it is used.

pub(crate) mod act;
pub(crate) mod check;
pub(crate) mod expect;
pub(crate) mod graft;
pub(crate) mod group;
pub(crate) mod item;
pub(crate) mod keys;
pub(crate) mod matcher;
pub(crate) mod text;
