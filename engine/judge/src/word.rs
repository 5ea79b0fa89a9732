//! The words `ready` and `none`, over whatever the kind selected.

use checkrun_model::Witness;
use checkrun_model::event::{Finding, Outcome};
use serde_json::Value as Json;

use crate::readiness::{self, State};
use crate::{Case, finding, same};

/// Offending elements named in a finding; the rest is counted.
const NAMED: usize = 5;

/// `ready`: of a list at least one and all, else of the object itself.
pub fn ready(case: &Case<'_>) -> Finding {
    match objects(&case.seen) {
        Some(items) => {
            let named: Vec<(String, &Json)> = items
                .iter()
                .enumerate()
                .map(|(at, item)| (readiness::name(item, &format!("items[{at}]")), item))
                .collect();
            all_ready(case, "ready", &named)
        }
        None => all_ready(case, "ready", &[(readiness::name(&case.seen, "it"), &case.seen)]),
    }
}

/// The word `ready` for named objects: at least one, and all.
pub fn all_ready(case: &Case<'_>, what: &str, objects: &[(String, &Json)]) -> Finding {
    if objects.is_empty() {
        return finding::unmet(what, "there is no object that could be ready".into());
    }
    let mut worst = Outcome::Met;
    let mut lines = Vec::new();
    for (name, object) in objects {
        let (outcome, why) = match readiness::state(case.readiness, case.scope, object) {
            State::Ready => continue,
            State::NotYet(why) => (Outcome::Unmet, format!("{name}: not ready: {why}")),
            State::Failed(why) => (Outcome::Final, format!("{name}: failed: {why}")),
            State::Unknown(why) => (Outcome::Error, format!("{name}: {why}")),
        };
        if crate::weight(outcome) > crate::weight(worst) {
            worst = outcome;
            lines.insert(0, why);
        } else {
            lines.push(why);
        }
    }
    if worst == Outcome::Met {
        return finding::met(what);
    }
    with_lines(finding::of(what, worst, String::new()), lines)
}

/// `none`: nothing was selected, and the witness shows that there was something to select from.
pub fn none(case: &Case<'_>) -> Finding {
    let Some((doc, field)) = case.doc.and_then(|doc| Some((doc, doc.selection?))) else {
        return finding::error("none", "this kind selects nothing that could be absent");
    };
    match case.seen.get(field).and_then(Json::as_array) {
        None => finding::error("none", format!("the observation has no list `{field}`")),
        Some(items) if !items.is_empty() => {
            let lines = items.iter().enumerate().map(|(at, item)| format!("{field}[{at}]: {}", brief(item))).collect();
            with_lines(finding::unmet("none", String::new()), lines)
        }
        Some(_) if doc.witness == Witness::Required => witnessed(case, field),
        Some(_) => finding::met("none"),
    }
}

fn witnessed(case: &Case<'_>, field: &str) -> Finding {
    let seen = case.witness.and_then(|witness| witness.get(field)).and_then(Json::as_array).map_or(0, Vec::len);
    if seen > 0 {
        return finding::met("none");
    }
    let mut found = finding::error("none", "the witness is empty too, so that nothing was found proves nothing");
    found.hint = Some("look at what `witness:` selects: it must find something when all is well".into());
    found
}

/// Whether what the kind selected is empty: its list, or the object that is not there.
pub fn selection_is_empty(case: &Case<'_>) -> bool {
    match case.doc.and_then(|doc| doc.selection) {
        Some(field) => case.seen.get(field).and_then(Json::as_array).is_some_and(Vec::is_empty),
        None => case.seen.is_null() || case.seen.as_object().is_some_and(serde_json::Map::is_empty),
    }
}

/// The objects of a list or of several applied manifests; none where the observation is one object.
fn objects(seen: &Json) -> Option<&Vec<Json>> {
    let one_object = seen.get("kind").and_then(Json::as_str).is_some_and(|kind| !kind.ends_with("List"));
    if one_object { None } else { seen.get("items").and_then(Json::as_array) }
}

fn brief(item: &Json) -> String {
    let name = readiness::name(item, "");
    if name.is_empty() { same::show(item) } else { name }
}

fn with_lines(mut finding: Finding, lines: Vec<String>) -> Finding {
    let more = lines.len().saturating_sub(NAMED);
    let mut lines = lines.into_iter();
    finding.seen = lines.next().unwrap_or_default();
    finding.details = lines.take(NAMED - 1).collect();
    if more > 0 {
        finding.details.push(format!("… and {more} more"));
    }
    finding
}
