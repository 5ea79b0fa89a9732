//! The world file: found, read, decoded, checked whole; every mistake at once, each with its place. Starts nothing.

mod behaviour;
mod check;
mod custom;
pub mod deed;
mod deeds;
mod objects;
mod reader;
pub mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use checkrun_model::{Node, Sources, Span, SpecError, de};
use serde_json::Value as Json;

pub use behaviour::{Behaviour, On, Sees};
use reader::Reader;
use shape::{FaultShape, LibraryShape, WorldShape};

/// Where a suite's world stands, seen from the suite's folder.
pub const PLACE: &str = "sandbox/world.yaml";

/// How fast a world's clock goes unless it says so.
pub const RATE: f64 = 30.0;

/// A world that can be started.
#[derive(Debug)]
pub struct World {
    /// What stands in its file.
    pub shape: WorldShape,
    /// Objects of each cluster, definitions first.
    pub objects: BTreeMap<String, Vec<Json>>,
    /// Its behaviours and those of its libraries.
    pub behaviours: Vec<Behaviour>,
    /// Its faults and those of its libraries.
    pub faults: Vec<FaultShape>,
    /// Checks that its faults name, each with its place: only who knows the suite can say whether it has them.
    pub breaks: Vec<(String, Span)>,
}

/// What came of reading a world.
#[derive(Debug)]
pub struct Loaded {
    /// The world; none where there are mistakes.
    pub world: Option<World>,
    /// Every mistake, in the order of the files.
    pub errors: Vec<SpecError>,
    /// All texts, for carets.
    pub sources: Sources,
}

/// Reads the world of the suite in `suite`.
#[must_use]
pub fn load(suite: &Path) -> Loaded {
    let path = suite.join(PLACE);
    let mut reader = Reader::default();
    if !path.is_file() {
        let error =
            SpecError::unplaced("world::none", format!("the suite has no world: there is no {}", path.display()));
        reader.errors.push(error.help("docs/sandbox/world.md says how one is written"));
        return reader.finish(None);
    }
    let world = world(&mut reader, &path);
    let whole = reader.errors.is_empty();
    reader.finish(world.filter(|_| whole))
}

/// A file of the world, decoded.
struct File<T> {
    folder: PathBuf,
    root: Node,
    shape: T,
}

fn world(reader: &mut Reader, path: &Path) -> Option<World> {
    let root = reader.yaml(path)?;
    let shape: WorldShape = reader.take(de::from_node(&root))?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut file = File { folder, root, shape };
    let mut libraries = libraries(reader, &file);
    let objects::Placed { objects, kinds } = objects::objects(reader, &file);
    let mut behaviours =
        behaviour::compile(reader, &file.folder, &file.root, std::mem::take(&mut file.shape.behaviours));
    for library in &mut libraries {
        let shapes = std::mem::take(&mut library.shape.behaviours);
        behaviours.extend(behaviour::compile(reader, &library.folder, &library.root, shapes));
    }
    check::world(reader, &file, &behaviours, &kinds);
    let names = deeds::Names::of(&file.shape, behaviours.iter().map(|one| one.name.as_str()));
    let mut faults = Vec::new();
    let (mut known, mut breaks) = (BTreeSet::new(), Vec::new());
    for (root, shapes) in std::iter::once((&file.root, std::mem::take(&mut file.shape.faults)))
        .chain(libraries.iter_mut().map(|library| (&library.root, std::mem::take(&mut library.shape.faults))))
    {
        deeds::faults(reader, root, &shapes, &names, &mut known);
        breaks.extend(deeds::breaks(root));
        faults.extend(shapes);
    }
    Some(World { shape: file.shape, objects, behaviours, faults, breaks })
}

fn libraries(reader: &mut Reader, file: &File<WorldShape>) -> Vec<File<LibraryShape>> {
    let nodes = file.root.get("imports").and_then(Node::as_list).unwrap_or(&[]);
    let mut libraries = Vec::new();
    for (import, node) in file.shape.imports.iter().zip(nodes) {
        let path = file.folder.join(import);
        if !path.is_file() {
            let message = format!("there is no `{}`", path.display());
            reader.errors.push(SpecError::new("world::file", node.span, message, "not there"));
            continue;
        }
        let Some(root) = reader.yaml(&path) else { continue };
        if let Some(shape) = reader.take(de::from_node::<LibraryShape>(&root)) {
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            libraries.push(File { folder, root, shape });
        }
    }
    libraries
}

#[cfg(test)]
mod tests;
