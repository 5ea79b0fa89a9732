//! The sandbox on the command line: worlds are read, started for a run, and what is wrong with them is told.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use checkrun_model::{Span, SpecError, suggest};
use checkrun_report::diagnostics;
use checkrun_run::Embedded;
use checkrun_sandbox::{Sandbox, file, known_fault};
use checkrun_spec::load::Loaded;

use crate::args::{Run, Target};
use crate::commands::run::one;
use crate::exit::Exit;
use crate::loading::Loading;
use crate::screen::{Screen, complain, tell};
use crate::signals::Signals;

/// Loads a suite for its sandbox, which is not started; the mistakes of its world are among those of the suite.
pub fn plan(loading: &Loading<'_>, suite: &Path) -> Loaded {
    let mut read = file::load(&folder(suite));
    let breaks = read.world.as_mut().map(|world| std::mem::take(&mut world.breaks)).unwrap_or_default();
    match read.world.take().map(|world| checkrun_sandbox::plan_target(&world)) {
        Some(Ok((_folder, target))) => broken(loading.against(suite, Some(&target)), loading, &breaks, read),
        Some(Err(why)) => {
            read.errors.push(SpecError::unplaced("world::target", why));
            among(suite_alone(loading, suite), read)
        }
        None => among(suite_alone(loading, suite), read),
    }
}

fn suite_alone(loading: &Loading<'_>, suite: &Path) -> Loaded {
    Loading { validate_only: true, ..*loading }.against(suite, None)
}

/// Takes it for a mistake of the world where a fault breaks a check that the suite does not have.
fn broken(suite: Loaded, loading: &Loading<'_>, breaks: &[(String, Span)], mut world: file::Loaded) -> Loaded {
    let Some(plan) = &suite.plan else { return suite };
    // Which turns a `foreach` has may follow from inputs, so those of another value are not held to what they name.
    let given = !loading.place.input.is_empty() || loading.place.input_file.is_some();
    let name = |id: &str| if given { without_turns(id) } else { id.to_owned() };
    let ids: HashSet<String> = plan.nodes.iter().map(|node| name(&node.id)).collect();
    let unknown = breaks.iter().filter(|(id, _)| !ids.contains(&name(id))).map(|(id, span)| {
        let error = SpecError::new("world::fault", *span, format!("the suite has no check `{id}`"), "no such check");
        match suggest(id, plan.nodes.iter().map(|node| &*node.id)) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("`checkrun list SUITE` shows the ids of all checks"),
        }
    });
    world.errors.extend(unknown);
    if world.errors.is_empty() { suite } else { among(suite, world) }
}

/// An id without what stands in brackets.
fn without_turns(id: &str) -> String {
    let mut depth = 0_usize;
    let mut outside = |c: &char| {
        depth = depth + usize::from(*c == '[') - usize::from(*c == ']' && depth > 0);
        depth == 0 && *c != ']'
    };
    id.chars().filter(|c| outside(c)).collect()
}

/// Takes the mistakes of a world among those of its suite.
fn among(mut suite: Loaded, world: file::Loaded) -> Loaded {
    let sources = std::sync::Arc::make_mut(&mut suite.sources);
    let ids: Vec<_> =
        world.sources.iter().map(|(_, source)| sources.add(source.name.clone(), source.text.clone())).collect();
    let moved = world.errors.into_iter().map(|mut error| {
        for (span, _) in &mut error.labels {
            if let Some(id) = ids.get(span.source.0 as usize) {
                span.source = *id;
            }
        }
        error
    });
    suite.diagnostics.extend(moved);
    Loaded { plan: None, ..suite }
}

