//! The files of a suite: which there are, their texts, and that paths stay inside.

pub(crate) mod find;
pub(crate) mod folder;
pub(crate) mod read;
pub(crate) mod suite;
pub(crate) mod target;
