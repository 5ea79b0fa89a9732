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

/// Lines of so many bytes are handed to the file without waiting for more.
const MOST_WAITING: usize = 64 * 1024;

/// The journal, open for writing. One owner; nobody else writes.
pub struct Journal {
    file: File,
    /// The chain after the last line, and after the last line that the file has.
    chain: Chain,
    kept: Chain,
    /// Lines that the file does not have yet.
    waiting: Vec<u8>,
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
        Ok(Self::on(file, Chain::default(), 0))
    }

    fn on(file: File, chain: Chain, length: u64) -> Self {
        Self { file, kept: chain.clone(), chain, waiting: Vec::new(), length, broken: None }
    }

    /// A journal on a disk that takes nothing.
    #[cfg(test)]
    pub fn on_full_disk() -> Self {
        let file = OpenOptions::new().append(true).open("/dev/full").unwrap();
        Self::on(file, Chain::default(), 0)
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
        Ok((Self::on(file, read.chain, read.whole), read.lines))
    }

    /// Writes one event as one line. Of effects and of the run as a whole the file knows at once; what checks saw
    /// and were judged may wait for [`Journal::flush`], so that many short checks cost few writes. A line that could
    /// not be written is in the answer all the same, so that people see it; [`Journal::broken`] says why the file
    /// lacks it.
    pub fn write(&mut self, event: Event) -> Line {
        let may_wait = matches!(
            event,
            Event::Started { .. } | Event::Waiting { .. } | Event::Observed { .. } | Event::Judged { .. }
        );
        let line = self.chain.next(Timestamp::now(), event, &mut self.waiting);
        if !may_wait || self.waiting.len() >= MOST_WAITING {
            self.flush();
        }
        line
    }

    /// Hands the file all lines that wait. Whoever waits for anything else calls this first.
    pub fn flush(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        match self.file.write_all(&self.waiting) {
            Ok(()) => {
                self.length += self.waiting.len() as u64;
                self.kept.clone_from(&self.chain);
            }
            Err(error) => {
                // the next line follows the last one that the file has
                let _ = self.file.set_len(self.length);
                self.chain.clone_from(&self.kept);
                self.broken = Some(error.to_string());
            }
        }
        self.waiting.clear();
    }

    /// Why a line is missing, if one is.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// Everything written so far is on the disk when this returns.
    ///
    /// # Errors
    /// A sentence.
    pub fn sync(&mut self) -> Result<(), String> {
        self.flush();
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