/// Whether the options for sandboxes fit: faults are there, and only in a sandbox.
///
/// # Errors
/// [`Exit::Wrong`], everything having been said.
pub fn ready(args: &Run, screen: &Screen) -> Result<(), Exit> {
    if args.fault.is_empty() {
        return Ok(());
    }
    if args.suites.place.target != Some(Target::Sandbox) {
        complain(screen, "`--fault` is for `--target sandbox`: no other place goes wrong on request");
        return Err(Exit::Wrong);
    }
    for suite in &args.suites.suites {
        let world = read(suite, screen)?;
        faults_fit(&world, &args.fault, screen)?;
    }
    Ok(())
}

/// Whether a world has all these faults.
///
/// # Errors
/// [`Exit::Wrong`], everything having been said.
pub fn faults_fit(world: &file::World, faults: &[String], screen: &Screen) -> Result<(), Exit> {
    let mut fit = Ok(());
    for fault in faults {
        if let Err(why) = known_fault(world, fault) {
            complain(screen, &why);
            fit = Err(Exit::Wrong);
        }
    }
    fit
}

/// The world of a suite.
///
/// # Errors
/// [`Exit::Wrong`], everything having been said.
pub fn read(suite: &Path, screen: &Screen) -> Result<file::World, Exit> {
    let read = file::load(&folder(suite));
    match read.world {
        Some(world) => Ok(world),
        None => Err(refused(&read, screen)),
    }
}

/// Says what is wrong with a world.
fn refused(read: &file::Loaded, screen: &Screen) -> Exit {
    let drawn = diagnostics::draw(&read.errors, &read.sources, diagnostics::Format::Human, screen.err);
    tell(&format!("{drawn}{}\n", diagnostics::counts(&read.errors)));
    Exit::Wrong
}

/// Runs a suite in its sandbox, which lives as long as the run.
pub fn run(args: &Run, suite: &Path, signals: &Signals, screen: &Screen) -> Exit {
    let mut texts = file::load(&folder(suite));
    let Some(mut world) = texts.world.take() else { return refused(&texts, screen) };
    let breaks = std::mem::take(&mut world.breaks);
    tell(&format!("{}\n", screen.err.odd(&headline(&world, &args.fault))));
    let sandbox = match Sandbox::start(world, &args.fault) {
        Ok(sandbox) => sandbox,
        Err(why) => {
            complain(screen, &format!("the sandbox does not start: {why}"));
            return Exit::Broken;
        }
    };
    let loading = Loading { place: &args.suites.place, choice: Some(&args.choice), validate_only: false };
    let loaded = broken(loading.against(suite, Some(sandbox.target())), &loading, &breaks, texts);
    tell(&crate::loading::drawn(&loaded, screen.err));
    let Some(plan) = loaded.plan else { return Exit::Wrong };
    let settled = sandbox.settled();
    let troubles = sandbox.troubles();
    let world = Embedded::new(move || Box::pin(settled.clone().wait()), move || troubles.all());
    one(args, plan, Some(world), signals, screen)
}

/// Says what went wrong in a world; nothing that was judged in it counts then.
pub fn troubles(sandbox: &Sandbox, screen: &Screen) -> Exit {
    let troubles = sandbox.troubles().all();
    for trouble in &troubles {
        complain(screen, &format!("the sandbox: {trouble}"));
    }
    if troubles.is_empty() { Exit::Good } else { Exit::Broken }
}

/// What is said before anything else.
pub fn headline(world: &file::World, faults: &[String]) -> String {
    let faults = if faults.is_empty() { String::new() } else { format!(", with {}", faults.join(", ")) };
    let rate = world.shape.rate.unwrap_or(file::RATE);
    format!("SANDBOX: the embedded world `{}`{faults}; its clock goes {rate} times as fast", world.shape.world)
}

/// The suite's folder, where its `suite.yaml` was named.
fn folder(suite: &Path) -> PathBuf {
    let named = suite.file_name().is_some_and(|name| name == "suite.yaml") && suite.is_file();
    match suite.parent().filter(|_| named) {
        Some(parent) if parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) => parent.to_owned(),
        None => suite.to_owned(),
    }
}
