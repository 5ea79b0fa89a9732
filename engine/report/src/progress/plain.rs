//! Progress as lines of text: failures as they come, and a heartbeat. For logs and pipes.

use std::io::Write;
use std::time::{Duration, Instant};

use checkrun_model::event::{Event, Line};
use jiff::Timestamp;

use super::board::Board;
use super::{finished, is_news};
use crate::style::Paint;

/// Between two heartbeats.
const BEAT: Duration = Duration::from_secs(10);

/// Writes lines to `out`. Trouble with writing is not the run's trouble: it goes on without progress.
pub struct Plain {
    board: Board,
    out: Box<dyn Write + Send>,
    paint: Paint,
    verbose: bool,
    beat: Instant,
}

impl Plain {
    /// `verbose`: a line for every check, not only for those that did not pass.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, paint: Paint, verbose: bool) -> Self {
        Self { board: Board::default(), out, paint, verbose, beat: Instant::now() }
    }

    /// Takes one line of the journal.
    pub fn line(&mut self, line: &Line) {
        self.board.line(line);
        match &line.event {
            Event::Judged(judged) if self.verbose || is_news(judged) => {
                let text = finished(self.board.id(judged.node), judged, self.paint);
                self.say(&text);
            }
            Event::Interrupted { by } => self.say(&format!("stopping ({by}): what runs is ended and cleaned up")),
            _ => {}
        }
    }

    /// Time went by: says a heartbeat when it is due.
    pub fn tick(&mut self) {
        if self.beat.elapsed() >= BEAT {
            self.heartbeat(Timestamp::now());
        }
    }

    fn heartbeat(&mut self, now: Timestamp) {
        let busy = self.board.busy(now, 4, 120).join("; ");
        let busy = if busy.is_empty() { String::new() } else { format!("; {busy}") };
        self.say(&format!("[{}] {}{busy}", self.board.age(now), self.board.counts(self.paint)));
    }

    fn say(&mut self, text: &str) {
        let _ = writeln!(self.out, "{text}").and_then(|()| self.out.flush());
        self.beat = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::sample::Sample;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn said(sample: &Sample, verbose: bool, beat: bool) -> String {
        let kept = Kept::default();
        let mut plain = Plain::new(Box::new(kept.clone()), Paint::Plain, verbose);
        let lines = sample.lines();
        for line in &lines {
            plain.line(line);
        }
        if beat {
            plain.heartbeat(lines[0].t);
        }
        let bytes = kept.0.lock().expect("nobody panicked").clone();
        String::from_utf8(bytes).expect("progress is text")
    }

    #[test]
    fn only_what_did_not_pass_is_said() {
        let sample = Sample::new(&["a", "b"]).passed(0).failed(1, "2 == 3");
        assert_eq!(said(&sample, false, false), " failed b (2.0s): 2 == 3\n");
    }

    #[test]
    fn verbose_says_every_check() {
        let sample = Sample::new(&["a", "b"]).passed(0).skipped(1, "--skip");
        assert_eq!(said(&sample, true, false), " passed a (2.0s)\nskipped b: --skip\n");
    }

    #[test]
    fn a_heartbeat_says_what_runs() {
        let sample = Sample::new(&["a", "b"]).passed(0).event(Event::Started { node: 1 });
        assert_eq!(said(&sample, false, true), "[0ms] 1 of 2 done; b (0ms)\n");
    }
}
