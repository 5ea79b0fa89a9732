//! A recipe says what to put into the cache and how to make it. Its key is a hash of its whole content, so that
//! a changed recipe is another entry. It knows no cache and no part.

use std::borrow::Cow;
use std::fmt::Write as _;

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use crate::making::Making;

/// What to build or fetch once.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Its name: lower case, also the entry's.
    pub name: &'static str,
    /// Raised when `make` changes in a way that its files do not show.
    pub revision: u32,
    /// The files it is made from, by name; they lie in the work folder when `make` runs.
    pub files: Vec<(&'static str, Cow<'static, [u8]>)>,
    /// Debian packages that must be installed, to make it or to run what it makes.
    pub packages: &'static [&'static str],
    /// Making it is mostly waiting for the network, so that it may go on beside a compiler. No part of the key.
    pub fetches: bool,
    /// Makes the entry; only ever called when the entry is missing.
    pub make: fn(&Making) -> Result<()>,
}

impl Recipe {
    /// A recipe without files and packages.
    pub fn new(name: &'static str, make: fn(&Making) -> Result<()>) -> Self {
        Self { name, revision: 1, files: Vec::new(), packages: &[], fetches: false, make }
    }

    /// Adds a file, as a rule with `include_bytes!`.
    #[must_use]
    pub fn file(mut self, name: &'static str, content: impl Into<Cow<'static, [u8]>>) -> Self {
        self.files.push((name, content.into()));
        self
    }

    /// Sets the Debian packages.
    #[must_use]
    pub fn packages(mut self, names: &'static [&'static str]) -> Self {
        self.packages = names;
        self
    }

    /// Says that making it is mostly waiting for the network.
    #[must_use]
    pub fn fetched(mut self) -> Self {
        self.fetches = true;
        self
    }

    /// Sets the revision.
    #[must_use]
    pub fn revision(mut self, number: u32) -> Self {
        self.revision = number;
        self
    }

    /// The entry's name in the cache: the recipe's and 16 hex digits of its content.
    pub fn key(&self) -> String {
        let mut hash = Sha256::new();
        // each piece with its length, so that no two recipes read the same
        let mut piece = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        piece(self.name.as_bytes());
        piece(&self.revision.to_le_bytes());
        piece(&(self.files.len() as u64).to_le_bytes());
        for (name, content) in &self.files {
            piece(name.as_bytes());
            piece(content);
        }
        for package in self.packages {
            piece(package.as_bytes());
        }
        let digest = hash.finalize();
        digest[..8].iter().fold(format!("{}-", self.name), |mut key, byte| {
            // writing to a String cannot fail
            let _ = write!(key, "{byte:02x}");
            key
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe() -> Recipe {
        Recipe::new("tool", |_| Ok(())).file("a", &b"one"[..]).packages(&["tar"])
    }

    #[test]
    fn the_same_content_has_the_same_key() {
        assert_eq!(recipe().key(), recipe().key());
        assert!(recipe().key().starts_with("tool-") && recipe().key().len() == 21);
    }

    #[test]
    fn every_piece_of_content_counts() {
        let changed = [
            Recipe { name: "tool2", ..recipe() },
            recipe().revision(2),
            recipe().packages(&["gzip"]),
            recipe().packages(&[]),
            recipe().file("b", &b""[..]),
            Recipe::new("tool", |_| Ok(())).file("a", &b"two"[..]).packages(&["tar"]),
            Recipe::new("tool", |_| Ok(())).file("ao", &b"ne"[..]).packages(&["tar"]),
        ];
        for other in changed {
            assert_ne!(other.key(), recipe().key(), "{other:?}");
        }
    }
}
