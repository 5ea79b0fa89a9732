//! What a recipe's `make` has at hand: a work folder with the recipe's files, the folder to fill, and commands whose
//! output goes to the build's log. It knows no recipe.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::cache::{Cache, debian};

/// One making of one entry.
#[derive(Debug)]
pub struct Making {
    /// Where the recipe's files lie; thrown away afterwards.
    pub work: PathBuf,
    /// What stays: becomes the cache's entry.
    pub out: PathBuf,
    /// Folders that compilers and package tools keep between makings.
    pub shared: PathBuf,
    /// Where the commands' output goes.
    pub log: PathBuf,
}

impl Making {
    /// Runs a command in the work folder; its output goes to the log, whose end is the error's text.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(&self.log);
        let file = file.with_context(|| format!("opening {}", self.log.display()))?;
        command.current_dir(&self.work).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let program = command.get_program().to_string_lossy().into_owned();
        let status = command.status().with_context(|| format!("starting {program}"))?;
        if !status.success() {
            let end = crate::machine::process::tail(&self.log, 15);
            bail!("{program} ended with {status}; the whole log is {}, its end:\n{end}", self.log.display());
        }
        Ok(())
    }

    /// Builds `package` of the work folder's Go module without C; the program becomes `out/NAME`.
    pub fn go_build(&self, name: &str, package: &str, link: &str) -> Result<()> {
        self.go_build_with(name, package, link, "")
    }

    /// `go_build` with build tags, separated by commas.
    pub fn go_build_with(&self, name: &str, package: &str, link: &str, tags: &str) -> Result<()> {
        let mut command = self.go("build")?;
        let link = format!("-s -w {link}");
        command.args(["-trimpath", "-buildvcs=false", "-tags", tags, "-ldflags", link.trim(), "-o"]);
        self.run(command.arg(self.out.join(name)).arg(package))
    }

    /// The sources of a published Go module at one version, held against its `h1:` sum. They are read-only.
    pub fn go_module(&self, module: &str, version: &str, sum: &str) -> Result<PathBuf> {
        let mut command = self.go("mod")?;
        command.args(["download", "-json", &format!("{module}@{version}")]).current_dir(&self.shared);
        let out = command.stdin(Stdio::null()).output().context("starting go")?;
        let told: serde_json::Value = serde_json::from_slice(&out.stdout)
            .with_context(|| format!("go said: {}", String::from_utf8_lossy(&out.stderr).trim()))?;
        let text = |key: &str| told[key].as_str().unwrap_or_default();
        if !text("Error").is_empty() {
            bail!("downloading {module} {version}: {}", text("Error"));
        }
        if text("Sum") != sum {
            bail!("{module} {version} has the sum {} instead of {sum}", text("Sum"));
        }
        Ok(PathBuf::from(text("Dir")))
    }

    /// The `go` command, its caches kept apart from the user's, since they grow to gigabytes.
    pub fn go(&self, verb: &str) -> Result<Command> {
        let caches = [("GOMODCACHE", "go/mod"), ("GOCACHE", "go/build")];
        let mut command = Command::new(crate::cache::tools::go(&self.shared.join("go/mod"))?);
        for (name, folder) in caches {
            let folder = self.shared.join(folder);
            fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
            command.env(name, folder);
        }
        // sums are pinned by the recipe: nothing may be looked up or changed while building
        command.env("CGO_ENABLED", "0").env("GOFLAGS", "-mod=readonly").env("GOWORK", "off");
        command.arg(verb);
        Ok(command)
    }

    /// Maven in the work folder, quiet, never asking.
    pub fn maven(&self, goals: &[&str]) -> Result<()> {
        self.run(Command::new(crate::cache::tools::maven()?).args(["--batch-mode", "-q"]).args(goals))
    }

    /// Unpacks Debian packages into the entry without installing them.
    pub fn unpack(&self, packages: &[&str]) -> Result<()> {
        debian::unpack(packages, &self.work, &self.out, &Cache::open()?.lock("packages")?)
    }

    /// Copies a file into the entry, keeping its mode.
    pub fn keep(&self, from: &Path, name: &str) -> Result<()> {
        let to = self.out.join(name);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        fs::copy(from, &to).with_context(|| format!("copying {} to {}", from.display(), to.display()))?;
        Ok(())
    }
}
