//! Finds the machine's Java runtime and what a pod must mount to run it. It starts `java -version` and no more.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

/// The oldest release that the brokers run on.
const OLDEST: u32 = 17;

/// A Java runtime of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Java {
    /// Its home, without links.
    pub home: PathBuf,
    /// Folders outside its home that its links lead to.
    pub elsewhere: Vec<PathBuf>,
}

impl Java {
    /// The runtime on the PATH, if it is new enough.
    pub fn find() -> Result<Self> {
        let out = Command::new("java").args(["-XshowSettings:properties", "-version"]).output();
        let out = out.context("starting java; install the Debian package openjdk-17-jre-headless")?;
        let (home, release) = parse(&String::from_utf8_lossy(&out.stderr))?;
        ensure!(release >= OLDEST, "java on the PATH is release {release}, the lab needs {OLDEST} or newer");
        let home = home.canonicalize().with_context(|| format!("reading {}", home.display()))?;
        let elsewhere = elsewhere(&home)?;
        Ok(Self { home, elsewhere })
    }

    /// The program.
    pub fn program(&self) -> PathBuf {
        self.home.join("bin/java")
    }
}

/// Home and release out of what `java -XshowSettings:properties -version` prints.
fn parse(text: &str) -> Result<(PathBuf, u32)> {
    let property = |key: &str| text.lines().find_map(|l| l.trim().strip_prefix(key)?.trim().strip_prefix("= "));
    let Some(home) = property("java.home") else { bail!("java does not say where its home is") };
    let release = property("java.specification.version").and_then(|v| v.parse().ok());
    Ok((PathBuf::from(home), release.context("java does not say its version as a number")?))
}

/// Debian keeps a runtime's settings below `/etc`, behind links: the folders they lead to.
fn elsewhere(home: &Path) -> Result<Vec<PathBuf>> {
    let mut found = BTreeSet::new();
    for folder in ["", "conf", "conf/security", "lib", "lib/security"] {
        let Ok(entries) = std::fs::read_dir(home.join(folder)) else { continue };
        for entry in entries {
            let path = entry?.path();
            if !path.is_symlink() {
                continue;
            }
            let Ok(end) = path.canonicalize() else { continue };
            if end.starts_with("/etc")
                && let Some(folder) = top(&end)
            {
                found.insert(folder);
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// `/etc/java-17-openjdk` out of anything below it. Sources and pictures elsewhere are not needed to run.
fn top(path: &Path) -> Option<PathBuf> {
    let parts: Vec<_> = path.components().take(3).collect();
    (parts.len() == 3).then(|| parts.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn home_and_release_are_read_off_the_settings() {
        let text = "Property settings:\n    java.home = /usr/lib/jvm/j\n    java.specification.version = 17\nopenjdk";
        assert_eq!(parse(text).unwrap(), (PathBuf::from("/usr/lib/jvm/j"), 17));
        assert!(parse("java.specification.version = 17").is_err());
        assert!(parse("java.home = /x\njava.specification.version = 1.8").is_err(), "1.8 is no release we know");
    }

    #[test]
    fn links_that_leave_the_home_are_followed() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        std::fs::create_dir_all(home.join("conf")).unwrap();
        std::fs::write(home.join("inside"), "").unwrap();
        std::os::unix::fs::symlink("/etc/passwd", home.join("conf/file")).unwrap();
        std::os::unix::fs::symlink(home.join("inside"), home.join("conf/own")).unwrap();
        std::os::unix::fs::symlink("/no/such/file", home.join("conf/dangling")).unwrap();
        let found = elsewhere(&home.canonicalize().unwrap()).unwrap();
        assert_eq!(found, [PathBuf::from("/etc/passwd")]);
    }
}
