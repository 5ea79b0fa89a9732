//! `checkrun validate`: every error of every file at once, without a network.

use std::collections::BTreeSet;

use checkrun_model::{Effect, Runs};
use checkrun_report::diagnostics;
use checkrun_spec::load::Loaded;
use checkrun_spec::plan::{Act, Body, Plan};

use crate::args::{Format, Validate};
use crate::exit::Exit;
use crate::loading::{Loading, drawn};
use crate::screen::{Screen, say, tell};

/// The command.
pub fn validate(args: &Validate, screen: &Screen) -> Exit {
    let loading = Loading { place: &args.suites.place, choice: None, validate_only: true };
    let mut exit = Exit::Good;
    for suite in &args.suites.suites {
        let loaded = loading.suite(suite);
        match args.format {
            Format::Human => human(&loaded, args.suites.place.target.is_none(), screen),
            other => say(&diagnostics::draw(&loaded.diagnostics, &loaded.sources, other.into(), screen.out)),
        }
        if loaded.plan.is_none() {
            exit = Exit::Wrong;
        }
    }
    exit
}

/// What is wrong goes to standard error; that all is well to standard output.
fn human(loaded: &Loaded, untargeted: bool, screen: &Screen) {
    tell(&drawn(loaded, screen.err));
    if let Some(plan) = &loaded.plan {
        say(&format!("{}: {} {}\n", plan.suite, counts(plan), screen.out.good("valid")));
        if let Some(line) = untargeted.then(|| unseen(plan)).flatten() {
            say(&format!("{}\n", screen.out.odd(&line)));
        }
    }
}

/// What was not looked at for want of a target, in one line; none where the suite needs none.
fn unseen(plan: &Plan) -> Option<String> {
    let (mut places, mut locks, mut secrets, mut limited) = (BTreeSet::new(), BTreeSet::new(), false, false);
    for node in &plan.nodes {
        locks.extend(node.locks.iter().map(|(lock, _)| &**lock));
        let Body::Check(check) = &node.body else { continue };
        for act in check.acts() {
            places.extend(act.place().or_else(|| unnamed(act)));
            secrets |= !act.secrets.is_empty();
            limited |= check.planned_effect > Effect::Read;
        }
    }
    // A cluster or an endpoint is locked by its name: it is named once.
    locks.retain(|lock| !["cluster", "endpoint"].iter().any(|what| places.contains(&format!("{what} {lock}"))));
    let mut parts: Vec<String> = places.into_iter().chain(locks.iter().map(|lock| format!("lock {lock}"))).collect();
    if parts.is_empty() && !secrets {
        return None;
    }
    if let Some(more) = parts.len().checked_sub(MOST_PLACES).filter(|more| *more > 0) {
        parts.truncate(MOST_PLACES);
        parts.push(format!("{more} more"));
    }
    parts.extend(secrets.then(|| "its secrets".to_owned()));
    parts.extend(limited.then(|| "what is allowed there".to_owned()));
    Some(format!("not looked at without `--target`: {}", parts.join(", ")))
}

/// The family of an endpoint that only a target can name.
fn unnamed(act: &Act) -> Option<String> {
    let family = match act.kind.doc.runs {
        Runs::Endpoint(family) => family,
        Runs::EndpointOr(family, key) if act.args.node().get(key).is_none() => family,
        Runs::EndpointOr(..) | Runs::Cluster | Runs::Local => return None,
    };
    Some(format!("endpoints of {family}"))
}

/// Places that are named before the rest is counted.
const MOST_PLACES: usize = 8;

/// `12 checks in 3 groups`.
#[must_use]
pub fn counts(plan: &Plan) -> String {
    let groups = plan.nodes.iter().filter(|node| matches!(node.body, Body::Group { .. })).count();
    let checks = plan.nodes.len() - groups;
    let checks = format!("{checks} check{}", if checks == 1 { "" } else { "s" });
    match groups {
        0 => checks,
        1 => format!("{checks} and 1 group"),
        groups => format!("{checks} and {groups} groups"),
    }
}
