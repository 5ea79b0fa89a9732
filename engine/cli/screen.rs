//! The terminal and the environment, read once and handed down. Writes what commands have to say.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};

use checkrun_report::Paint;

/// What is known of where the output goes.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// Colours on standard output.
    pub out: Paint,
    /// Colours on standard error.
    pub err: Paint,
    /// Whether progress may be drawn: standard error is a terminal that can move its cursor.
    pub draws: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Screen {
    /// Looks at the process's environment and streams.
    #[must_use]
    pub fn of_process() -> Self {
        let dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let paint = |terminal: bool| paint(terminal && !dumb, env::var_os("NO_COLOR").as_deref());
        let draws = io::stderr().is_terminal() && !dumb;
        let size = if draws { terminal_size::terminal_size_of(io::stderr()) } else { None };
        Self {
            out: paint(io::stdout().is_terminal()),
            err: paint(io::stderr().is_terminal()),
            draws,
            width: size.map_or(100, |(width, _)| usize::from(width.0)),
        }
    }
}

/// Colours for a terminal, unless `NO_COLOR` holds anything (see no-color.org).
fn paint(terminal: bool, no_color: Option<&OsStr>) -> Paint {
    if terminal && no_color.is_none_or(OsStr::is_empty) { Paint::Colours } else { Paint::Plain }
}

/// Writes to standard output. Nobody left to read it is no trouble of ours.
pub fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to standard error.
pub fn tell(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Says on standard error what is wrong, and what to do.
pub fn complain(screen: &Screen, message: &str) {
    tell(&format!("{} {message}\n", screen.err.bad("error:")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_whose_owner_did_not_refuse_them() {
        assert_eq!(paint(true, None), Paint::Colours);
        assert_eq!(paint(true, Some(OsStr::new(""))), Paint::Colours);
        assert_eq!(paint(true, Some(OsStr::new("1"))), Paint::Plain);
        assert_eq!(paint(false, None), Paint::Plain);
    }
}
