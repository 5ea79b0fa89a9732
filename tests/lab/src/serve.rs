//! The server of one lab: starts parts as their needs allow, breaks and heals them, tells how they are.
//! It knows parts only through the trait.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::control::{self, Line, Request, Started};
use crate::cx::LabCx;
use crate::machine::{memory, proc};
use crate::part::{Order, Part, Running};
use crate::parts;
use crate::target::Fragment;

type Say = mpsc::UnboundedSender<Line>;

/// A lab that runs.
struct Lab {
    dir: PathBuf,
    cx: LabCx,
    parts: Vec<Box<dyn Part>>,
    board: Mutex<Board>,
    /// Held while parts start: two requests at once must not start one part twice.
    starting: tokio::sync::Mutex<()>,
}

/// What is up and what is broken.
#[derive(Default)]
struct Board {
    up: BTreeMap<&'static str, (Running, Duration)>,
    broken: Vec<(Order, Value)>,
    targets: BTreeSet<PathBuf>,
}

/// Serves until the process is ended.
pub async fn run(dir: &Path, cx: LabCx) -> Result<()> {
    let path = control::socket(dir);
    let listener = UnixListener::bind(&path).with_context(|| format!("listening on {}", path.display()))?;
    let parts = parts::all();
    let lab = Lab { dir: dir.into(), cx, parts, board: Mutex::default(), starting: tokio::sync::Mutex::default() };
    let lab = Arc::new(lab);
    loop {
        let (stream, _) = listener.accept().await.context("accepting a request")?;
        tokio::spawn(Arc::clone(&lab).converse(stream));
    }
}

impl Lab {
    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn converse(self: Arc<Self>, stream: UnixStream) {
        let (reader, mut writer) = stream.into_split();
        let mut line = String::new();
        if !matches!(BufReader::new(reader).read_line(&mut line).await, Ok(n) if n > 0) {
            return; // somebody only looked whether anybody is there
        }
        let (say, mut said) = mpsc::unbounded_channel();
        let work = async {
            let answer = match serde_json::from_str(&line) {
                Ok(request) => Arc::clone(&self).answer(request, &say).await,
                Err(e) => Err(e).context("reading the request"),
            };
            let last = answer.map_or_else(|e| Line::Failed(format!("{e:#}")), Line::Done);
            // the receiver is drained below until this sender is dropped
            let _ = say.send(last);
            drop(say);
        };
        let write = async {
            while let Some(line) = said.recv().await {
                let mut text = serde_json::to_string(&line).unwrap_or_default();
                text.push('\n');
                // a client that went away misses the rest
                let _ = writer.write_all(text.as_bytes()).await;
            }
        };
        tokio::join!(work, write);
    }

    async fn answer(self: Arc<Self>, request: Request, say: &Say) -> Result<Value> {
        match request {
            Request::Up { parts, target_file } => self.up(&parts, target_file, say).await,
            Request::Fault(order, seconds) => self.fault(order, seconds).await,
            Request::Heal(which) => self.heal(which.as_deref(), say).await,
            Request::Status => Ok(self.status().await),
        }
    }

    async fn up(self: &Arc<Self>, names: &[String], target_file: Option<PathBuf>, say: &Say) -> Result<Value> {
        let _one_at_a_time = self.starting.lock().await;
        let wanted = parts::with_needs(&self.parts, names)?;
        let waiting: Vec<_> = wanted.into_iter().filter(|name| !self.board().up.contains_key(name)).collect();
        self.start_all(waiting, say).await?;
        self.board().targets.extend(target_file);
        self.write_targets()
    }

