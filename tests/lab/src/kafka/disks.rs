//! A small disk for each broker, so that one can be full: a file system in a sparse file, mounted in the lab's own mount
//! namespace and offered to the broker's claim as its volume. Mount and loop device go with the namespace.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::layout::{self, BROKERS, NAMESPACE};
use crate::cx::LabCx;
use crate::machine::room::Room;
use crate::objects::{Objects, Ref};

/// How much one holds. The file behind it takes what is written to it, and no more.
const SIZE: u64 = 8 << 30;
/// The file that fills a disk.
const FILLER: &str = "filler";
/// How long a volume may take to be known.
const LIMIT: Duration = Duration::from_secs(60);

/// Makes and mounts the disks, and offers each to its broker's claim.
pub async fn make(cx: &LabCx, objects: &Objects) -> Result<()> {
    for id in 0..BROKERS {
        let place = place(&cx.dir()?, id);
        mount(cx.outside(), &place)?;
        let volume = volume(id, &place);
        objects.apply(std::slice::from_ref(&volume)).await?;
        objects.until(Ref::of(&volume), LIMIT, |v| v["status"]["phase"] == "Available").await?;
    }
    Ok(())
}

fn place(dir: &Path, id: usize) -> PathBuf {
    dir.join("disks").join(id.to_string())
}

fn mount(room: &Room, place: &Path) -> Result<()> {
    std::fs::create_dir_all(place).with_context(|| format!("making {}", place.display()))?;
    let image = place.with_extension("image");
    let file = std::fs::File::create(&image).with_context(|| format!("making {}", image.display()))?;
    file.set_len(SIZE).context("sizing a disk")?;
    let (image, place) = (image.to_string_lossy(), place.to_string_lossy());
    let words = ["-q", "-F", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", &image];
    room.tool("mkfs.ext4", &words)?;
    room.tool("mount", &["-o", "loop,noatime", &image, &place]).context("mounting a broker's disk by a loop device")?;
    Ok(())
}

/// Bound to the broker's claim before any other volume could be.
fn volume(id: usize, place: &Path) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": format!("kafka-disk-{id}") },
        "spec": {
            "capacity": { "storage": "1Gi" }, "accessModes": ["ReadWriteOnce"], "storageClassName": "hostpath",
            "persistentVolumeReclaimPolicy": "Retain",
            "claimRef": { "namespace": NAMESPACE, "name": layout::claim(id) },
            "hostPath": { "path": place, "type": "Directory" },
        },
    })
}

/// Takes all room that is left on a broker's disk.
pub fn fill(cx: &LabCx, id: usize) -> Result<()> {
    let place = place(&cx.dir()?, id);
    let filler = place.join(FILLER).to_string_lossy().into_owned();
    // one piece takes nearly all, single blocks the rest
    let free = free(&place)?;
    let whole = (free / MIB).saturating_sub(1).max(1) * MIB;
    cx.outside().tool("fallocate", &["-l", &whole.to_string(), &filler])?;
    pad(&place.join(FILLER))?;
    let left = self::free(&place)?;
    ensure!(left < MIB, "{left} bytes are still free on broker {id}'s disk");
    Ok(())
}

const MIB: u64 = 1 << 20;

/// Writes behind the end until there is no room.
fn pad(filler: &Path) -> Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().append(true).open(filler).context("opening the filler")?;
    let block = [0; 4096];
    loop {
        match file.write_all(&block).and_then(|()| file.sync_data()) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::StorageFull => return Ok(()),
            Err(e) => return Err(e).context("filling a disk"),
        }
    }
}

/// Gives the room back.
pub fn empty(cx: &LabCx, id: usize) -> Result<()> {
    match std::fs::remove_file(place(&cx.dir()?, id).join(FILLER)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e).context("removing the filler"),
        _ => Ok(()),
    }
}

fn free(place: &Path) -> Result<u64> {
    let found = nix::sys::statvfs::statvfs(place).with_context(|| format!("looking at {}", place.display()))?;
    Ok(found.blocks_available() * found.fragment_size())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_for_its_brokers_claim_alone() {
        let volume = volume(2, Path::new("/lab/disks/2"));
        assert_eq!(volume["spec"]["claimRef"]["name"], "data-kafka-cluster-dual-role-2");
        assert_eq!(volume["spec"]["storageClassName"], "hostpath");
    }

    #[test]
    fn a_filler_is_told_from_an_error() {
        assert!(pad(Path::new("/no/such/filler")).is_err());
        assert!(free(Path::new("/")).unwrap() > 0);
    }
}
