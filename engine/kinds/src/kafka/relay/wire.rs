//! As much of Kafka's protocol as it takes to put other addresses into answers that name brokers.
//! Pure: bytes in, bytes out.

use std::collections::HashMap;

/// Requests that matter here, by their number in the protocol.
const PRODUCE: i16 = 0;
const FETCH: i16 = 1;
const METADATA: i16 = 3;
const FIND_COORDINATOR: i16 = 10;
const API_VERSIONS: i16 = 18;

/// The highest version that each may be asked in: later ones name brokers in further places.
const CEILINGS: &[(i16, i16)] = &[(PRODUCE, 9), (FETCH, 15), (METADATA, 12), (FIND_COORDINATOR, 2)];

/// From this version on, metadata has texts and lists with short lengths, and tags.
const FLEXIBLE_METADATA: i16 = 9;

/// What an answer will be an answer to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    api: i16,
    version: i16,
}

impl Asked {
    /// Reads what a request asks: `head` begins behind its length. Gives the number that its answer will carry, too.
    pub(super) fn of(head: [u8; 8]) -> (i32, Self) {
        let [a, b, c, d, number @ ..] = head;
        (i32::from_be_bytes(number), Self { api: i16::from_be_bytes([a, b]), version: i16::from_be_bytes([c, d]) })
    }

    /// Whether the answer has to be changed.
    pub(super) fn matters(self) -> bool {
        matches!(self.api, METADATA | FIND_COORDINATOR | API_VERSIONS)
    }

    /// The answer with other addresses. `body` begins behind the number. None: it is not what it should be.
    pub(super) fn changed(self, body: &[u8], address: &mut dyn FnMut(&str, u16) -> (String, u16)) -> Option<Vec<u8>> {
        let mut copy = Copy { from: body, to: Vec::with_capacity(body.len() + 64) };
        match self.api {
            API_VERSIONS => copy.api_versions(self.version)?,
            METADATA => copy.metadata(self.version, address)?,
            FIND_COORDINATOR => copy.coordinator(self.version, address)?,
            _ => {}
        }
        copy.to.extend_from_slice(copy.from);
        Some(copy.to)
    }
}

/// Copies an answer piece by piece; some pieces change on the way.
struct Copy<'a> {
    from: &'a [u8],
    to: Vec<u8>,
}

