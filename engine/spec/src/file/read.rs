//! Reads YAML files in parallel. Knows no meaning.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use checkrun_model::{Node, SourceId, Sources, SpecError};
use checkrun_yaml::Reading;

use super::folder;

/// A YAML file, read.
pub(crate) struct Doc {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its document.
    pub(crate) root: Node,
    /// Whether parts are missing in the tree: what is not there proves nothing.
    pub(crate) partial: bool,
}

/// Reads all of `paths`; those that are no files are mistakes without a place.
pub(crate) fn read(paths: &[PathBuf], sources: &mut Sources, errors: &mut Vec<SpecError>) -> Vec<Doc> {
    let first = sources.iter().count();
    let slots: Vec<Mutex<Option<Slot>>> = paths.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((at, path)) = take(&next, paths) {
            let slot = one(path, id(first + at));
            *slots[at].lock().unwrap_or_else(PoisonError::into_inner) = Some(slot);
        }
    };
    let helpers = std::thread::available_parallelism().map_or(1, usize::from).min(8).min(paths.len());
    std::thread::scope(|scope| {
        for _ in 1..helpers {
            scope.spawn(work);
        }
        work();
    });
    let slots = slots.into_iter().map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner));
    paths.iter().zip(slots).filter_map(|(path, slot)| keep(path, slot?, sources, errors)).collect()
}

/// A text and its tree, or why there is none.
type Slot = Result<(Arc<str>, Reading), String>;

fn id(at: usize) -> SourceId {
    SourceId(u32::try_from(at).unwrap_or(u32::MAX))
}

fn take<'p>(next: &AtomicUsize, paths: &'p [PathBuf]) -> Option<(usize, &'p Path)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    paths.get(at).map(|path| (at, path.as_path()))
}

fn one(path: &Path, source: SourceId) -> Slot {
    let text = folder::text(path)?;
    let reading = checkrun_yaml::document(source, &text);
    Ok((text, reading))
}

fn keep(path: &Path, slot: Slot, sources: &mut Sources, errors: &mut Vec<SpecError>) -> Option<Doc> {
    let name = path.display().to_string();
    match slot {
        Ok((text, reading)) => {
            sources.add(name, text);
            errors.extend(reading.errors);
            let root = reading.documents.into_iter().next()?;
            Some(Doc { path: path.to_owned(), root, partial: reading.partial })
        }
        Err(why) => {
            // Keeps the numbers of the texts behind it.
            sources.add(name.as_str(), "");
            errors.push(SpecError::unplaced("spec::file", format!("{name} {why}")));
            None
        }
    }
}
