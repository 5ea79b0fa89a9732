//! The example of each kind as a file of one suite.

use checkrun_model::KindEntry;

/// What generated YAML begins with.
fn head(schema: &str) -> String {
    format!(
        "# yaml-language-server: $schema=../../schemas/{schema}.json\n\
         # Written by `checkrun schema --write` from what the kinds say of themselves; do not edit.\n"
    )
}

/// The suite that holds all examples.
pub(super) fn suite() -> String {
    format!("{}suite: kinds\ntitle: One check of every kind\n", head("suite"))
}

/// The example of one kind.
pub(super) fn file(kind: &KindEntry) -> String {
    format!("{}checks:\n{}", head("checks"), indented(kind))
}

/// The check, as it stands under `checks:`.
pub(super) fn indented(kind: &KindEntry) -> String {
    let mut out = String::new();
    for line in kind.doc.example.trim().lines() {
        if !line.is_empty() {
            out.push_str("  ");
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}