impl<'a> Copy<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (piece, rest) = self.from.split_at_checked(count)?;
        self.from = rest;
        Some(piece)
    }

    fn pass(&mut self, count: usize) -> Option<()> {
        let piece = self.take(count)?;
        self.to.extend_from_slice(piece);
        Some(())
    }

    fn take_short(&mut self) -> Option<i16> {
        self.take(2)?.try_into().ok().map(i16::from_be_bytes)
    }

    fn take_int(&mut self) -> Option<i32> {
        self.take(4)?.try_into().ok().map(i32::from_be_bytes)
    }

    fn pass_int(&mut self) -> Option<i32> {
        let value = self.take_int()?;
        self.to.extend(value.to_be_bytes());
        Some(value)
    }

    /// A number of seven bits a byte, the low ones first.
    fn take_short_length(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in (0..32).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= u32::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn put_short_length(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.to.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
            value >>= 7;
        }
        self.to.push(u8::try_from(value).unwrap_or(0));
    }

    fn pass_short_length(&mut self) -> Option<u32> {
        let value = self.take_short_length()?;
        self.put_short_length(value);
        Some(value)
    }

    /// Tags, as later versions of the protocol add them to everything.
    fn pass_tags(&mut self) -> Option<()> {
        for _ in 0..self.pass_short_length()? {
            self.pass_short_length()?;
            let size = self.pass_short_length()?;
            self.pass(usize::try_from(size).ok()?)?;
        }
        Some(())
    }

    /// The length of a text in bytes; none is null.
    fn take_text_length(&mut self, flexible: bool) -> Option<Option<usize>> {
        Some(match flexible {
            true => usize::try_from(self.take_short_length()?).ok()?.checked_sub(1),
            false => usize::try_from(self.take_short()?).ok(),
        })
    }

    fn put_text(&mut self, text: Option<&[u8]>, flexible: bool) -> Option<()> {
        let length = text.map(<[u8]>::len);
        match flexible {
            true => self.put_short_length(u32::try_from(length.map_or(0, |length| length + 1)).ok()?),
            false => self.to.extend(length.map_or(Some(-1), |length| i16::try_from(length).ok())?.to_be_bytes()),
        }
        self.to.extend_from_slice(text.unwrap_or_default());
        Some(())
    }

    fn take_text(&mut self, flexible: bool) -> Option<Option<&'a [u8]>> {
        match self.take_text_length(flexible)? {
            Some(length) => self.take(length).map(Some),
            None => Some(None),
        }
    }

    fn pass_text(&mut self, flexible: bool) -> Option<()> {
        let text = self.take_text(flexible)?;
        self.put_text(text, flexible)
    }

    /// A host and a port, changed. No broker has no host and a port below zero: that stays.
    fn address(&mut self, flexible: bool, address: &mut dyn FnMut(&str, u16) -> (String, u16)) -> Option<()> {
        let host = std::str::from_utf8(self.take_text(flexible)??).ok()?;
        let port = self.take_int()?;
        let (host, port) = match u16::try_from(port) {
            Ok(known) if !host.is_empty() => {
                let (host, port) = address(host, known);
                (host, i32::from(port))
            }
            _ => (host.to_owned(), port),
        };
        self.put_text(Some(host.as_bytes()), flexible)?;
        self.to.extend(port.to_be_bytes());
        Some(())
    }

    fn metadata(&mut self, version: i16, address: &mut dyn FnMut(&str, u16) -> (String, u16)) -> Option<()> {
        let flexible = version >= FLEXIBLE_METADATA;
        if flexible {
            self.pass_tags()?;
        }
        if version >= 3 {
            self.pass_int()?; // how long the client was held back
        }
        let brokers = match flexible {
            true => i64::from(self.pass_short_length()?) - 1,
            false => i64::from(self.pass_int()?),
        };
        for _ in 0..brokers {
            self.pass_int()?; // its id
            self.address(flexible, address)?;
            if version >= 1 {
                self.pass_text(flexible)?; // its rack
            }
            if flexible {
                self.pass_tags()?;
            }
        }
        Some(())
    }

    fn coordinator(&mut self, version: i16, address: &mut dyn FnMut(&str, u16) -> (String, u16)) -> Option<()> {
        if version >= 1 {
            self.pass_int()?; // how long the client was held back
        }
        self.pass(2)?; // an error
        if version >= 1 {
            self.pass_text(false)?; // the error in words
        }
        self.pass_int()?; // the broker's id
        self.address(false, address)
    }

    fn api_versions(&mut self, version: i16) -> Option<()> {
        let error = self.take_short()?;
        self.to.extend(error.to_be_bytes());
        if error != 0 {
            return Some(()); // The client asks again in a version that the broker knows.
        }
        let flexible = version >= 3;
        let count = match flexible {
            true => i64::from(self.pass_short_length()?) - 1,
            false => i64::from(self.pass_int()?),
        };
        for _ in 0..count {
            let (api, lowest, highest) = (self.take_short()?, self.take_short()?, self.take_short()?);
            let ceiling = CEILINGS.iter().find(|(known, _)| *known == api).map_or(highest, |(_, ceiling)| *ceiling);
            for value in [api, lowest, highest.min(ceiling)] {
                self.to.extend(value.to_be_bytes());
            }
            if flexible {
                self.pass_tags()?;
            }
        }
        Some(())
    }
}

/// Requests whose answers are awaited, by the number that the answer will carry.
#[derive(Default)]
pub(super) struct Awaited(HashMap<i32, Asked>);

