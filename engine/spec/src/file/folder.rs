//! Texts of files under one folder, by relative path. A path that leaves the folder is refused.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use checkrun_model::Files;

/// A longer file is not read.
const MOST_BYTES: u64 = 16 << 20;

/// A folder whose files suites may name; each is read once.
pub(crate) struct Folder {
    root: PathBuf,
    read: Mutex<BTreeMap<String, Result<Arc<str>, String>>>,
}

impl Folder {
    pub(crate) fn new(root: &Path) -> Self {
        Self { root: root.to_owned(), read: Mutex::default() }
    }

    /// What was read so far, by path as it was written.
    pub(crate) fn texts(&self) -> Vec<(String, Arc<str>)> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.iter().filter_map(|(path, text)| Some((path.clone(), Arc::clone(text.as_ref().ok()?)))).collect()
    }

    /// The path as people see it.
    pub(crate) fn shown(&self, path: &str) -> String {
        self.root.join(path).display().to_string()
    }

    fn load(&self, path: &str) -> Result<Arc<str>, String> {
        let inside = inside(path)?;
        let full = self.root.join(inside);
        let real = full.canonicalize().map_err(|error| format!("`{path}` cannot be read: {}", cause(&error)))?;
        let root = self.root.canonicalize().map_err(|error| format!("`{}`: {}", self.root.display(), cause(&error)))?;
        if !real.starts_with(root) {
            return Err(format!("`{path}` is a link that leads out of the suite's folder"));
        }
        text(&real).map_err(|why| format!("`{path}` {why}"))
    }
}

impl Files for Folder {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = read.get(path) {
            return known.clone();
        }
        let text = self.load(path);
        read.insert(path.to_owned(), text.clone());
        text
    }
}

/// The path, if it is relative and stays below where it begins.
fn inside(path: &str) -> Result<&Path, String> {
    let mut depth = 0_usize;
    for part in Path::new(path).components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return Err(format!("`{path}` is outside of the suite's folder")),
        }
    }
    if depth == 0 { Err(format!("`{path}` is not a file")) } else { Ok(Path::new(path)) }
}

/// The text of a file, or what is wrong with it.
pub(crate) fn text(path: &Path) -> Result<Arc<str>, String> {
    let size = std::fs::metadata(path).map_err(|error| format!("cannot be read: {}", cause(&error)))?;
    if !size.is_file() {
        return Err("is not a file".into());
    }
    if size.len() > MOST_BYTES {
        return Err(format!("has {} MiB; at most {} are read", size.len() >> 20, MOST_BYTES >> 20));
    }
    let bytes = std::fs::read(path).map_err(|error| format!("cannot be read: {}", cause(&error)))?;
    String::from_utf8(bytes).map(Into::into).map_err(|_| "is not text (UTF-8)".into())
}

/// What the system says, without its number.
pub(crate) fn cause(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        for fine in ["a.yaml", "m/a.yaml", "m/../a.yaml", "./a"] {
            assert!(inside(fine).is_ok(), "{fine}");
        }
        for out in ["../a", "/etc/passwd", "m/../../a", "", "."] {
            assert!(inside(out).is_err(), "{out}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_out() {
        let outer = tempfile::tempdir().unwrap();
        std::fs::write(outer.path().join("secret"), "x").unwrap();
        let suite = outer.path().join("suite");
        std::fs::create_dir(&suite).unwrap();
        std::os::unix::fs::symlink(outer.path().join("secret"), suite.join("link")).unwrap();
        let refused = Folder::new(&suite).text("link").unwrap_err();
        assert!(refused.contains("leads out"), "{refused}");
    }
}
