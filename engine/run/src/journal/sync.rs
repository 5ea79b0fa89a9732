//! Brings the journal to the disk before an effect: one `fdatasync` for all who ask while one is under way.

use std::fs::File;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use checkrun_model::Broken;
use tokio::sync::oneshot;

/// One who waits for the disk; told once what was written before asking is safe.
pub type Reply = oneshot::Sender<Result<(), Broken>>;

/// The thread that waits for the disk, so that the run's owner does not.
pub struct Syncer {
    asks: Sender<Reply>,
    thread: JoinHandle<()>,
}

impl Syncer {
    /// Starts it over a handle of the journal.
    ///
    /// # Errors
    /// Where no thread can be made.
    pub fn start(file: File) -> std::io::Result<Self> {
        let (asks, asked) = channel();
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || serve(&file, &asked))?;
        Ok(Self { asks, thread })
    }

    /// Answers `reply` when everything written so far is on the disk.
    pub fn ask(&self, reply: Reply) {
        if let Err(unsent) = self.asks.send(reply) {
            let _ = unsent.0.send(Err(Broken::fatal("the journal's thread has ended")));
        }
    }

    /// Ends the thread.
    pub fn end(self) {
        drop(self.asks);
        let _ = self.thread.join();
    }
}

fn serve(file: &File, asked: &Receiver<Reply>) {
    while let Ok(first) = asked.recv() {
        let all: Vec<Reply> = std::iter::once(first).chain(asked.try_iter()).collect();
        let done = file
            .sync_data()
            .map_err(|error| Broken::fatal(format!("the journal cannot be brought to the disk: {error}")));
        for reply in all {
            let _ = reply.send(done.clone());
        }
    }
}
