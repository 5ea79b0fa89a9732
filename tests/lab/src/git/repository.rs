//! Makes a bare repository and commits to it, with the real `git`. It knows no server.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// The only branch.
pub const BRANCH: &str = "main";

/// A bare repository.
#[derive(Debug, Clone)]
pub struct Repository {
    bare: PathBuf,
}

impl Repository {
    /// A new one at `bare`, which whoever reaches its server may push to.
    pub fn create(bare: &Path) -> Result<Self> {
        std::fs::create_dir_all(bare).with_context(|| format!("making {}", bare.display()))?;
        git(bare, ["init", "--quiet", "--bare", "--initial-branch", BRANCH, "."])?;
        git(bare, ["config", "http.receivepack", "true"])?;
        Ok(Self { bare: bare.to_owned() })
    }

    /// One that was created before.
    pub fn at(bare: &Path) -> Self {
        Self { bare: bare.to_owned() }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.bare
    }

    /// Writes `files` over those of the newest commit (an empty text takes a file away) and commits; the commit's id.
    pub fn commit(&self, files: &BTreeMap<String, String>, words: &str) -> Result<String> {
        let work = self.bare.with_extension("work");
        if !work.exists() {
            let (bare, work) = (self.bare.as_os_str(), work.as_os_str());
            git(&self.bare, [OsStr::new("clone"), OsStr::new("--quiet"), bare, work])?;
        }
        commit(&work, files, words)?;
        head(&work)
    }
}

/// The same in a clone at `work`, pushed to where it came from.
pub fn commit(work: &Path, files: &BTreeMap<String, String>, words: &str) -> Result<()> {
    // others may have pushed meanwhile; a repository without a commit has nothing to fetch
    if git(work, ["fetch", "--quiet", "origin", BRANCH]).is_ok() {
        git(work, ["checkout", "--quiet", "-B", BRANCH, "FETCH_HEAD"])?;
    } else {
        git(work, ["checkout", "--quiet", "--orphan", BRANCH])
            .or_else(|_| git(work, ["checkout", "--quiet", BRANCH]))?;
    }
    for (name, text) in files {
        let file = work.join(name);
        match text.is_empty() {
            true => std::fs::remove_file(&file).with_context(|| format!("removing {}", file.display()))?,
            false => {
                std::fs::create_dir_all(file.parent().context("a file has a folder")?)?;
                std::fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
            }
        }
    }
    git(work, ["add", "--all"])?;
    git(work, ["commit", "--quiet", "--allow-empty", "--message", words])?;
    git(work, ["push", "--quiet", "origin", BRANCH]).map(|_| ())
}

/// The newest commit's id.
pub fn head(repository: &Path) -> Result<String> {
    git(repository, ["rev-parse", "HEAD"])
}

/// Runs git in `folder` with the lab's name and none of the user's settings; what it printed.
pub fn git<T: AsRef<OsStr>>(folder: &Path, words: impl IntoIterator<Item = T>) -> Result<String> {
    let mut command = Command::new("git");
    command.current_dir(folder).args(words);
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "lab").env(format!("GIT_{role}_EMAIL"), "lab@lab.local");
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0");
    let out = command.output().context("starting git (Debian package git)")?;
    if !out.status.success() {
        bail!("git ended with {}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_follow_each_other_and_take_files_away() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::create(&dir.path().join("r.git")).unwrap();
        let files = |name: &str, text: &str| BTreeMap::from([(name.to_owned(), text.to_owned())]);
        let first = repository.commit(&files("a/b", "one"), "first").unwrap();
        let second = repository.commit(&files("c", "two"), "second").unwrap();
        assert_ne!(first, second);
        assert_eq!(git(repository.path(), ["show", "main:a/b"]).unwrap(), "one");
        repository.commit(&files("c", ""), "third").unwrap();
        assert_eq!(git(repository.path(), ["ls-tree", "-r", "--name-only", "main"]).unwrap(), "a/b");
        assert_eq!(git(repository.path(), ["rev-list", "--count", "main"]).unwrap(), "3");
    }
}
