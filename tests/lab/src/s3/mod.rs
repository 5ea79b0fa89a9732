//! A real S3 server with TLS: MinIO on the infra side, which pods of `apps` reach, too.

pub mod part;
pub mod recipe;
