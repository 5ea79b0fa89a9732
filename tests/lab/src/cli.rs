//! The command line's shape. What the commands do is in `command`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Real servers to test checkrun against.
#[derive(Debug, Parser)]
#[command(name = "lab", version)]
pub struct Cli {
    /// Which lab; two may stand side by side.
    #[arg(long, global = true, default_value = "lab")]
    pub name: String,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Build or fetch what parts need, once.
    Build {
        /// All parts if none is named.
        parts: Vec<String>,
    },
    /// Start parts, and the parts these need; they stay up until `lab down`.
    Up {
        /// All parts if none is named.
        parts: Vec<String>,
        /// Also write the target file here.
        #[arg(long)]
        target_file: Option<PathBuf>,
    },
    /// End the lab and remove what it left.
    Down,
    /// What is up, what is broken, and the memory each part holds.
    Status,
    /// The end of the logs of a part's processes; works after `lab down`, too.
    Logs {
        /// The part.
        part: String,
        /// One process of it.
        process: Option<String>,
        /// How many lines of each.
        #[arg(long, default_value_t = 20)]
        lines: usize,
    },
    /// Start parts, run a command, end the lab; the exit code is the command's.
    Run {
        /// All parts if none is named.
        parts: Vec<String>,
        /// The command; it finds the target file's path in CHECKRUN_LAB_TARGET.
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
    /// The parts.
    Parts,
    /// What can be broken, and what a user would see.
    Faults,
    /// Break something.
    Fault {
        /// PART/FAULT, from `lab faults`.
        fault: String,
        /// What to aim at, if the fault wants an aim.
        #[arg(long)]
        at: Option<String>,
        /// Heal it after this long, such as 30s or 2m.
        #[arg(long = "for", value_parser = seconds)]
        during: Option<f64>,
    },
    /// Heal one fault, or all.
    Heal {
        /// PART/FAULT.
        fault: Option<String>,
    },
    /// Prove quickly that parts do their work, through the target file.
    Smoke {
        /// All parts that are up if none is named.
        parts: Vec<String>,
    },
    /// Break and heal every fault and show each from outside, with a user's own programs; one table.
    Prove {
        /// PART, PART/FAULT, or `failover` (a broker's pod is deleted while messages flow); all of what is up if none is
        /// named.
        faults: Vec<String>,
    },
    /// Kill a lab of its own at random moments, and show each time that the next start leaves nothing of it.
    Torture {
        /// How often.
        rounds: usize,
        /// What it runs; a cluster if none is named.
        #[arg(default_value = "apps")]
        parts: Vec<String>,
        /// The same kills as in a run that printed this.
        #[arg(long)]
        seed: Option<u64>,
    },
    /// The first process of a lab's namespaces. Only `lab up` calls it.
    #[command(hide = true)]
    Hold {
        /// The lab.
        lab: String,
    },
    /// The lab's server. Only `lab hold` calls it.
    #[command(hide = true)]
    Serve {
        /// The lab.
        lab: String,
    },
    /// What this program does inside a pod. Only pods call it.
    #[command(hide = true)]
    Inside {
        /// The errand.
        words: Vec<String>,
    },
}

/// A number with `ms`, `s` or `m`, as seconds.
fn seconds(text: &str) -> Result<f64, String> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0)];
    let found = units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?.parse::<f64>().ok()?, factor)));
    match found {
        Some((number, factor)) if number.is_finite() && number >= 0.0 => Ok(number * factor),
        _ => Err(format!("`{text}` is no duration such as 500ms, 30s or 2m")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(seconds("30s"), Ok(30.0));
        assert_eq!(seconds("2m"), Ok(120.0));
        assert_eq!(seconds("250ms"), Ok(0.25));
        for bad in ["30", "", "s", "-1s", "infs", "1h"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_follows_two_dashes_is_the_command() {
        let cli = Cli::try_parse_from(["lab", "run", "apps", "--", "echo", "--name", "x"]).unwrap();
        let Command::Run { parts, command } = cli.command else { panic!("not run") };
        assert_eq!((parts.len(), command.len(), cli.name.as_str()), (1, 3, "lab"));
    }
}
