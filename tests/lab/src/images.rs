//! Makes container images without a registry or a daemon: a tree of files packed as an archive that containerd takes.
//! Programs of the machine bring the libraries they are linked to. It knows no cluster.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// An image to be made. A tag other than `latest` keeps the kubelet from looking for a newer one.
#[derive(Debug, Clone, Default)]
pub struct Image {
    name: String,
    host: Vec<PathBuf>,
    files: Vec<(PathBuf, String)>,
    texts: Vec<(String, String)>,
    links: Vec<(String, String)>,
    entrypoint: Vec<String>,
    env: Vec<String>,
}

impl Image {
    /// An empty image called `name`, such as `lab.local/base:1`.
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// A program or folder of the machine, at the same path, with the libraries that its programs are linked to.
    #[must_use]
    pub fn host(mut self, path: impl Into<PathBuf>) -> Self {
        self.host.push(path.into());
        self
    }

    /// A file of the machine at another path, without libraries.
    #[must_use]
    pub fn file(mut self, from: impl Into<PathBuf>, to: &str) -> Self {
        self.files.push((from.into(), to.into()));
        self
    }

    /// A file of its own.
    #[must_use]
    pub fn text(mut self, path: &str, content: &str) -> Self {
        self.texts.push((path.into(), content.into()));
        self
    }

    /// A symbolic link.
    #[must_use]
    pub fn link(mut self, path: &str, to: &str) -> Self {
        self.links.push((path.into(), to.into()));
        self
    }

    /// What runs unless a pod says otherwise.
    #[must_use]
    pub fn entrypoint(mut self, words: &[&str]) -> Self {
        self.entrypoint = words.iter().map(|&w| w.to_owned()).collect();
        self
    }

    /// A variable of every process.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push(format!("{name}={value}"));
        self
    }

    /// Writes the archive. The same content gives the same bytes.
    pub fn write(&self, archive: &Path) -> Result<()> {
        let layer = archive.with_extension("layer");
        self.write_layer(&layer)?;
        let config = self.config(&digest(&layer)?).to_string();
        let manifest = json!([{"Config": "config.json", "RepoTags": [self.name], "Layers": ["layer.tar"]}]).to_string();
        let mut out = tar::Builder::new(create(archive)?);
        // the layer's file is new each time, and its age is not content
        out.mode(tar::HeaderMode::Deterministic);
        add_text(&mut out, "manifest.json", &manifest)?;
        add_text(&mut out, "config.json", &config)?;
        out.append_path_with_name(&layer, "layer.tar").context("packing the layer")?;
        out.into_inner()?.flush()?;
        fs::remove_file(&layer).context("removing the draft of the layer")
    }

    fn config(&self, layer: &str) -> serde_json::Value {
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned();
        let env: Vec<String> = std::iter::once(path).chain(self.env.iter().cloned()).collect();
        json!({
            "architecture": architecture(), "os": "linux", "created": "1970-01-01T00:00:00Z",
            "config": {"Env": env, "Entrypoint": self.entrypoint, "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [layer]},
            "history": [{"created": "1970-01-01T00:00:00Z"}],
        })
    }

    fn write_layer(&self, layer: &Path) -> Result<()> {
        let mut out = tar::Builder::new(create(layer)?);
        out.mode(tar::HeaderMode::Deterministic);
        out.follow_symlinks(false);
        for folder in ["tmp", "var", "run", "root", "proc", "sys", "dev", "etc"] {
            add_folder(&mut out, folder, if folder == "tmp" { 0o1777 } else { 0o755 })?;
        }
        // Debian keeps programs and libraries below /usr and links the old places there
        for (path, to) in [("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")] {
            add_folder(&mut out, to, 0o755)?;
            add_link(&mut out, path, to)?;
        }
        add_text(&mut out, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")?;
        for path in with_libraries(&self.host)? {
            let inside = below_usr(&path);
            add_host(&mut out, &path, &inside)?;
        }
        for (from, to) in &self.files {
            let to = below_usr(Path::new(to));
            out.append_path_with_name(from, &to).with_context(|| format!("packing {}", from.display()))?;
        }
        for (path, content) in &self.texts {
            add_text(&mut out, path.trim_start_matches('/'), content)?;
        }
        for (path, to) in &self.links {
            add_link(&mut out, &below_usr(Path::new(path)).to_string_lossy(), to)?;
        }
        out.into_inner()?.flush().context("writing the layer")
    }
}

type Archive = tar::Builder<BufWriter<File>>;

fn create(path: &Path) -> Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create(path).with_context(|| format!("writing {}", path.display()))?))
}

fn header(kind: tar::EntryType, mode: u32, size: u64) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header
}

fn add_text(out: &mut Archive, path: &str, text: &str) -> Result<()> {
    let mut header = header(tar::EntryType::Regular, 0o644, text.len() as u64);
    out.append_data(&mut header, path, text.as_bytes()).with_context(|| format!("packing {path}"))
}

