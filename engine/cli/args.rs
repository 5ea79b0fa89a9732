//! The command line as types. Reads the words it is given; no environment, no file.

mod value;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

pub use value::{Allow, Format, ReportFormat, ReportTo, Target};
use value::{duration, input, jobs, target};

/// Runs declarative checks. A pass means something.
///
/// `checkrun SUITE…` is `checkrun run SUITE…`.
///
/// Exit codes: 0 all required checks passed; 1 one did not; 2 specs, inputs, options or selection are wrong;
/// 3 the program could not do its work or left something behind; 130 interrupted, cleaned up.
#[derive(Debug, Parser)]
#[command(name = "checkrun", version, subcommand_required = true, arg_required_else_help = true)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands of this version.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run suites, one after another; the worst exit code counts
    Run(Run),
    /// Show every error of every file at once; no network
    Validate(Validate),
    /// Show what would run, in which order, with which effect; no network
    Plan(Plan),
    /// List the checks of suites with their titles and criteria
    List(List),
    /// Show everything about one check
    Explain(Explain),
    /// Print the JSON Schema of suites, or write all generated files
    Schema(Schema),
    /// Report a run from its journal
    Report(Report),
    /// Undo what a run that was killed left behind
    Cleanup(Cleanup),
    /// Start the embedded platform of a suite and keep it up
    #[cfg(feature = "sandbox")]
    Sandbox(Sandbox),
    /// Print the completions of a shell
    Completions(Completions),
    /// Print the version
    Version(Version),
}

/// Names of the commands of this version, `help` included.
pub const COMMANDS: &[&str] = &[
    "run",
    "validate",
    "plan",
    "list",
    "explain",
    "schema",
    "report",
    "cleanup",
    #[cfg(feature = "sandbox")]
    "sandbox",
    "completions",
    "version",
    "help",
];

/// Which suites, against what.
#[derive(Debug, Args)]
pub struct Suites {
    /// Folders of suites
    #[arg(required = true, value_name = "SUITE")]
    pub suites: Vec<PathBuf>,
    #[command(flatten)]
    pub place: Place,
}

/// The target and the inputs.
#[derive(Debug, Args)]
pub struct Place {
    /// File of the target: clusters, endpoints, secrets, what is allowed; or `sandbox`: an embedded platform that is
    /// started for the run
    #[arg(long, value_name = "FILE", value_parser = target)]
    pub target: Option<Target>,
    /// Value of an input; repeatable
    #[arg(long, value_name = "NAME=VALUE", value_parser = input)]
    pub input: Vec<(String, String)>,
    /// YAML mapping of inputs to values; `--input` wins over it
    #[arg(long, value_name = "FILE")]
    pub input_file: Option<PathBuf>,
}

/// What of a suite to run, and what it may do.
#[derive(Debug, Args)]
pub struct Choice {
    /// Only these checks, and what they need; ids, `*` stands for anything; repeatable
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Not these checks; repeatable
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub skip: Vec<String>,
    /// Never do more than this, whatever the target allows
    #[arg(long, value_name = "EFFECT", value_enum)]
    pub allow: Option<Allow>,
    /// Only look; clients refuse everything else, too
    #[arg(long)]
    pub read_only: bool,
}

/// `checkrun run`.
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    pub suites: Suites,
    #[command(flatten)]
    pub choice: Choice,
    /// Observations in flight at most; a check that waits counts not
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = jobs)]
    pub jobs: usize,
    /// Stop the run after this time, and clean up: `30m`
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Folder for the runs
    #[arg(long, value_name = "DIR", default_value = crate::runs::FOLDER)]
    pub out: PathBuf,
    /// Report as json, junit or markdown: to standard output, or to a file in which `{suite}` and `{run}` are
    /// filled in; repeatable
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub report: Vec<ReportTo>,
    /// Stop at the first required check that does not pass
    #[arg(long)]
    pub fail_fast: bool,
    /// Exit 1 where a required check was skipped for want of permission
    #[arg(long)]
    pub require_all: bool,
    /// A line for every check
    #[arg(long, short)]
    pub verbose: bool,
    /// Everything that happens to this check, as it happens
    #[arg(long, value_name = "CHECK")]
    pub trace: Option<String>,
    /// With `--target sandbox`: this goes wrong in it; repeatable
    #[cfg(feature = "sandbox")]
    #[arg(long, value_name = "NAME")]
    pub fault: Vec<String>,
}

/// `checkrun sandbox`.
#[cfg(feature = "sandbox")]
#[derive(Debug, Args)]
pub struct Sandbox {
    /// Folder of the suite whose world is started
    #[arg(value_name = "SUITE", default_value = ".")]
    pub suite: PathBuf,
    /// This goes wrong in it; repeatable
    #[arg(long, value_name = "NAME")]
    pub fault: Vec<String>,
}

/// `checkrun validate`.
#[derive(Debug, Args)]
pub struct Validate {
    #[command(flatten)]
    pub suites: Suites,
    /// How to write the diagnostics
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `checkrun plan`.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    pub suites: Suites,
    #[command(flatten)]
    pub choice: Choice,
}

/// `checkrun list`.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    pub suites: Suites,
}

/// `checkrun explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Folder of the suite
    #[arg(value_name = "SUITE")]
    pub suite: PathBuf,
    /// Id of the check
    #[arg(value_name = "CHECK")]
    pub check: String,
    #[command(flatten)]
    pub place: Place,
}

/// `checkrun schema`.
#[derive(Debug, Args)]
pub struct Schema {
    /// Which one to print: suite, checks, template, criteria, target, world, world-library, report
    #[arg(value_name = "NAME", default_value = "suite")]
    pub which: String,
    /// Fail (exit 1) where a generated file is stale
    #[arg(long, conflicts_with = "write")]
    pub check: bool,
    /// Write schemas/, docs/kinds/ and examples/kinds/
    #[arg(long)]
    pub write: bool,
    /// Folder in which `--check` and `--write` work
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub root: PathBuf,
}

/// `checkrun report`.
#[derive(Debug, Args)]
pub struct Report {
    #[command(flatten)]
    pub run: RunName,
    /// json, junit or markdown: to standard output, or to a file; repeatable. Without: the summary for people
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub report: Vec<ReportTo>,
}

/// `checkrun cleanup`.
#[derive(Debug, Args)]
pub struct Cleanup {
    #[command(flatten)]
    pub run: RunName,
    /// File of the target, where it is not any more where the run found it
    #[arg(long, value_name = "FILE")]
    pub target: Option<PathBuf>,
}

/// A run that was.
#[derive(Debug, Args)]
pub struct RunName {
    /// Folder of the run, its id, or `last`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Folder of the runs
    #[arg(long, value_name = "DIR", default_value = crate::runs::FOLDER)]
    pub out: PathBuf,
}

/// `checkrun completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// `checkrun version`.
#[derive(Debug, Args)]
pub struct Version {
    /// With kinds, endpoint families and formats, as JSON
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_command_is_in_the_list_of_names() {
        for command in CommandLine::command().get_subcommands() {
            assert!(COMMANDS.contains(&command.get_name()), "{}", command.get_name());
        }
    }
}
