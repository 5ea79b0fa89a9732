//! `checkrun schema`: schemas, docs pages and examples, derived from the registry of kinds.

mod example;
mod page;
mod words;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use checkrun_kinds::{ENDPOINTS, KINDS};
use checkrun_report::json;
use serde_json::Value as Json;

use crate::args::Schema;
use crate::exit::Exit;
use crate::screen::{Screen, complain, say};

/// The command.
pub fn schema(args: &Schema, screen: &Screen) -> Exit {
    if args.check {
        return check(&args.root, screen);
    }
    if args.write {
        return write(&args.root, screen);
    }
    print(&args.which, screen)
}

/// Every schema: its name, which is that of its file, and itself.
fn schemas() -> Vec<(&'static str, Json)> {
    let mut schemas = checkrun_spec::schemas(KINDS, ENDPOINTS);
    #[cfg(feature = "sandbox")]
    schemas.extend(checkrun_sandbox::schemas());
    schemas.push(("report", json::schema()));
    schemas
}

/// Prints one schema.
fn print(name: &str, screen: &Screen) -> Exit {
    let schemas = schemas();
    if let Some((_, schema)) = schemas.iter().find(|(known, _)| *known == name) {
        say(&pretty(schema));
        return Exit::Good;
    }
    let known: Vec<&str> = schemas.iter().map(|(known, _)| *known).collect();
    complain(screen, &format!("no schema is called `{name}`; there are {}", known.join(", ")));
    Exit::Wrong
}

fn pretty(json: &Json) -> String {
    format!("{json:#}\n")
}

/// Every generated file: path under the root, and content.
fn files() -> Vec<(PathBuf, String)> {
    let schema = |(name, schema): &(&str, Json)| (format!("schemas/{name}.json").into(), pretty(schema));
    let mut files: Vec<(PathBuf, String)> = schemas().iter().map(schema).collect();
    files.push(("docs/kinds/README.md".into(), page::index(KINDS)));
    files.push(("examples/kinds/suite.yaml".into(), example::suite()));
    for kind in KINDS {
        files.push((format!("docs/kinds/{}.md", kind.doc.name).into(), page::page(kind)));
        files.push((format!("examples/kinds/{}.yaml", kind.doc.name).into(), example::file(kind)));
    }
    files
}

/// Folders in which every file is generated: one that is not, is stale.
const WHOLE: [&str; 3] = ["docs/kinds", "examples/kinds", "schemas"];

/// Files of [`WHOLE`] that nothing makes any more.
fn orphans(root: &Path, files: &[(PathBuf, String)]) -> Vec<PathBuf> {
    let made = |path: &Path| files.iter().any(|(known, _)| known == path);
    let inside = |folder: &str| {
        let entries = fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
        let files = entries.filter(|entry| entry.file_type().is_ok_and(|sort| sort.is_file()));
        files.map(|entry| Path::new(folder).join(entry.file_name())).collect::<Vec<_>>()
    };
    let mut orphans: Vec<PathBuf> = WHOLE.iter().flat_map(|folder| inside(folder)).filter(|path| !made(path)).collect();
    orphans.sort();
    orphans
}

fn check(root: &Path, screen: &Screen) -> Exit {
    let files = files();
    let is_stale = |(path, text): &&(PathBuf, String)| fs::read_to_string(root.join(path)).ok().as_ref() != Some(text);
    let stale = files.iter().filter(is_stale).map(|(path, _)| path.clone());
    let stale: Vec<PathBuf> = stale.chain(orphans(root, &files)).collect();
    if stale.is_empty() {
        say(&format!("{} generated files are fresh\n", files.len()));
        return Exit::Good;
    }
    let mut text = "stale generated files; `checkrun schema --write` makes them anew:".to_owned();
    for path in &stale {
        let _ = write!(text, "\n  {}", path.display());
    }
    complain(screen, &text);
    Exit::NotPassed
}

fn write(root: &Path, screen: &Screen) -> Exit {
    let files = files();
    let gone = orphans(root, &files).into_iter().try_for_each(|path| fs::remove_file(root.join(path)));
    let written = files.iter().try_for_each(|(path, text)| put(&root.join(path), text));
    match gone.and(written) {
        Ok(()) => {
            say(&format!("{} files\n", files.len()));
            Exit::Good
        }
        Err(error) => {
            complain(screen, &format!("cannot write the generated files under {}: {error}", root.display()));
            Exit::Broken
        }
    }
}

/// A file that is as it should be is left alone.
fn put(path: &Path, text: &str) -> std::io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|now| now == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
