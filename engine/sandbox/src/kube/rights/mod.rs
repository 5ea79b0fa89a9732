//! Who somebody is and what they may do.

pub(super) mod defaults;
pub(super) mod people;
pub(super) mod rules;
