//! The command `checkrun`: wires the rooms together. The only reader of environment and terminal.

mod args;
mod clusters;
mod commands;
mod exit;
mod later;
mod loading;
mod runs;
mod screen;
mod signals;
mod watching;
#[cfg(feature = "sandbox")]
mod world;

use std::ffi::OsString;
use std::path::Path;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use args::{COMMANDS, Command, CommandLine};
use exit::Exit;
use screen::{Screen, complain, say};

/// A plan of thousands of checks is many small things, made and dropped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let words: Vec<OsString> = std::env::args_os().collect();
    // The version costs nothing: no parser is built for it.
    if let [_, word] = words.as_slice()
        && (word == "--version" || word == "-V")
    {
        say(&commands::version::line());
        Exit::Good.leave();
    }
    let screen = Screen::of_process();
    dispatch(words, &screen).leave()
}

fn dispatch(words: Vec<OsString>, screen: &Screen) -> Exit {
    if let Some(refusal) = words.get(1).and_then(|word| later::command(word.to_str()?)) {
        complain(screen, &refusal);
        return Exit::Wrong;
    }
    if let Some(why) = words.get(1).and_then(|word| slip(word.to_str()?)) {
        complain(screen, &why);
        return Exit::Wrong;
    }
    match CommandLine::try_parse_from(with_command(words)) {
        Ok(line) => command(line.command, screen),
        Err(error) => misspelt(&error, screen),
    }
}

fn command(command: Command, screen: &Screen) -> Exit {
    match command {
        Command::Run(args) => commands::run::run(&args, screen),
        Command::Validate(args) => commands::validate::validate(&args, screen),
        Command::Plan(args) => commands::plan::plan(&args, screen),
        Command::List(args) => commands::list::list(&args, screen),
        Command::Explain(args) => commands::explain::explain(&args, screen),
        Command::Schema(args) => commands::schema::schema(&args, screen),
        Command::Report(args) => commands::report::report(&args, screen),
        Command::Cleanup(args) => commands::cleanup::cleanup(&args, screen),
        Command::Completions(args) => commands::completions::completions(&args),
        #[cfg(feature = "sandbox")]
        Command::Sandbox(args) => commands::sandbox::sandbox(&args, screen),
        Command::Version(args) => commands::version::version(&args),
    }
}

/// `checkrun SUITE` is `checkrun run SUITE`.
fn with_command(mut words: Vec<OsString>) -> Vec<OsString> {
    let first = words.get(1).and_then(|word| word.to_str()).unwrap_or_default();
    let own = ["-h", "--help", "-V", "--version"];
    if words.len() > 1 && !COMMANDS.contains(&first) && !own.contains(&first) {
        words.insert(1, "run".into());
    }
    words
}

/// A word that is no suite, but nearly a command.
fn slip(word: &str) -> Option<String> {
    if word.starts_with('-') || COMMANDS.contains(&word) || Path::new(word).exists() {
        return None;
    }
    let meant = checkrun_model::suggest(word, COMMANDS.iter().copied())?;
    Some(format!("no command and no suite is called `{word}`; did you mean `checkrun {meant}`?"))
}

/// Help is no mistake; an option of a later version is refused by name; the rest is said as clap says it.
fn misspelt(error: &clap::Error, screen: &Screen) -> Exit {
    let word = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) => word.as_str(),
        _ => "",
    };
    if let (ErrorKind::UnknownArgument, Some(refusal)) = (error.kind(), later::option(word)) {
        complain(screen, &refusal);
        return Exit::Wrong;
    }
    let _ = error.print();
    let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if help { Exit::Good } else { Exit::Wrong }
}
