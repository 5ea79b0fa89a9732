//! Breaks and heals every fault and shows each from outside: a user's own look is well before, sees what is wrong while
//! it is broken, and is well again afterwards. Asks the lab only to break and to heal.

mod clients;
mod cluster;
mod data;
mod failover;
mod flux;
mod kafka;
mod lanes;
mod outside;
mod registry;
mod scale;
mod standins;
mod stores;
mod volsync;
mod web;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use futures::future::{BoxFuture, try_join_all};
use serde_json::Value;

use crate::control::{self, Request};
use crate::part::{Fault, Order};
use crate::parts;
use lanes::Lane;
pub use outside::Outside;

/// How long a look may take to be what it should be.
const LIMIT: Duration = Duration::from_secs(150);
/// The story of a broker whose pod is deleted while messages flow.
const FAILOVER: &str = "failover";
/// A pause between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// What a user does to see whether all is well: an error says what is not.
type Look = for<'a> fn(&'a Outside) -> BoxFuture<'a, Result<String>>;

/// How a fault shows.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// The look fails, and its error holds one of these words.
    Error(&'static [&'static str]),
    /// The look is well again by itself, with another answer.
    Change,
}

/// How one fault is proven.
struct Trial {
    /// The parts that have it.
    parts: &'static [&'static str],
    fault: &'static str,
    at: Option<&'static str>,
    look: Look,
    sign: Sign,
}

/// A row of the table.
struct Row {
    fault: String,
    injected: f64,
    seen_after: f64,
    seen: String,
    healed: f64,
}

fn trials() -> impl Iterator<Item = &'static Trial> {
    let core = [cluster::TRIALS, kafka::TRIALS, registry::TRIALS, stores::TRIALS, data::TRIALS, web::TRIALS];
    core.into_iter().chain([volsync::TRIALS, flux::TRIALS, scale::TRIALS, standins::TRIALS]).flatten()
}

/// Proves the faults of `wanted` (parts, or PART/FAULT; all of what is up if none is named) and hands each line to
/// `show`; whether all were proven. Faults that are not felt in each other's parts are proven side by side.
pub async fn run(lab: &Path, target: &Value, wanted: &[String], show: impl FnMut(&str)) -> Result<bool> {
    let started = Instant::now();
    let is_up = up(lab)?;
    let failover = is_up.contains("kafka") && (wanted.is_empty() || wanted.iter().any(|w| w == FAILOVER));
    let chosen = chosen(&is_up, wanted);
    if chosen.is_empty() && !failover {
        bail!("no part that is up has any of these faults: {}", wanted.join(" "));
    }
    let clusters = ["apps", "infra"].map(|name| Outside::of(target, name));
    // lines of a pod that talks are looked for in the logs of `apps`
    let touched = |c: &Outside| chosen.iter().any(|(part, _)| *part == c.part || (part == "logs" && c.part == "apps"));
    let clusters: Vec<_> = clusters.iter().filter(|c| c.has_cluster() && touched(c)).collect();
    try_join_all(clusters.iter().map(|cluster| cluster::set_up(cluster))).await?;
    let count = chosen.len();
    let show = RefCell::new(show);
    let say = |line: &str| (show.borrow_mut())(line);
    say(&format!("{:<34} {:>8} {:>8} {:>8}  seen", "fault", "injected", "seen", "healed"));
    let lanes = lanes::of(chosen);
    let mut failed = lanes::drive(&lanes, |at| lane(lab, target, &lanes[at], &say)).await;
    // it is not felt by what else is proven, but it wants the machine's strength: messages flow meanwhile
    if failover {
        failed += told(failover::run(&Outside::of(target, "kafka")).await, FAILOVER, &say);
    }
    try_join_all(clusters.iter().map(|cluster| cluster::tear_down(cluster))).await?;
    say(&format!("{count} faults in {:.0} s, {failed} not proven", started.elapsed().as_secs_f64()));
    Ok(failed == 0)
}

/// Proves the faults of a lane; how many were not.
async fn lane(lab: &Path, target: &Value, lane: &Lane, say: &impl Fn(&str)) -> usize {
    let mut failed = 0;
    for fault in &lane.faults {
        match prove(lab, &Outside::of(target, &lane.part), fault).await {
            Ok(row) => say(&row.line()),
            Err(e) => failed += told(Err(e), &format!("{}/{}", lane.part, fault.name), say),
        }
    }
    failed
}

