//! `checkrun run`: loads all suites, then runs them one after another.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use checkrun_model::event::Line;
use checkrun_report::{Fold, JournalRef, terminal};
use checkrun_run::{Embedded, Ended, Options, Sink};
use checkrun_spec::plan::Plan;

use super::report;
use crate::args::{ReportTo, Run};
use crate::exit::Exit;
use crate::loading::Loading;
use crate::runs;
use crate::screen::{Screen, complain, say, tell};
use crate::signals::Signals;
use crate::watching;

/// The command. A mistake in one suite keeps all of them from running.
pub fn run(args: &Run, screen: &Screen) -> Exit {
    if let Err(why) = reports_fit(&args.report, args.suites.suites.len()) {
        complain(screen, &why);
        return Exit::Wrong;
    }
    #[cfg(feature = "sandbox")]
    if let Err(exit) = crate::world::ready(args, screen) {
        return exit;
    }
    let loading = Loading { place: &args.suites.place, choice: Some(&args.choice), validate_only: false };
    let plans = match loading.plans(&args.suites.suites, screen) {
        Ok(plans) => plans,
        Err(exit) => return exit,
    };
    if let Some(why) = args.trace.as_ref().and_then(|id| unknown(id, &plans)) {
        complain(screen, &why);
        return Exit::Wrong;
    }
    match Signals::listen() {
        Ok(signals) => all(args, plans, &signals, screen),
        Err(why) => {
            complain(screen, &why);
            Exit::Broken
        }
    }
}

fn all(args: &Run, plans: Vec<Plan>, signals: &Signals, screen: &Screen) -> Exit {
    let mut worst = Exit::Good;
    #[cfg_attr(not(feature = "sandbox"), expect(unused_variables, reason = "worlds are found by their suite"))]
    for (plan, suite) in plans.into_iter().zip(&args.suites.suites) {
        if signals.came() {
            return worst.max(Exit::Interrupted);
        }
        worst = worst.max(match args.suites.place.target {
            #[cfg(feature = "sandbox")]
            Some(crate::args::Target::Sandbox) => crate::world::run(args, suite, signals, screen),
            _ => one(args, plan, None, signals, screen),
        });
    }
    worst
}

/// The fold that a run feeds while it goes on.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Fold>>);

impl Sink for Kept {
    fn line(&mut self, line: &Line) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).line(line);
    }
}

/// Runs one plan. `world`: the embedded world that it runs in.
pub fn one(args: &Run, plan: Plan, world: Option<Embedded>, signals: &Signals, screen: &Screen) -> Exit {
    let kept = Kept::default();
    let mut sinks = watching::sinks(args, screen);
    sinks.push(Box::new(kept.clone()));
    match checkrun_run::run(Arc::new(plan), options(args, world), sinks, signals.for_run()) {
        Ok(ended) => {
            let fold = std::mem::take(&mut *kept.0.lock().unwrap_or_else(PoisonError::into_inner));
            Exit::of(ended.exit).max(tell_end(args, fold, &ended, screen))
        }
        Err(error) => {
            complain(screen, &error.0);
            Exit::Broken
        }
    }
}

/// Says how the run ended. Reports own standard output where one goes there.
fn tell_end(args: &Run, fold: Fold, ended: &Ended, screen: &Screen) -> Exit {
    let Some(mut summary) = fold.summary() else {
        complain(screen, "the run ended before it began");
        return Exit::Broken;
    };
    summary.journal = Some(journal(args, &ended.dir));
    if args.report.iter().any(|to| to.file.is_none()) {
        tell(&terminal::text(&summary, screen.err));
    } else {
        say(&terminal::text(&summary, screen.out));
    }
    let mut exit = Exit::Good;
    for to in &args.report {
        if let Err(why) = report::write(&summary, to) {
            complain(screen, &why);
            exit = Exit::Broken;
        }
    }
    exit
}

/// The hash is for reports; nobody else pays for it.
fn journal(args: &Run, dir: &Path) -> JournalRef {
    if args.report.is_empty() {
        return JournalRef { dir: dir.display().to_string(), sha256: None };
    }
    runs::journal(dir)
}

fn options(args: &Run, world: Option<Embedded>) -> Options {
    Options {
        jobs: args.jobs,
        timeout: args.timeout,
        fail_fast: args.fail_fast,
        require_all: args.require_all,
        read_only: args.choice.read_only,
        out: args.out.clone(),
        version: super::version::VERSION.to_owned(),
        secrets: crate::clusters::reader(),
        world,
    }
}

/// One standard output takes one document; one file takes one suite.
fn reports_fit(reports: &[ReportTo], suites: usize) -> Result<(), String> {
    let to_stdout = reports.iter().filter(|to| to.file.is_none()).count();
    if to_stdout > 1 || (to_stdout == 1 && suites > 1) {
        return Err("only one report of one suite fits standard output; write FORMAT=FILE".to_owned());
    }
    let shared = reports.iter().filter_map(|to| to.file.as_ref()).find(|file| !file.contains(['{']));
    match shared {
        Some(file) if suites > 1 => {
            Err(format!("the report of each suite needs a file of its own: write `{{suite}}` into `{file}`"))
        }
        _ => Ok(()),
    }
}

/// The refusal of a check to trace that no suite has.
fn unknown(id: &str, plans: &[Plan]) -> Option<String> {
    let ids = || plans.iter().flat_map(|plan| plan.nodes.iter().map(|node| &*node.id));
    let has = ids().any(|known| known == id || known.strip_prefix(id).is_some_and(|rest| rest.starts_with(['.', '['])));
    if has {
        return None;
    }
    let meant = checkrun_model::suggest(id, ids()).map(|name| format!("; did you mean `{name}`?"));
    Some(format!("--trace: no check is called `{id}`{}", meant.unwrap_or_default()))
}
