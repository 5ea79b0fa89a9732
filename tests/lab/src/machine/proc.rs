//! Reads `/proc`: who is there, since when, whose child, how much memory. Ends nobody.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Its number.
    pub pid: i32,
    /// When it started, in clock ticks since the machine did.
    pub started: u64,
}

/// What `/proc/PID/stat` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// The parent's number.
    pub parent: i32,
    /// One letter: R, S, D, T, Z and so on.
    pub state: char,
    /// Clock ticks since the machine started.
    pub started: u64,
}

/// Takes apart one line of `stat`; the name in parentheses may itself hold spaces and parentheses.
pub fn parse_stat(line: &str) -> Option<Stat> {
    let (_, rest) = line.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let state = words.first()?.chars().next()?;
    Some(Stat { state, parent: words.get(1)?.parse().ok()?, started: words.get(19)?.parse().ok()? })
}

/// A process, unless it is gone. A zombie is gone: it does nothing any more.
pub fn look(pid: i32) -> Option<Stat> {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    parse_stat(&line).filter(|s| !matches!(s.state, 'Z' | 'X'))
}

/// Names a process for later.
pub fn identify(pid: i32) -> Option<Identity> {
    look(pid).map(|s| Identity { pid, started: s.started })
}

/// The very process that was noted is still there.
pub fn is_there(noted: Identity) -> bool {
    identify(noted.pid) == Some(noted)
}

/// All processes and their parents.
pub fn parents() -> BTreeMap<i32, i32> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return BTreeMap::new() };
    let pids = entries.flatten().filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(|pid| Some((pid, look(pid)?.parent))).collect()
}

/// `roots` and everything below them.
pub fn tree(roots: &[i32], parents: &BTreeMap<i32, i32>) -> Vec<i32> {
    let mut found: Vec<i32> = roots.iter().copied().filter(|r| parents.contains_key(r)).collect();
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        found.extend(
            parents.iter().filter(|&(child, parent)| *parent == pid && !roots.contains(child)).map(|(c, _)| *c),
        );
        next += 1;
    }
    found
}

/// The words a process was started with, with spaces between.
pub fn command_line(pid: i32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "42 (a) b (c) S 7 42 42 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 98765 1 2 3";

    #[test]
    fn a_name_with_parentheses_shifts_nothing() {
        assert_eq!(parse_stat(LINE), Some(Stat { parent: 7, state: 'S', started: 98765 }));
        assert_eq!(parse_stat("42 (a) S"), None);
    }

    #[test]
    fn a_number_used_again_is_another_process() {
        let me = identify(std::process::id() as i32).unwrap();
        assert!(is_there(me));
        assert!(!is_there(Identity { started: me.started + 1, ..me }));
    }

    #[test]
    fn a_tree_holds_children_of_children_once() {
        let parents = BTreeMap::from([(1, 0), (2, 1), (3, 2), (4, 1), (9, 8)]);
        let mut found = tree(&[2, 3, 77], &parents);
        found.sort_unstable();
        assert_eq!(found, [2, 3]);
        assert_eq!(tree(&[1], &parents).len(), 4);
    }
}
