//! The packed revisions as files, and the server that Flux's other controllers load them from.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::answers::{self, Asked, Reply};

/// A folder of archives.
#[derive(Debug, Clone)]
pub struct Storage {
    root: PathBuf,
    url: String,
}

impl Storage {
    /// Archives below `root`, which others load below `url`.
    pub fn new(root: &Path, url: &str) -> Self {
        Self { root: root.to_owned(), url: url.trim_end_matches('/').to_owned() }
    }

    /// Where an archive lies or would lie; `path` as a status names it.
    pub fn file(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The `status.artifact` of an archive that is there.
    pub fn artifact(&self, path: &str, revision: &str, now: &str) -> Result<Value> {
        let file = self.file(path);
        let bytes = std::fs::read(&file).with_context(|| format!("reading {}", file.display()))?;
        let digest = Sha256::digest(&bytes).iter().fold("sha256:".to_owned(), |all, b| format!("{all}{b:02x}"));
        Ok(json!({
            "path": path, "url": format!("{}/{path}", self.url), "revision": revision, "digest": digest,
            "lastUpdateTime": now, "size": bytes.len(),
        }))
    }

    /// Whether the archive that a status names is still there.
    pub fn holds(&self, artifact: &Value) -> bool {
        artifact["path"].as_str().is_some_and(|path| self.file(path).is_file())
    }

    /// Answers a request for an archive.
    pub fn answer(&self, asked: &Asked) -> Reply {
        let path = asked.path.trim_start_matches('/');
        let plain = path.ends_with(".tgz") || path.ends_with(".tar.gz");
        match std::fs::read(self.file(path)) {
            Ok(bytes) if plain && !path.contains("..") => answers::reply(200, "application/gzip", bytes),
            _ => answers::text(404, "no such archive\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artifact_tells_what_the_file_holds() {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::new(dir.path(), "http://10.0.0.1/");
        std::fs::write(storage.file("a.tar.gz"), "x").unwrap();
        let artifact = storage.artifact("a.tar.gz", "main@sha1:1", "now").unwrap();
        assert_eq!(artifact["url"], "http://10.0.0.1/a.tar.gz");
        assert_eq!(artifact["digest"], "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
        assert!(storage.holds(&artifact) && !storage.holds(&json!({ "path": "b.tar.gz" })));
        assert!(!storage.holds(&Value::Null));
    }
}
