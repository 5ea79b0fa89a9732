//! `checkrun version`: what this build is and what it can do.

use checkrun_kinds::{ENDPOINTS, KINDS};
use serde_json::json;

use crate::args::Version;
use crate::exit::Exit;
use crate::screen::say;

/// The version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The one line of `--version`.
#[must_use]
pub fn line() -> String {
    format!("checkrun {VERSION}\n")
}

/// The command.
pub fn version(args: &Version) -> Exit {
    if !args.json {
        say(&line());
        return Exit::Good;
    }
    let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.doc.name).collect();
    let families: Vec<&str> = ENDPOINTS.iter().map(|endpoint| endpoint.family).collect();
    let facts = json!({
        "version": VERSION,
        "journal_format": checkrun_model::event::FORMAT,
        "report_format": 1,
        "kinds": kinds,
        "endpoints": families,
    });
    say(&format!("{facts:#}\n"));
    Exit::Good
}
