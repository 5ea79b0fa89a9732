//! A process of a part: started in a room with a log file, watched, signalled, ended, started again.
//! The kernel ends it when this program ends. It knows nothing of what the process does.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::room::Room;

/// How to start a process.
#[derive(Debug, Clone)]
pub struct Start {
    name: String,
    program: PathBuf,
    args: Vec<OsString>,
    env: Vec<(String, String)>,
    room: Option<Room>,
}

impl Start {
    /// `name` is the process's name within its part, and its log's.
    pub fn new(name: &str, program: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), program: program.into(), args: Vec::new(), env: Vec::new(), room: None }
    }

    /// Adds one word.
    #[must_use]
    pub fn arg(mut self, word: impl Into<OsString>) -> Self {
        self.args.push(word.into());
        self
    }

    /// Adds words.
    #[must_use]
    pub fn args<T: Into<OsString>>(mut self, words: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(words.into_iter().map(Into::into));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Starts it in `room` instead of the machine's network.
    #[must_use]
    pub fn room(mut self, room: &Room) -> Self {
        self.room = Some(room.clone());
        self
    }

    /// With the shared files of an unpacked package where an installed one has them, for programs that look nowhere else.
    #[must_use]
    pub fn sees_shared(mut self, entry: &Path) -> Self {
        let script = r#"mount -t overlay overlay -o "lowerdir=$0" /usr/share && exec "$@""#;
        let layers = format!("{}:/usr/share", entry.join("usr/share").display());
        let words = ["--mount", "--propagation", "private", "--", "/bin/sh", "-c", script, &layers];
        self.args.insert(0, self.program.into_os_string());
        self.args.splice(0..0, words.map(OsString::from));
        self.program = "unshare".into();
        self
    }

    /// Without root's rights, for programs that refuse them. They may still read and write what root may: the lab's
    /// folder may lie where only root gets in.
    #[must_use]
    pub fn unprivileged(mut self) -> Self {
        let may = "+dac_read_search,+dac_override";
        let mut words = vec!["--securebits=+no_setuid_fixup,+noroot".to_owned()];
        words.extend([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".to_owned()]);
        words.extend([format!("--inh-caps={may}"), format!("--ambient-caps={may}")]);
        words.extend([format!("--bounding-set=-all,{may}"), "--".to_owned()]);
        self.args.insert(0, self.program.into_os_string());
        self.args.splice(0..0, words.into_iter().map(OsString::from));
        self.program = "setpriv".into();
        self
    }

    /// The process's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The user that nothing belongs to.
pub const NOBODY: u32 = 65534;

/// A started process. Clones are the same process.
#[derive(Debug, Clone)]
pub struct Process {
    start: Arc<Start>,
    room: Room,
    log: Arc<PathBuf>,
    now: watch::Receiver<Now>,
    set: Arc<watch::Sender<Now>>,
}

#[derive(Debug, Clone, Copy)]
enum Now {
    Runs(i32),
    Ended(ExitStatus),
}

impl Process {
    /// Starts it, in `outside` unless it names a room; its output is added to `log`.
    pub fn start(start: Start, outside: &Room, log: PathBuf) -> Result<Self> {
        let room = start.room.clone().unwrap_or_else(|| outside.clone());
        let child = spawn(&start, &room, &log)?;
        let (set, now) = watch::channel(Now::Runs(child.id() as i32));
        let process = Self { start: Arc::new(start), room, log: Arc::new(log), now, set: Arc::new(set) };
        process.watch(child)?;
        Ok(process)
    }

    /// Starts it anew with the same words; it must have ended.
    pub fn again(&self) -> Result<()> {
        if let Some(pid) = self.pid() {
            bail!("{} still runs as {pid}", self.name());
        }
        let child = spawn(&self.start, &self.room, &self.log)?;
        self.set.send_replace(Now::Runs(child.id() as i32));
        self.watch(child)
    }

    fn watch(&self, mut child: Child) -> Result<()> {
        let set = Arc::clone(&self.set);
        let work = move || {
            if let Ok(status) = child.wait() {
                set.send_replace(Now::Ended(status));
            }
        };
        std::thread::Builder::new().name(format!("wait-{}", self.name())).spawn(work).context("starting a thread")?;
        Ok(())
    }

    /// Its name within its part.
    pub fn name(&self) -> &str {
        self.start.name()
    }

    /// Its number while it runs.
    pub fn pid(&self) -> Option<i32> {
        match *self.now.borrow() {
            Now::Runs(pid) => Some(pid),
            Now::Ended(_) => None,
        }
    }

    /// How it ended, with the end of its log; `Ok` while it runs.
    pub fn trouble(&self) -> Result<()> {
        match *self.now.borrow() {
            Now::Runs(_) => Ok(()),
            Now::Ended(status) => {
                bail!("{} ended with {status}; the end of its log:\n{}", self.name(), tail(&self.log, 8))
            }
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.trouble()?;
        let Some(pid) = self.pid() else { return Ok(()) };
        kill(Pid::from_raw(pid), signal).with_context(|| format!("sending {signal} to {}", self.name()))
    }

    /// Sends `signal` and waits for the end; after `limit` it is killed. Nothing happens if it has ended.
    pub async fn end(&self, signal: Signal, limit: Duration) -> Result<()> {
        if self.pid().is_none() {
            return Ok(());
        }
        self.signal(signal)?;
        if tokio::time::timeout(limit, self.ended()).await.is_err() {
            self.signal(Signal::SIGKILL)?;
            self.ended().await;
        }
        Ok(())
    }

    /// Returns once it has ended.
    pub async fn ended(&self) {
        let mut now = self.now.clone();
        // the sender lives as long as this does
        let _ = now.wait_for(|n| matches!(n, Now::Ended(_))).await;
    }
}

/// `setpriv` asks the kernel to end the process with the thread that started it, which is the room's.
fn spawn(start: &Start, room: &Room, log: &Path) -> Result<Child> {
    if let Some(folder) = log.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let file = OpenOptions::new().create(true).append(true).open(log);
    let file = file.with_context(|| format!("opening {}", log.display()))?;
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(&start.program).args(&start.args);
    command.envs(start.env.iter().map(|(k, v)| (k, v)));
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file).process_group(0);
    room.spawn(command).with_context(|| format!("starting {}", start.name))
}

/// The last `lines` lines of a file; empty if it cannot be read.
pub fn tail(file: &Path, lines: usize) -> String {
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str) -> (Process, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let start = Start::new("x", "/bin/sh").args(["-c", script]);
        (Process::start(start, &Room::outside().unwrap(), dir.path().join("x.log")).unwrap(), dir)
    }

    #[tokio::test]
    async fn an_end_is_seen_and_told_with_the_log() {
        let (process, _dir) = start("echo no port; exit 3");
        process.ended().await;
        let told = process.trouble().unwrap_err().to_string();
        assert!(told.contains("exit status: 3") && told.contains("no port"), "{told}");
        assert!(process.signal(Signal::SIGTERM).is_err());
    }

    #[tokio::test]
    async fn one_that_will_not_go_is_killed_and_can_start_again() {
        let (process, dir) = start("trap '' TERM; echo ready; while :; do sleep 0.05; done");
        while !tail(&dir.path().join("x.log"), 1).contains("ready") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(process.again().is_err(), "it runs");
        process.end(Signal::SIGTERM, Duration::from_millis(50)).await.unwrap();
        assert!(process.pid().is_none());
        process.again().unwrap();
        assert!(process.pid().is_some());
        process.end(Signal::SIGKILL, Duration::from_secs(5)).await.unwrap();
    }
}
