//! Which files a suite has. Knows names and folders, not what is in them.

use std::path::{Path, PathBuf};

use super::folder::cause;

/// Folders whose YAML is no check file.
const OTHER: [&str; 8] = ["manifests", "hooks", "tests", "procedures", "schemas", "files", "targets", "sandbox"];

/// What was found under a suite's folder.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// `*.yaml` beside `suite.yaml` and in folders of its own choosing, sorted, relative.
    pub(crate) yaml: Vec<PathBuf>,
    /// `*.yml`, `*.YAML`: most likely meant as check files.
    pub(crate) yml: Vec<PathBuf>,
    /// Files under `procedures/`.
    pub(crate) procedures: Vec<PathBuf>,
}

/// Walks the folder. A folder with a `suite.yaml` of its own is another suite.
///
/// # Errors
/// A sentence that names the folder.
pub(crate) fn find(root: &Path) -> Result<Found, String> {
    let mut found = Found::default();
    walk(root, Path::new(""), &mut found)?;
    found.yaml.sort();
    found.yml.sort();
    found.procedures.sort();
    Ok(found)
}

fn walk(root: &Path, below: &Path, found: &mut Found) -> Result<(), String> {
    let folder = root.join(below);
    let said = |error: std::io::Error| format!("{}: {}", folder.display(), cause(&error));
    for entry in std::fs::read_dir(&folder).map_err(said)? {
        let entry = entry.map_err(said)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let path = below.join(name);
        if entry.path().is_dir() {
            descend(root, &path, name, found)?;
        } else {
            file(path, found);
        }
    }
    Ok(())
}

fn descend(root: &Path, path: &Path, name: &str, found: &mut Found) -> Result<(), String> {
    let top = path.components().count() == 1;
    if top && name == "procedures" {
        let mut inner = Found::default();
        walk(root, path, &mut inner)?;
        found.procedures.extend(inner.yaml);
        return Ok(());
    }
    let other = top && OTHER.contains(&name);
    if other || root.join(path).join("suite.yaml").is_file() {
        return Ok(());
    }
    walk(root, path, found)
}

fn file(path: PathBuf, found: &mut Found) {
    let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
    match end.to_ascii_lowercase().as_str() {
        _ if path == Path::new("suite.yaml") => {}
        "yaml" if end == "yaml" => found.yaml.push(path),
        "yaml" | "yml" => found.yml.push(path),
        _ => {}
    }
}
