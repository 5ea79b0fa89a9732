//! The journal of a run: an append-only file of JSON lines, each with the hash of the one before.
//!
//! It knows events and files, not why something happened. The format is described in `docs/design/journal.md`.

pub mod evidence;
pub mod line;
pub mod read;
pub mod sync;

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use checkrun_model::event::{Event, Line};
use jiff::Timestamp;

use line::Chain;

/// The name of the journal in a run's folder.
pub const NAME: &str = "journal.jsonl";

/// The journal, open for writing. One owner; nobody else writes.
pub struct Journal {
    file: File,
    chain: Chain,
    /// Bytes of whole lines: where a line that was cut by a full disk began.
    length: u64,
    /// Why the last line could not be written.
    broken: Option<String>,
}

impl Journal {
    /// Makes the run's folder and its journal, and holds it against others.
    ///
    /// # Errors
    /// A sentence that names the path.
    pub fn create(dir: &Path) -> Result<Self, String> {
        let path = dir.join(NAME);
        let named = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
        std::fs::create_dir_all(dir).map_err(named)?;
        let file = OpenOptions::new().append(true).create_new(true).open(&path).map_err(named)?;
        file.try_lock().map_err(|error| format!("cannot lock {}: {error}", path.display()))?;
        Ok(Self { file, chain: Chain::default(), length: 0, broken: None })
    }

    /// A journal on a disk that takes nothing.
    #[cfg(test)]
    pub fn on_full_disk() -> Self {
        let file = OpenOptions::new().append(true).open("/dev/full").unwrap();
        Self { file, chain: Chain::default(), length: 0, broken: None }
    }

    /// Goes on with a journal, whose lines it reads once nobody else can add any; a torn last line is cut off.
    ///
    /// # Errors
    /// A sentence that names the path: also when its run still holds it.
    pub fn go_on(path: &Path) -> Result<(Self, Vec<Line>), String> {
        let named = |error: std::io::Error| format!("cannot write {}: {error}", path.display());
        let file = OpenOptions::new().append(true).open(path).map_err(named)?;
        file.try_lock()
            .map_err(|_| format!("{} is in use: its run, or another clean-up, is still alive", path.display()))?;
        let read = read::read(path)?;
        file.set_len(read.whole).map_err(named)?;
        Ok((Self { file, chain: read.chain, length: read.whole, broken: None }, read.lines))
    }

    /// Writes one event as one line. A line that could not be written is in the answer all the same, so
    /// that people see it; [`Journal::broken`] says why the file lacks it.
    pub fn write(&mut self, event: Event) -> Line {
        let (line, bytes) = self.chain.next(Timestamp::now(), event);
        match self.file.write_all(bytes) {
            Ok(()) => {
                self.length += bytes.len() as u64;
                self.chain.written();
            }
            Err(error) => {
                let _ = self.file.set_len(self.length);
                self.broken = Some(error.to_string());
            }
        }
        line
    }

    /// Why a line is missing, if one is.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Everything written so far is on the disk when this returns.
    ///
    /// # Errors
    /// A sentence.
    pub fn sync(&self) -> Result<(), String> {
        self.file.sync_data().map_err(|error| format!("the journal cannot be brought to the disk: {error}"))
    }

    /// A second handle, for the thread that brings it to the disk.
    ///
    /// # Errors
    /// A sentence.
    pub fn handle(&self) -> Result<File, String> {
        self.file.try_clone().map_err(|error| format!("the journal cannot be opened twice: {error}"))
    }
}

/// The folder of a run: `<out>/<YYYYMMDDTHHMMSSZ>-<id>`.
pub fn folder(out: &Path, started: Timestamp, id: &str) -> PathBuf {
    out.join(format!("{}-{id}", started.strftime("%Y%m%dT%H%M%SZ")))
}

#[cfg(test)]
mod tests;
