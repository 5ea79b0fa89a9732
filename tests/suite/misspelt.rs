//! Every key, kind name and reference of story 49 misspelt by one letter, one at a time: each is refused
//! with exit 2 and the caret on the slip.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use checkrun_model::{Node, NodeValue, SourceId, Span};
use serde_json::Value as Json;

/// Mappings whose keys are data of the platform or names that the engineer chooses: any spelling is a
/// valid one, and a wrong one shows where it is used or at the server.
const FREE: &[(&str, &str)] = &[
    ("config", "settings of a topic are the broker's"),
    ("labels", "labels of Kubernetes objects are free"),
    ("headers", "HTTP headers are free"),
    ("json", "a request's body is free"),
    ("env", "environment variables are free"),
    ("save", "a saved name is chosen here; a wrong one shows where it is read"),
    ("inputs", "an input's name is chosen here; a wrong one shows where it is read"),
    ("outputs", "an output's name is chosen here"),
    ("foreach", "a variable's name is chosen here"),
];

/// Files whose keys are not the language's. Worlds have a language and tests of their own.
const MANIFESTS: &str = "manifests";

/// A target, so that names of clusters and endpoints can be wrong.
const TARGET: &str = "target: case
clusters: { apps: { context: apps, allow: disrupt } }
endpoints:
  kafka: { kafka: { bootstrap: \"127.0.0.1:1\" } }
  kafka-listener: { tls: { address: \"127.0.0.1:1\" } }
  registry: { http: { url: \"http://127.0.0.1:1\" } }
  metrics: { promql: { url: \"http://127.0.0.1:1\" } }
  logs: { logsql: { url: \"http://127.0.0.1:1\" } }
defaults: { kafka: kafka, promql: metrics, logsql: logs }
";

struct Slip {
    file: PathBuf,
    span: Span,
    what: &'static str,
    /// What cannot be looked at while this is wrong: the value of an unknown key, the rest of an item without its kind.
    hides: Span,
}

/// Keys without which the item that they stand in cannot be looked at.
const STRUCTURE: &[&str] = &["use", "steps", "checks", "foreach", "template", "inputs", "id", "outputs", "save"];

#[test]
fn a_slip_of_one_letter_is_refused_where_it_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let work = tempfile::tempdir().expect("a folder");
    copy(&root.join("checks"), &work.path().join("checks"));
    fs::write(work.path().join("target.yaml"), TARGET).expect("a target can be written");
    let mut slips = Vec::new();
    for file in yaml_files(&work.path().join("checks")) {
        collect(&file, &mut slips);
    }
    assert!(slips.len() > 300, "the suite has {} places to misspell", slips.len());
    let mut wrong = Vec::new();
    let mut tried: BTreeMap<&str, usize> = BTreeMap::new();
    for slip in &slips {
        *tried.entry(slip.what).or_default() += 1;
        if let Err(why) = try_one(work.path(), slip) {
            wrong.push(why);
        }
    }
    println!("misspelt: {tried:?}");
    assert!(wrong.is_empty(), "{} of {} slips:\n{}", wrong.len(), slips.len(), wrong.join("\n"));
}

/// Two slips in one file are both told in one run. `MISSPELT_SEED` makes another choice.
#[test]
fn two_slips_of_one_file_are_told_at_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let work = tempfile::tempdir().expect("a folder");
    copy(&root.join("checks"), &work.path().join("checks"));
    fs::write(work.path().join("target.yaml"), TARGET).expect("a target can be written");
    let seed = std::env::var("MISSPELT_SEED").ok().and_then(|text| text.parse().ok());
    let seed: u64 = seed.unwrap_or(49);
    let mut random = seed;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let mut wrong = Vec::new();
    for file in yaml_files(&work.path().join("checks")) {
        let mut slips = Vec::new();
        collect(&file, &mut slips);
        for _ in 0..16 {
            let (one, other) = (&slips[next(slips.len())], &slips[next(slips.len())]);
            let apart = one.span.end < other.span.start && !hidden(one, other) && !hidden(other, one);
            if apart && let Err(why) = try_all(work.path(), &[one, other]) {
                wrong.push(why);
            }
        }
    }
    assert!(wrong.is_empty(), "MISSPELT_SEED={seed}\n{}", wrong.join("\n"));
}

fn hidden(one: &Slip, by: &Slip) -> bool {
    by.hides.start <= one.span.start && one.span.end <= by.hides.end
}

fn try_one(work: &Path, slip: &Slip) -> Result<(), String> {
    try_all(work, &[slip])
}

/// Tries slips of one file together, in the order of the file: every one must be told where it stands.
fn try_all(work: &Path, slips: &[&Slip]) -> Result<(), String> {
    let Some(file) = slips.first().map(|slip| &slip.file) else { return Ok(()) };
    let text = fs::read_to_string(file).expect("it was read before");
    let mut changed = text.clone();
    for slip in slips {
        let at = slip.span.start as usize..slip.span.end as usize;
        let Some(word) = misspell(&text[at.clone()]) else { return Ok(()) };
        changed.replace_range(at, &word);
    }
    fs::write(file, changed).expect("it can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_checkrun"))
        .current_dir(work)
        .args(["validate", "checks/story-49", "--target", "target.yaml", "--format", "json"])
        .output()
        .expect("checkrun starts");
    fs::write(file, &text).expect("it can be written back");
    let name = file.strip_prefix(work).unwrap_or(file).display().to_string();
    for slip in slips {
        told(&output, &name, &text, slip)?;
    }
    Ok(())
}

fn told(output: &std::process::Output, name: &str, text: &str, slip: &Slip) -> Result<(), String> {
    let (from, to) = (slip.span.start as usize, slip.span.end as usize);
    let line = text[..from].matches('\n').count() + 1;
    let column = text[..from].rsplit('\n').next().unwrap_or("").chars().count() + 1;
    let told = format!("{name}:{line}:{column}: {} `{}` misspelt", slip.what, &text[from..to]);
    if output.status.code() != Some(2) {
        return Err(format!("{told}: exit {:?}", output.status.code()));
    }
    let document: Json = serde_json::from_slice(&output.stdout).map_err(|error| format!("{told}: {error}"))?;
    let hit = document["diagnostics"].as_array().is_some_and(|list| {
        list.iter().any(|one| {
            let at = |key: &str| one[key].as_u64().unwrap_or(0) as usize;
            let same_file = one["file"].as_str().is_some_and(|file| file.ends_with(name) || name.ends_with(file));
            let starts = (at("line"), at("column")) <= (line, column);
            same_file && at("line") == line && starts && (at("end_line"), at("end_column")) > (line, column)
        })
    });
    if hit { Ok(()) } else { Err(format!("{told}: the caret is elsewhere: {}", document["diagnostics"])) }
}

/// One letter in the middle made another one.
fn misspell(word: &str) -> Option<String> {
    let letters: Vec<(usize, char)> = word.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).collect();
    let (at, letter) = *letters.get(letters.len() / 2)?;
    let other = if letter == 'q' { "x" } else { "q" };
    Some(format!("{}{other}{}", &word[..at], &word[at + letter.len_utf8()..]))
}

fn collect(file: &Path, slips: &mut Vec<Slip>) {
    let text = fs::read_to_string(file).expect("a readable file");
    let reading = checkrun_yaml::document(SourceId(0), &text);
    assert!(reading.errors.is_empty(), "{}: {:?}", file.display(), reading.errors);
    for document in &reading.documents {
        walk(document, &mut |span, what, hides| slips.push(Slip { file: file.to_owned(), span, what, hides }), &text);
    }
}

/// Takes a slip: where, what, and what it hides.
type Found<'a> = &'a mut dyn FnMut(Span, &'static str, Span);

fn walk(node: &Node, found: Found<'_>, text: &str) {
    match &node.value {
        NodeValue::Map(entries) => {
            for entry in entries {
                let what = if entry.key.contains('.') || entry.key == "http" { "kind" } else { "key" };
                let structure = what == "kind" || STRUCTURE.contains(&entry.key.as_str());
                // A check without an id may be the one that a reference means, so no reference is refused beside it.
                let whole = Span::new(node.span.source, 0, text.len());
                let hides = if structure { node.span } else { entry.value.span };
                found(entry.key_span, what, if entry.key == "id" { whole } else { hides });
                value(&entry.key, &entry.value, node.span, found, text);
            }
        }
        // Of a long list of like items the first few stand for all.
        NodeValue::List(items) => items.iter().take(12).for_each(|item| walk(item, found, text)),
        _ => references(node, found, text),
    }
}

fn value(key: &str, node: &Node, item: Span, found: Found<'_>, text: &str) {
    if FREE.iter().any(|(free, _)| *free == key) {
        for entry in node.as_map().unwrap_or(&[]) {
            walk(&entry.value, found, text);
        }
        return;
    }
    match (key, node.as_list()) {
        ("needs", Some(items)) => items.iter().for_each(|one| found(one.span, "reference", one.span)),
        ("covers", Some(items)) => items.iter().for_each(|one| found(one.span, "criterion", one.span)),
        ("covers", None) => {
            for entry in node.as_map().unwrap_or(&[]) {
                found(entry.key_span, "member", entry.key_span);
                value("covers", &entry.value, item, found, text);
            }
        }
        ("use" | "cluster" | "endpoint" | "hook", None)
            if !text[node.span.start as usize..].starts_with(['"', '\'']) =>
        {
            found(node.span, "reference", if key == "use" { item } else { node.span });
        }
        _ => walk(node, found, text),
    }
}

/// `checks.NAME` and `inputs.NAME` in expressions and templates.
fn references(node: &Node, found: Found<'_>, text: &str) {
    let (from, to) = (node.span.start as usize, node.span.end as usize);
    let part = &text[from..to];
    for (root, what) in [("checks.", "reference"), ("inputs.", "input")] {
        for (at, _) in part.match_indices(root) {
            let start = at + root.len();
            let hyphen = root == "checks.";
            let len = part[start..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || (hyphen && c == '-')))
                .unwrap_or(part.len() - start);
            if len > 0 {
                // One expression is refused at its first unknown name.
                found(Span::new(node.span.source, from + start, from + start + len), what, node.span);
            }
        }
    }
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let skipped = path.ends_with(MANIFESTS)
            || path.ends_with("sandbox")
            || path.ends_with("targets")
            || path.ends_with("readiness.yaml");
        if path.is_dir() && !skipped {
            files.extend(yaml_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "yaml") && !skipped {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a file can be copied");
        }
    }
}
