//! What the server serves: resources, their schemas, and objects held against them.

pub(super) mod catalogue;
pub(super) mod defaults;
pub(super) mod definition;
pub(super) mod quantity;
pub(super) mod resource;
pub(super) mod rules;
pub(super) mod schema;
pub(super) mod shape;
pub(super) mod unknown;
pub(super) mod valid;
