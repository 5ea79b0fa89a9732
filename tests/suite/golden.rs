//! Wrong suites and what is said of them: one text file a case, one diagnostic each.
//!
//! `tests/golden/spec_error/NAME.case` holds the files of a suite, each behind `=== path`; `NAME.err` is what
//! `checkrun validate` prints. `UPDATE_GOLDEN=1` writes the latter anew; read the difference before you keep it.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn each_wrong_suite_is_refused_with_its_caret() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/spec_error");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the golden folder is there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "case"))
        .collect();
    cases.sort();
    assert!(cases.len() > 100, "the cases are there");
    let mut wrong = String::new();
    for case in &cases {
        if let Err(why) = judge(case) {
            let _ = writeln!(wrong, "\n--- {}\n{why}", case.file_stem().unwrap_or_default().display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn judge(case: &Path) -> Result<(), String> {
    let work = tempfile::tempdir().map_err(|error| error.to_string())?;
    unpack(&fs::read_to_string(case).map_err(|error| error.to_string())?, work.path())?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_checkrun"));
    command.current_dir(work.path()).env("NO_COLOR", "1").args(["validate", "suite"]);
    if work.path().join("suite/target.yaml").exists() {
        fs::rename(work.path().join("suite/target.yaml"), work.path().join("target.yaml"))
            .map_err(|error| error.to_string())?;
        command.args(["--target", "target.yaml"]);
    }
    if work.path().join("suite/sandbox/world.yaml").exists() {
        command.args(["--target", "sandbox"]);
    }
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() != Some(2) {
        return Err(format!(
            "exit {:?}, not 2\n{said}{}",
            output.status.code(),
            String::from_utf8_lossy(&output.stdout)
        ));
    }
    let expected = case.with_extension("err");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(&expected, &said).map_err(|error| error.to_string());
    }
    let wanted = fs::read_to_string(&expected).unwrap_or_default();
    if said == wanted { Ok(()) } else { Err(format!("wanted:\n{wanted}\ngot:\n{said}")) }
}

/// Writes the files of a case into `suite/`; a path beginning with `../` lands beside it.
fn unpack(text: &str, work: &Path) -> Result<(), String> {
    let suite = work.join("suite");
    fs::create_dir_all(&suite).map_err(|error| error.to_string())?;
    if !text.contains("=== suite.yaml\n") {
        fs::write(suite.join("suite.yaml"), "suite: case\n").map_err(|error| error.to_string())?;
    }
    for part in text.split("=== ").skip(1) {
        let (name, content) = part.split_once('\n').ok_or("a part without content")?;
        let path = suite.join(name);
        let parent = path.parent().ok_or("a path without a folder")?;
        fs::create_dir_all(parent).map_err(|error| error.to_string())?;
        fs::write(&path, content).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
