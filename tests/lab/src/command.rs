//! What the commands of the command line do. Prints results to standard output, progress to standard error.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail};
use futures::future::join_all;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::cache::Cache;
use crate::control::{self, Request, Started};
use crate::cx::LabCx;
use crate::launch::{self, Lifetime};
use crate::ledger::{self, Fate, LOGS, Ledger};
use crate::machine::{memory, proc, process};
use crate::part::Order;
use crate::recipe::Recipe;
use crate::torture::Torture;
use crate::{hold, parts, prove, serve, smoke};

use crate::cli::{Cli, Command};

/// Does what was asked.
pub fn run(cli: Cli) -> Result<ExitCode> {
    let cache = Cache::open()?;
    let lab = place(&cache, &cli.name)?;
    match cli.command {
        Command::Build { parts } => build(&cache, &parts)?,
        Command::Up { parts, target_file } => {
            let target_file = target_file.map(std::path::absolute).transpose()?;
            let started = up(&cache, &lab, &cli.name, &parts, target_file, Lifetime::Own)?;
            show(&format!("{}", started.target.display()));
        }
        Command::Down => launch::clear(&cache, &lab)?,
        Command::Status => status(&cache, &cli.name, &lab)?,
        Command::Logs { part, process, lines } => logs(&lab, &part, process.as_deref(), lines)?,
        Command::Run { parts, command } => return run_command(&cache, &lab, &cli.name, &parts, &command),
        Command::Parts => parts::all().iter().for_each(|p| show(&format!("{:<10} {}", p.name(), p.about()))),
        Command::Faults => faults(),
        Command::Fault { fault, at, during } => break_it(&lab, &fault, at, during)?,
        Command::Heal { fault } => heal(&lab, fault)?,
        Command::Smoke { parts } => return smoke_all(&lab, &parts),
        Command::Prove { faults } => return prove_all(&lab, &faults),
        Command::Torture { rounds, parts, seed } => torture(&cache, &cli.name, rounds, &parts, seed)?,
        Command::Hold { lab: name } => return Ok(ExitCode::from(hold::run(&name, &lab_dir(&cache, &name))?)),
        Command::Serve { lab: name } => serve_lab(cache, &name)?,
        Command::Inside { words } => runtime()?.block_on(crate::inside::run(&words))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a line. A reader that has seen enough, such as `head`, is no error.
fn show(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn lab_dir(cache: &Cache, name: &str) -> PathBuf {
    cache.labs().join(name)
}

/// The folder of a lab, whose name also goes into names of control groups.
fn place(cache: &Cache, name: &str) -> Result<PathBuf> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 20 || !name.chars().all(plain) || name.starts_with('-') {
        bail!("`{name}` is no name for a lab: up to 20 of a-z, 0-9 and -");
    }
    Ok(lab_dir(cache, name))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().context("starting the runtime")
}

fn serve_lab(cache: Cache, name: &str) -> Result<()> {
    let dir = lab_dir(&cache, name);
    let cx = LabCx::new(name, &dir, cache)?;
    runtime()?.block_on(serve::run(&dir, cx))
}

/// Compilers take every core there is, so they go one after the other; what waits for the network goes beside them.
fn build(cache: &Cache, names: &[String]) -> Result<()> {
    let start = Instant::now();
    let all = parts::all();
    let mut seen = BTreeSet::new();
    let mut recipes = Vec::new();
    for name in parts::with_needs(&all, names)? {
        recipes.extend(parts::find(&all, name)?.recipes().into_iter().filter(|r| seen.insert(r.key())));
    }
    let (beside, compiled): (Vec<_>, Vec<_>) = recipes.into_iter().partition(|r| r.fetches);
    let count = beside.len() + compiled.len();
    let bytes = std::thread::scope(|scope| {
        let beside = scope.spawn(|| make_all(cache, &beside));
        let compiled = make_all(cache, &compiled);
        let beside = beside.join().map_err(|_| anyhow!("the thread that fetches panicked"))?;
        Ok::<u64, anyhow::Error>(compiled? + beside?)
    })?;
    eprintln!("{count} recipes: {:.1} s, {bytes} bytes", start.elapsed().as_secs_f64());
    Ok(())
}

/// The bytes of all entries.
fn make_all(cache: &Cache, recipes: &[Recipe]) -> Result<u64> {
    let mut bytes = 0;
    for recipe in recipes {
        let made = cache.make(recipe)?;
        let when = if made.before { "was there" } else { "built" };
        eprintln!("{}: {when}, {:.1} s, {} bytes", recipe.key(), made.seconds, made.bytes);
        bytes += made.bytes;
    }
    Ok(bytes)
}

fn up(
    cache: &Cache,
    lab: &Path,
    name: &str,
    names: &[String],
    target_file: Option<PathBuf>,
    lifetime: Lifetime,
) -> Result<Started> {
    build(cache, names)?;
    let order = parts::with_needs(&parts::all(), names)?;
    let fresh = launch::ensure(cache, lab, name, lifetime)?;
    let request = Request::Up { parts: order.into_iter().map(str::to_owned).collect(), target_file };
    match control::ask(lab, &request, |words| eprintln!("{words}")) {
        Ok(value) => Ok(serde_json::from_value(value)?),
        Err(e) => {
            if fresh {
                launch::clear(cache, lab)?;
            }
            Err(e.context(format!("lab {name}; its logs are in {}", lab.join(LOGS).display())))
        }
    }
}

fn run_command(
    cache: &Cache,
    lab: &Path,
    name: &str,
    names: &[String],
    command: &[std::ffi::OsString],
) -> Result<ExitCode> {
    if matches!(Ledger::read(lab)?.map(|l| l.fate_now()).transpose()?, Some(Fate::Runs(_))) {
        bail!("lab {name} is up already; `lab run` wants one of its own: give it another --name");
    }
    let started = up(cache, lab, name, names, None, Lifetime::Mine)?;
    let program = command.first().context("a command has a program")?;
    // a command that outlives this program would go on without a lab
    let mut child = std::process::Command::new("setpriv");
    child.args(["--pdeathsig", "TERM", "--"]).args(command);
    child.envs(&started.env).env("CHECKRUN_LAB_TARGET", &started.target);
    let ended = runtime()?.block_on(wait_for(child));
    launch::clear(cache, lab)?;
    let status = ended.with_context(|| format!("running {}", program.to_string_lossy()))?;
    Ok(ExitCode::from(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1)))
}

/// An interrupt from the terminal reaches the command, too: it decides, and the lab is ended afterwards. What asks this
/// program to end asks the command and all that it started.
async fn wait_for(command: std::process::Command) -> Result<std::process::ExitStatus> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut child = tokio::process::Command::from(command).spawn()?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {
                let started = child.id().map(|pid| proc::tree(&[pid as i32], &proc::parents()));
                for pid in started.unwrap_or_default() {
                    // one that has just ended need not be asked
                    let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
                }
            }
        }
    }
}

