//! Runs whole commands and reads what the system charges for them. Knows nothing of what they do.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

/// A command to time.
pub struct Contender {
    name: &'static str,
    program: PathBuf,
    args: Vec<OsString>,
}

impl Contender {
    /// A program without arguments.
    pub fn new(name: &'static str, program: &Path) -> Self {
        Self { name, program: program.to_owned(), args: Vec::new() }
    }

    /// One more argument.
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Every file of a folder, sorted, as arguments.
    pub fn args_of(mut self, dir: &Path) -> Result<Self, String> {
        let entries = std::fs::read_dir(dir).map_err(|error| error.to_string())?;
        let mut files: Vec<OsString> = entries.flatten().map(|entry| entry.path().into()).collect();
        files.sort();
        self.args.extend(files);
        Ok(self)
    }

    /// Runs it under a process of its own, so that what the system charges for children is this run's alone.
    fn run(&self) -> Result<Cost, String> {
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new(own)
            .arg(ONE)
            .arg(&self.program)
            .args(&self.args)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("{}: {error}", self.program.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let figures: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        match figures[..] {
            [wall, user, system, peak_mib] if output.status.success() => Ok(Cost { wall, user, system, peak_mib }),
            _ => Err(format!("{} {:?} did not end well", self.name, self.args)),
        }
    }
}

/// The word that makes this program run one command and print its cost.
pub const ONE: &str = "one";

/// Runs one command; prints its seconds of wall, user and system, and the peak of its memory in MiB.
pub fn one(words: &[OsString]) -> Result<(), String> {
    let [program, args @ ..] = words else { return Err("no command to measure".into()) };
    let start = Instant::now();
    let status = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    let wall = start.elapsed().as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("{} {args:?} ended with {status}", program.display()));
    }
    let (user, system) = (seconds(usage.user_time()), seconds(usage.system_time()));
    println!("{wall} {user} {system} {}", usage.max_rss() / 1024);
    Ok(())
}

fn seconds(time: nix::sys::time::TimeVal) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "seconds of CPU are small")]
    let whole = (time.tv_sec() as f64, time.tv_usec() as f64);
    whole.0 + whole.1 / 1e6
}

/// What one run cost, in seconds, and its peak of memory.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    user: f64,
    system: f64,
    peak_mib: f64,
}

/// Runs the contenders in turn, one warm-up round first, and prints medians and the ratio of the first to each other.
pub fn compare(title: &str, contenders: &[Contender], rounds: usize, between: impl Fn()) -> Result<(), String> {
    let mut costs: Vec<Vec<Cost>> = contenders.iter().map(|_| Vec::new()).collect();
    for round in 0..=rounds {
        for (contender, costs) in contenders.iter().zip(&mut costs) {
            let cost = contender.run()?;
            if round > 0 {
                costs.push(cost);
            }
        }
        between();
    }
    println!("{title}: medians of {rounds} alternating rounds");
    for (contender, costs) in contenders.iter().zip(&costs) {
        println!(
            "  {:<9} wall {:>8.1} ms   user {:>8.1} ms   sys {:>7.1} ms   peak {:>4.0} MiB",
            contender.name,
            1e3 * median(costs, |cost| cost.wall),
            1e3 * median(costs, |cost| cost.user),
            1e3 * median(costs, |cost| cost.system),
            median(costs, |cost| cost.peak_mib),
        );
    }
    for (other, theirs) in contenders.iter().zip(&costs).skip(1) {
        println!(
            "  ratio to {}: wall {:.2}, user CPU {:.2}",
            other.name,
            ratio(&costs[0], theirs, |cost| cost.wall),
            ratio(&costs[0], theirs, |cost| cost.user),
        );
    }
    Ok(())
}

/// Medians of user and system seconds of two contenders that run in turn.
pub fn median_cpu(few: &Contender, many: &Contender, rounds: usize) -> Result<(f64, f64), String> {
    let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        of_few.push(few.run()?);
        of_many.push(many.run()?);
    }
    let cpu = |cost: &Cost| cost.user + cost.system;
    Ok((median(&of_few, cpu), median(&of_many, cpu)))
}

fn median(costs: &[Cost], figure: impl Fn(&Cost) -> f64) -> f64 {
    middle(costs.iter().map(figure).collect())
}

/// The median of the ratios, round by round, so that a drift of the machine's speed cancels out.
fn ratio(ours: &[Cost], theirs: &[Cost], figure: impl Fn(&Cost) -> f64) -> f64 {
    middle(ours.iter().zip(theirs).map(|(ours, theirs)| figure(ours) / figure(theirs).max(1e-6)).collect())
}

fn middle(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
