//! What reads text that somebody else wrote, one function each: they take any bytes, never panic, and come back soon.
//! Called by `cargo fuzz` (`fuzz_targets/`) and, with mutated seeds, by the tests of the workspace (`tests/suite/mutants.rs`).

use std::sync::Arc;

use checkrun_lang::{Known, Lang, Scope, Value};
use checkrun_model::{Files, Node, NodeValue, SourceId, Sources, Span, SpecError};
use checkrun_report::{Fold, Paint, json, junit, markdown, terminal};
use serde_json::{Value as Json, json};

/// An entry point.
pub type Entry = fn(&[u8]);

/// All of them, by the names of their targets and of the folders of their seeds.
pub const ENTRIES: [(&str, Entry); 6] = [
    ("yaml", yaml),
    ("expression", expression),
    ("template", template),
    ("path", path),
    ("journal", journal),
    ("world", world),
];

struct NoFiles;

impl Files for NoFiles {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        Err(format!("{path} is not there"))
    }
}

fn lang() -> Lang {
    Lang::new(Arc::new(NoFiles))
}

/// What expressions, templates and paths are tried on.
fn seen() -> Json {
    json!({
        "status": 200, "json": { "status": "ok", "n": 1.5, "none": null, "list": [1, 2, "a", [3]] }, "text": "a b c",
        "items": [
            { "kind": "Pod", "metadata": { "name": "a", "labels": { "app": "x" } }, "status": { "phase": "Running" } },
            { "kind": "Pod", "metadata": { "name": "b" }, "status": { "phase": "Failed", "since": "2026-01-01T00:00:00Z" } },
        ],
        "rows": [{ "_msg": "x 1" }, { "_msg": "x 3" }],
    })
}

fn scope() -> Scope {
    let mut scope = Scope::default();
    scope.set("inputs", Value::from_json(&json!({ "n": 3, "name": "kafka", "list": [1, 2], "most": 2 })));
    scope.set("run", Value::from_json(&json!({ "id": "abcd1234", "started": "2026-01-01T00:00:00Z" })));
    scope.set("checks", Value::from_json(&json!({ "a": { "n": 1 } })));
    scope.set_observation(Value::observation(Arc::new(seen()), &[]), jiff::Timestamp::UNIX_EPOCH);
    scope
}

/// A mistake points at text that is there.
fn placed(errors: &[SpecError], text: &str) {
    let spans = errors.iter().flat_map(|error| error.labels.iter().map(|(span, _)| span));
    for span in spans.filter(|span| span.source == SourceId(0)) {
        let (start, end) = (span.start as usize, span.end as usize);
        assert!(start <= end && end <= text.len(), "a mistake at {start}..{end} of {} bytes", text.len());
        assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "a mistake inside a character");
    }
}

/// Reads a YAML text, as one document and as several.
pub fn yaml(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for reading in [checkrun_yaml::document(SourceId(0), &text), checkrun_yaml::documents(SourceId(0), &text)] {
        placed(&reading.errors, &text);
        reading.documents.iter().for_each(|document| drop(document.to_json()));
    }
}

/// Compiles an expression, and evaluates and explains what compiles.
pub fn expression(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let names = ["inputs", "checks", "run", "cluster", "first", "it"].map(str::to_owned).to_vec();
    let known = Known { names, fields: Some(&[]), open: true };
    match lang().expr(&text, &known) {
        Ok(expr) => {
            let scope = scope();
            let _ = (expr.eval(&scope), expr.proves(&scope), expr.vacuous(false), expr.explain(&scope));
        }
        Err(faults) => faults.iter().for_each(|fault| assert!(fault.range.end <= text.len(), "{fault:?}")),
    }
}

/// Compiles a scalar with `{{ }}`, and fills it in.
pub fn template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut sources = Sources::default();
    let source = sources.add("a.yaml", text.as_str());
    let node = Node::new(Span::new(source, 0, text.len()), NodeValue::Text(text.clone()));
    match lang().tree(&node, &sources) {
        Ok(tree) => {
            let _ = (tree.render(&scope()), tree.fold(&scope()), tree.deferred().to_json());
        }
        Err(errors) => placed(&errors, &text),
    }
}

/// Compiles a JSONPath, and selects by it.
pub fn path(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(path) = lang().path(&text) else { return };
    let seen = seen();
    let _ = (path.select(&seen), path.left_out(&seen), path.could_not_choose(&seen), path.misspelt(&seen));
    for near in [path.parent(), path.witness()].into_iter().flatten() {
        let _ = near.select(&seen);
    }
}

/// Reads a journal, as it is and with its chain mended, and makes every report of what it tells.
pub fn journal(bytes: &[u8]) {
    let _ = checkrun_run::parse_journal(bytes);
    let Ok(lines) = checkrun_run::parse_journal(&linked(bytes)) else { return };
    let Some(summary) = Fold::all(&lines).summary() else { return };
    let _ = (json::text(&summary), junit::text(&summary), markdown::text(&summary));
    let _ = (terminal::text(&summary, Paint::Plain), terminal::leftovers(&summary, Paint::Plain));
}

/// The lines that are JSON, each naming the hash of the one before.
fn linked(bytes: &[u8]) -> Vec<u8> {
    let (mut out, mut prev) = (Vec::new(), String::new());
    for line in bytes.split(|byte| *byte == b'\n') {
        let Ok(mut line) = serde_json::from_slice::<Json>(line) else { continue };
        let Some(map) = line.as_object_mut() else { continue };
        map.insert("prev".into(), prev.into());
        let text = line.to_string();
        prev = checkrun_run::sha256(text.as_bytes());
        out.extend_from_slice(text.as_bytes());
        out.push(b'\n');
    }
    out
}

/// Reads the world of a suite whose file of the sandbox is this.
pub fn world(bytes: &[u8]) {
    let Ok(suite) = tempfile::tempdir() else { return };
    let place = suite.path().join(checkrun_sandbox::file::PLACE);
    let made = place.parent().is_some_and(|folder| std::fs::create_dir_all(folder).is_ok());
    if made && std::fs::write(&place, bytes).is_ok() {
        let loaded = checkrun_sandbox::file::load(suite.path());
        if let Ok(text) = std::str::from_utf8(bytes) {
            placed(&loaded.errors, text);
        }
    }
}
