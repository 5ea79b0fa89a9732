//! `checkrun validate`: every error of every file at once, without a network.

use checkrun_report::diagnostics;
use checkrun_spec::load::Loaded;
use checkrun_spec::plan::{Body, Plan};

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
            Format::Human => human(&loaded, screen),
            other => say(&diagnostics::draw(&loaded.diagnostics, &loaded.sources, other.into(), screen.out)),
        }
        if loaded.plan.is_none() {
            exit = Exit::Wrong;
        }
    }
    exit
}

/// What is wrong goes to standard error; that all is well to standard output.
fn human(loaded: &Loaded, screen: &Screen) {
    tell(&drawn(loaded, screen.err));
    if let Some(plan) = &loaded.plan {
        say(&format!("{}: {} {}\n", plan.suite, counts(plan), screen.out.good("valid")));
    }
}

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
