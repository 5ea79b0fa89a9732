//! How PostgreSQL, its client and pgbouncer get into the cache: unpacked from Debian's archives, not installed.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cache::debian;
use crate::making::Making;
use crate::recipe::Recipe;

/// The programs.
pub fn programs() -> Recipe {
    Recipe::new("postgresql", make).fetched()
}

fn make(making: &Making) -> Result<()> {
    let (server, client) = (debian::newest("postgresql-")?, debian::newest("postgresql-client-")?);
    making.unpack(&[&server, &client, "pgbouncer"])
}

/// A program of PostgreSQL in the entry, whose folder has the version's name.
pub fn program(entry: &Path, name: &str) -> Result<PathBuf> {
    let folder = entry.join("usr/lib/postgresql");
    let versions = std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let found = versions.flatten().map(|v| v.path().join("bin").join(name)).find(|p| p.is_file());
    found.with_context(|| format!("there is no {name} below {}", folder.display()))
}

/// pgbouncer in the entry.
pub fn pgbouncer(entry: &Path) -> PathBuf {
    entry.join("usr/sbin/pgbouncer")
}
