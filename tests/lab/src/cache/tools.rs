//! Finds the compilers and package tools that recipes need, on the path first, else from Debian.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{Cache, debian};

/// From this version on, `go` fetches by itself the newer release that a module asks for.
const GO: (u32, u32) = (1, 21);

/// The release to fetch where Debian's is older than that. It is a module as any other, with a sum that `go` checks.
const TOOLCHAIN: &str = "go1.26.8";

/// The `go` command.
pub fn go(modules: &Path) -> Result<PathBuf> {
    let find = || program("go").filter(|go| go_version(go).is_some_and(|v| v >= GO));
    if let Some(go) = find() {
        return Ok(go);
    }
    if program("go").is_none() {
        install(&["golang-go"])?;
    }
    match find() {
        Some(go) => Ok(go),
        None => fetch_go(&must("go", "golang-go")?, modules),
    }
}

/// A newer Go, fetched by an old one into the folder of modules.
fn fetch_go(old: &Path, modules: &Path) -> Result<PathBuf> {
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => bail!("there is no Go to fetch for {other}; install Go {}.{} or newer", GO.0, GO.1),
    };
    let module = format!("golang.org/toolchain@v0.0.1-{TOOLCHAIN}.linux-{machine}");
    let folder = modules.join(&module);
    if !folder.join("bin/go").is_file() {
        let mut command = Command::new(old);
        command.args(["mod", "download", &module]).current_dir("/").env("GOMODCACHE", modules).env("GOFLAGS", "");
        let out = command.output().context("starting go")?;
        if !out.status.success() {
            bail!("fetching {TOOLCHAIN}: {}", String::from_utf8_lossy(&out.stderr).trim());
        }
    }
    // modules hold no programs: what is one has to be marked
    let tools = folder.join("pkg/tool").join(format!("linux_{machine}"));
    for place in [folder.join("bin"), tools] {
        mark(&place)?;
    }
    Ok(folder.join("bin/go"))
}

/// Makes every file of a folder one that can be started.
fn mark(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
            .with_context(|| format!("marking {}", path.display()))?;
    }
    Ok(())
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
