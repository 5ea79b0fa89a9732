//! The cache: one folder an entry, named by its recipe's key, made once. Starts nothing and knows no part.

pub mod debian;
pub mod tools;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use crate::making::Making;
use crate::recipe::Recipe;
use crate::target::write_whole;

/// Where it lies, if not below the user's cache folder.
pub const PLACE: &str = "CHECKRUN_LAB_CACHE";
/// What an entry tells about itself.
const NOTE: &str = ".made.json";

/// The folder of all entries, and of all labs.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
}

/// How an entry was made.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq)]
pub struct Made {
    /// Seconds it took.
    pub seconds: f64,
    /// Bytes it holds.
    pub bytes: u64,
    /// It was there already.
    #[serde(default, skip_serializing)]
    pub before: bool,
}

impl Cache {
    /// `$CHECKRUN_LAB_CACHE`, else `checkrun-lab` below `$XDG_CACHE_HOME` or `~/.cache`.
    pub fn open() -> Result<Self> {
        let var = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let user = || var("XDG_CACHE_HOME").or_else(|| Some(var("HOME")?.join(".cache")));
        let root = var(PLACE).or_else(|| Some(user()?.join("checkrun-lab")));
        let root = root.with_context(|| format!("set {PLACE}: there is no HOME to put a cache in"))?;
        let root = std::path::absolute(root)?;
        fs::create_dir_all(&root).with_context(|| format!("making {}", root.display()))?;
        Ok(Self { root })
    }

    /// A cache at `root`.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// The folder of the labs.
    pub fn labs(&self) -> PathBuf {
        self.root.join("labs")
    }

    /// Where a recipe's entry lies or would lie.
    pub fn entry(&self, recipe: &Recipe) -> PathBuf {
        self.root.join("made").join(recipe.key())
    }

    /// Where a recipe's entry lies; an error if it was not made.
    pub fn made(&self, recipe: &Recipe) -> Result<PathBuf> {
        let entry = self.entry(recipe);
        match note(&entry) {
            Some(_) => Ok(entry),
            None => bail!("{} is not built: run `lab build`", recipe.name),
        }
    }

    /// Makes an entry unless it is there, with the packages it wants. Two programs that ask at once: one makes, the
    /// other waits.
    pub fn make(&self, recipe: &Recipe) -> Result<Made> {
        debian::ensure(recipe.packages, &self.lock("packages")?)?;
        let entry = self.entry(recipe);
        if let Some(made) = note(&entry) {
            return Ok(Made { before: true, ..made });
        }
        let _guard = self.lock(&recipe.key())?;
        match note(&entry) {
            Some(made) => Ok(Made { before: true, ..made }),
            None => self.make_anew(recipe, &entry).with_context(|| format!("building {}", recipe.name)),
        }
    }

    /// The entry appears whole or not at all.
    fn make_anew(&self, recipe: &Recipe, entry: &Path) -> Result<Made> {
        let start = Instant::now();
        let making = self.prepare(recipe)?;
        (recipe.make)(&making)?;
        let made = Made { seconds: start.elapsed().as_secs_f64(), bytes: size(&making.out), before: false };
        write_whole(&making.out.join(NOTE), serde_json::to_string(&made)?.as_bytes())?;
        fs::create_dir_all(self.root.join("made"))?;
        fs::rename(&making.out, entry).with_context(|| format!("moving the entry to {}", entry.display()))?;
        // nothing needs the work folder any more, and a rest of it harms nobody
        let _ = fs::remove_dir_all(&making.work);
        Ok(made)
    }

    fn prepare(&self, recipe: &Recipe) -> Result<Making> {
        let draft = self.root.join("making").join(recipe.key());
        if draft.exists() {
            fs::remove_dir_all(&draft).with_context(|| format!("removing {}", draft.display()))?;
        }
        let making = Making {
            work: draft.join("work"),
            out: draft.join("out"),
            shared: self.root.join("shared"),
            log: self.root.join("making").join(format!("{}.log", recipe.key())),
        };
        for folder in [&making.work, &making.out, &making.shared] {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        // a log of an earlier try
        let _ = fs::remove_file(&making.log);
        for (name, content) in &recipe.files {
            let file = making.work.join(name);
            fs::create_dir_all(file.parent().context("a file has a folder")?)?;
            fs::write(&file, content).with_context(|| format!("writing {}", file.display()))?;
        }
        Ok(making)
    }

    /// A lock between programs; it opens when the file is dropped.
    pub fn lock(&self, name: &str) -> Result<File> {
        let folder = self.root.join("locks");
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let path = folder.join(name);
        let file = File::create(&path).with_context(|| format!("opening {}", path.display()))?;
        file.lock().with_context(|| format!("locking {}", path.display()))?;
        Ok(file)
    }
}

fn note(entry: &Path) -> Option<Made> {
    serde_json::from_slice(&fs::read(entry.join(NOTE)).ok()?).ok()
}

/// Bytes of all files below `folder`.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(m) if m.is_dir() => size(&entry.path()),
        Ok(m) => m.len(),
        Err(_) => 0,
    };
    entries.flatten().map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writes(making: &Making) -> Result<()> {
        making.keep(&making.work.join("a"), "b/a")
    }

    #[test]
    fn an_entry_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        let recipe = Recipe::new("one", writes).file("a", &b"four"[..]);
        assert!(cache.made(&recipe).unwrap_err().to_string().contains("lab build"));
        let made = cache.make(&recipe).unwrap();
        assert_eq!((made.bytes, made.before), (4, false));
        assert!(cache.make(&recipe).unwrap().before);
        assert_eq!(fs::read(cache.made(&recipe).unwrap().join("b/a")).unwrap(), b"four");
    }

    #[test]
    fn a_failed_making_leaves_no_entry_and_can_be_tried_again() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::at(dir.path());
        let fails = |m: &Making| {
            fs::write(m.out.join("half"), "x")?;
            m.run(std::process::Command::new("/bin/sh").args(["-c", "echo no such module; exit 1"]))
        };
        let error = format!("{:#}", cache.make(&Recipe::new("two", fails)).unwrap_err());
        assert!(error.contains("building two") && error.contains("no such module"), "{error}");
        assert!(cache.made(&Recipe::new("two", fails)).is_err());
        let again = Recipe::new("two", |m| Ok(fs::write(m.out.join("whole"), "y")?));
        let entry = cache.make(&again).and_then(|_| cache.made(&again)).unwrap();
        assert!(entry.join("whole").exists() && !entry.join("half").exists());
    }
}
