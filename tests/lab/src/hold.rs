//! The first process of a lab's own process namespace: when it ends, the kernel ends everything started under it.
//! It collects orphans that ended, and otherwise does nothing.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use nix::sys::wait::{WaitStatus, wait};

use crate::machine::mounts;

/// Keeps the machine's folders apart, starts `serve` and stays until that has ended; answers its code.
pub fn run(name: &str, dir: &Path) -> Result<u8> {
    mounts::keep_apart(&dir.join("machine"))?;
    let me = std::env::current_exe().context("finding this program")?;
    let served = Command::new(me).args(["serve", name]).spawn().context("starting the lab's server")?;
    let served = nix::unistd::Pid::from_raw(served.id() as i32);
    loop {
        match wait().context("waiting for processes")? {
            WaitStatus::Exited(pid, code) if pid == served => return Ok(u8::try_from(code).unwrap_or(1)),
            WaitStatus::Signaled(pid, _, _) if pid == served => return Ok(1),
            _ => {}
        }
    }
}
