//! What a cluster is made from: one binary with all of Kubernetes' programs, Debian's containerd, and three images.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cache::tools;
use crate::images::{self, Image};
use crate::making::Making;
use crate::recipe::Recipe;

/// The version that the servers tell, and that `go.mod` pins.
const VERSION: (&str, &str, &str) = ("v1.34.4", "1", "34");

/// The sandbox of every pod.
pub const PAUSE_IMAGE: &str = "lab.local/pause:1";
/// A shell and small tools, all in one static program.
pub const BUSYBOX_IMAGE: &str = "lab.local/busybox:1";
/// The same and the machine's C and C++ libraries, for programs mounted from the machine.
pub const BASE_IMAGE: &str = "lab.local/base:1";

/// etcd, API server, controllers, scheduler, kubelet, kube-proxy and kubectl in one binary.
pub fn kubelab() -> Recipe {
    let make = |m: &Making| {
        let (version, major, minor) = VERSION;
        let set = [
            ("gitVersion", version),
            ("gitMajor", major),
            ("gitMinor", minor),
            ("gitCommit", "unknown"),
            ("gitTreeState", "archive"),
            ("buildDate", "1970-01-01T00:00:00Z"),
        ];
        let link: Vec<_> = set.iter().map(|(k, v)| format!("-X k8s.io/component-base/version.{k}={v}")).collect();
        m.go_build("kubelab", ".", &link.join(" "))
    };
    Recipe::new("kubelab", make)
        .file("go.mod", &include_bytes!("../../recipes/kubelab/go.mod")[..])
        .file("go.sum", &include_bytes!("../../recipes/kubelab/go.sum")[..])
        .file("main.go", &include_bytes!("../../recipes/kubelab/main.go")[..])
}

/// The images every cluster has, and the packages a node needs.
pub fn node() -> Recipe {
    Recipe::new("node-images", make_images)
        .file("go.mod", &include_bytes!("../../recipes/pause/go.mod")[..])
        .file("main.go", &include_bytes!("../../recipes/pause/main.go")[..])
        .packages(&[
            "busybox-static",
            "containerd",
            "containernetworking-plugins",
            "iproute2",
            "iptables",
            "runc",
            "util-linux",
            "zlib1g",
        ])
}

fn make_images(m: &Making) -> Result<()> {
    m.go_build("pause", ".", "")?;
    let pause = m.out.join("pause");
    let image = Image::new(PAUSE_IMAGE).file(&pause, "/pause").entrypoint(&["/pause"]);
    image.write(&m.out.join("pause.tar"))?;
    std::fs::remove_file(pause)?;
    busybox(BUSYBOX_IMAGE)?.write(&m.out.join("busybox.tar"))?;
    base(BASE_IMAGE)?.write(&m.out.join("base.tar"))
}

/// A shell and small tools; the start of an image of one's own.
pub fn busybox(name: &str) -> Result<Image> {
    let program = tools::must("busybox", "busybox-static")?;
    let out = Command::new(&program).arg("--list").output().context("asking busybox for its commands")?;
    let names = String::from_utf8(out.stdout).context("busybox lists its commands as text")?;
    let start = Image::new(name).file(program, "/bin/busybox").entrypoint(&["/bin/sh"]);
    Ok(names.lines().filter(|n| *n != "busybox").fold(start, |i, n| i.link(&format!("/bin/{n}"), "busybox")))
}

/// `busybox` with the machine's C and C++ libraries, so that the machine's programs run in it.
pub fn base(name: &str) -> Result<Image> {
    let libraries =
        ["libstdc++.so.6", "libgcc_s.so.1", "libz.so.1", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1"];
    let mut image = busybox(name)?.text("/etc/nsswitch.conf", "hosts: files dns\n");
    for library in libraries {
        image = image.host(images::library(library)?);
    }
    Ok(image)
}
