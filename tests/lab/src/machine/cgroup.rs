//! Makes and removes the control groups that a node's pods live in, under version 1 and 2 of the kernel's scheme.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

const ROOT: &str = "/sys/fs/cgroup";

/// Where both versions are mounted, programs make groups of version 2 here; nothing is limited by them.
const UNIFIED: &str = "unified";

/// The folders that stand for the group `name`: one under version 2, one a hierarchy under version 1.
pub fn folders(name: &str) -> Vec<PathBuf> {
    if Path::new(ROOT).join("cgroup.controllers").exists() {
        return vec![Path::new(ROOT).join(name)];
    }
    let Ok(entries) = fs::read_dir(ROOT) else { return Vec::new() };
    let hierarchies = entries.flatten().map(|e| e.path()).filter(|p| p.join("cgroup.procs").exists());
    hierarchies.filter(|p| !p.ends_with(UNIFIED)).map(|p| p.join(name)).collect()
}

/// Makes the group `name` everywhere and lets it have every processor and memory node.
pub fn make(name: &str) -> Result<()> {
    let folders = folders(name);
    if folders.is_empty() {
        bail!("no control groups are mounted at {ROOT}; the kubelet cannot work without them");
    }
    for folder in folders {
        fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
        let parent = folder.parent().unwrap_or(Path::new(ROOT));
        for file in ["cpuset.cpus", "cpuset.mems"] {
            // version 1 starts a group with none, version 2 inherits and refuses an empty word
            if let Ok(all) = fs::read_to_string(parent.join(file))
                && !all.trim().is_empty()
            {
                let file = folder.join(file);
                fs::write(&file, all).with_context(|| format!("writing {}", file.display()))?;
            }
        }
        favour(&folder);
        delegate(parent);
    }
    Ok(())
}

/// All pods together would count as one process against every compiler of a busy machine, and starve.
fn favour(folder: &Path) {
    for (file, most) in [("cpu.shares", "65536"), ("cpu.weight", "10000")] {
        let file = folder.join(file);
        if file.exists() {
            // without it the pods are slow, which is no reason not to start
            let _ = fs::write(file, most);
        }
    }
}

/// Under version 2 a group's children get a controller only if the group passes it on; most systems do already.
fn delegate(parent: &Path) {
    for controller in ["+cpu", "+cpuset", "+memory", "+pids", "+io"] {
        // one that is missing is the kubelet's to complain about
        let _ = fs::write(parent.join("cgroup.subtree_control"), controller);
    }
}

/// The processes in the groups below `name` whose path contains `part`.
pub fn processes(name: &str, part: &str) -> Vec<i32> {
    let memory = folders(name)
        .into_iter()
        .find(|f| f.starts_with("/sys/fs/cgroup/memory") || f.parent() == Some(Path::new(ROOT)));
    let mut found = Vec::new();
    for folder in memory.iter().flat_map(|root| below(root)) {
        if folder.to_string_lossy().contains(part) {
            let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            found.extend(text.lines().filter_map(|l| l.parse::<i32>().ok()));
        }
    }
    found
}

/// Removes the group `name` with all below; waits up to `limit` for processes that are about to go.
pub fn remove(name: &str, limit: Duration) -> Result<()> {
    let end = Instant::now() + limit;
    for folder in folders(name).into_iter().chain([Path::new(ROOT).join(UNIFIED).join(name)]) {
        while let Err(e) = remove_tree(&folder) {
            if Instant::now() > end {
                return Err(e).with_context(|| format!("removing {}", folder.display()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    Ok(())
}

fn remove_tree(folder: &Path) -> std::io::Result<()> {
    for sub in below(folder).into_iter().rev() {
        match fs::remove_dir(&sub) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    Ok(())
}

/// `folder` and its sub-folders, each before its own.
fn below(folder: &Path) -> Vec<PathBuf> {
    if !folder.is_dir() {
        return Vec::new();
    }
    let mut all = vec![folder.to_owned()];
    let mut next = 0;
    while let Some(at) = all.get(next) {
        let entries = fs::read_dir(at).map(|e| e.flatten().collect::<Vec<_>>()).unwrap_or_default();
        all.extend(entries.into_iter().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).map(|e| e.path()));
        next += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sub_folders_come_after_their_folder_and_are_removed_before_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("g");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir_all(root.join("c")).unwrap();
        let all = below(&root);
        assert_eq!((all.len(), &all[0]), (4, &root));
        remove_tree(&root).unwrap();
        assert!(!root.exists());
        assert!(remove_tree(&root).is_ok(), "nothing there is nothing to do");
    }
}
