//! A run while it goes on. Watches lines as they are written; draws on a terminal, or says a line now and then.

pub mod board;
pub mod plain;
pub mod terminal;
pub mod trace;

use checkrun_model::Verdict;
use checkrun_model::event::Judged;

use crate::style::{Paint, cut, elapsed, harmless};

/// The one line that a finished check is worth.
#[must_use]
pub fn finished(name: &str, judged: &Judged, paint: Paint) -> String {
    let word = format!("{:>7}", judged.word());
    let time = judged.started.map(|started| elapsed(judged.ended.duration_since(started).as_secs_f64()));
    let time = time.map(|time| format!(" ({time})")).unwrap_or_default();
    let why = why(judged);
    let why = if why.is_empty() { String::new() } else { format!(": {}", cut(&harmless(&why), 160)) };
    let name = if name.is_empty() { String::new() } else { format!(" {}", harmless(name)) };
    format!("{}{name}{}{why}", paint.verdict(Some(judged.verdict), &word), paint.dim(&time))
}

fn why(judged: &Judged) -> String {
    if judged.verdict == Verdict::Passed {
        return String::new();
    }
    if !judged.reason.is_empty() {
        return judged.reason.clone();
    }
    judged.broken.as_ref().map(|broken| broken.cause.clone()).unwrap_or_default()
}

/// Whether a person wants to hear of it while the run goes on.
fn is_news(judged: &Judged) -> bool {
    matches!(judged.verdict, Verdict::Failed | Verdict::Error) && !judged.stopped
}
