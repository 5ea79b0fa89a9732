//! Installs the Debian packages that are missing, and only those; or unpacks some without installing them, because an
//! installed server would start and make users. Elsewhere than on Debian it names what is missing.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// Installs what is missing of `packages`; `_guard` keeps two programs from doing so at once.
pub fn ensure(packages: &[&str], _guard: &File) -> Result<()> {
    let missing: Vec<&str> = packages.iter().copied().filter(|p| !installed(p)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !nix::unistd::Uid::effective().is_root() {
        bail!("these Debian packages are missing, and only root can install them: {}", missing.join(" "));
    }
    eprintln!("installing {}", missing.join(" "));
    // lists that are good enough save a download; a second try gets new ones
    if install(&missing).is_err() {
        apt(&["update"])?;
        install(&missing)?;
    }
    Ok(())
}

/// Puts the files of `packages` below `into` and installs the libraries that these need. `work` is for scraps.
pub fn unpack(packages: &[&str], work: &Path, into: &Path, guard: &File) -> Result<()> {
    let archives = download(packages, work)?;
    let mut libraries = Vec::new();
    for archive in &archives {
        tool(Command::new("dpkg-deb").arg("-x").arg(archive).arg(into))?;
        let depends = tool(Command::new("dpkg-deb").arg("-f").arg(archive).arg("Depends"))?;
        libraries.extend(parse_libraries(&depends));
    }
    libraries.sort();
    libraries.dedup();
    ensure(&libraries.iter().map(String::as_str).collect::<Vec<_>>(), guard)
}

/// The archives of `packages` in `work`.
fn download(packages: &[&str], work: &Path) -> Result<Vec<PathBuf>> {
    let get = || tool(Command::new("apt-get").args(["-q", "download"]).args(packages).current_dir(work));
    if get().is_err() {
        apt(&["update"])?;
        get()?;
    }
    let entries = std::fs::read_dir(work).with_context(|| format!("reading {}", work.display()))?;
    let files = entries.flatten().map(|e| e.path());
    Ok(files.filter(|p| p.extension().is_some_and(|e| e == "deb")).collect())
}

/// The libraries among what a package depends on. A compiler of queries, which weighs more than all the rest, is left
/// out: servers load it only if told to.
fn parse_libraries(depends: &str) -> Vec<String> {
    let first = |one: &str| one.split(['|', '(']).next().unwrap_or_default().trim().to_owned();
    let all = depends.trim().split(',').map(first);
    all.filter(|name| (name.starts_with("lib") && !name.starts_with("libllvm")) || name == "tzdata").collect()
}

/// The newest package called `prefix` and a number.
pub fn newest(prefix: &str) -> Result<String> {
    let find = || -> Result<Option<u32>> {
        let names = tool(Command::new("apt-cache").args(["pkgnames", prefix]))?;
        Ok(names.lines().filter_map(|n| n.strip_prefix(prefix)?.parse().ok()).max())
    };
    let number = match find()? {
        Some(number) => Some(number),
        None => {
            apt(&["update"])?;
            find()?
        }
    };
    let number = number.with_context(|| format!("Debian has no package {prefix}NUMBER"))?;
    Ok(format!("{prefix}{number}"))
}

fn tool(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let out = command.stdin(Stdio::null()).output().with_context(|| format!("starting {name}"))?;
    if !out.status.success() {
        bail!("{name} ended with {}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

fn installed(package: &str) -> bool {
    let out = Command::new("dpkg-query").args(["-W", "-f", "${Status}", package]).output();
    out.is_ok_and(|o| o.stdout.ends_with(b"ok installed"))
}

fn install(packages: &[&str]) -> Result<()> {
    let words = ["install", "-y", "--no-install-recommends"];
    apt(&words.into_iter().chain(packages.iter().copied()).collect::<Vec<_>>())
}

fn apt(words: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(["-q", "-o", "DPkg::Lock::Timeout=300"]).args(words).env("DEBIAN_FRONTEND", "noninteractive");
    let out = command.stdin(Stdio::null()).output().context("apt-get is needed to install packages")?;
    if !out.status.success() {
        let said = String::from_utf8_lossy(&out.stderr);
        bail!("apt-get {} ended with {}: {}", words.join(" "), out.status, said.trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_are_taken_from_what_a_package_wants() {
        let wants =
            "locales | locales-all, libc6 (>= 2.34), libllvm14, liblz4-1 (>= 0.0~r130) | other, tzdata, adduser";
        assert_eq!(parse_libraries(wants), ["libc6", "liblz4-1", "tzdata"]);
        assert!(parse_libraries("").is_empty());
    }
}
