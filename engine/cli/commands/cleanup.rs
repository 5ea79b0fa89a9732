//! `checkrun cleanup`: undoes what a run that was killed left behind, from its journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use checkrun_kinds::KINDS;
use checkrun_report::{Summary, terminal};
use checkrun_spec::plan::Plan;

use crate::args::{Cleanup, Place, Target};
use crate::exit::Exit;
use crate::loading::Loading;
use crate::screen::{Screen, complain, say};
use crate::{runs, watching};

/// The command.
pub fn cleanup(args: &Cleanup, screen: &Screen) -> Exit {
    let found = runs::find(&args.run.run, &args.run.out).and_then(|dir| Ok((runs::summary(&dir)?, dir)));
    let (summary, dir) = match found {
        Ok(found) => found,
        Err(why) => {
            complain(screen, &why);
            return Exit::Wrong;
        }
    };
    if summary.run.sandbox.is_some() && args.target.is_none() {
        say("this run was in the sandbox: what it made is gone with the world that it was made in\n");
        return Exit::Good;
    }
    let target = args.target.clone().or_else(|| summary.run.target_file.clone().map(PathBuf::from));
    match plan(Path::new(&summary.run.path), target, screen) {
        Ok(plan) => undo(&dir, plan, &summary, screen),
        Err(exit) => exit,
    }
}

/// The suite is read again for its target alone: where the things are that were left.
fn plan(suite: &Path, target: Option<PathBuf>, screen: &Screen) -> Result<Plan, Exit> {
    let place = Place { target: target.map(Target::File), input: Vec::new(), input_file: None };
    let loading = Loading { place: &place, choice: None, validate_only: true };
    let mut plans = loading.plans(&[suite.to_owned()], screen)?;
    plans.pop().ok_or(Exit::Wrong)
}

fn undo(dir: &Path, plan: Plan, before: &Summary, screen: &Screen) -> Exit {
    let sinks = vec![watching::progress(screen, true, true)];
    let ended = checkrun_run::cleanup(dir, Arc::new(plan), KINDS, crate::clusters::reader(), sinks);
    let told = ended.map_err(|error| error.0).and_then(|ended| Ok((runs::summary(dir)?, ended.exit)));
    match told {
        Ok((after, exit)) => {
            say(&text(before, &after, screen));
            Exit::of(exit)
        }
        Err(why) => {
            complain(screen, &why);
            Exit::Broken
        }
    }
}

/// What is gone that was there before, and what still is there.
fn text(before: &Summary, after: &Summary, screen: &Screen) -> String {
    let still = after.left_behind();
    let gone = before.left_behind().into_iter().filter(|one| !still.iter().any(|left| left.object == one.object));
    let mut out: String = gone.map(|one| format!("{} {}\n", screen.out.good("undone:"), one.object)).collect();
    out.push_str(&terminal::leftovers(after, screen.out));
    out
}
