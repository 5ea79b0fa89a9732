//! A run as JUnit XML, for the pages of CI systems. A failed check is a `failure`, one that could not
//! observe or was blocked an `error`; groups are left out, their members stand for them.

use checkrun_model::Verdict;
use checkrun_model::event::Judged;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::style::Paint;
use crate::summary::Node;
use crate::{Summary, terminal};

/// The document; ends with a line end.
///
/// # Errors
/// Where the writer of XML refuses, which it has no reason to.
pub fn text(summary: &Summary) -> Result<String, String> {
    let mut suite = TestSuite::new(summary.run.suite.clone());
    set_facts(&mut suite, summary);
    suite.add_test_cases(summary.checks().map(|node| case(summary, node)));
    let mut report = Report::new(summary.run.suite.clone());
    if let Some(time) = length(summary.seconds()) {
        report.set_time(time);
    }
    report.add_test_suite(suite);
    report.to_string().map_err(|error| error.to_string())
}

fn set_facts(suite: &mut TestSuite, summary: &Summary) {
    if let Some(time) = length(summary.seconds()) {
        suite.set_time(time);
    }
    let run = &summary.run;
    suite.add_property(("run", run.run.as_str()));
    suite.add_property(("target", run.target.as_str()));
    suite.add_property(("checkrun", run.version.as_str()));
    suite.add_property(("started", summary.started.to_string().as_str()));
    suite.add_property(("verdict", summary.verdict().word()));
    for sentence in &run.environment {
        suite.add_property(("environment", sentence.as_str()));
    }
    for judgement in summary.judgements() {
        suite.add_property((format!("criterion {}", judgement.criterion.id), judgement.state.words().to_owned()));
    }
}

fn case(summary: &Summary, node: &Node) -> TestCase {
    let mut case = TestCase::new(node.planned.id.to_string(), status(summary, node));
    case.set_classname(summary.run.suite.clone());
    if let Some(time) = length(node.seconds()) {
        case.set_time(time);
    }
    if let Some(judged) = &node.judged {
        case.set_assertions(judged.findings.len());
    }
    case.add_property(("title", node.planned.title.as_str()));
    case.add_property(("location", format!("{}:{}", node.planned.file, node.planned.line).as_str()));
    for criterion in &node.planned.covers {
        case.add_property(("covers", criterion.as_str()));
    }
    case
}

fn status(summary: &Summary, node: &Node) -> TestCaseStatus {
    let Some(judged) = &node.judged else {
        return wrong(NonSuccessKind::Error, "not judged", "the run ended before it had a verdict", String::new());
    };
    match judged.verdict {
        Verdict::Passed => TestCaseStatus::success(),
        Verdict::Skipped => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(judged.reason.clone());
            status
        }
        Verdict::Blocked => {
            let root = judged.root.and_then(|root| summary.node(root)).map(|root| root.planned.id.to_string());
            let why = root.map_or_else(|| judged.reason.clone(), |root| format!("blocked by {root}"));
            wrong(NonSuccessKind::Error, "blocked", &why, String::new())
        }
        Verdict::Failed => wrong(NonSuccessKind::Failure, "failed", &reason(judged), story(summary, node)),
        Verdict::Error if judged.stopped => wrong(NonSuccessKind::Error, "stopped", &reason(judged), String::new()),
        Verdict::Error => wrong(NonSuccessKind::Error, "error", &reason(judged), story(summary, node)),
    }
}

fn wrong(kind: NonSuccessKind, sort: &str, message: &str, story: String) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(sort);
    status.set_message(message);
    if !story.is_empty() {
        status.set_description(story);
    }
    status
}

fn reason(judged: &Judged) -> String {
    match &judged.broken {
        Some(broken) if judged.reason.is_empty() => broken.cause.clone(),
        _ => judged.reason.clone(),
    }
}

fn story(summary: &Summary, node: &Node) -> String {
    terminal::failure(summary, node, Paint::Plain)
}

fn length(seconds: Option<f64>) -> Option<std::time::Duration> {
    std::time::Duration::try_from_secs_f64(seconds?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn xml(sample: Sample) -> String {
        text(&sample.summary()).expect("it is written")
    }

    #[test]
    fn a_failed_check_is_a_failure_with_its_caret() {
        let xml = xml(Sample::new(&["a"]).failed(0, "2 == 3").ended(1));
        assert!(xml.contains(r#"<failure message="2 == 3" type="failed">"#), "{xml}");
        assert!(xml.contains("^^^^"), "{xml}");
    }

    #[test]
    fn what_could_not_observe_and_what_was_blocked_are_errors() {
        let xml = xml(Sample::new(&["a", "b"]).broken(0, "refused").blocked(1, 0).ended(1));
        assert!(xml.contains(r#"tests="2" skipped="0" errors="2" failures="0""#), "{xml}");
        assert!(xml.contains(r#"message="blocked by a""#), "{xml}");
    }

    #[test]
    fn a_skipped_check_says_why() {
        let xml = xml(Sample::new(&["a"]).skipped(0, "not allowed").ended(2));
        assert!(xml.contains(r#"<skipped message="not allowed"/>"#), "{xml}");
    }

    #[test]
    fn a_check_without_a_verdict_is_not_a_success() {
        assert!(xml(Sample::new(&["a"])).contains(r#"errors="1""#));
    }

    #[test]
    fn characters_that_xml_forbids_do_not_break_it() {
        assert!(!xml(Sample::new(&["a"]).failed(0, "\u{1}\u{1b}[2J").ended(1)).contains('\u{1b}'));
    }
}
