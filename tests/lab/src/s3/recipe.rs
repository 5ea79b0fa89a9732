//! How MinIO gets into the cache, and which Debian packages speak with it.

use crate::recipe::Recipe;

/// The server, and the clients that backups and smoke tests use.
pub fn server() -> Recipe {
    Recipe::new("minio", |making| making.go_build("minio", "github.com/minio/minio", ""))
        .file("go.mod", &include_bytes!("../../recipes/minio/go.mod")[..])
        .file("go.sum", &include_bytes!("../../recipes/minio/go.sum")[..])
        .packages(&["restic", "s3cmd"])
}
