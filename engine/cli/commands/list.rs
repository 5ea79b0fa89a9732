//! `checkrun list`: ids, titles and criteria.

use std::fmt::Write as _;

use checkrun_spec::plan::{Body, Plan, PlanNode};

use crate::args::List;
use crate::exit::Exit;
use crate::loading::Loading;
use crate::screen::{Screen, say};

/// The command.
pub fn list(args: &List, screen: &Screen) -> Exit {
    let loading = Loading { place: &args.suites.place, choice: None, validate_only: true };
    match loading.plans(&args.suites.suites, screen) {
        Ok(plans) => {
            for plan in &plans {
                say(&text(plan));
            }
            Exit::Good
        }
        Err(exit) => exit,
    }
}

fn text(plan: &Plan) -> String {
    let mut out = String::new();
    let widest = plan.nodes.iter().map(|node| node.id.chars().count()).max().unwrap_or(0).min(48);
    for node in &plan.nodes {
        let title = if node.title == node.id { "" } else { &*node.title };
        let covers = if node.covers.is_empty() { String::new() } else { format!("  [{}]", node.covers.join(", ")) };
        let line = format!("{:widest$}  {}{title}{covers}", node.id, sort(node));
        let _ = writeln!(out, "{}", line.trim_end());
    }
    out
}

fn sort(node: &PlanNode) -> &'static str {
    match node.body {
        Body::Group { .. } => "(group) ",
        Body::Check(_) => "",
    }
}
