//! Fetches one revision with the real `git` and packs its files. It knows no cluster.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use tokio::process::Command;

/// What a `GitRepository` asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Where the repository is.
    pub url: String,
    /// The branch or tag.
    pub name: String,
    /// `refs/heads/NAME` or `refs/tags/NAME`.
    pub reference: String,
    /// How long git may take.
    pub patience: Duration,
}

impl Wanted {
    /// Reads the object's spec; what the stand-in cannot do is refused.
    pub fn of(spec: &Value) -> Result<Self> {
        let reference = &spec["ref"];
        for other in ["commit", "semver", "name"] {
            if !reference[other].is_null() {
                bail!("the lab's stand-in knows branches and tags, not spec.ref.{other}");
            }
        }
        let name = |key: &str| reference[key].as_str().map(str::to_owned);
        let (name, kind) = match name("tag") {
            Some(tag) => (tag, "tags"),
            None => (name("branch").unwrap_or_else(|| "master".into()), "heads"),
        };
        let patience = spec["timeout"].as_str().and_then(seconds).unwrap_or(60.0);
        Ok(Self {
            url: spec["url"].as_str().context("spec.url is missing")?.to_owned(),
            reference: format!("refs/{kind}/{name}"),
            name,
            patience: Duration::from_secs_f64(patience),
        })
    }

    /// The commit that is wanted now, as Flux spells a revision.
    pub async fn revision(&self) -> Result<String> {
        let listed = self.git(None, &["ls-remote", &self.url, &self.reference]).await?;
        let commit = listed.split_whitespace().next();
        let commit = commit.with_context(|| format!("couldn't find remote ref \"{}\"", self.reference))?;
        Ok(format!("{}@sha1:{commit}", self.name))
    }

    /// Packs the files of the wanted commit into `archive`.
    pub async fn pack(&self, archive: &Path) -> Result<()> {
        let folder = archive.parent().context("an archive has a folder")?;
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let work = archive.with_extension("work");
        std::fs::create_dir_all(&work).with_context(|| format!("making {}", work.display()))?;
        let packed = self.fetch(&work, archive).await;
        std::fs::remove_dir_all(&work).with_context(|| format!("removing {}", work.display()))?;
        packed
    }

    async fn fetch(&self, work: &Path, archive: &Path) -> Result<()> {
        let draft = archive.with_extension("draft");
        let out = format!("--output={}", draft.display());
        self.git(Some(work), &["init", "--quiet", "."]).await?;
        self.git(Some(work), &["fetch", "--quiet", "--depth=1", &self.url, &self.reference]).await?;
        self.git(Some(work), &["archive", "--format=tar.gz", &out, "FETCH_HEAD"]).await?;
        std::fs::rename(&draft, archive).with_context(|| format!("writing {}", archive.display()))
    }

    async fn git(&self, folder: Option<&Path>, words: &[&str]) -> Result<String> {
        let mut command = Command::new("git");
        command.args(words).env("GIT_TERMINAL_PROMPT", "0").env("GIT_CONFIG_GLOBAL", "/dev/null").kill_on_drop(true);
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        let out = match tokio::time::timeout(self.patience, command.output()).await {
            Ok(out) => out.context("starting git")?,
            Err(_) => bail!("context deadline exceeded"),
        };
        if !out.status.success() {
            bail!("{}", String::from_utf8_lossy(&out.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }
}

/// A duration as Flux's objects spell it: `90s`, `1m30s`, `1h`.
pub fn seconds(text: &str) -> Option<f64> {
    let (mut all, mut number) = (0.0, String::new());
    for c in text.chars() {
        if c.is_ascii_digit() || c == '.' {
            number.push(c);
            continue;
        }
        let n: f64 = number.parse().ok()?;
        number.clear();
        all += n * match c {
            'h' => 3600.0,
            'm' => 60.0,
            's' => 1.0,
            _ => return None,
        };
    }
    number.is_empty().then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::repository::Repository;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn durations_and_references_are_read() {
        assert_eq!((seconds("1m30s"), seconds("1h"), seconds("0.5s")), (Some(90.0), Some(3600.0), Some(0.5)));
        assert_eq!((seconds("5"), seconds("x"), seconds("5d")), (None, None, None));
        let tag = Wanted::of(&json!({ "url": "u", "ref": { "tag": "v1", "branch": "b" }, "timeout": "2s" })).unwrap();
        assert_eq!((tag.reference.as_str(), tag.patience.as_secs()), ("refs/tags/v1", 2));
        assert_eq!(Wanted::of(&json!({ "url": "u" })).unwrap().reference, "refs/heads/master");
        let e = Wanted::of(&json!({ "url": "u", "ref": { "semver": ">1" } })).unwrap_err();
        assert!(e.to_string().contains("spec.ref.semver"), "{e}");
    }

    #[tokio::test]
    async fn a_revision_is_packed_without_gits_own_files() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::create(&dir.path().join("r.git")).unwrap();
        let commit = repository.commit(&BTreeMap::from([("d/f".to_owned(), "x".to_owned())]), "one").unwrap();
        let spec = json!({ "url": repository.path(), "ref": { "branch": "main" } });
        let wanted = Wanted::of(&spec).unwrap();
        assert_eq!(wanted.revision().await.unwrap(), format!("main@sha1:{commit}"));
        let archive = dir.path().join("out/a.tar.gz");
        wanted.pack(&archive).await.unwrap();
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(std::fs::File::open(archive).unwrap()));
        let names: Vec<_> = tar.entries().unwrap().map(|e| e.unwrap().path().unwrap().display().to_string()).collect();
        assert!(names.contains(&"d/f".to_owned()) && !names.iter().any(|n| n.contains(".git")), "{names:?}");
        let lost = Wanted::of(&json!({ "url": repository.path(), "ref": { "branch": "nope" } })).unwrap();
        assert!(lost.revision().await.unwrap_err().to_string().contains("refs/heads/nope"));
    }
}
