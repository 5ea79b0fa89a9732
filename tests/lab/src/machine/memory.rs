//! How much memory processes hold, as their proportional share: pages that several share are split between them.

use std::collections::BTreeMap;

/// Bytes of one process; 0 when it is gone or hides it.
pub fn share(pid: i32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    parse_share(&text)
}

/// Bytes of several processes together.
pub fn shares(pids: &[i32]) -> u64 {
    pids.iter().map(|&pid| share(pid)).sum()
}

fn parse_share(text: &str) -> u64 {
    let line = text.lines().find_map(|l| l.strip_prefix("Pss:"));
    let kib = line.and_then(|l| l.split_whitespace().next()).and_then(|n| n.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Processes by name, each with its descendants.
pub fn by_name(named: &[(String, i32)], parents: &BTreeMap<i32, i32>) -> Vec<(String, u64)> {
    let roots: Vec<i32> = named.iter().map(|(_, pid)| *pid).collect();
    let of = |pid: i32| {
        let others: Vec<i32> = roots.iter().copied().filter(|&r| r != pid).collect();
        let own = super::proc::tree(&[pid], parents);
        shares(&own.into_iter().filter(|p| !others.contains(p)).collect::<Vec<_>>())
    };
    named.iter().map(|(name, pid)| (name.clone(), of(*pid))).collect()
}

/// `bytes` as whole MiB.
pub fn mib(bytes: u64) -> String {
    format!("{} MiB", (bytes + (1 << 19)) >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_proportional_line_counts() {
        assert_eq!(parse_share("Rss:  99 kB\nPss:   12 kB\nPss_Dirty: 7 kB\n"), 12 * 1024);
        assert_eq!(parse_share(""), 0);
    }

    #[test]
    fn this_process_holds_something() {
        assert!(share(std::process::id() as i32) > 0);
    }
}
