//! Runs on disk: finds one by folder, id or `last`, and reads its journal into a summary.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use checkrun_report::{Fold, JournalRef, Summary};

/// Where runs live unless `--out` says otherwise.
pub const FOLDER: &str = ".checkrun/runs";

/// The file of a run that everything is made from.
const JOURNAL: &str = "journal.jsonl";

/// The folder of the run that `name` means: a folder, an id, or `last`.
///
/// # Errors
/// A sentence that says what was looked for, and where.
pub fn find(name: &str, out: &Path) -> Result<PathBuf, String> {
    if Path::new(name).join(JOURNAL).is_file() {
        return Ok(PathBuf::from(name));
    }
    let known = folders(out);
    let found = match name {
        "last" => last(&known),
        id => known.iter().rev().find(|folder| is_called(folder, id)),
    };
    found.cloned().ok_or_else(|| match known.len() {
        0 => format!("there are no runs in {}; `--out` names another folder", out.display()),
        _ => format!("no run `{name}` in {}; a run is named by its folder, its id, or `last`", out.display()),
    })
}

/// Folders of runs, oldest first: their names begin with their time.
fn folders(out: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(out).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.join(JOURNAL).is_file()).collect();
    folders.sort();
    folders
}

/// The youngest: names tell seconds, and within one the journal was begun first that is older.
fn last(known: &[PathBuf]) -> Option<&PathBuf> {
    let second =
        |folder: &PathBuf| folder.file_name().map(|name| name.to_string_lossy().split('-').next().map(str::to_owned));
    let youngest = second(known.last()?);
    let begun = |folder: &&PathBuf| {
        let mut first = String::new();
        BufReader::new(fs::File::open(folder.join(JOURNAL)).ok()?).read_line(&mut first).ok()?;
        let line: serde_json::Value = serde_json::from_str(&first).ok()?;
        line["t"].as_str()?.parse::<jiff::Timestamp>().ok()
    };
    known.iter().rev().take_while(|folder| second(folder) == youngest).max_by_key(begun)
}

fn is_called(folder: &Path, id: &str) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name == id || name.rsplit('-').next() == Some(id)
}

/// What the journal in `dir` tells.
///
/// # Errors
/// A sentence that says why it cannot be told.
pub fn summary(dir: &Path) -> Result<Summary, String> {
    let lines = checkrun_run::read_journal(dir)?;
    let summary = Fold::all(&lines).summary();
    let mut summary = summary.ok_or_else(|| format!("{}: the journal does not tell of a run", dir.display()))?;
    summary.journal = Some(journal(dir));
    Ok(summary)
}

/// Where the journal is, and its hash.
#[must_use]
pub fn journal(dir: &Path) -> JournalRef {
    let bytes = fs::read(dir.join(JOURNAL)).ok();
    JournalRef { dir: dir.display().to_string(), sha256: bytes.map(|bytes| checkrun_run::sha256(&bytes)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(names: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for name in names {
            fs::create_dir_all(dir.path().join(name)).expect("a folder");
            fs::write(dir.path().join(name).join(JOURNAL), "").expect("a journal");
        }
        dir
    }

    #[test]
    fn the_last_run_is_the_youngest() {
        let dir = with(&["20260102T000000Z-bbbbbbbb", "20260101T000000Z-cccccccc"]);
        let found = find("last", dir.path()).expect("there is one");
        assert!(found.ends_with("20260102T000000Z-bbbbbbbb"));
    }

    #[test]
    fn a_run_is_found_by_its_id() {
        let dir = with(&["20260102T000000Z-bbbbbbbb", "20260101T000000Z-cccccccc"]);
        assert!(find("cccccccc", dir.path()).expect("there is one").ends_with("20260101T000000Z-cccccccc"));
        assert!(find("cccc", dir.path()).is_err());
    }

    #[test]
    fn of_two_runs_of_one_second_the_later_is_the_last() {
        let dir = with(&["20260102T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"]);
        let begin = |name: &str, at: &str| {
            let line = format!("{{\"seq\":0,\"t\":\"2026-01-02T00:00:00.{at}Z\"}}\n");
            fs::write(dir.path().join(name).join(JOURNAL), line).expect("a journal");
        };
        begin("20260102T000000Z-aaaaaaaa", "2");
        begin("20260102T000000Z-bbbbbbbb", "1");
        assert!(find("last", dir.path()).expect("there is one").ends_with("20260102T000000Z-aaaaaaaa"));
    }
}
