//! Runs a Java server once, so that the JVM keeps the classes it loaded and the next start is quicker. It knows no server.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::ended::Ended;

/// How long a server may take to start.
const LIMIT: Duration = Duration::from_secs(120);

/// Starts `server`, whose flags say where the JVM keeps its classes, waits for a line with `started`, lets `visit` ask
/// what users ask, ends it, and looks that `kept` was written.
pub fn train(mut server: Command, started: &str, visit: impl FnOnce() -> Result<()>, kept: &Path) -> Result<()> {
    let child = server.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().context("starting java")?;
    let mut child = Ended(child);
    let lines = child.0.stdout.take().context("a pipe was asked for")?;
    let (told, heard) = mpsc::channel();
    let word = started.to_owned();
    let reader = std::thread::spawn(move || {
        for line in BufReader::new(lines).lines().map_while(Result::ok) {
            if line.contains(&word) {
                // nobody waits any more after the limit
                let _ = told.send(());
            }
        }
    });
    heard.recv_timeout(LIMIT).with_context(|| format!("the server that is trained did not say `{started}`"))?;
    visit()?;
    kill(Pid::from_raw(child.0.id().try_into()?), Signal::SIGTERM).context("ending the server")?;
    child.0.wait().context("waiting for the server's end")?;
    // the reader ends with the server's output
    let _ = reader.join();
    kept.metadata().with_context(|| format!("the JVM wrote no {}", kept.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn it_is_visited_once_it_has_started_and_what_it_keeps_is_looked_for() {
        let dir = tempfile::tempdir().unwrap();
        let kept = dir.path().join("kept");
        let script = format!("trap 'touch {0}; exit 0' TERM; echo well; while :; do sleep 0.05; done", kept.display());
        let mut visits = 0;
        let visit = || {
            visits += 1;
            Ok(())
        };
        train(shell(&script), "well", visit, &kept).unwrap();
        assert_eq!(visits, 1);
        let forgetful = train(shell("echo well; exec sleep 60"), "well", || Ok(()), &dir.path().join("other"));
        assert!(forgetful.unwrap_err().to_string().contains("other"));
    }

    #[test]
    fn a_server_that_ends_at_once_is_an_error() {
        let gone = train(shell("exit 0"), "well", || Ok(()), Path::new("/nowhere"));
        assert!(gone.unwrap_err().to_string().contains("well"));
    }
}
