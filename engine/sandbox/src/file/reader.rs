//! Texts of files with their names, and the mistakes found in them. Knows no meaning.

use std::path::{Component, Path};

use checkrun_model::{Node, SourceId, Sources, SpecError};

use super::{Loaded, World};

/// A longer file is not read.
const MOST_BYTES: u64 = 16 << 20;

/// Reads files and gathers mistakes.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) sources: Sources,
    pub(super) errors: Vec<SpecError>,
}

impl Reader {
    /// The one document of a YAML file.
    pub(super) fn yaml(&mut self, path: &Path) -> Option<Node> {
        let (source, text) = self.text(path)?;
        let reading = checkrun_yaml::document(source, &text);
        self.errors.extend(reading.errors);
        reading.documents.into_iter().next()
    }

    /// All documents of a YAML file.
    pub(super) fn documents(&mut self, path: &Path) -> Vec<Node> {
        let Some((source, text)) = self.text(path) else { return Vec::new() };
        let reading = checkrun_yaml::documents(source, &text);
        self.errors.extend(reading.errors);
        reading.documents
    }

    /// The text of a file.
    pub(super) fn text(&mut self, path: &Path) -> Option<(SourceId, String)> {
        let name = path.display().to_string();
        let large = std::fs::metadata(path).is_ok_and(|file| file.len() > MOST_BYTES);
        let read = if large {
            Err("is too large".to_owned())
        } else {
            std::fs::read_to_string(path).map_err(|why| format!("cannot be read: {why}"))
        };
        match read {
            Ok(text) => Some((self.sources.add(name, text.as_str()), text)),
            Err(why) => {
                self.errors.push(SpecError::unplaced("world::file", format!("{name} {why}")));
                None
            }
        }
    }

    /// The value, its mistakes taken over.
    pub(super) fn take<T>(&mut self, outcome: Result<T, Vec<SpecError>>) -> Option<T> {
        outcome.map_err(|errors| self.errors.extend(errors)).ok()
    }

    /// A file that `node` names, below `folder`; a mistake where it is not there or leads out of the folder.
    pub(super) fn beside(&mut self, folder: &Path, name: &str, node: &Node) -> Option<std::path::PathBuf> {
        let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let path = folder.join(name);
        let (message, label) = match (inside, path.is_file()) {
            (true, true) => return Some(path),
            (false, _) => (format!("`{name}` is outside of this file's folder"), "outside"),
            (true, false) => (format!("there is no `{}`", path.display()), "not there"),
        };
        self.errors.push(SpecError::new("world::file", node.span, message, label));
        None
    }

    pub(super) fn finish(self, world: Option<World>) -> Loaded {
        let mut errors = self.errors;
        errors.sort_by_key(|error| error.span().map(|span| (span.source, span.start, span.end)));
        errors.dedup();
        Loaded { world, errors, sources: self.sources }
    }
}

/// The help line for a name that is not known: the near one, or all there are.
pub(super) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, what: &str) -> String {
    let names: Vec<&str> = known.into_iter().collect();
    if let Some(name) = checkrun_model::suggest(word, names.iter().copied()) {
        return format!("did you mean `{name}`?");
    }
    match names.len() {
        0 => format!("there are no {what}"),
        _ => format!("{what}: {}", names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    }
}
