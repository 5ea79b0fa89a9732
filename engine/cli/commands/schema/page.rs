//! The docs page of a kind, from what the kind says of itself and from the schema of its arguments.

use std::fmt::Write as _;

use checkrun_model::{Effect, KindDoc, KindEntry, LockMode, Runs, Sort, Witness};
use serde_json::Value as Json;

use super::{example, words};

/// The list of all pages.
pub(super) fn index(kinds: &[KindEntry]) -> String {
    let mut out =
        "# Kinds\n\nWhat a check can do, named by its key. A kind's own rule always holds beside `expect`.\n\n"
            .to_owned();
    out.push_str("| kind | what it does | its own rule |\n| --- | --- | --- |\n");
    for kind in kinds {
        let doc = kind.doc;
        let _ = writeln!(out, "| [`{0}`]({0}.md) | {1} | {2} |", doc.name, cell(doc.summary), cell(doc.rule));
    }
    out
}

/// The page of one kind.
pub(super) fn page(kind: &KindEntry) -> String {
    let doc = kind.doc;
    let schema = (kind.schema)();
    let mut out = format!("# `{}`\n\n{}\n\n", doc.name, doc.summary);
    let text = schema["description"].as_str().unwrap_or_default();
    // The first sentence of the type is the summary again.
    let text = text.strip_prefix(doc.summary).unwrap_or(text).trim();
    if !text.is_empty() {
        let _ = writeln!(out, "{text}\n");
    }
    facts(&mut out, doc);
    arguments(&mut out, &schema);
    observation(&mut out, doc);
    let _ = writeln!(out, "## Example\n\n```yaml\nchecks:\n{}```", example::indented(kind));
    out
}

fn facts(out: &mut String, doc: &KindDoc) {
    let proves = if doc.rule_proves { "" } else { " Alone it proves nothing: `expect` is required." };
    let _ = writeln!(out, "- **Its own rule**: {}.{proves}", doc.rule.trim_end_matches('.'));
    let _ = writeln!(out, "- **Runs** {}.", runs(doc.runs));
    let _ = writeln!(out, "- **Effect**: {}.{}", effect(doc.worst), says_read(doc));
    let _ = writeln!(out, "- **Absence** (`none`): {}.", absence(doc.witness));
    if doc.readiness {
        out.push_str("- **Readiness**: `ready` can be expected.\n");
    }
    if let Some(lock) = doc.lock {
        let how = match lock {
            LockMode::Shared => "beside others",
            LockMode::Alone => "with nobody else",
        };
        let _ = writeln!(out, "- **Lock**: takes that of its endpoint {how}.");
    }
    if let Some(time) = doc.timeout {
        let time = checkrun_report::style::elapsed(time.as_secs_f64());
        let _ = writeln!(out, "- **Timeout** of one observation: {time}, unless the check says otherwise.");
    }
    out.push('\n');
}

fn runs(runs: Runs) -> String {
    match runs {
        Runs::Local => "on the machine of checkrun".to_owned(),
        Runs::Cluster => "against the check's `cluster`".to_owned(),
        Runs::Endpoint(family) => format!("against the check's `endpoint`, one of `{family}`"),
        Runs::EndpointOr(family, key) => {
            format!(
                "against the check's `endpoint`, one of `{family}`; with `{key}:` at that address, without an endpoint"
            )
        }
    }
}

fn effect(worst: Effect) -> String {
    match worst {
        Effect::Read => "read".to_owned(),
        other => format!("by its arguments, {} at most", other.word()),
    }
}

fn says_read(doc: &KindDoc) -> &'static str {
    if doc.may_say_read { " The check may say `effect: read` with a `reason:`; `plan` lists it." } else { "" }
}

fn absence(witness: Witness) -> &'static str {
    match witness {
        Witness::NoAbsence => "makes no sense here",
        Witness::Required => "needs a `witness:`, so that silence is not taken for absence",
        Witness::Own => "the kind proves by itself that there was something to look at",
    }
}

fn arguments(out: &mut String, schema: &Json) {
    let rows = words::arguments(schema);
    if rows.is_empty() {
        return;
    }
    out.push_str("## Arguments\n\n| argument | value | meaning |\n| --- | --- | --- |\n");
    for row in rows {
        let required = if row.required { ", required" } else { "" };
        let _ = writeln!(out, "| `{}` | {}{required} | {} |", row.path, cell(&row.value), cell(&row.meaning));
    }
    out.push('\n');
}

fn observation(out: &mut String, doc: &KindDoc) {
    out.push_str("## Observation\n\n");
    if !doc.observation.is_empty() {
        out.push_str("| field | sort | meaning |\n| --- | --- | --- |\n");
        for field in doc.observation {
            let _ = writeln!(out, "| `{}` | {} | {} |", field.path, sort(field.sort), cell(field.doc));
        }
        out.push('\n');
    }
    if doc.open {
        out.push_str("Other keys are those of what was observed.\n\n");
    }
}

fn sort(sort: Sort) -> &'static str {
    match sort {
        Sort::Plain => "",
        Sort::Duration => "duration",
        Sort::Size => "size",
        Sort::Rate => "rate",
        Sort::Time => "time",
    }
}

/// Text on one line that does not end its cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}
