//! `checkrun sandbox`: starts the world of a suite and keeps it up; faults are switched on by lines of standard input.

use std::fmt::Write as _;
use std::io::BufRead as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use checkrun_sandbox::Sandbox;

use crate::args;
use crate::exit::Exit;
use crate::screen::{Screen, complain, say, tell};
use crate::signals::Signals;
use crate::world;

/// What can be typed while it is up.
const HELP: &str = "type `fault NAME` to let something go wrong, `faults` to see what can, `quit` to end";

/// How often signals are looked for.
const TICK: Duration = Duration::from_millis(100);

/// The command.
pub fn sandbox(args: &args::Sandbox, screen: &Screen) -> Exit {
    let world = match world::read(&args.suite, screen) {
        Ok(world) => world,
        Err(exit) => return exit,
    };
    if let Err(exit) = world::faults_fit(&world, &args.fault, screen) {
        return exit;
    }
    tell(&format!("{}\n", screen.err.odd(&world::headline(&world, &args.fault))));
    let signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(why) => {
            complain(screen, &why);
            return Exit::Broken;
        }
    };
    match Sandbox::start(world, &args.fault) {
        Ok(sandbox) => keep(&sandbox, &args.suite, &signals, screen),
        Err(why) => {
            complain(screen, &format!("the sandbox does not start: {why}"));
            Exit::Broken
        }
    }
}

/// Where everything is, and how it is used.
fn places(sandbox: &Sandbox, suite: &Path) -> String {
    let mut out = format!("target: {}\n", sandbox.target().display());
    for kubeconfig in sandbox.kubeconfigs() {
        let _ = writeln!(out, "kubeconfig: {}", kubeconfig.display());
    }
    let _ = writeln!(out, "run: checkrun {} --target {}", suite.display(), sandbox.target().display());
    let _ = writeln!(out, "{HELP}");
    out
}

/// Keeps it up until it is told to end: by a line, or by a signal. The end of the input ends nothing.
fn keep(sandbox: &Sandbox, suite: &Path, signals: &Signals, screen: &Screen) -> Exit {
    say(&places(sandbox, suite));
    let mut lines = Some(lines());
    loop {
        if signals.came() {
            break;
        }
        let line = match &lines {
            Some(lines) => lines.recv_timeout(TICK),
            None => {
                std::thread::sleep(TICK);
                Err(RecvTimeoutError::Timeout)
            }
        };
        match line {
            Ok(line) if line.trim() == "quit" => break,
            Ok(line) => say(&format!("{}\n", answer(sandbox, line.trim()))),
            Err(RecvTimeoutError::Disconnected) => lines = None,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
    world::troubles(sandbox, screen)
}

/// The lines of standard input, read on a thread of their own: reading cannot be stopped.
fn lines() -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

/// Does what a line asks, and says what came of it.
fn answer(sandbox: &Sandbox, line: &str) -> String {
    match line.split_once(' ').unwrap_or((line, "")) {
        ("fault", name) if !name.trim().is_empty() => match sandbox.fault(name.trim()) {
            Ok(()) => format!("{} is on", name.trim()),
            Err(why) => why,
        },
        ("faults", "") => {
            let row = |(name, title): &(String, String)| format!("{name}  {title}");
            sandbox.faults().iter().map(row).collect::<Vec<_>>().join("\n")
        }
        _ => HELP.to_owned(),
    }
}