/// Says how a story went; how many failures that is.
fn told(outcome: Result<String>, name: &str, say: &impl Fn(&str)) -> usize {
    match &outcome {
        Ok(words) => say(&format!("{name}: {words}")),
        Err(e) => say(&format!("{name}: FAILED: {e:#}")),
    }
    usize::from(outcome.is_err())
}

/// The parts that are up.
fn up(lab: &Path) -> Result<BTreeSet<String>> {
    let status = control::ask(lab, &Request::Status, |_| {})?;
    let parts = status["parts"].as_array().context("the lab tells no parts")?;
    Ok(parts.iter().filter_map(|p| p["part"].as_str().map(str::to_owned)).collect())
}

/// The faults that were asked for, each with its part, of parts that are up.
fn chosen(up: &BTreeSet<String>, wanted: &[String]) -> Vec<(String, Fault)> {
    let mut found = Vec::new();
    for part in parts::all().iter().filter(|p| up.contains(p.name())) {
        for fault in part.faults() {
            let full = format!("{}/{}", part.name(), fault.name);
            if wanted.is_empty() || wanted.iter().any(|w| w == part.name() || *w == full) {
                found.push((part.name().to_owned(), fault));
            }
        }
    }
    found
}

async fn prove(lab: &Path, outside: &Outside, fault: &Fault) -> Result<Row> {
    let trial = trials().find(|t| t.fault == fault.name && t.parts.contains(&outside.part.as_str()));
    let trial = trial.context("nobody says how it shows from outside")?;
    let before = well(outside, trial, |_| true).await.context("before it was broken")?;
    let order = Order { part: outside.part.clone(), fault: fault.name.into(), at: trial.at.map(str::to_owned) };
    let full = format!("{}/{}", order.part, order.fault);
    let start = Instant::now();
    ask(lab, Request::Fault(order, None)).await?;
    let injected = start.elapsed().as_secs_f64();
    let seen = match trial.sign {
        Sign::Error(words) => broken(outside, trial, words).await,
        Sign::Change => well(outside, trial, |now| now != before).await.map(|now| format!("{before} became {now}")),
    };
    let seen_after = start.elapsed().as_secs_f64();
    let start = Instant::now();
    if !fault.passes {
        ask(lab, Request::Heal(Some(full.clone()))).await?;
    }
    let seen = seen.context("while it was broken")?;
    well(outside, trial, |_| true).await.context("after it was healed")?;
    Ok(Row { fault: full, injected, seen_after, seen, healed: start.elapsed().as_secs_f64() })
}

async fn ask(lab: &Path, request: Request) -> Result<()> {
    let lab = lab.to_owned();
    tokio::task::spawn_blocking(move || control::ask(&lab, &request, |_| {})).await?.map(|_| ())
}

/// Looks until all is well and `enough`; the error is what was seen last.
async fn well(outside: &Outside, trial: &Trial, enough: impl Fn(&str) -> bool) -> Result<String> {
    let start = Instant::now();
    loop {
        match (trial.look)(outside).await {
            Ok(seen) if enough(&seen) => return Ok(seen),
            Ok(seen) if start.elapsed() > LIMIT => bail!("all is as before: {seen}"),
            Err(e) if start.elapsed() > LIMIT => return Err(e),
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Looks until something is wrong in one of these words.
async fn broken(outside: &Outside, trial: &Trial, words: &[&str]) -> Result<String> {
    let start = Instant::now();
    loop {
        let seen = match (trial.look)(outside).await {
            Ok(seen) => format!("all is well: {seen}"),
            Err(e) => format!("{e:#}"),
        };
        if words.iter().any(|w| seen.contains(w)) {
            return Ok(seen);
        }
        if start.elapsed() > LIMIT {
            bail!("none of {words:?} was seen, but: {seen}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

impl Row {
    fn line(&self) -> String {
        let seen: String = self.seen.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(110).collect();
        format!("{:<34} {:>7.1}s {:>7.1}s {:>7.1}s  {seen}", self.fault, self.injected, self.seen_after, self.healed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_exactly_one_trial_that_fits_it() {
        for part in parts::all() {
            for fault in part.faults() {
                let fit: Vec<_> =
                    trials().filter(|t| t.fault == fault.name && t.parts.contains(&part.name())).collect();
                let name = format!("{}/{}", part.name(), fault.name);
                assert_eq!(fit.len(), 1, "{name}");
                assert_eq!(fit[0].at.is_some(), fault.at.is_some(), "{name}");
                assert_eq!(matches!(fit[0].sign, Sign::Change), fault.passes, "{name}");
            }
        }
    }
}
