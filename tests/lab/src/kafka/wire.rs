//! Kafka's binary encoding in its flexible form (KIP-482): writing a request body, reading an answer.
//! It knows bytes and lengths; no request is known here.

use std::fmt;

/// An answer that does not hold what its format promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed Kafka answer: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

/// A request body under construction.
#[derive(Debug, Default)]
pub struct Writer(Vec<u8>);

impl Writer {
    /// The bytes written so far.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// One byte, also for a boolean.
    pub fn i8(&mut self, v: i8) -> &mut Self {
        self.raw(&v.to_be_bytes())
    }

    /// Two bytes, big-endian.
    pub fn i16(&mut self, v: i16) -> &mut Self {
        self.raw(&v.to_be_bytes())
    }

    /// Four bytes, big-endian.
    pub fn i32(&mut self, v: i32) -> &mut Self {
        self.raw(&v.to_be_bytes())
    }

    /// Eight bytes, big-endian.
    pub fn i64(&mut self, v: i64) -> &mut Self {
        self.raw(&v.to_be_bytes())
    }

    /// A boolean.
    pub fn bool(&mut self, v: bool) -> &mut Self {
        self.i8(i8::from(v))
    }

    /// Bytes as they are, for example a UUID.
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A length or count: base 128, lowest group first.
    pub fn uvarint(&mut self, mut v: u32) -> &mut Self {
        while v >= 0x80 {
            self.0.push((v as u8 & 0x7f) | 0x80);
            v >>= 7;
        }
        self.0.push(v as u8);
        self
    }

    /// A compact string: its length plus one, then the bytes.
    pub fn string(&mut self, s: &str) -> &mut Self {
        self.uvarint(s.len() as u32 + 1).raw(s.as_bytes())
    }

    /// A compact string that may be absent (length 0).
    pub fn nullable(&mut self, s: Option<&str>) -> &mut Self {
        match s {
            Some(s) => self.string(s),
            None => self.uvarint(0),
        }
    }

    /// A compact array: its count plus one, then each item.
    pub fn array<T>(&mut self, items: &[T], mut each: impl FnMut(&mut Self, &T)) -> &mut Self {
        self.uvarint(items.len() as u32 + 1);
        for item in items {
            each(self, item);
        }
        self
    }

    /// The end of a structure: no tagged fields.
    pub fn end(&mut self) -> &mut Self {
        self.uvarint(0)
    }
}

/// An answer's bytes, read from the front.
#[derive(Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        if self.0.len() < n {
            return Err(Malformed(format!("{n} bytes wanted, {} left", self.0.len())));
        }
        let (head, tail) = self.0.split_at(n);
        self.0 = tail;
        Ok(head)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N)?);
        Ok(out)
    }

    /// What is not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// One byte.
    pub fn i8(&mut self) -> Result<i8, Malformed> {
        Ok(i8::from_be_bytes(self.fixed()?))
    }

    /// Two bytes, big-endian.
    pub fn i16(&mut self) -> Result<i16, Malformed> {
        Ok(i16::from_be_bytes(self.fixed()?))
    }

    /// Four bytes, big-endian.
    pub fn i32(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_be_bytes(self.fixed()?))
    }

    /// Eight bytes, big-endian.
    pub fn i64(&mut self) -> Result<i64, Malformed> {
        Ok(i64::from_be_bytes(self.fixed()?))
    }

    /// Sixteen bytes.
    pub fn uuid(&mut self) -> Result<[u8; 16], Malformed> {
        self.fixed()
    }

    /// A length or count of at most 32 bits.
    pub fn uvarint(&mut self) -> Result<u32, Malformed> {
        let mut value = 0u32;
        for shift in (0..35).step_by(7) {
            let [byte] = self.fixed()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed("a length of more than 32 bits".into()))
    }

    /// A compact string that may be absent.
    pub fn nullable(&mut self) -> Result<Option<String>, Malformed> {
        let n = self.uvarint()?;
        if n == 0 {
            return Ok(None);
        }
        let bytes = self.take(n as usize - 1)?;
        let text = std::str::from_utf8(bytes).map_err(|e| Malformed(e.to_string()))?;
        Ok(Some(text.to_owned()))
    }

    /// A compact string; an absent one reads as empty.
    pub fn string(&mut self) -> Result<String, Malformed> {
        Ok(self.nullable()?.unwrap_or_default())
    }

    /// A compact array; an absent one reads as empty.
    pub fn array<T>(&mut self, mut each: impl FnMut(&mut Self) -> Result<T, Malformed>) -> Result<Vec<T>, Malformed> {
        let n = self.uvarint()?.saturating_sub(1);
        (0..n).map(|_| each(self)).collect()
    }

    /// The end of a structure: tagged fields are skipped, whatever they are.
    pub fn end(&mut self) -> Result<(), Malformed> {
        for _ in 0..self.uvarint()? {
            self.uvarint()?;
            let size = self.uvarint()? as usize;
            self.take(size)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut w = Writer::default();
        w.i16(-3).i32(70_000).i64(-1).bool(true).string("tøpic").nullable(None);
        w.array(&[300, 5], |w, v| {
            w.i32(*v);
        });
        w.end();
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes);
        assert_eq!(r.i16().unwrap(), -3);
        assert_eq!(r.i32().unwrap(), 70_000);
        assert_eq!(r.i64().unwrap(), -1);
        assert_eq!(r.i8().unwrap(), 1);
        assert_eq!(r.string().unwrap(), "tøpic");
        assert_eq!(r.nullable().unwrap(), None);
        assert_eq!(r.array(|r| r.i32()).unwrap(), vec![300, 5]);
        r.end().unwrap();
        assert!(r.i8().is_err(), "nothing is left");
    }

    #[test]
    fn long_lengths_take_more_than_one_byte() {
        let mut w = Writer::default();
        w.uvarint(300);
        assert_eq!(w.0, vec![0xac, 0x02]);
        assert_eq!(Reader::new(&w.0).uvarint().unwrap(), 300);
    }

    #[test]
    fn tagged_fields_are_skipped_and_short_answers_refused() {
        // one tagged field: tag 0, two bytes; then a byte of the next structure
        let mut r = Reader::new(&[1, 0, 2, 9, 9, 7]);
        r.end().unwrap();
        assert_eq!(r.i8().unwrap(), 7);
        let cut = Reader::new(&[5, b'a']).nullable().unwrap_err();
        assert!(cut.to_string().contains("4 bytes wanted, 1 left"), "{cut}");
        assert!(Reader::new(&[0xff; 6]).uvarint().is_err());
    }
}
