//! Plays every fault of a suite's sandbox, several at once, and says how long all of them took together. Which checks
//! must see which fault is proven by the tests; here only the exit code is looked at.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_yaml::Value;

/// Runs at once: most of a run is waiting for the world's clock.
const AT_ONCE: usize = 12;

/// A fault and whether any check must see it.
struct Fault {
    name: String,
    breaks: bool,
}

/// Plays the faults of story 49 with `checkrun`.
pub fn play(checkrun: &Path, out: &Path) -> Result<(), String> {
    let faults = read(Path::new("checks/story-49/sandbox/faults.yaml"))?;
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = one(checkrun, out, fault)
                        && let Ok(mut wrong) = wrong.lock()
                    {
                        wrong.push(why);
                    }
                }
            });
        }
    });
    let found = faults.iter().filter(|fault| fault.breaks).count();
    println!(
        "{} faults, {found} that break something and {} that do not, in {:.1} s together",
        faults.len(),
        faults.len() - found,
        began.elapsed().as_secs_f64()
    );
    let wrong = wrong.into_inner().unwrap_or_default();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

fn one(checkrun: &Path, out: &Path, fault: &Fault) -> Result<(), String> {
    let mut command = Command::new(checkrun);
    command.args(["checks/story-49", "--target", "sandbox", "--fault", &fault.name, "--out"]).arg(out);
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let wanted = i32::from(fault.breaks);
    match output.status.code() {
        Some(code) if code == wanted => Ok(()),
        code => Err(format!("{}: exit {code:?}, wanted {wanted}", fault.name)),
    }
}

fn read(path: &Path) -> Result<Vec<Fault>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let file: Value = serde_yaml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    let faults = file["faults"].as_sequence().into_iter().flatten();
    let fault = |fault: &Value| {
        let breaks = fault["breaks"].as_sequence().is_some_and(|breaks| !breaks.is_empty());
        Some(Fault { name: fault["fault"].as_str()?.to_owned(), breaks })
    };
    Ok(faults.filter_map(fault).collect())
}
