//! `checkrun explain`: everything about one check, as it would run.

mod facts;

use std::fmt::Write as _;

use checkrun_model::suggest;
use checkrun_report::Paint;
use checkrun_spec::plan::{Body, Plan, PlanNode};

use super::plan::{locks, names};
use crate::args::Explain;
use crate::exit::Exit;
use crate::loading::Loading;
use crate::screen::{Screen, complain, say};

/// The command.
pub fn explain(args: &Explain, screen: &Screen) -> Exit {
    let loading = Loading { place: &args.place, choice: None, validate_only: true };
    let plans = match loading.plans(std::slice::from_ref(&args.suite), screen) {
        Ok(plans) => plans,
        Err(exit) => return exit,
    };
    let Some(plan) = plans.first() else { return Exit::Wrong };
    match plan.nodes.iter().find(|node| *node.id == *args.check) {
        Some(node) => {
            say(&text(plan, node, screen.out));
            Exit::Good
        }
        None => {
            complain(screen, &unknown(plan, &args.check));
            Exit::Wrong
        }
    }
}

fn unknown(plan: &Plan, id: &str) -> String {
    let meant = suggest(id, plan.nodes.iter().map(|node| &*node.id));
    let meant = meant.map(|name| format!("did you mean `{name}`?"));
    format!("no check is called `{id}`; {}", meant.unwrap_or_else(|| "`checkrun list` shows all".to_owned()))
}

fn text(plan: &Plan, node: &PlanNode, paint: Paint) -> String {
    let mut out = Facts::new(paint);
    out.title(node);
    let at = plan.sources.location(node.span);
    out.fact("file", &format!("{}:{}:{}", at.file, at.line, at.column));
    if let Some(parent) = node.parent {
        out.fact("in group", &names(plan, &[parent]));
    }
    match &node.body {
        Body::Group { members } => out.fact("members", &names(plan, members)),
        Body::Check(check) => facts::check(&mut out, plan, check),
    }
    let (inferred, said): (Vec<_>, Vec<_>) = node.needs.iter().partition(|need| node.inferred.contains(need));
    out.fact("needs", &names(plan, &said));
    out.fact("needs, by its references or its place in steps", &names(plan, &inferred));
    out.fact("locks", &locks(node));
    out.fact("when", node.when.as_ref().map_or("", |(expr, _)| expr.text()));
    out.fact("skipped", node.skip.as_deref().unwrap_or_default());
    out.fact("severity", facts::severity(node.severity));
    for id in &node.covers {
        let title = plan.criteria.iter().find(|criterion| criterion.id == *id).map_or("", |known| &*known.title);
        out.fact("covers", &format!("{id}: {title}"));
    }
    for (name, expr, _) in &node.saves {
        out.fact("saves", &format!("{name} = {}", expr.text()));
    }
    out.text
}

/// Lines of `key  value`; what has no value is left out.
struct Facts {
    text: String,
    paint: Paint,
}

impl Facts {
    fn new(paint: Paint) -> Self {
        Self { text: String::new(), paint }
    }

    fn title(&mut self, node: &PlanNode) {
        let title = if node.title == node.id { String::new() } else { format!(": {}", node.title) };
        let _ = writeln!(self.text, "{}{title}", self.paint.bold(&node.id));
    }

    fn fact(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            let _ = writeln!(self.text, "  {} {value}", self.paint.dim(&format!("{key}:")));
        }
    }

    /// A text of several lines under its key.
    fn block(&mut self, key: &str, text: &str) {
        let _ = writeln!(self.text, "  {}", self.paint.dim(&format!("{key}:")));
        for line in text.lines() {
            let _ = writeln!(self.text, "    {line}");
        }
    }
}
