//! Who watches a run: progress and the trace of a check, as sinks of the runner.

use checkrun_model::event::Line;
use checkrun_report::progress::plain::Plain;
use checkrun_report::progress::terminal::Terminal;
use checkrun_report::progress::trace::Trace;
use checkrun_run::Sink;

use crate::args::Run;
use crate::screen::Screen;

struct Lines(Plain);

impl Sink for Lines {
    fn line(&mut self, line: &Line) {
        self.0.line(line);
    }
    fn tick(&mut self) {
        self.0.tick();
    }
}

struct Drawn(Terminal);

impl Sink for Drawn {
    fn line(&mut self, line: &Line) {
        self.0.line(line);
    }
    fn tick(&mut self) {
        self.0.tick();
    }
}

struct Traced(Trace);

impl Sink for Traced {
    fn line(&mut self, line: &Line) {
        self.0.line(line);
    }
}

/// Progress on standard error; a trace and a drawing would overwrite each other, so with a trace there are lines.
#[must_use]
pub fn sinks(args: &Run, screen: &Screen) -> Vec<Box<dyn Sink>> {
    let mut sinks: Vec<Box<dyn Sink>> = Vec::new();
    if let Some(id) = &args.trace {
        sinks.push(Box::new(Traced(Trace::new(id, Box::new(std::io::stderr()), screen.err))));
    }
    sinks.push(progress(screen, args.verbose, args.trace.is_none()));
    sinks
}

/// Progress alone: drawn where the terminal can, else lines.
#[must_use]
pub fn progress(screen: &Screen, verbose: bool, may_draw: bool) -> Box<dyn Sink> {
    if screen.draws && may_draw {
        Box::new(Drawn(Terminal::new(screen.err, verbose, screen.width)))
    } else {
        Box::new(Lines(Plain::new(Box::new(std::io::stderr()), screen.err, verbose)))
    }
}
