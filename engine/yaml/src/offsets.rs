//! Character positions into byte positions. Knows only a text.

/// Every so many characters a byte position is kept.
const STEP: usize = 64;

/// Turns the parser's character positions into bytes of the text.
pub(crate) struct Offsets<'t> {
    text: &'t str,
    /// Byte of every `STEP`th character; empty where every character is one byte.
    marks: Vec<usize>,
}

impl<'t> Offsets<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let marks = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(STEP).map(|(byte, _)| byte).collect()
        };
        Self { text, marks }
    }

    /// The byte at which character number `at` begins; the end of the text where there is none.
    pub(crate) fn byte(&self, at: usize) -> usize {
        if self.marks.is_empty() {
            return at.min(self.text.len());
        }
        let Some(from) = self.marks.get(at / STEP) else {
            return self.text.len();
        };
        self.text[*from..].char_indices().nth(at % STEP).map_or(self.text.len(), |(byte, _)| from + byte)
    }
}

#[cfg(test)]
mod tests {
    use super::Offsets;

    #[test]
    fn every_character_has_its_byte() {
        let text = "aö€".repeat(100);
        let offsets = Offsets::of(&text);
        for (number, (byte, _)) in text.char_indices().enumerate() {
            assert_eq!(offsets.byte(number), byte);
        }
        assert_eq!(offsets.byte(300), text.len());
        assert_eq!(offsets.byte(9999), text.len());
    }
}
