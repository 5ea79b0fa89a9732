//! Progress on a terminal: counts, what runs with its time, what waits for what; failures scroll by above.

use std::time::{Duration, Instant};

use checkrun_model::event::{Event, Line};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::Timestamp;

use super::board::Board;
use super::{finished, is_news};
use crate::style::Paint;

/// Between two drawings.
const FRAME: Duration = Duration::from_millis(100);
/// Lines of what runs and waits.
const LINES: usize = 8;

/// Draws on standard error.
pub struct Terminal {
    board: Board,
    bar: ProgressBar,
    paint: Paint,
    verbose: bool,
    width: usize,
    drawn: Instant,
}

impl Terminal {
    /// `width`: columns of the terminal. `verbose`: a line for every check.
    #[must_use]
    pub fn new(paint: Paint, verbose: bool, width: usize) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self { board: Board::default(), bar, paint, verbose, width, drawn: Instant::now() }
    }

    /// Takes one line of the journal.
    pub fn line(&mut self, line: &Line) {
        self.board.line(line);
        match &line.event {
            Event::Judged(judged) if self.verbose || is_news(judged) => {
                self.bar.println(finished(self.board.id(judged.node), judged, self.paint));
            }
            Event::RunEnded { .. } => self.bar.finish_and_clear(),
            _ => self.tick(),
        }
    }

    /// Time went by: draws when it is due.
    pub fn tick(&mut self) {
        if self.drawn.elapsed() >= FRAME && !self.bar.is_finished() {
            self.draw(Timestamp::now());
        }
    }

    fn draw(&mut self, now: Timestamp) {
        let mut text = format!("{} {}", self.board.age(now), self.board.counts(self.paint));
        for line in self.board.busy(now, LINES, self.width.saturating_sub(3)) {
            text.push_str("\n  ");
            text.push_str(&line);
        }
        self.bar.set_message(text);
        self.drawn = Instant::now();
    }
}

impl Drop for Terminal {
    /// A run that ends without its last event leaves no half drawn lines.
    fn drop(&mut self) {
        if !self.bar.is_finished() {
            self.bar.finish_and_clear();
        }
    }
}
