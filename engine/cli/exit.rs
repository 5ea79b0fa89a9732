//! The exit codes, in one table.

use std::io::Write as _;

/// How the program ends. Of several suites the worst counts; they are ordered by how bad they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All required checks passed; or the command did what it was asked.
    Good,
    /// A required check did not pass.
    NotPassed,
    /// Suites, inputs, options or the selection are wrong; nothing was judged.
    Wrong,
    /// Stopped from outside, and cleaned up.
    Interrupted,
    /// The program could not do its work, or left something behind.
    Broken,
}

/// Exit and its code.
const CODES: [(Exit, u8); 5] =
    [(Exit::Good, 0), (Exit::NotPassed, 1), (Exit::Wrong, 2), (Exit::Interrupted, 130), (Exit::Broken, 3)];

impl Exit {
    /// Ends the process with the code for the caller. Libraries of C clean up when a process exits in the usual way,
    /// and threads of clients that a stopped run did not wait for would go on with what was freed.
    pub fn leave(self) -> ! {
        let _ = std::io::stdout().flush();
        let code = CODES.iter().find(|(exit, _)| *exit == self).map_or(3, |(_, code)| *code);
        signal_hook::low_level::exit(i32::from(code))
    }

    /// What the runner's code stands for; one that it has no business with is a broken run.
    #[must_use]
    pub fn of(code: i32) -> Self {
        CODES.iter().find(|(_, known)| i32::from(*known) == code).map_or(Self::Broken, |(exit, _)| *exit)
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn every_code_of_the_runner_stands_for_itself() {
        assert_eq!(
            [0, 1, 2, 3, 130].map(Exit::of),
            [Exit::Good, Exit::NotPassed, Exit::Wrong, Exit::Broken, Exit::Interrupted]
        );
        assert_eq!(Exit::of(17), Exit::Broken);
    }

    #[test]
    fn the_worst_of_several_counts() {
        assert_eq!([Exit::NotPassed, Exit::Broken, Exit::Interrupted].into_iter().max(), Some(Exit::Broken));
    }
}
