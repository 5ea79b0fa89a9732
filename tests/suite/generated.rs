//! Files that the program writes about itself are fresh, and what they show is true.

use std::path::Path;
use std::process::Command;

fn checkrun(words: &[&str]) -> (i32, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_checkrun")).current_dir(root).args(words).output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn generated_files_are_fresh() {
    let (code, said) = checkrun(&["schema", "--check"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn the_example_of_every_kind_is_valid() {
    let (code, said) = checkrun(&["validate", "examples/kinds"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_stale_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    assert_eq!(checkrun(&["schema", "--write", "--root", root]).0, 0);
    assert_eq!(checkrun(&["schema", "--check", "--root", root]).0, 0);
    std::fs::write(folder.path().join("docs/kinds/exec.md"), "old").unwrap();
    std::fs::write(folder.path().join("docs/kinds/gone.md"), "old").unwrap();
    let (code, said) = checkrun(&["schema", "--check", "--root", root]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("docs/kinds/exec.md") && said.contains("docs/kinds/gone.md"), "{said}");
}
