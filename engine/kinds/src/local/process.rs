//! One child process in a group of its own: started, fed, read within bounds, and never left behind.
//! Judges nothing.

use std::process::{ExitStatus, Stdio};
use std::time::Instant;

use checkrun_model::Broken;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};

/// What came of a process.
pub(super) struct Ended {
    /// How it ended; none: it was killed at its deadline.
    pub status: Option<ExitStatus>,
    /// What it wrote.
    pub stdout: Output,
    /// What it wrote beside it.
    pub stderr: Output,
}

/// One stream of a process.
#[derive(Default)]
pub(super) struct Output {
    /// What was read of it.
    pub bytes: Vec<u8>,
    /// Whether that is all of it.
    pub complete: bool,
}

/// Kills a group of processes when it is dropped: a check that is given up leaves nothing behind.
struct Group(Option<Pid>);

impl Group {
    fn kill(&self) {
        if let Some(group) = self.0 {
            // Nobody left in it is what is wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs `command` to its end or to `deadline`. Of each stream no more than `most` bytes are kept.
///
/// When the process has ended, or its time has, all that it started in its group is killed.
///
/// # Errors
/// It cannot be started.
pub(super) async fn run(
    mut command: Command,
    stdin: Option<&str>,
    deadline: Instant,
    most: usize,
) -> Result<Ended, Broken> {
    command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let mut child = command.spawn().map_err(|why| not_started(&command, &why))?;
    let group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
    let (mut stdout, mut stderr) = (Output::default(), Output::default());
    let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let mut status = None;
    let all = async {
        let ending = async {
            status = ended(&mut child, &group).await;
        };
        let feeding = feed(streams.0, stdin.unwrap_or_default());
        tokio::join!(ending, feeding, read(streams.1, &mut stdout, most), read(streams.2, &mut stderr, most));
    };
    let in_time = tokio::time::timeout_at(deadline.into(), all).await.is_ok();
    if !in_time {
        group.kill();
    }
    Ok(Ended { status, stdout, stderr })
}

/// Waits for the process, then kills what it left running: that holds its streams open.
async fn ended(child: &mut Child, group: &Group) -> Option<ExitStatus> {
    let status = child.wait().await.ok();
    group.kill();
    status
}

/// Writes all of `text`. A process that does not read it is not at fault.
async fn feed(stream: Option<ChildStdin>, text: &str) {
    if let Some(mut stream) = stream {
        let _ = stream.write_all(text.as_bytes()).await;
    }
}

/// Reads to the end, also behind the bound: a process that cannot write would hang.
async fn read(stream: Option<impl AsyncRead + Unpin>, output: &mut Output, most: usize) {
    let Some(mut stream) = stream else { return };
    let mut part = vec![0; 16 << 10];
    let mut whole = true;
    loop {
        match stream.read(&mut part).await {
            Ok(0) => break,
            Ok(read) => {
                let room = (most - output.bytes.len()).min(read);
                output.bytes.extend_from_slice(&part[..room]);
                whole &= room == read;
            }
            Err(_) => {
                whole = false;
                break;
            }
        }
    }
    output.complete = whole;
}

fn not_started(command: &Command, why: &std::io::Error) -> Broken {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let broken = Broken::fatal(format!("`{program}` cannot be started: {why}"));
    match why.kind() {
        std::io::ErrorKind::NotFound => {
            broken.hint("the program is looked for in PATH; a relative `cwd` starts at the suite's folder")
        }
        _ => broken,
    }
}
