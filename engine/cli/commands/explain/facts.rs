//! What there is to say of a check's body: its kind, its arguments as they are after loading, its expectations.

use checkrun_model::Importance;
use checkrun_spec::plan::{Act, CheckBody, Plan};

use super::Facts;

pub(super) fn check(out: &mut Facts, plan: &Plan, check: &CheckBody) {
    match &check.act {
        Some(act) => kind(out, act),
        None => out.fact("kind", "none: it judges what others saved"),
    }
    effect(out, check);
    times(out, check);
    if let Some(act) = &check.act {
        out.block("arguments, as far as they are known before the run", &yaml(act));
    }
    if let Some(witness) = &check.witness {
        out.block("witness", &yaml(witness));
    }
    if check.hook.is_some() {
        out.fact("hook", "adds its values, and judges if it has `judge`");
    }
    for expectation in &*check.expect {
        let at = plan.sources.location(expectation.span);
        out.fact("expects", &format!("{}  ({}:{})", expectation.text, at.file, at.line));
    }
    if check.allow_empty {
        out.fact("allow_empty", "the selection may be empty; then nothing is judged that reads its elements");
    }
    for act in &check.cleanup {
        out.block(&format!("cleanup by {}", act.kind.doc.name), &yaml(act));
    }
}

fn kind(out: &mut Facts, act: &Act) {
    let doc = act.kind.doc;
    out.fact("kind", &format!("{}: {}", doc.name, doc.summary));
    let proves = if doc.rule_proves { "" } else { " (proves nothing alone: `expect` is required)" };
    out.fact("its own rule", &format!("{}{proves}", doc.rule));
    out.fact("where", &act.place().unwrap_or_else(|| "here".to_owned()));
}

fn effect(out: &mut Facts, check: &CheckBody) {
    let said = match (check.effect, &check.reason) {
        (Some(effect), Some(reason)) => format!("; the suite says {}: {reason}", effect.word()),
        (Some(effect), None) => format!("; the suite says {}", effect.word()),
        (None, _) => String::new(),
    };
    let text = format!("{}; allowed there: {}{said}", check.planned_effect.word(), check.allowed.word());
    out.fact("effect", &text);
    if check.keep {
        out.fact("keep", "what it makes stays");
    }
}

fn times(out: &mut Facts, check: &CheckBody) {
    let said = |time: std::time::Duration| checkrun_report::style::elapsed(time.as_secs_f64());
    out.fact("within", &check.within.map(said).unwrap_or_default());
    out.fact("holds_for", &check.holds_for.map(said).unwrap_or_default());
    out.fact("timeout of one look", &said(check.timeout));
}

fn yaml(act: &Act) -> String {
    serde_yaml::to_string(&act.args.node().to_json()).unwrap_or_default()
}

pub(super) fn severity(severity: Importance) -> &'static str {
    match severity {
        Importance::Critical => "critical",
        Importance::Major => "major",
        Importance::Minor => "minor: never fails the run",
    }
}