fn add_folder(out: &mut Archive, path: &str, mode: u32) -> Result<()> {
    let mut header = header(tar::EntryType::Directory, mode, 0);
    out.append_data(&mut header, path, std::io::empty()).with_context(|| format!("packing {path}"))
}

fn add_link(out: &mut Archive, path: &str, to: &str) -> Result<()> {
    let mut header = header(tar::EntryType::Symlink, 0o777, 0);
    out.append_link(&mut header, path, to).with_context(|| format!("packing {path}"))
}

fn add_host(out: &mut Archive, path: &Path, inside: &Path) -> Result<()> {
    let packed = match path.is_dir() {
        true => out.append_dir_all(inside, path),
        // a library is often a link to its versioned name: pack what it leads to
        false => fs::canonicalize(path).and_then(|real| out.append_path_with_name(real, inside)),
    };
    packed.with_context(|| format!("packing {}", path.display()))
}

/// The path inside an image: relative, and below `usr` for what Debian moved there.
fn below_usr(path: &Path) -> PathBuf {
    let inside = path.strip_prefix("/").unwrap_or(path);
    let moved = ["bin", "sbin", "lib", "lib64"].iter().any(|m| inside.starts_with(m));
    if moved { Path::new("usr").join(inside) } else { inside.to_owned() }
}

/// `paths` and the libraries of every program among and below them.
fn with_libraries(paths: &[PathBuf]) -> Result<BTreeSet<PathBuf>> {
    let mut all = BTreeSet::new();
    for path in paths {
        let real = fs::metadata(path).with_context(|| format!("{} is to go into an image", path.display()))?;
        all.insert(path.clone());
        if real.is_file() {
            all.extend(libraries(path)?);
        }
    }
    Ok(all)
}

/// What the dynamic linker would load for a program; nothing for a script or a static one.
pub fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let out = Command::new("ldd").arg(program).output().context("starting ldd")?;
    parse_ldd(&String::from_utf8_lossy(&out.stdout))
        .with_context(|| format!("looking for the libraries of {}", program.display()))
}

/// The file that the dynamic linker takes for a library's name.
pub fn library(name: &str) -> Result<PathBuf> {
    let ldconfig = crate::cache::tools::must("ldconfig", "libc-bin")?;
    let out = Command::new(ldconfig).arg("-p").output().context("starting ldconfig")?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let line = text.lines().find(|l| l.split_whitespace().next() == Some(name));
    let path = line.and_then(|l| l.split_once("=> ")).map(|(_, path)| PathBuf::from(path.trim()));
    path.with_context(|| format!("this machine has no {name}"))
}

fn parse_ldd(text: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.contains("=> not found") {
            bail!("{line}");
        }
        let path = line.split_once("=> ").map_or(line, |(_, p)| p);
        if path.starts_with('/') {
            found.extend(path.split_whitespace().next().map(PathBuf::from));
        }
    }
    Ok(found)
}

fn digest(file: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    std::io::copy(&mut File::open(file)?, &mut hash).with_context(|| format!("reading {}", file.display()))?;
    Ok(hash.finalize().iter().fold("sha256:".to_owned(), |all, byte| format!("{all}{byte:02x}")))
}

fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_read_and_a_missing_one_is_an_error() {
        let text = "\tlinux-vdso.so.1 (0x1)\n\tlibc.so.6 => /lib/x/libc.so.6 (0x2)\n\t/lib64/ld-linux.so.2 (0x3)\n";
        let found = parse_ldd(text).unwrap();
        assert_eq!(found, [PathBuf::from("/lib/x/libc.so.6"), PathBuf::from("/lib64/ld-linux.so.2")]);
        assert!(parse_ldd("\tstatically linked\n").unwrap().is_empty());
        assert!(parse_ldd("\tlibz.so => not found\n").is_err());
    }

    #[test]
    fn the_same_image_has_the_same_bytes_and_holds_what_was_asked() {
        let dir = tempfile::tempdir().unwrap();
        let image = Image::new("lab.local/x:1").host("/bin/sh").text("/etc/note", "hello").link("/bin/ash", "sh");
        let write = |name: &str| {
            let path = dir.path().join(name);
            image.write(&path).unwrap();
            fs::read(path).unwrap()
        };
        assert!(write("a.tar") == write("b.tar"));
        image.write_layer(&dir.path().join("layer")).unwrap();
        let mut layer = tar::Archive::new(File::open(dir.path().join("layer")).unwrap());
        let names: Vec<String> =
            layer.entries().unwrap().map(|e| e.unwrap().path().unwrap().to_string_lossy().into_owned()).collect();
        for name in ["usr/bin/sh", "etc/note", "usr/bin/ash"] {
            assert!(names.iter().any(|n| n == name), "{name} in {names:?}");
        }
        assert!(names.iter().any(|n| n.contains("libc.so")), "{names:?}");
    }
}
