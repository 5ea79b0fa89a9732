//! `checkrun cleanup`: undoes what a run that was killed left behind, from its journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use checkrun_kinds::KINDS;
use checkrun_report::terminal;
use checkrun_spec::plan::Plan;

use crate::args::{Cleanup, Place};
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
    let target = args.target.clone().or_else(|| summary.run.target_file.clone().map(PathBuf::from));
    match plan(Path::new(&summary.run.path), target, screen) {
        Ok(plan) => undo(&dir, plan, screen),
        Err(exit) => exit,
    }
}

/// The suite is read again for its target alone: where the things are that were left.
fn plan(suite: &Path, target: Option<PathBuf>, screen: &Screen) -> Result<Plan, Exit> {
    let place = Place { target, input: Vec::new(), input_file: None };
    let loading = Loading { place: &place, choice: None, validate_only: true };
    let mut plans = loading.plans(&[suite.to_owned()], screen)?;
    plans.pop().ok_or(Exit::Wrong)
}

fn undo(dir: &Path, plan: Plan, screen: &Screen) -> Exit {
    let sinks = vec![watching::progress(screen, true, true)];
    match checkrun_run::cleanup(dir, Arc::new(plan), KINDS, crate::clusters::reader(), sinks) {
        Ok(ended) => match runs::summary(dir) {
            Ok(summary) => {
                say(&terminal::leftovers(&summary, screen.out));
                Exit::of(ended.exit)
            }
            Err(why) => {
                complain(screen, &why);
                Exit::Broken
            }
        },
        Err(error) => {
            complain(screen, &error.0);
            Exit::Broken
        }
    }
}
