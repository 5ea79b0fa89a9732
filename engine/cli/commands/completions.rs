//! `checkrun completions`: a script for a shell.

use clap::CommandFactory;

use crate::args::{CommandLine, Completions};
use crate::exit::Exit;
use crate::screen::say;

/// The command.
pub fn completions(args: &Completions) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut CommandLine::command(), "checkrun", &mut script);
    say(&String::from_utf8_lossy(&script));
    Exit::Good
}
