//! Conditions of a request: `If-Match` and its kin (RFC 9110, 13). Pure.

use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Result, s3_error};

use super::depot::Object;
use super::told::timestamp;

/// The conditions that a request states.
#[derive(Debug, Default)]
pub(super) struct Conditions<'c> {
    pub(super) matches: Option<&'c ETagCondition>,
    pub(super) differs: Option<&'c ETagCondition>,
    pub(super) modified_since: Option<&'c Timestamp>,
    pub(super) unmodified_since: Option<&'c Timestamp>,
}

impl Conditions<'_> {
    /// Whether an object that is there may be read. Dates count where no ETag is given.
    ///
    /// # Errors
    /// `PreconditionFailed` or `NotModified`.
    pub(super) fn of_reading(&self, object: &Object) -> S3Result<()> {
        let modified = timestamp(object.modified);
        let kept = match (self.matches, self.unmodified_since) {
            (Some(wanted), _) => is(wanted, Some(object)),
            (None, Some(since)) => modified <= *since,
            (None, None) => true,
        };
        let news = match (self.differs, self.modified_since) {
            (Some(known), _) => !is(known, Some(object)),
            (None, Some(since)) => modified > *since,
            (None, None) => true,
        };
        match (kept, news) {
            (false, _) => Err(failed()),
            (true, false) => Err(s3_error!(NotModified, "Not Modified")),
            (true, true) => Ok(()),
        }
    }

    /// Whether it may be written where this is, or nothing.
    ///
    /// # Errors
    /// `PreconditionFailed`; `NoSuchKey` where something was to be there and nothing is.
    pub(super) fn of_writing(&self, object: Option<&Object>) -> S3Result<()> {
        if self.matches.is_some() && object.is_none() {
            return Err(s3_error!(NoSuchKey, "The specified key does not exist."));
        }
        let may = self.matches.is_none_or(|wanted| is(wanted, object))
            && !self.differs.is_some_and(|known| is(known, object));
        if may { Ok(()) } else { Err(failed()) }
    }
}

fn failed() -> s3s::S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

fn is(condition: &ETagCondition, object: Option<&Object>) -> bool {
    match (condition, object) {
        (_, None) => false,
        (ETagCondition::Any, Some(_)) => true,
        (ETagCondition::ETag(etag), Some(object)) => ETag::Strong(object.etag.clone()).weak_cmp(etag),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::s3::depot::About;

    #[test]
    fn an_etag_counts_more_than_a_date() {
        let object = Object::new(Bytes::from("x"), jiff::Timestamp::from_second(100).unwrap(), About::default());
        let own = ETagCondition::ETag(ETag::Strong(object.etag.clone()));
        let other = ETagCondition::ETag(ETag::Strong("0".into()));
        let at = |second| timestamp(jiff::Timestamp::from_second(second).unwrap());
        let code =
            |conditions: Conditions<'_>| conditions.of_reading(&object).err().map(|why| why.code().as_str().to_owned());
        let (before, after) = (at(99), at(100));
        let none = Conditions::default;
        assert_eq!(code(Conditions { matches: Some(&own), unmodified_since: Some(&before), ..none() }), None);
        assert_eq!(
            code(Conditions { unmodified_since: Some(&before), ..none() }).as_deref(),
            Some("PreconditionFailed")
        );
        assert_eq!(code(Conditions { matches: Some(&other), ..none() }).as_deref(), Some("PreconditionFailed"));
        assert_eq!(code(Conditions { differs: Some(&own), ..none() }).as_deref(), Some("NotModified"));
        assert_eq!(code(Conditions { differs: Some(&other), modified_since: Some(&after), ..none() }), None);
        assert_eq!(code(Conditions { modified_since: Some(&after), ..none() }).as_deref(), Some("NotModified"));
    }

    #[test]
    fn what_is_not_there_can_be_made_once() {
        let object = Object::new(Bytes::from("x"), jiff::Timestamp::UNIX_EPOCH, About::default());
        let once = Conditions { differs: Some(&ETagCondition::Any), ..Conditions::default() };
        assert!(once.of_writing(None).is_ok() && once.of_writing(Some(&object)).is_err());
        let again = Conditions { matches: Some(&ETagCondition::Any), ..Conditions::default() };
        assert!(again.of_writing(None).is_err() && again.of_writing(Some(&object)).is_ok());
    }
}
