//! A sandbox as its caller sees it: a world that was started, its target, its faults. Brings its own threads.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::file::{RATE, World};
use crate::life::{Msg, Play, Settled, Stage, Troubles};
use crate::target;

/// Faults that are on from the start have been on for so long, in the time of the world, before anybody looks:
/// what they bring about has come about.
const SEEN: Duration = Duration::from_secs(30);

/// A world that lives. Dropped, it is gone with everything in it.
pub struct Sandbox {
    folder: tempfile::TempDir,
    target: PathBuf,
    faults: Vec<(String, String)>,
    inbox: UnboundedSender<Msg>,
    troubles: Troubles,
    // Last, so that nothing of the above is asked for by tasks that still run.
    runtime: Option<Runtime>,
}

/// The name of the fault that is meant: it is there, or a sentence that says which are.
///
/// # Errors
/// The sentence.
pub fn known_fault(world: &World, name: &str) -> Result<(), String> {
    let names = || world.faults.iter().map(|fault| fault.fault.as_str());
    if names().any(|known| known == name) {
        return Ok(());
    }
    let help = match checkrun_model::suggest(name, names()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if world.faults.is_empty() => "it has none".to_owned(),
        None => format!("it has: {}", names().collect::<Vec<_>>().join(", ")),
    };
    Err(format!("the world `{}` has no fault `{name}`; {help}", world.shape.world))
}

/// Writes the target of a world that is not started, for plans.
///
/// # Errors
/// It cannot be written.
pub fn plan_target(world: &World) -> Result<(tempfile::TempDir, PathBuf), String> {
    let folder = tempfile::tempdir().map_err(|why| format!("no temporary folder: {why}"))?;
    let places = target::nowhere(world);
    let text = target::text(world, &places, Clock::new(world.shape.rate.unwrap_or(RATE)), &[])?;
    let path = target::write(folder.path(), &text, &places)?;
    Ok((folder, path))
}

impl Sandbox {
    /// Starts a world, lets it come to rest, and switches faults on.
    ///
    /// # Errors
    /// A sentence that says what could not be started or done.
    pub fn start(world: World, faults: &[String]) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sandbox")
            .enable_all()
            .build()
            .map_err(|why| format!("no threads for the sandbox: {why}"))?;
        let folder = tempfile::tempdir().map_err(|why| format!("no temporary folder: {why}"))?;
        let world = Arc::new(world);
        let troubles = Troubles::default();
        let clock = Clock::new(world.shape.rate.unwrap_or(RATE));
        let (inbox, messages) = unbounded_channel();
        let (own, own_troubles, own_faults) = (Arc::clone(&world), troubles.clone(), faults.to_owned());
        let places = runtime.block_on(async move {
            let (stage, places) = Stage::build(&own, clock).await?;
            let mut play = Play::new(stage, own, own_troubles)?;
            own_faults.iter().try_for_each(|fault| play.fault(fault))?;
            let broken = !own_faults.is_empty();
            tokio::spawn(play.run(messages));
            if broken {
                clock.sleep(SEEN).await;
            }
            Ok::<_, String>(places)
        })?;
        let text = target::text(&world, &places, clock, faults)?;
        let target = target::write(folder.path(), &text, &places)?;
        let faults =
            world.faults.iter().map(|one| (one.fault.clone(), one.title.clone().unwrap_or_default())).collect();
        Ok(Self { folder, target, faults, inbox, troubles, runtime: Some(runtime) })
    }

    /// The file of its target.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The kubeconfigs of its clusters.
    #[must_use]
    pub fn kubeconfigs(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut found: Vec<PathBuf> =
            entries.filter(|path| path.extension().is_some_and(|end| end == "kubeconfig")).collect();
        found.sort();
        found
    }

    /// Its faults and what they are.
    #[must_use]
    pub fn faults(&self) -> &[(String, String)] {
        &self.faults
    }

    /// Switches a fault on.
    ///
    /// # Errors
    /// There is no such fault, or it cannot be done.
    pub fn fault(&self, name: &str) -> Result<(), String> {
        let (reply, done) = oneshot::channel();
        let gone = || "the world is gone".to_owned();
        self.inbox.send(Msg::Fault(name.to_owned(), reply)).map_err(|_| gone())?;
        done.blocking_recv().unwrap_or_else(|_| Err(gone()))
    }

    /// Asks it to settle.
    #[must_use]
    pub fn settled(&self) -> Settled {
        Settled(self.inbox.clone())
    }

    /// What went wrong in it: with that, nothing that was judged in it counts.
    #[must_use]
    pub fn troubles(&self) -> Troubles {
        self.troubles.clone()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
