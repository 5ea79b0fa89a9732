//! What Flux is made from: three controllers, the definitions of all its kinds, and an image with Git for the stand-in.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cache::tools;
use crate::cluster::recipes::base;
use crate::controllers;
use crate::definitions::{self, Source};
use crate::making::Making;
use crate::recipe::Recipe;

/// The lab's base image and Git.
pub const GIT_IMAGE: &str = "lab.local/git:1";
/// Its archive in the entry.
pub const ARCHIVE: &str = "git.tar";

const fn crds(module: &'static str, version: &'static str, sum: &'static str) -> Source {
    Source { module, version, sum, place: "config/crd/bases", only: &[] }
}

const SOURCES: [Source; 4] = [
    crds("github.com/fluxcd/source-controller", "v1.9.4", "h1:psO6g4NTAMl3GD9gL8TMF3shM939XhTjFvlQXCK3pZ4="),
    crds("github.com/fluxcd/kustomize-controller", "v1.9.5", "h1:/XY2zy3K7fntyppEXIHG7oRMzmfgIt50eJzUfaPX1Kc="),
    crds("github.com/fluxcd/helm-controller", "v1.6.3", "h1:MSiDP/s8xRSkO3g11vBiDStxfmJ5ZVdwDEpW7BSE/UA="),
    crds("github.com/fluxcd/notification-controller", "v1.9.3", "h1:vBONN/Lx5aQ2nDnJxYp5Sb0Wsgh13UbuP5A1MK4dmkY="),
];

/// Controllers, definitions and the image.
pub fn flux() -> Recipe {
    controllers::recipe("flux", make).file("sources", format!("{SOURCES:?}").into_bytes()).packages(&["git"])
}

fn make(making: &Making) -> Result<()> {
    definitions::collect(making, &SOURCES)?;
    image(making)?;
    controllers::flux(making)
}

fn image(making: &Making) -> Result<()> {
    let git = tools::must("git", "git")?;
    let out = Command::new(&git).arg("--exec-path").output().context("asking git for its folder")?;
    let folder = String::from_utf8(out.stdout).context("git names its folder as text")?;
    let part = |name: &str| std::path::Path::new(folder.trim()).join(name);
    let image = base(GIT_IMAGE)?.host(git).host(part("git")).host(part("git-remote-http"));
    image.write(&making.out.join(ARCHIVE))
}
