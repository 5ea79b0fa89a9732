//! Finds the compilers and package tools that recipes need, on the path first, else from Debian.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{Cache, debian};

/// From this version on, `go` fetches by itself the newer release that a module asks for.
const GO: (u32, u32) = (1, 21);

/// The `go` command.
pub fn go() -> Result<PathBuf> {
    let find = || program("go").filter(|go| go_version(go).is_some_and(|v| v >= GO));
    if let Some(go) = find() {
        return Ok(go);
    }
    install(&["golang-go"])?;
    find().with_context(|| format!("Go {}.{} or newer is needed; Debian 12 has it in backports: golang-go", GO.0, GO.1))
}

/// The `mvn` command.
pub fn maven() -> Result<PathBuf> {
    if program("mvn").is_none() {
        install(&["maven"])?;
    }
    program("mvn").context("Maven is needed: Debian's package is `maven`")
}

fn install(packages: &[&str]) -> Result<()> {
    debian::ensure(packages, &Cache::open()?.lock("packages")?)
}

/// A program on the path, or where Debian and Go's own archive put theirs.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin", "/usr/local/go/bin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A program that must be there because a package brings it.
pub fn must(name: &str, package: &str) -> Result<PathBuf> {
    match program(name) {
        Some(path) => Ok(path),
        None => bail!("{name} is missing; Debian's package {package} brings it"),
    }
}

fn go_version(go: &PathBuf) -> Option<(u32, u32)> {
    let out = Command::new(go).args(["env", "GOVERSION"]).env("GOTOOLCHAIN", "local").output().ok()?;
    parse_go(&String::from_utf8_lossy(&out.stdout))
}

fn parse_go(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix("go")?.split('.');
    let major = numbers.next()?.parse().ok()?;
    // a release candidate is called 1.27rc1
    let minor: String = numbers.next()?.chars().take_while(char::is_ascii_digit).collect();
    Some((major, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_not_words() {
        assert_eq!(parse_go("go1.26.8\n"), Some((1, 26)));
        assert_eq!(parse_go("go1.9"), Some((1, 9)));
        assert!(parse_go("go1.9") < parse_go("go1.21rc2"));
        assert_eq!(parse_go("devel"), None);
    }

    #[test]
    fn what_is_nowhere_is_named_with_its_package() {
        let error = must("no-such-program", "nothing").unwrap_err().to_string();
        assert!(error.contains("no-such-program") && error.contains("nothing"));
        assert!(program("sh").is_some());
    }
}
