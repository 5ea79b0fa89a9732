//! Everything that happens to one check, as it happens: what each look saw, what it waits for, its verdict.

use std::io::Write;

use checkrun_model::event::{Event, Evidence, Line, NodeIndex};

use super::finished;
use crate::style::{Paint, cut, harmless};

/// Characters of one observation that are shown.
const WIDEST: usize = 4000;

/// Writes about the checks with one id, or all instances and members under it.
pub struct Trace {
    id: String,
    nodes: Vec<(NodeIndex, std::sync::Arc<str>)>,
    out: Box<dyn Write + Send>,
    paint: Paint,
}

impl Trace {
    /// Follows `id`.
    #[must_use]
    pub fn new(id: &str, out: Box<dyn Write + Send>, paint: Paint) -> Self {
        Self { id: id.to_owned(), nodes: Vec::new(), out, paint }
    }

    /// Takes one line of the journal.
    pub fn line(&mut self, line: &Line) {
        if let Event::Planned { nodes, .. } = &line.event {
            let indexed = nodes.iter().zip(0..);
            let mine = indexed.filter(|(node, _)| is_under(&node.id, &self.id));
            self.nodes = mine.map(|(node, at)| (at, node.id.clone())).collect();
        }
        let Some((node, what)) = self.told(&line.event) else { return };
        let Some((_, id)) = self.nodes.iter().find(|(at, _)| *at == node) else { return };
        let _ = writeln!(self.out, "{} {id} {what}", self.paint.dim(&format!("{:.3}", line.t)));
    }

    fn told(&self, event: &Event) -> Option<(NodeIndex, String)> {
        Some(match event {
            Event::Started { node } => (*node, "started".to_owned()),
            Event::Waiting { node, what } => (*node, format!("waits: {}", harmless(what))),
            Event::Observed { node, attempt, seen, witness, notes } => {
                let mut text = format!("look {attempt} saw {}", show(seen));
                if let Some(witness) = witness {
                    text.push_str(&format!("; witness {}", show(witness)));
                }
                for note in notes {
                    text.push_str(&format!("; {}", harmless(note)));
                }
                (*node, text)
            }
            Event::Intended { node, what, .. } => (*node, format!("is about to make {}", harmless(&what.object))),
            Event::CleanedUp { node, kind, failed } => {
                let how = failed.as_ref().map_or_else(|| "done".to_owned(), |why| harmless(why).into_owned());
                (*node, format!("cleanup {kind}: {how}"))
            }
            Event::Judged(judged) => {
                (judged.node, format!("is judged: {}", finished("", judged, self.paint).trim_start()))
            }
            _ => return None,
        })
    }
}

fn show(seen: &Evidence) -> String {
    match seen {
        Evidence::Inline(value) => cut(&harmless(&value.to_string()), WIDEST).into_owned(),
        Evidence::File { path, size, cut, .. } => {
            let cut = if *cut { ", cut" } else { "" };
            format!("{path} ({size} bytes{cut})")
        }
    }
}

/// Whether `id` is `what`, an instance of it, or inside of it.
fn is_under(id: &str, what: &str) -> bool {
    id.strip_prefix(what).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use super::is_under;

    #[test]
    fn instances_and_members_are_followed_and_namesakes_are_not() {
        assert!(is_under("flux[apps].release", "flux"));
        assert!(is_under("flux.release", "flux"));
        assert!(is_under("flux", "flux"));
        assert!(!is_under("fluxes", "flux"));
    }
}
