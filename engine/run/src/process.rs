//! Whether a process still lives: by its number and the moment it was started. Linux only; knows no run.

/// This process, and when it was started in clock ticks since boot.
pub fn this() -> (u32, u64) {
    let pid = std::process::id();
    (pid, started(pid).unwrap_or(0))
}

/// Whether the process that had `pid` and was started at `ticks` is still there.
pub fn lives(pid: u32, ticks: u64) -> bool {
    started(pid).is_some_and(|now| now == ticks)
}

/// Field 22 of `/proc/PID/stat`. The name of the program stands in brackets before it and may hold anything.
/// A process that has ended and was not waited for does not live.
fn started(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace();
    let state = fields.next()?;
    let ticks = fields.nth(18)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_another_under_its_number_does_not() {
        let (pid, ticks) = this();
        assert!(lives(pid, ticks));
        assert!(!lives(pid, ticks + 1));
    }

    #[test]
    fn a_process_that_has_ended_does_not_live() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let ticks = started(child.id()).unwrap_or(1);
        child.wait().unwrap();
        assert!(!lives(child.id(), ticks));
    }
}
