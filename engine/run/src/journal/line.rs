//! One line of the journal: number, moment, hash of the line before, event. Knows no file.

use std::io::Write;

use checkrun_model::event::{Event, Line};
use jiff::Timestamp;

/// The chain of lines: what the next one must name.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    seq: u64,
    prev: String,
}

impl Chain {
    /// A chain whose last line is known.
    pub fn after(seq: u64, last: &[u8]) -> Self {
        Self { seq: seq + 1, prev: hash(last) }
    }

    /// The next line; its bytes, end of line included, are added to `out`.
    pub fn next(&mut self, t: Timestamp, event: Event, out: &mut Vec<u8>) -> Line {
        let start = out.len();
        let _ = write!(out, r#"{{"seq":{},"t":"{t}","prev":"{}""#, self.seq, self.prev);
        let from = out.len();
        match serde_json::to_writer(&mut *out, &event) {
            // The event's own opening brace becomes the comma between the two.
            Ok(()) if out.get(from) == Some(&b'{') => out[from] = b',',
            _ => {
                out.truncate(from);
                out.extend_from_slice(br#","event":"unknown"}"#);
            }
        }
        let mut prev = String::with_capacity(64);
        push_hash(&mut prev, &out[start..]);
        out.push(b'\n');
        let line = Line { seq: self.seq, t, prev: std::mem::replace(&mut self.prev, prev), event };
        self.seq += 1;
        line
    }
}

/// SHA-256 in hex.
pub fn hash(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    push_hash(&mut text, bytes);
    text
}

fn push_hash(text: &mut String, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in ring::digest::digest(&ring::digest::SHA256, bytes).as_ref() {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}
