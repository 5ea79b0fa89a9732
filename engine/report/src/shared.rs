//! Errors with one cause at one place: told once, however many checks they hit. Every check keeps its own verdict.

use std::collections::HashMap;

use checkrun_model::{Broken, Verdict};

use crate::Summary;
use crate::summary::Node;

/// What is told in detail.
#[derive(Debug, Clone)]
pub enum Told<'a> {
    /// One check that did not pass.
    One(&'a Node),
    /// Checks that met the same trouble at the same place, at least two, in the order of the plan.
    Shared(Vec<&'a Node>),
}

impl Summary {
    /// What did not pass, with the errors of one cause together where the first of them stands.
    #[must_use]
    pub fn told(&self) -> Vec<Told<'_>> {
        let failures = self.failures();
        let mut alike: HashMap<(&str, &str), Vec<&Node>> = HashMap::new();
        for node in &failures {
            if let Some(trouble) = trouble(node) {
                alike.entry(trouble).or_default().push(node);
            }
        }
        let tell = |node| match trouble(node).map(|trouble| alike.remove(&trouble)) {
            // Told where the first of them stands.
            Some(None) => None,
            Some(Some(nodes)) if nodes.len() > 1 => Some(Told::Shared(nodes)),
            Some(Some(_)) | None => Some(Told::One(node)),
        };
        failures.into_iter().filter_map(tell).collect()
    }
}

/// Place and cause of an error that is no matter of its expectations.
fn trouble(node: &Node) -> Option<(&str, &str)> {
    let judged = node.judged.as_ref().filter(|judged| judged.verdict == Verdict::Error)?;
    let broken = judged.broken.as_ref().filter(|_| judged.findings.is_empty())?;
    Some(match &broken.outage {
        Some(outage) => (&outage.at, &outage.why),
        None => (&node.planned.place, &broken.cause),
    })
}

/// The place of a trouble, by its address where that is known; empty: this machine.
pub(crate) fn place<'a>(node: &'a Node, broken: &'a Broken) -> &'a str {
    broken.outage.as_ref().map_or(&node.planned.place, |outage| &outage.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    /// Ids as they are told: one a line, those that are told together joined.
    fn told(sample: Sample) -> Vec<String> {
        let summary = sample.summary();
        let id = |node: &Node| node.planned.id.to_string();
        let words = |told: Told<'_>| match told {
            Told::One(node) => id(node),
            Told::Shared(nodes) => nodes.into_iter().map(id).collect::<Vec<_>>().join("+"),
        };
        summary.told().into_iter().map(words).collect()
    }

    #[test]
    fn an_outage_is_one_thing_whatever_was_asked() {
        let sample = Sample::new(&["a", "b", "c", "d"]).unreachable(0, "GET /api: refused").failed(1, "x");
        let sample = sample.unreachable(2, "GET /apis: refused").broken(3, "other");
        assert_eq!(told(sample), ["a+c", "b", "d"]);
    }

    #[test]
    fn the_same_words_of_another_place_are_another_thing() {
        let mut sample = Sample::new(&["a", "b", "c"]);
        sample.nodes[1].place = "cluster infra".into();
        assert_eq!(told(sample.broken(0, "x").broken(1, "x").broken(2, "x")), ["a+c", "b"]);
    }

    #[test]
    fn what_an_expectation_says_is_told_for_each_check() {
        let bad = |node| {
            let mut judged = crate::sample::judged(node, Verdict::Error);
            judged.findings = vec![crate::sample::unmet("2 == 3")];
            judged.broken = Some(Box::new(Broken::fatal("x")));
            judged
        };
        assert_eq!(told(Sample::new(&["a", "b"]).fate(bad(0)).fate(bad(1))), ["a", "b"]);
    }
}
