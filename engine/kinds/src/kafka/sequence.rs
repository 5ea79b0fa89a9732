//! Numbered messages: how they are written, and what their numbers tell when they are read. Knows no broker.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A number beyond this is none of ours.
const MOST: u64 = 100_000_000;

/// The payload of message `number` of `token` in `partition`, filled up to `size` bytes.
pub(super) fn write(payload: &mut String, token: &str, partition: i32, number: u64, size: usize) {
    payload.clear();
    // Writing to a text cannot fail.
    let _ = write!(payload, "checkrun {token} {partition} {number} ");
    payload.extend(std::iter::repeat_n('.', size.saturating_sub(payload.len())));
}

/// The fewest bytes that a message of `token` needs.
pub(super) fn shortest(token: &str) -> usize {
    "checkrun ".len() + token.len() + " 2147483647 100000000 ".len()
}

/// Token, partition and number of a payload that was written by [`write`].
fn read(payload: &[u8]) -> Option<(&str, i32, u64)> {
    let head = &payload[..payload.len().min(1024)];
    let mut words = head.split(|byte| *byte == b' ').map(|word| std::str::from_utf8(word).ok());
    if words.next()? != Some("checkrun") {
        return None;
    }
    let token = words.next()??;
    let partition = words.next()??.parse().ok()?;
    let number = words.next()??.parse().ok().filter(|number| *number < MOST)?;
    words.next().map(|_| (token, partition, number))
}

/// What was read of one partition.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Read {
    /// Messages that count: each of ours once, others as they came.
    pub(super) read: u64,
    /// Offset of the first message, of whatever sort.
    pub(super) first: Option<i64>,
    /// Offset of the last.
    pub(super) last: Option<i64>,
}

/// What the numbers tell.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Only messages of this token count.
    token: Option<String>,
    /// By partition.
    pub(super) partitions: BTreeMap<i32, Read>,
    lines: BTreeMap<String, BTreeMap<i32, Line>>,
    /// Messages that count.
    pub(super) read: u64,
    /// Messages that do not: of another token, or of no token although one was asked for.
    pub(super) foreign: u64,
    /// Messages of ours that were read before.
    pub(super) duplicates: u64,
    /// Messages of ours that came after one with a higher number.
    pub(super) reordered: u64,
}

/// The numbers seen of one token in one partition.
#[derive(Debug, Default)]
struct Line {
    seen: Vec<u64>,
    distinct: u64,
    highest: Option<u64>,
}

impl Line {
    /// Notes `number`; false if it was there before.
    fn add(&mut self, number: u64) -> bool {
        let word = usize::try_from(number / 64).unwrap_or(usize::MAX);
        if self.seen.len() <= word {
            self.seen.resize(word + 1, 0);
        }
        let bit = 1 << (number % 64);
        let new = self.seen[word] & bit == 0;
        self.seen[word] |= bit;
        self.distinct += u64::from(new);
        new
    }
}

impl Tally {
    /// Counts messages of `token` only, or all.
    pub(super) fn of(token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..Self::default() }
    }

    /// Counts one message.
    pub(super) fn add(&mut self, partition: i32, offset: i64, payload: Option<&[u8]>) {
        let here = self.partitions.entry(partition).or_default();
        here.first.get_or_insert(offset);
        here.last = Some(offset);
        let ours = payload.and_then(read).filter(|(_, written, _)| *written == partition);
        let counts = match (&self.token, ours) {
            (Some(wanted), Some((token, ..))) if wanted != token => false,
            (Some(_), None) => false,
            (_, Some((token, _, number))) => {
                if !self.lines.contains_key(token) {
                    self.lines.insert(token.to_owned(), BTreeMap::new());
                }
                let Some(lines) = self.lines.get_mut(token) else { return };
                let line = lines.entry(partition).or_default();
                let new = line.add(number);
                self.duplicates += u64::from(!new);
                self.reordered += u64::from(new && line.highest.is_some_and(|highest| number < highest));
                line.highest = line.highest.max(Some(number));
                if !new {
                    return;
                }
                true
            }
            (None, None) => true,
        };
        match counts {
            true => {
                here.read += 1;
                self.read += 1;
            }
            false => self.foreign += 1,
        }
    }

    /// Numbers below the highest one that never came.
    pub(super) fn missing(&self) -> u64 {
        self.lines
            .values()
            .flat_map(BTreeMap::values)
            .map(|line| line.highest.map_or(0, |highest| highest + 1 - line.distinct))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(token: Option<&str>, messages: &[(i32, u64)]) -> Tally {
        let mut tally = Tally::of(token);
        let mut payload = String::new();
        for (offset, (partition, number)) in messages.iter().enumerate() {
            write(&mut payload, "run-a", *partition, *number, 64);
            tally.add(*partition, offset as i64, Some(payload.as_bytes()));
        }
        tally
    }

    #[test]
    fn payloads_are_filled_and_read_back() {
        let mut payload = String::new();
        write(&mut payload, "run-a", 2, 7, 100);
        assert_eq!((payload.len(), read(payload.as_bytes())), (100, Some(("run-a", 2, 7))));
        for other in ["", "checkrun", "checkrun a 1 2", "checkrun a x 2 ", "hello a 1 2 ", "checkrun a 1 100000000000 "]
        {
            assert_eq!(read(other.as_bytes()), None, "{other}");
        }
        write(&mut payload, "run-a", i32::MAX, MOST - 1, 0);
        assert!(payload.len() <= shortest("run-a"));
    }

    #[test]
    fn all_in_order_is_clean() {
        let tally = tally(None, &[(0, 0), (1, 0), (0, 1), (1, 1)]);
        assert_eq!((tally.read, tally.duplicates, tally.reordered, tally.missing()), (4, 0, 0, 0));
        assert_eq!(tally.partitions[&1], Read { read: 2, first: Some(1), last: Some(3) });
    }

    #[test]
    fn a_gap_a_repeat_and_a_late_one_are_told_apart() {
        let gap = tally(None, &[(0, 0), (0, 2)]);
        assert_eq!((gap.read, gap.missing(), gap.duplicates, gap.reordered), (2, 1, 0, 0));
        let repeat = tally(None, &[(0, 0), (0, 1), (0, 0)]);
        assert_eq!((repeat.read, repeat.missing(), repeat.duplicates, repeat.reordered), (2, 0, 1, 0));
        let late = tally(None, &[(0, 0), (0, 2), (0, 1)]);
        assert_eq!((late.read, late.missing(), late.duplicates, late.reordered), (3, 0, 0, 1));
    }

    #[test]
    fn messages_of_others_count_only_where_no_token_is_asked() {
        assert_eq!((tally(Some("run-b"), &[(0, 0)]).read, tally(Some("run-b"), &[(0, 0)]).foreign), (0, 1));
        let mut all = tally(None, &[(0, 0)]);
        all.add(0, 1, Some(b"hello"));
        all.add(0, 2, None);
        assert_eq!((all.read, all.foreign), (3, 0));
        let mut ours = Tally::of(Some("run-a"));
        ours.add(0, 0, Some(b"hello"));
        assert_eq!((ours.read, ours.foreign), (0, 1));
    }
}
