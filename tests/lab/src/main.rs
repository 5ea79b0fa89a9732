//! Wires the command line to the lab.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match lab::command::run(lab::cli::Cli::parse()) {
        Ok(code) => code,
        Err(e) => {
            eprintln!("lab: {e:#}");
            ExitCode::FAILURE
        }
    }
}
