//! Keeps what the node's programs write at fixed places of the machine inside the lab's folder.
//! Works only in a mount namespace of the lab's own, and says so otherwise.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use nix::mount::{MsFlags, mount};

/// Folders that containerd, the network plugins, the kubelet and the provisioner write to, whatever they are told.
const FOLDERS: [&str; 5] =
    ["/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers", "/tmp/hostpath_pv"];
/// Settings of the whole machine that the kubelet writes; it may write to a copy.
const SETTINGS: [&str; 3] =
    ["/proc/sys/vm/overcommit_memory", "/proc/sys/kernel/panic", "/proc/sys/kernel/panic_on_oops"];

/// Puts folders of `home` over the machine's, for this mount namespace.
pub fn keep_apart(home: &Path) -> Result<()> {
    if fs::read_link("/proc/self/ns/mnt")? == fs::read_link("/proc/1/ns/mnt")? && std::process::id() != 1 {
        bail!("this would cover folders of the whole machine; it belongs into a mount namespace of its own");
    }
    // pods may ask for mounts that pass on what is mounted later
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_SHARED, None::<&str>)
        .context("sharing mounts within the lab")?;
    for place in FOLDERS {
        let own = home.join(place.trim_start_matches('/').replace('/', "-"));
        fs::create_dir_all(&own).with_context(|| format!("making {}", own.display()))?;
        fs::create_dir_all(place).with_context(|| format!("making {place}"))?;
        bind(&own, Path::new(place))?;
    }
    for place in SETTINGS {
        let own = home.join(place.trim_start_matches('/').replace('/', "-"));
        let now = fs::read(place).with_context(|| format!("reading {place}"))?;
        fs::write(&own, now).with_context(|| format!("writing {}", own.display()))?;
        bind(&own, Path::new(place))?;
    }
    Ok(())
}

fn bind(from: &Path, to: &Path) -> Result<()> {
    mount(Some(from), to, None::<&str>, MsFlags::MS_BIND, None::<&str>)
        .with_context(|| format!("mounting {} at {}", from.display(), to.display()))
}
