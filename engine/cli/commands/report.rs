//! `checkrun report`: a run as a document, from its journal alone.

use checkrun_report::{Summary, json, junit, markdown, terminal};

use crate::args::{Report, ReportFormat, ReportTo};
use crate::exit::Exit;
use crate::runs;
use crate::screen::{Screen, complain, say};

/// The command. What the run came to is told, not returned: the exit code says whether it could be told.
pub fn report(args: &Report, screen: &Screen) -> Exit {
    let summary = runs::find(&args.run.run, &args.run.out).and_then(|dir| runs::summary(&dir));
    let written = summary.and_then(|summary| {
        if args.report.is_empty() {
            say(&terminal::text(&summary, screen.out));
        }
        args.report.iter().try_for_each(|to| write(&summary, to))
    });
    match written {
        Ok(()) => Exit::Good,
        Err(why) => {
            complain(screen, &why);
            Exit::Wrong
        }
    }
}

/// Writes one report where it is to go.
///
/// # Errors
/// A sentence that says what could not be written.
pub fn write(summary: &Summary, to: &ReportTo) -> Result<(), String> {
    let text = match to.format {
        ReportFormat::Json => json::text(summary),
        ReportFormat::Junit => junit::text(summary)?,
        ReportFormat::Markdown => markdown::text(summary),
    };
    let Some(file) = &to.file else {
        say(&text);
        return Ok(());
    };
    let file = file.replace("{suite}", &summary.run.suite).replace("{run}", &summary.run.run);
    std::fs::write(&file, text).map_err(|error| format!("cannot write the report {file}: {error}"))
}
