//! The Go programs that share one module, pinned with its sums: VolSync's manager, Flux's controllers, kwok. What they
//! have in common is compiled once. One recipe each, so that a part waits for its own alone.

use anyhow::{Context as _, Result};

use crate::making::Making;
use crate::recipe::Recipe;

/// VolSync's other movers want programs that this lab has no images of, and bring a third of its dependencies.
const VOLSYNC_TAGS: &str = "disable_rclone,disable_rsync,disable_rsynctls,disable_syncthing";

/// Flux's controllers, each a program; the source's is refused by the registries, see `source`.
const FLUX: [&str; 3] = ["kustomize-controller", "helm-controller", "notification-controller"];

/// A recipe with the module's files; `make` builds out of them.
pub fn recipe(name: &'static str, make: fn(&Making) -> Result<()>) -> Recipe {
    Recipe::new(name, make)
        .file("go.mod", &include_bytes!("../recipes/controllers/go.mod")[..])
        .file("go.sum", &include_bytes!("../recipes/controllers/go.sum")[..])
}

/// Builds VolSync's manager as `volsync`.
pub fn volsync(making: &Making) -> Result<()> {
    making.go_build_with("volsync", "github.com/backube/volsync/cmd", "-X main.volsyncVersion=0.16.0", VOLSYNC_TAGS)
}

/// Builds Flux's controllers under their own names.
pub fn flux(making: &Making) -> Result<()> {
    FLUX.iter().try_for_each(|name| making.go_build(name, &format!("github.com/fluxcd/{name}"), ""))
}

/// kwok's module, version and sum.
const KWOK: (&str, &str, &str) = ("sigs.k8s.io/kwok", "v0.8.0", "h1:OTIOTwgROqPMovcTwxICx2eYQ4AwLpSx5EpjbDKF4SQ=");
/// How kwok plays nodes and pods, in its module; it knows none by itself.
const STAGES: [&str; 5] = [
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
];

/// Builds kwok, which plays nodes, and puts what it is to play beside it as `stages.yaml`.
pub fn kwok() -> Recipe {
    recipe("kwok", |making| {
        let (module, version, sum) = KWOK;
        let folder = making.go_module(module, version, sum)?.join("kustomize/stage");
        let read = |name: &&str| {
            let file = folder.join(name);
            std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
        };
        let stages = STAGES.iter().map(read).collect::<Result<Vec<_>>>()?;
        std::fs::write(making.out.join("stages.yaml"), stages.join("\n---\n")).context("writing kwok's stages")?;
        making.go_build("kwok", "sigs.k8s.io/kwok/cmd/kwok", "")
    })
    .revision(2)
}
