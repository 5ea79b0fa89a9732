//! Finds values in percent-encoded text, whichever signs it encodes: clients and templates differ in that.
//! Knows no secret.

use std::ops::Range;

/// A text with its escapes read, and where each byte of that stands in the text.
pub(super) struct Decoded {
    /// The bytes that are meant.
    pub bytes: Vec<u8>,
    starts: Vec<usize>,
    end: usize,
}

/// `text` decoded; none where nothing in it is encoded. With `plus`, `+` is a space, as in forms.
pub(super) fn decoded(text: &[u8], plus: bool) -> Option<Decoded> {
    let coded = text.contains(&b'%') || (plus && text.contains(&b'+'));
    if !coded {
        return None;
    }
    let mut out = Decoded { bytes: Vec::with_capacity(text.len()), starts: Vec::new(), end: text.len() };
    let mut at = 0;
    while at < text.len() {
        out.starts.push(at);
        let hex = |place: usize| text.get(place).and_then(|byte| char::from(*byte).to_digit(16));
        match (text[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            (b'+', ..) if plus => {
                out.bytes.push(b' ');
                at += 1;
            }
            (byte, ..) => {
                out.bytes.push(byte);
                at += 1;
            }
        }
    }
    Some(out)
}

impl Decoded {
    /// Where in the text the decoded bytes of `range` stand.
    pub fn origin(&self, range: Range<usize>) -> Range<usize> {
        let start = |place: usize| self.starts.get(place).copied().unwrap_or(self.end);
        start(range.start)..start(range.end)
    }
}
