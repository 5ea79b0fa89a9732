//! The terminal and the environment, read once and handed down. Writes what commands have to say.

use std::env;
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
        let colourless = dumb || env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let paint = |terminal: bool| if terminal && !colourless { Paint::Colours } else { Paint::Plain };
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