    /// Each part starts as soon as what it needs is up. The first failure ends the others' starts.
    async fn start_all(self: &Arc<Self>, mut waiting: Vec<&'static str>, say: &Say) -> Result<()> {
        let mut running = JoinSet::new();
        loop {
            let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|name| self.has_needs(name));
            for name in now {
                let (lab, say) = (Arc::clone(self), say.clone());
                running.spawn(async move { lab.start(name, &say).await.with_context(|| format!("part {name}")) });
            }
            waiting = later;
            match running.join_next().await {
                Some(ended) => ended.context("a part's start panicked")??,
                None if waiting.is_empty() => return Ok(()),
                None => bail!("these parts wait for parts that do not start: {}", waiting.join(", ")),
            }
        }
    }

    fn has_needs(&self, name: &str) -> bool {
        let needs = parts::find(&self.parts, name).map(|p| p.needs()).unwrap_or_default();
        let board = self.board();
        needs.iter().all(|need| board.up.contains_key(need))
    }

    async fn start(&self, name: &'static str, say: &Say) -> Result<()> {
        let part = parts::find(&self.parts, name)?;
        let cx = self.cx.of(name);
        let start = Instant::now();
        let running = part.up(&cx).await?;
        for (fact, value) in &running.facts {
            cx.tell(fact, value.clone());
        }
        let took = start.elapsed();
        let held: u64 = part.memory(&cx).await.iter().map(|(_, bytes)| bytes).sum();
        let words = format!("{name}: up after {:.1} s, {}", took.as_secs_f64(), memory::mib(held));
        // the client may have gone; the part is up all the same
        let _ = say.send(Line::Say(words));
        self.board().up.insert(name, (running, took));
        Ok(())
    }

    /// Writes the target file to every place that was asked for, with all parts that are up.
    fn write_targets(&self) -> Result<Value> {
        let board = self.board();
        let mut target = Fragment::default();
        let mut started = Started { target: self.dir.join("target.yaml"), ..Started::default() };
        for part in &self.parts {
            if let Some((running, _)) = board.up.get(part.name()) {
                target.merge(&running.target)?;
                started.env.extend(running.env.clone());
            }
        }
        for path in board.targets.iter().chain([&started.target]) {
            target.write("lab", path)?;
        }
        if let Some(path) = board.targets.iter().next_back() {
            started.target.clone_from(path);
        }
        Ok(serde_json::to_value(started)?)
    }

    async fn fault(self: Arc<Self>, order: Order, seconds: Option<f64>) -> Result<Value> {
        let part = parts::find(&self.parts, &order.part)?;
        let Some(fault) = part.faults().into_iter().find(|f| f.name == order.fault) else {
            bail!("part {} has no fault `{}`; `lab faults` lists them", order.part, order.fault);
        };
        if fault.at.is_some() {
            order.aim()?;
        }
        self.check_breakable(&order)?;
        let cx = self.cx.of(&order.part);
        let injected = part.inject(&cx, &order).await.with_context(|| order.to_string());
        if !fault.passes {
            self.board().broken.push((order.clone(), cx.memo()));
        }
        if let Err(e) = injected {
            return Err(if fault.passes { e } else { self.undo(&order, &cx.memo(), e).await });
        }
        if let (Some(seconds), false) = (seconds, fault.passes) {
            tokio::spawn(Arc::clone(&self).heal_later(order, Duration::from_secs_f64(seconds)));
        }
        Ok(json!({ "seen": fault.seen, "passes": fault.passes }))
    }

    /// Undoes a fault whose injection failed half way. If that fails, too, it stays in the list of what is broken.
    async fn undo(&self, order: &Order, memo: &Value, why: anyhow::Error) -> anyhow::Error {
        match self.heal_one(order, memo).await {
            Ok(()) => why.context("it could not be broken, and is healed"),
            Err(e) => why.context(format!("it is half broken, and `lab heal` tries again to mend it: {e:#}")),
        }
    }

    fn check_breakable(&self, order: &Order) -> Result<()> {
        let board = self.board();
        if !board.up.contains_key(order.part.as_str()) {
            bail!("part {} is not up", order.part);
        }
        if board.broken.iter().any(|(o, _)| o == order) {
            bail!("{order} is in effect already");
        }
        Ok(())
    }

    async fn heal_later(self: Arc<Self>, order: Order, after: Duration) {
        tokio::time::sleep(after).await;
        let found = self.board().broken.iter().find(|(o, _)| *o == order).cloned();
        // it may have been healed by hand meanwhile
        if let Some((order, memo)) = found
            && let Err(e) = self.heal_one(&order, &memo).await
        {
            eprintln!("healing {order}: {e:#}");
        }
    }

    async fn heal_one(&self, order: &Order, memo: &Value) -> Result<()> {
        let part = parts::find(&self.parts, &order.part)?;
        part.heal(&self.cx.of(&order.part), order, memo).await.with_context(|| format!("healing {order}"))?;
        self.board().broken.retain(|(o, _)| o != order);
        Ok(())
    }

    async fn heal(&self, which: Option<&str>, say: &Say) -> Result<Value> {
        let broken = self.board().broken.clone();
        let chosen = |order: &Order| which.is_none_or(|w| w == format!("{}/{}", order.part, order.fault));
        let chosen: Vec<_> = broken.into_iter().filter(|(order, _)| chosen(order)).collect();
        if let (true, Some(which)) = (chosen.is_empty(), which) {
            bail!("`{which}` is not in effect");
        }
        for (order, memo) in chosen.iter().rev() {
            self.heal_one(order, memo).await?;
            let _ = say.send(Line::Say(format!("{order}: healed")));
        }
        Ok(json!({ "healed": chosen.len() }))
    }

    async fn status(&self) -> Value {
        let up: Vec<_> = self.board().up.iter().map(|(name, (_, took))| (*name, took.as_secs_f64())).collect();
        let mut all = Vec::new();
        for (name, seconds) in up {
            let cx = self.cx.of(name);
            let Ok(part) = parts::find(&self.parts, name) else { continue };
            let ended: Vec<_> =
                cx.processes().iter().filter_map(|p| p.trouble().err()).map(|e| e.to_string()).collect();
            all.push(json!({"part": name, "seconds": seconds, "memory": part.memory(&cx).await, "ended": ended}));
        }
        let broken: Vec<_> = self.board().broken.iter().map(|(order, _)| order.to_string()).collect();
        // parts may count a pod that its cluster counts, too; this counts each process once
        let everything: Vec<i32> = proc::parents().into_keys().collect();
        json!({ "parts": all, "broken": broken, "together": memory::shares(&everything) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::Cache;
    use crate::part::Fault;
    use futures::future::BoxFuture;

    /// A part whose one fault fails half way, and which can be mended, or not.
    struct Fragile {
        mends: bool,
    }

    impl Part for Fragile {
        fn name(&self) -> &'static str {
            "fragile"
        }
        fn about(&self) -> &'static str {
            ""
        }
        fn up<'a>(&'a self, _: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
            Box::pin(async { Ok(Running::default()) })
        }
        fn faults(&self) -> Vec<Fault> {
            vec![Fault { name: "broken", seen: "", at: None, passes: false }]
        }
        fn inject<'a>(&'a self, cx: &'a LabCx, _: &'a Order) -> BoxFuture<'a, Result<()>> {
            Box::pin(async move {
                cx.remember(json!("cable 7"));
                bail!("the second half failed")
            })
        }
        fn heal<'a>(&'a self, _: &'a LabCx, _: &'a Order, memo: &'a Value) -> BoxFuture<'a, Result<()>> {
            Box::pin(async move {
                assert_eq!(*memo, "cable 7", "what was noted before it failed is known");
                if self.mends { Ok(()) } else { bail!("the cable is gone") }
            })
        }
    }

    async fn broken(mends: bool) -> (String, Vec<(Order, Value)>) {
        let dir = tempfile::tempdir().unwrap();
        let cx = LabCx::new("t", dir.path(), Cache::at(dir.path())).unwrap();
        let parts: Vec<Box<dyn Part>> = vec![Box::new(Fragile { mends })];
        let up = BTreeMap::from([("fragile", (Running::default(), Duration::ZERO))]);
        let board = Mutex::new(Board { up, ..Board::default() });
        let lab = Arc::new(Lab { dir: dir.path().into(), cx, parts, board, starting: tokio::sync::Mutex::default() });
        let order = Order { part: "fragile".into(), fault: "broken".into(), at: None };
        let error = Arc::clone(&lab).fault(order, None).await.unwrap_err();
        let left = lab.board().broken.clone();
        (format!("{error:#}"), left)
    }

    #[tokio::test]
    async fn a_fault_that_fails_half_way_is_healed_or_stays_known() {
        let (error, left) = broken(true).await;
        assert!(error.contains("is healed") && error.contains("second half") && left.is_empty(), "{error} {left:?}");
        let (error, left) = broken(false).await;
        assert!(error.contains("half broken") && error.contains("the cable is gone"), "{error}");
        assert_eq!((left.len(), &left[0].1), (1, &json!("cable 7")), "`lab heal` can try again");
    }
}
