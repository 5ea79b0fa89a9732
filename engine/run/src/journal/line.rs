//! One line of the journal: number, moment, hash of the line before, event. Knows no file.

use std::io::Write;

use checkrun_model::event::{Event, Line};
use jiff::Timestamp;

/// The chain of lines: what the next one must name.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    seq: u64,
    prev: String,
    /// The line made last, with its end.
    bytes: Vec<u8>,
}

impl Chain {
    /// A chain whose last line is known.
    pub fn after(seq: u64, last: &[u8]) -> Self {
        Self { seq: seq + 1, prev: hash(last), bytes: Vec::new() }
    }

    /// The next line and its bytes, end of line included.
    pub fn next(&mut self, t: Timestamp, event: Event) -> (Line, &[u8]) {
        self.bytes.clear();
        let _ = write!(self.bytes, r#"{{"seq":{},"t":"{t}","prev":"{}""#, self.seq, self.prev);
        let from = self.bytes.len();
        match serde_json::to_writer(&mut self.bytes, &event) {
            // The event's own opening brace becomes the comma between the two.
            Ok(()) if self.bytes.get(from) == Some(&b'{') => self.bytes[from] = b',',
            _ => {
                self.bytes.truncate(from);
                self.bytes.extend_from_slice(br#","event":"unknown"}"#);
            }
        }
        self.bytes.push(b'\n');
        (Line { seq: self.seq, t, prev: self.prev.clone(), event }, &self.bytes)
    }

    /// The line made last stands in the file: the next one names it.
    pub fn written(&mut self) {
        self.seq += 1;
        self.prev.clear();
        push_hash(&mut self.prev, &self.bytes[..self.bytes.len() - 1]);
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
