//! Gives out loopback ports: to each lab its own, the same again for the same purpose. Opens none for good.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

/// Below the range from which the kernel takes ports for outgoing connections.
const FIRST: u16 = 21_000;
/// How many ports there are to give.
const COUNT: u16 = 8_000;

/// The ports of one lab, by purpose.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    given: BTreeMap<String, u16>,
}

impl Ports {
    /// The port for `purpose`: the one given before, or the next from where `lab`'s search starts that is neither
    /// another lab's nor in use.
    pub fn take(
        &mut self,
        lab: &str,
        purpose: &str,
        others: &BTreeSet<u16>,
        free: impl Fn(u16) -> bool,
    ) -> Result<u16> {
        if let Some(port) = self.given.get(purpose) {
            return Ok(*port);
        }
        let mine: BTreeSet<u16> = self.given.values().copied().collect();
        let start = start_of(lab);
        let candidates = (0..COUNT).map(|n| FIRST + (start + n) % COUNT);
        let found = candidates.into_iter().find(|p| !mine.contains(p) && !others.contains(p) && free(*p));
        let Some(port) = found else {
            bail!("no loopback port between {FIRST} and {} is free for {purpose}", FIRST + COUNT - 1);
        };
        self.given.insert(purpose.into(), port);
        Ok(port)
    }

    /// All that were given.
    pub fn all(&self) -> impl Iterator<Item = u16> + '_ {
        self.given.values().copied()
    }
}

/// Labs start their search apart, so that two that start at once seldom meet.
fn start_of(lab: &str) -> u16 {
    let sum = lab.bytes().fold(7_u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    // the remainder is below COUNT
    (sum % u32::from(COUNT / 100) * 100) as u16
}

/// Nobody listens on the port now.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_purpose_keeps_its_port_and_two_never_share() {
        let mut ports = Ports::default();
        let mut take = |purpose: &str| ports.take("a", purpose, &BTreeSet::new(), |_| true).unwrap();
        let (one, two) = (take("one"), take("two"));
        assert_ne!(one, two);
        assert_eq!(take("one"), one);
    }

    #[test]
    fn what_others_hold_or_use_is_passed_over() {
        let first = Ports::default().take("a", "x", &BTreeSet::new(), |_| true).unwrap();
        let theirs = BTreeSet::from([first]);
        let second = Ports::default().take("a", "x", &theirs, |p| p != first + 1).unwrap();
        assert_eq!(second, first + 2);
    }

    #[test]
    fn a_search_wraps_and_ends() {
        let only = FIRST;
        let found = Ports::default().take("zz", "x", &BTreeSet::new(), |p| p == only).unwrap();
        assert_eq!(found, only);
        let error = Ports::default().take("zz", "api", &BTreeSet::new(), |_| false).unwrap_err().to_string();
        assert!(error.contains("for api"), "{error}");
    }

    #[test]
    fn a_port_that_listens_is_not_free() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(!is_free(port));
        drop(listener);
        assert!(is_free(port));
    }
}
