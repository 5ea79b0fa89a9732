//! What the runner is handed of clusters: how secrets are read from them, where this build speaks to any.

use checkrun_run::SecretReader;

/// Reads secrets of clusters.
#[cfg(feature = "kube")]
#[must_use]
pub fn reader() -> Option<SecretReader> {
    Some(checkrun_kinds::read_secret)
}

/// This build speaks to no cluster.
#[cfg(not(feature = "kube"))]
#[must_use]
pub fn reader() -> Option<SecretReader> {
    None
}
