//! A room is a thread that lives in a network namespace of its own, or in the machine's.
//! Whatever must start or dial in there is run by that thread. The namespace goes when the last process in it goes.

use std::net::SocketAddr;
use std::process::{Child, Command};
use std::sync::mpsc;

use anyhow::{Context as _, Result, anyhow, bail};
use nix::sched::{CloneFlags, unshare};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

/// A thread to start processes and sockets from. Cheap to clone; the thread stays until the program ends, because
/// the kernel ends a process when the thread that started it ends.
#[derive(Debug, Clone)]
pub struct Room {
    name: String,
    jobs: mpsc::Sender<Job>,
}

impl Room {
    /// A room in the network that this program is in.
    pub fn outside() -> Result<Self> {
        Self::open("outside", false)
    }

    /// A room in a new network namespace, where only loopback is up. Needs root.
    pub fn apart(name: &str) -> Result<Self> {
        let room = Self::open(name, true)?;
        room.tool("ip", &["link", "set", "lo", "up"])?;
        Ok(room)
    }

    fn open(name: &str, apart: bool) -> Result<Self> {
        let (jobs, todo) = mpsc::channel::<Job>();
        let (opened, told) = mpsc::channel();
        let work = move || {
            let entered = if apart { unshare(CloneFlags::CLONE_NEWNET) } else { Ok(()) };
            let stay = entered.is_ok();
            // the opener waits for this word
            let _ = opened.send(entered);
            while stay && let Ok(job) = todo.recv() {
                job();
            }
        };
        std::thread::Builder::new().name(format!("room-{name}")).spawn(work).context("starting a thread")?;
        let entered = told.recv().context("the thread of a room ended")?;
        entered.with_context(|| format!("making the network namespace of {name} (root is needed)"))?;
        Ok(Self { name: name.into(), jobs })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs `work` in the room; it must not block for long.
    pub fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (done, result) = mpsc::channel();
        self.send(Box::new(move || {
            // the caller may have given up
            let _ = done.send(work());
        }))?;
        result.recv().with_context(|| format!("the work in room {} panicked", self.name))
    }

    fn send(&self, job: Job) -> Result<()> {
        self.jobs.send(job).map_err(|_| anyhow!("room {} is closed", self.name))
    }

    /// Starts a process in the room.
    pub fn spawn(&self, mut command: Command) -> Result<Child> {
        let program = command.get_program().to_string_lossy().into_owned();
        self.run(move || command.spawn())?.with_context(|| format!("starting {program}"))
    }

    /// Runs a short command in the room and returns what it printed.
    pub fn tool(&self, program: &str, args: &[&str]) -> Result<String> {
        let words: Vec<String> = args.iter().map(|&a| a.to_owned()).collect();
        let mut command = Command::new(program);
        command.args(&words);
        let out = self.run(move || command.output())?.with_context(|| format!("starting {program}"))?;
        if !out.status.success() {
            let said = String::from_utf8_lossy(&out.stderr);
            bail!("{program} {} ended with {}: {}", words.join(" "), out.status, said.trim());
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }

    /// Listens on an address of the room.
    pub fn listen(&self, at: SocketAddr) -> Result<TcpListener> {
        let listener = self.run(move || std::net::TcpListener::bind(at))?;
        let listener = listener.with_context(|| format!("listening on {at} in {}", self.name))?;
        listener.set_nonblocking(true).context("making a socket asynchronous")?;
        TcpListener::from_std(listener).context("handing a socket to the runtime")
    }

    /// Connects to an address as the room sees it.
    pub async fn connect(&self, to: SocketAddr) -> Result<TcpStream> {
        let (done, made) = oneshot::channel();
        // only the making of a socket decides its namespace; connecting may then wait elsewhere
        self.send(Box::new(move || {
            let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
            let _ = done.send(socket);
        }))?;
        let socket = made.await.with_context(|| format!("room {} is closed", self.name))?;
        let stream = socket.context("making a socket")?.connect(to).await;
        stream.with_context(|| format!("connecting to {to} in {}", self.name))
    }
}
