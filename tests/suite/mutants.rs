//! Seeds of the fuzz targets, mutated: whatever bytes come, each entry comes back soon and does not panic. Fixed seeds of
//! the mutation, so that what fails here fails again.

#[path = "../../fuzz/entries.rs"]
mod entries;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Mutated inputs of one entry at most, and the time after which no further one is begun.
const MOST: usize = 3000;
const TIME: Duration = Duration::from_secs(2);
/// One input takes no longer, also on a machine that has much else to do.
const SOON: Duration = Duration::from_secs(20);

/// Words that mean something somewhere: they get further than single bytes.
const WORDS: [&str; 24] = [
    "{{ ",
    " }}",
    "'",
    "\"",
    "$",
    "[*]",
    "[?@.",
    ".all(|x| ",
    "(",
    ")",
    "?.",
    ": ",
    "- ",
    "\n",
    "  ",
    "null",
    "1e999",
    "-9223372036854775809",
    "é",
    "\u{0}",
    "#",
    "&a ",
    "*a",
    "99999999999999999999",
];

/// xorshift: the same on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % most.max(1)
    }
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{name} has no seeds");
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// One to six changes: bytes, words, pieces taken out, doubled, or from another seed.
fn mutated(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(6) {
        let at = random.below(bytes.len() + 1);
        let length = random.below(24).min(bytes.len() - at);
        match random.below(6) {
            0 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => drop(bytes.drain(at..at + length)),
            2 => drop(bytes.splice(at..at, WORDS[random.below(WORDS.len())].bytes())),
            3 => {
                let piece = bytes[at..at + length].repeat(1 + random.below(8));
                drop(bytes.splice(at..at, piece));
            }
            4 => {
                let other = &seeds[random.below(seeds.len())];
                let from = random.below(other.len());
                drop(bytes.splice(at..at + length, other[from..].iter().take(64).copied()));
            }
            _ => bytes.truncate(at),
        }
    }
    bytes
}

fn play(name: &'static str, entry: entries::Entry) {
    let (began, ended) = channel::<Option<Vec<u8>>>();
    let worker = std::thread::spawn(move || {
        let (seeds, mut random) = (seeds(name), Random(0x9E37_79B9_7F4A_7C15));
        let start = Instant::now();
        let mutants = std::iter::repeat_with(|| mutated(&seeds, &mut random)).take(MOST);
        for bytes in seeds.iter().cloned().chain(mutants).take_while(|_| start.elapsed() < TIME) {
            began.send(Some(bytes.clone())).unwrap();
            let done = std::panic::catch_unwind(AssertUnwindSafe(|| entry(&bytes)));
            assert!(done.is_ok(), "{name} panics with {:?}", String::from_utf8_lossy(&bytes));
        }
        began.send(None).unwrap();
    });
    let mut last = Vec::new();
    let hangs = loop {
        match ended.recv_timeout(SOON) {
            Ok(Some(bytes)) => last = bytes,
            // It has ended; if by a panic, that is told below.
            Ok(None) | Err(RecvTimeoutError::Disconnected) => break false,
            Err(RecvTimeoutError::Timeout) => break true,
        }
    };
    assert!(!hangs, "{name} hangs with {:?}", String::from_utf8_lossy(&last));
    worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

#[test]
fn whatever_bytes_come_each_reader_comes_back() {
    let players = entries::ENTRIES.map(|(name, entry)| std::thread::spawn(move || play(name, entry)));
    for player in players {
        player.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}