fn status(cache: &Cache, name: &str, lab: &Path) -> Result<()> {
    let mut here = false;
    for other in ledger::labs(&cache.labs()) {
        let Some(ledger) = Ledger::read(&lab_dir(cache, &other))? else { continue };
        let fate = ledger.fate_now()?;
        here |= other == name && fate != Fate::Left;
        let fate = match fate {
            Fate::Runs(holder) => format!("up, process {}", holder.pid),
            Fate::Left => "ended without cleaning up; `lab down` does".to_owned(),
        };
        show(&format!("lab {other}: {fate}"));
    }
    if !here {
        show(&format!("lab {name}: not up"));
        return Ok(());
    }
    let status = control::ask(lab, &Request::Status, |_| {})?;
    for part in array(&status["parts"]) {
        let lines: Vec<(String, u64)> = serde_json::from_value(part["memory"].clone())?;
        let sum: u64 = lines.iter().map(|(_, bytes)| bytes).sum();
        let seconds = part["seconds"].as_f64().unwrap_or_default();
        show(&format!("{}: {}, was up after {seconds:.1} s", text(&part["part"]), memory::mib(sum)));
        lines.iter().for_each(|(name, bytes)| show(&format!("  {name:<26} {:>9}", memory::mib(*bytes))));
        array(&part["ended"]).iter().for_each(|e| show(&format!("  ENDED: {}", text(e))));
    }
    show(&format!("together: {}", memory::mib(status["together"].as_u64().unwrap_or_default())));
    array(&status["broken"]).iter().for_each(|b| show(&format!("broken: {}", text(b))));
    Ok(())
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn logs(lab: &Path, part: &str, only: Option<&str>, lines: usize) -> Result<()> {
    let folder = lab.join(LOGS).join(part);
    let entries =
        fs::read_dir(&folder).with_context(|| format!("there are no logs of {part}: {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    files.retain(|f| only.is_none_or(|name| f.file_stem().is_some_and(|stem| stem == name)));
    files.sort();
    for file in files {
        show(&format!("==> {}\n{}", file.display(), process::tail(&file, lines)));
    }
    Ok(())
}

fn faults() {
    for part in parts::all() {
        for fault in part.faults() {
            let aim = fault.at.map(|at| format!(" --at {at}")).unwrap_or_default();
            show(&format!("{}/{}{aim}\n    {}", part.name(), fault.name, fault.seen));
        }
    }
}

fn break_it(lab: &Path, fault: &str, at: Option<String>, during: Option<f64>) -> Result<()> {
    let Some((part, name)) = fault.split_once('/') else { bail!("`{fault}` is not PART/FAULT") };
    let order = Order { part: part.into(), fault: name.into(), at };
    let answer = control::ask(lab, &Request::Fault(order, during), |_| {})?;
    show(&format!("{fault}: {}", text(&answer["seen"])));
    Ok(())
}

fn heal(lab: &Path, fault: Option<String>) -> Result<()> {
    let answer = control::ask(lab, &Request::Heal(fault), |words| eprintln!("{words}"))?;
    show(&format!("{} healed", answer["healed"]));
    Ok(())
}

fn target(lab: &Path) -> Result<Value> {
    let text = fs::read_to_string(lab.join("target.yaml")).context("the lab is not up")?;
    serde_yaml::from_str(&text).context("reading the target file")
}

fn prove_all(lab: &Path, faults: &[String]) -> Result<ExitCode> {
    let all = runtime()?.block_on(prove::run(lab, &target(lab)?, faults, show))?;
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn torture(cache: &Cache, name: &str, rounds: usize, parts: &[String], seed: Option<u64>) -> Result<()> {
    build(cache, &[parts, &["web".to_owned()]].concat())?;
    let now = || std::time::UNIX_EPOCH.elapsed().map(|d| d.subsec_nanos());
    let seed = seed.unwrap_or(u64::from(now().context("the clock stands before 1970")?));
    Torture::new(cache, name, parts)?.run(rounds, seed, show)
}

/// A smoke test of every part that was named, or of all that are up, side by side; one that fails does not hide the
/// others.
fn smoke_all(lab: &Path, names: &[String]) -> Result<ExitCode> {
    let target = target(lab)?;
    let up = control::ask(lab, &Request::Status, |_| {})?;
    let up: Vec<String> = array(&up["parts"]).iter().map(|p| text(&p["part"]).to_owned()).collect();
    let names = if names.is_empty() { &up } else { names };
    let start = Instant::now();
    let one = async |name: &String| {
        let seen = smoke::run(name, &target).await;
        let seconds = start.elapsed().as_secs_f64();
        match &seen {
            Ok(seen) => show(&format!("{name}: ok after {seconds:.1} s: {seen}")),
            Err(e) => show(&format!("{name}: FAILED after {seconds:.1} s: {e:#}")),
        }
        seen.is_ok()
    };
    let all = runtime()?.block_on(join_all(names.iter().map(one)));
    Ok(if all.into_iter().all(|well| well) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
