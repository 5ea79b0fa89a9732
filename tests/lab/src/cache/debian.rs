//! Installs the Debian packages that are missing, and only those. Elsewhere than on Debian it names what is missing.

use std::fs::File;
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
