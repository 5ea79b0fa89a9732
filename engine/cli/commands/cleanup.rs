//! `checkrun cleanup`: undoes what a run that was killed left behind, from its journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use checkrun_kinds::{ENDPOINTS, KINDS};
use checkrun_report::summary::{EffectState, Left};
use checkrun_report::{Summary, terminal};
use checkrun_spec::load_target;
use checkrun_spec::plan::Plan;

use crate::args::Cleanup;
use crate::exit::Exit;
use crate::loading::drawn;
use crate::screen::{Screen, complain, say, tell};
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
    match plan(Path::new(&summary.run.path), target.as_deref(), screen) {
        Ok(plan) => undo(&dir, plan, &summary, screen),
        Err(exit) => exit,
    }
}

/// Only the target is read: where the things are that were left. What they are stands in the journal, so a suite that was
/// changed or broken since keeps nobody from cleaning up.
fn plan(suite: &Path, target: Option<&Path>, screen: &Screen) -> Result<Plan, Exit> {
    let loaded = load_target(suite, target, ENDPOINTS);
    tell(&drawn(&loaded, screen.err));
    loaded.plan.ok_or(Exit::Wrong)
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
    let not_seen = not_seen(before, after);
    let is_gone = |one: &Left| {
        let unseen = not_seen.iter().any(|(object, _)| **object == one.object);
        !unseen && !still.iter().any(|left| left.object == one.object)
    };
    let gone = before.left_behind().into_iter().filter(is_gone);
    let mut out: String = gone.map(|one| format!("{} {}\n", screen.out.good("undone:"), one.object)).collect();
    out.extend(not_seen.iter().map(|(_, why)| format!("{} {why}\n", screen.out.bad("not seen:"))));
    out.push_str(&terminal::leftovers(after, screen.out));
    out
}

/// What this clean-up looked for and did not see, though nothing says that it was never made: object and sentence.
fn not_seen<'a>(before: &Summary, after: &'a Summary) -> Vec<(&'a str, &'a str)> {
    let known = |id| matches!(before.intents.get(id).map(|effect| &effect.state), Some(EffectState::NotSeen(_)));
    let found = after.intents.iter().filter(|(id, _)| !known(*id)).map(|(_, effect)| effect);
    let told = |effect: &'a checkrun_report::summary::Effected| match &effect.state {
        EffectState::NotSeen(why) => Some((effect.object.as_str(), why.as_str())),
        _ => None,
    };
    found.filter_map(told).collect()
}
