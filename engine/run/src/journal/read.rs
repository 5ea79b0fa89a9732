//! Reads a journal again: whole lines, their chain, and a last line that was torn. Takes unknown events.

use std::path::Path;

use checkrun_model::event::Line;

use super::line::{Chain, hash};

/// A journal that was read.
#[derive(Debug)]
pub struct Journal {
    /// Its lines.
    pub lines: Vec<Line>,
    /// Bytes of whole lines.
    pub whole: u64,
    /// Whether a torn line follows them.
    #[cfg_attr(not(test), expect(dead_code, reason = "who goes on cuts it off in any case"))]
    pub torn: bool,
    /// The chain, to go on with.
    pub chain: Chain,
}

/// Reads the journal at `path` and verifies its chain.
///
/// # Errors
/// A sentence that names the path and the line.
pub fn read(path: &Path) -> Result<Journal, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    parse(&bytes).map_err(|why| format!("{}: {why}", path.display()))
}

/// Takes a journal apart.
///
/// # Errors
/// A sentence that names the line.
pub fn parse(bytes: &[u8]) -> Result<Journal, String> {
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut lines: Vec<Line> = Vec::new();
    let mut chain = Chain::default();
    let mut prev = String::new();
    for (number, text) in bytes[..whole].split_inclusive(|byte| *byte == b'\n').enumerate() {
        let text = &text[..text.len() - 1];
        let line: Line = serde_json::from_slice(text).map_err(|error| format!("line {}: {error}", number + 1))?;
        if line.prev != prev {
            return Err(format!("line {}: the chain is broken: the line before it was changed or removed", number + 1));
        }
        prev = hash(text);
        chain = Chain::after(line.seq, text);
        lines.push(line);
    }
    Ok(Journal { lines, whole: whole as u64, torn: whole < bytes.len(), chain })
}
