//! Runs the programs that users run, with an end to their patience.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// What a program that does not end is said to do.
pub const SILENT: &str = "does not answer";

/// Runs `command` and returns what it printed; its complaint is the error. After `limit` it is ended.
pub async fn run(mut command: Command, limit: Duration) -> Result<String> {
    tokio::task::spawn_blocking(move || blocking(&mut command, limit)).await?
}

fn blocking(command: &mut Command, limit: Duration) -> Result<String> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("starting {program}"))?;
    // a pipe that nobody reads would hold a talkative program up
    let out = child.stdout.take().map(read);
    let err = child.stderr.take().map(read);
    let start = Instant::now();
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status,
            None if start.elapsed() > limit => {
                child.kill()?;
                child.wait()?;
                bail!("{program} {SILENT} within {} s", limit.as_secs());
            }
            None => std::thread::sleep(Duration::from_millis(10)),
        }
    };
    let text = |reader: Option<std::thread::JoinHandle<String>>| reader.and_then(|r| r.join().ok()).unwrap_or_default();
    let (out, err) = (text(out), text(err));
    match (status.success(), err.trim().is_empty() && out.trim().is_empty()) {
        (true, _) => Ok(out),
        (false, true) => bail!("{program}: {status}"),
        // curl and psql begin with their own names
        (false, false) => bail!("{} {}", err.trim(), out.trim()),
    }
}

fn read(mut pipe: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // what came before an error counts
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// `curl` that says what is wrong in one line, and gives up after `seconds`.
pub fn curl(seconds: u64, words: &[&str]) -> Command {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", &seconds.to_string()]).args(words);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn what_a_program_says_is_the_answer_or_the_error() {
        let limit = Duration::from_secs(20);
        assert_eq!(run(shell("echo well"), limit).await.unwrap(), "well\n");
        let error = run(shell("echo no room >&2; exit 3"), limit).await.unwrap_err().to_string();
        assert!(error.contains("no room"), "{error}");
        assert!(run(shell("exit 3"), limit).await.unwrap_err().to_string().contains("status: 3"));
        let error = run(shell("exec sleep 20"), Duration::from_millis(50)).await.unwrap_err().to_string();
        assert!(error.contains(SILENT), "{error}");
    }
}