impl Awaited {
    /// Notes a request, if its answer matters.
    pub(super) fn note(&mut self, number: i32, asked: Asked) {
        if asked.matters() {
            self.0.insert(number, asked);
        }
    }

    /// What the answer with this number is an answer to, if it matters.
    pub(super) fn take(&mut self, number: i32) -> Option<Asked> {
        self.0.remove(&number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elsewhere(host: &str, port: u16) -> (String, u16) {
        (format!("local-{host}"), port + 1)
    }

    fn changed(api: i16, version: i16, body: &[u8]) -> Option<Vec<u8>> {
        Asked { api, version }.changed(body, &mut elsewhere)
    }

    #[test]
    fn old_metadata_gets_other_addresses() {
        let body = |host: &[u8], port: i32| {
            [&[0, 0, 0, 9][..], &[0, 0, 0, 1], &[0, 0, 0, 7], host, &port.to_be_bytes(), &[0xff, 0xff], b"rest"]
                .concat()
        };
        let after = changed(METADATA, 8, &body(b"\0\x01a", 9092)).unwrap();
        assert_eq!(after, body(b"\0\x07local-a", 9093));
    }

    #[test]
    fn new_metadata_gets_other_addresses() {
        let body = |host: &[u8], port: i32| {
            let head: &[u8] = &[0, 0, 0, 0, 0, 2, 0, 0, 0, 7];
            [head, host, &port.to_be_bytes(), &[2, b'r'], &[1, 5, 1, 0xee], b"rest"].concat()
        };
        let after = changed(METADATA, 12, &body(b"\x02a", 9092)).unwrap();
        assert_eq!(after, body(b"\x08local-a", 9093));
    }

    #[test]
    fn a_coordinator_gets_another_address_and_none_stays_none() {
        let body = |host: &[u8], port: i32| {
            [&[0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 1][..], host, &port.to_be_bytes()].concat()
        };
        assert_eq!(changed(FIND_COORDINATOR, 2, &body(b"\0\x01a", 1)).unwrap(), body(b"\0\x07local-a", 2));
        let none = body(b"\0\0", -1);
        assert_eq!(changed(FIND_COORDINATOR, 2, &none).unwrap(), none);
    }

    #[test]
    fn versions_that_name_brokers_elsewhere_are_not_offered() {
        let body = |fetch: u8| {
            [&[0, 0, 3][..], &[0, 1, 0, 4, 0, fetch, 0], &[0, 50, 0, 0, 0, 99, 0], &[0, 0, 0, 0, 0]].concat()
        };
        assert_eq!(changed(API_VERSIONS, 3, &body(18)).unwrap(), body(15));
        assert_eq!(changed(API_VERSIONS, 3, &body(12)).unwrap(), body(12));
        let refused = [&[0, 35][..], &[0, 0, 0, 1], &[0, 18, 0, 0, 0, 4]].concat();
        assert_eq!(changed(API_VERSIONS, 4, &refused).unwrap(), refused);
    }

    #[test]
    fn what_is_cut_is_not_passed_on() {
        for body in [&[][..], &[0, 0, 0, 0, 0, 2, 0, 0, 0, 7, 9], &[0xff; 12]] {
            assert_eq!(changed(METADATA, 12, body), None, "{body:?}");
        }
    }

    #[test]
    fn only_answers_that_name_brokers_are_awaited() {
        let (number, asked) = Asked::of([0, 3, 0, 12, 0, 0, 0, 5]);
        assert_eq!((number, asked), (5, Asked { api: METADATA, version: 12 }));
        let mut awaited = Awaited::default();
        awaited.note(number, asked);
        awaited.note(6, Asked { api: FETCH, version: 12 });
        assert_eq!((awaited.take(5), awaited.take(5), awaited.take(6)), (Some(asked), None, None));
    }
}
