//! Keeps what was seen: small things in the journal itself, larger ones as files beside it.
//! Knows values and files; what is secret was taken out before.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use checkrun_model::event::Evidence;
use serde_json::Value as Json;

use super::line::hash;

/// A value of at most so many bytes stands in the journal.
pub const INLINE: usize = 4 * 1024;
/// A value of at most so many bytes is kept whole.
const WHOLE: usize = 1024 * 1024;
/// Of a text that nobody read, so many bytes are kept.
const TEXT: usize = 64 * 1024;
/// Of a list that nobody read, so many items are kept.
const ITEMS: usize = 500;

/// What of an observation must not be cut, because its check read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Everything.
    All,
    /// These top-level keys.
    Keys(BTreeSet<String>),
}

/// The `evidence` folder of a run.
#[derive(Debug)]
pub struct Keeper {
    dir: PathBuf,
    files: AtomicU64,
}

impl Keeper {
    /// Evidence of the run in `dir`; the folder is made when it is first needed.
    pub fn new(dir: PathBuf) -> Self {
        Self { dir, files: AtomicU64::new(0) }
    }

    /// Keeps a value. `read` is asked only where something may have to be cut.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn keep(&self, value: Json, read: impl FnOnce() -> Read) -> Result<Evidence, String> {
        let mut left = INLINE;
        if fits(&value, &mut left) {
            return Ok(Evidence::Inline(value));
        }
        let mut left = WHOLE;
        let (value, cut) = if fits(&value, &mut left) { (value, false) } else { cut(value, &read()) };
        let bytes = serde_json::to_vec(&value).map_err(|error| format!("the evidence is not JSON: {error}"))?;
        let sha256 = hash(&bytes);
        let path = self.write(&format!("{}.json", &sha256[..16]), &bytes)?;
        Ok(Evidence::File { path, sha256, size: bytes.len() as u64, cut })
    }

    /// Written beside, then renamed: a file under its name is whole.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<String, String> {
        let folder = self.dir.join("evidence");
        let path = folder.join(name);
        let told = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
        if !path.exists() {
            std::fs::create_dir_all(&folder).map_err(told)?;
            let draft = folder.join(format!(".draft-{}", self.files.fetch_add(1, Ordering::Relaxed)));
            let written = std::fs::write(&draft, bytes).and_then(|()| std::fs::rename(&draft, &path));
            if let Err(error) = written {
                let _ = std::fs::remove_file(&draft);
                return Err(told(error));
            }
        }
        Ok(format!("evidence/{name}"))
    }
}

/// Whether the value's text has at most `left` bytes, roughly; takes off what it counts.
fn fits(value: &Json, left: &mut usize) -> bool {
    let mut take = |bytes: usize| {
        let enough = *left >= bytes;
        *left = left.saturating_sub(bytes);
        enough
    };
    match value {
        Json::Null | Json::Bool(_) => take(5),
        Json::Number(_) => take(12),
        Json::String(text) => take(text.len() + 2),
        Json::Array(items) => take(2 + items.len()) && items.iter().all(|item| fits(item, left)),
        Json::Object(map) => {
            take(2)
                && map.iter().all(|(key, value)| {
                    let name = key.len() + 4;
                    let enough = *left >= name;
                    *left = left.saturating_sub(name);
                    enough && fits(value, left)
                })
        }
    }
}

/// The value with long texts and lists that nobody read cut, each with a mark.
fn cut(mut value: Json, read: &Read) -> (Json, bool) {
    let mut any = false;
    match (&mut value, read) {
        (_, Read::All) => {}
        (Json::Object(map), Read::Keys(keys)) => {
            for (_, value) in map.iter_mut().filter(|(key, _)| !keys.contains(*key)) {
                shorten(value, &mut any);
            }
        }
        (other, Read::Keys(_)) => shorten(other, &mut any),
    }
    (value, any)
}

fn shorten(value: &mut Json, any: &mut bool) {
    match value {
        Json::String(text) if text.len() > TEXT => {
            let all = text.len();
            let mut end = TEXT;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push_str(&format!("… [cut: {end} of {all} bytes kept]"));
            *any = true;
        }
        Json::Array(items) => {
            let all = items.len();
            if all > ITEMS {
                items.truncate(ITEMS);
                items.push(format!("… [cut: {ITEMS} of {all} items kept]").into());
                *any = true;
            }
            items.iter_mut().for_each(|item| shorten(item, any));
        }
        Json::Object(map) => map.values_mut().for_each(|value| shorten(value, any)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn nothing_read() -> Read {
        Read::Keys(BTreeSet::new())
    }

    #[test]
    fn small_stays_inline_and_large_becomes_a_file_of_that_hash() {
        let dir = tempfile::tempdir().unwrap();
        let keeper = Keeper::new(dir.path().into());
        let small = json!({"status": 200, "json": {"a": [1, 2, 3]}});
        assert_eq!(keeper.keep(small.clone(), nothing_read), Ok(Evidence::Inline(small)));
        assert!(!dir.path().join("evidence").exists(), "no folder before it is needed");

        let large = json!({"text": "x".repeat(INLINE)});
        let Ok(Evidence::File { path, sha256, size, cut }) = keeper.keep(large.clone(), nothing_read) else { panic!() };
        let bytes = std::fs::read(dir.path().join(&path)).unwrap();
        assert_eq!((hash(&bytes), bytes.len() as u64, cut), (sha256, size, false));
        assert_eq!(serde_json::from_slice::<Json>(&bytes).unwrap(), large);
    }

    #[test]
    fn what_was_read_is_kept_whole_and_the_rest_is_cut_with_a_mark() {
        let dir = tempfile::tempdir().unwrap();
        let keeper = Keeper::new(dir.path().into());
        let value = json!({"read": "r".repeat(WHOLE), "body": "é".repeat(WHOLE), "list": vec![1; 2 * ITEMS]});
        let read = || Read::Keys(BTreeSet::from(["read".to_owned()]));
        let Ok(Evidence::File { path, cut: true, .. }) = keeper.keep(value, read) else { panic!() };
        let kept: Json = serde_json::from_slice(&std::fs::read(dir.path().join(path)).unwrap()).unwrap();
        assert_eq!(kept["read"].as_str().unwrap().len(), WHOLE);
        assert!(
            kept["body"].as_str().unwrap().ends_with("bytes kept]") && kept["body"].as_str().unwrap().len() < 2 * TEXT
        );
        assert_eq!(kept["list"].as_array().unwrap().len(), ITEMS + 1);
    }
}
