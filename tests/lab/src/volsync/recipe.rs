//! What VolSync is made from: its manager and script out of its Go module, its definitions and those of volume
//! snapshots, and a mover's image of Debian's restic.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cache::tools;
use crate::controllers;
use crate::definitions::{self, Source};
use crate::images::Image;
use crate::making::Making;
use crate::recipe::Recipe;

/// The mover's image.
pub const MOVER: &str = "lab.local/volsync-mover:1";
/// Its archive in the entry.
pub const ARCHIVE: &str = "mover.tar";
/// The manager's rights in the entry.
pub const ROLE: &str = "role.yaml";

const VOLSYNC: Source = Source {
    module: "github.com/backube/volsync",
    version: "v0.16.0",
    sum: "h1:2o8SSp+oaUt5CqJDXSP84PlZe9hQlForrk1uvYP8oxI=",
    place: "config/crd/bases",
    only: &[],
};
/// Without these VolSync does nothing at all.
const SNAPSHOTS: Source = Source {
    module: "github.com/kubernetes-csi/external-snapshotter/client/v8",
    version: "v8.4.0",
    sum: "h1:bMqrb3UHgHbP+PW9VwiejfDJU1R0PpXVZNMdeH8WYKI=",
    place: "config/crd",
    only: &[
        "volumesnapshots.snapshot.storage.k8s.io",
        "volumesnapshotclasses.snapshot.storage.k8s.io",
        "volumesnapshotcontents.snapshot.storage.k8s.io",
    ],
};
/// What VolSync's script calls, besides restic.
const PROGRAMS: [&str; 18] = [
    "awk", "basename", "bash", "cat", "cp", "cut", "date", "dirname", "grep", "ls", "mktemp", "realpath", "rm", "sh",
    "sleep", "sync", "timeout", "touch",
];

/// Manager, definitions, rights and the mover's image.
pub fn volsync() -> Recipe {
    let sources = format!("{VOLSYNC:?} {SNAPSHOTS:?}").into_bytes();
    controllers::recipe("volsync", make).file("sources", sources).packages(&[
        "bash",
        "coreutils",
        "grep",
        "mawk",
        "restic",
    ])
}

fn make(making: &Making) -> Result<()> {
    definitions::collect(making, &[VOLSYNC, SNAPSHOTS])?;
    controllers::volsync(making)?;
    let module = making.go_module(VOLSYNC.module, VOLSYNC.version, VOLSYNC.sum)?;
    making.keep(&module.join("config/rbac/role.yaml"), ROLE)?;
    mover(making, &module)
}

fn mover(making: &Making, module: &Path) -> Result<()> {
    let script = making.work.join("entry.sh");
    fs::copy(module.join("mover-restic/entry.sh"), &script).context("copying VolSync's script")?;
    runnable(&script)?;
    let image = Image::new(MOVER).file(&script, "/mover-restic/entry.sh").host(tools::must("restic", "restic")?);
    let image =
        PROGRAMS.iter().try_fold(image, |image, &name| Ok::<_, anyhow::Error>(image.host(shell_tool(name)?)))?;
    let image = match wrapper(making)? {
        Some(wrapper) => image.file(wrapper, "/usr/local/bin/restic"),
        None => image,
    };
    image.write(&making.out.join(ARCHIVE))
}

fn shell_tool(name: &str) -> Result<PathBuf> {
    tools::must(name, "coreutils, bash, grep or mawk")
}

/// VolSync restores with an option that restic has from 0.18 on. Where Debian's is older, this takes the option away;
/// extended attributes are then restored without a choice.
fn wrapper(making: &Making) -> Result<Option<PathBuf>> {
    let restic = tools::must("restic", "restic")?;
    let help = Command::new(&restic).args(["restore", "--help"]).output().context("asking restic for its options")?;
    if String::from_utf8_lossy(&help.stdout).contains("--include-xattr") {
        return Ok(None);
    }
    let text = format!(
        "#!/bin/bash\nwords=()\nwhile [ $# -gt 0 ]; do\n  case $1 in --include-xattr) shift 2 ;; *) words+=(\"$1\"); \
         shift ;; esac\ndone\nexec {} \"${{words[@]}}\"\n",
        restic.display()
    );
    let path = making.work.join("restic");
    fs::write(&path, text).context("writing the wrapper of restic")?;
    runnable(&path)?;
    Ok(Some(path))
}

fn runnable(path: &Path) -> Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).with_context(|| format!("marking {}", path.display()))
}
