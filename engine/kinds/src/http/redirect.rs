//! Following a redirect: what is asked next, and whether it may still know our credentials. Sends nothing.

use checkrun_model::Broken;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Method, Url};

use super::client::{Call, Reply};

/// The request that a redirect asks for.
pub(super) struct Next {
    /// What to send.
    pub call: Call,
    /// It leaves the server that was asked: it must not see credentials meant for another.
    pub leaves: bool,
}

/// What `reply` asks for, given the request that it answers; nothing if it is no redirect.
///
/// # Errors
/// It points to what is no URL, from TLS to the clear, or to another server with what only this one may get: a body, or
/// a request that is more than a look.
pub(super) fn next(
    reply: &Reply,
    from: &Url,
    method: &Method,
    again: impl FnOnce(Url) -> Call,
) -> Result<Option<Next>, Broken> {
    let (301 | 302 | 303 | 307 | 308, Some(location)) = (reply.status, reply.headers.get(LOCATION)) else {
        return Ok(None);
    };
    let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
    let url = from.join(&location).map_err(|why| Broken::fatal(format!("{from} points to `{location}`: {why}")))?;
    if from.scheme() == "https" && url.scheme() != "https" {
        return Err(Broken::fatal(format!("{from} points to {url}, which is not encrypted")));
    }
    let leaves = url.origin() != from.origin();
    let keeps_method = matches!(reply.status, 307 | 308) || *method == Method::GET || *method == Method::HEAD;
    let mut call = again(url);
    if !keeps_method {
        call.method = Method::GET;
        call.body.clear();
        call.headers.remove(CONTENT_TYPE);
    }
    if leaves {
        let looks = call.method == Method::GET || call.method == Method::HEAD;
        if !looks || !call.body.is_empty() {
            return Err(stays(from, &call, looks));
        }
        call.headers.clear();
    }
    Ok(Some(Next { call, leaves }))
}

/// Where a request may go is said in the suite and the target, never by the server that is asked.
fn stays(from: &Url, call: &Call, looks: bool) -> Broken {
    let (here, there) = (from.origin().ascii_serialization(), call.url.origin().ascii_serialization());
    let what = if looks { "the body of this request" } else { "this request" };
    Broken::fatal(format!("{from} points to {}: {what} is for {here} and was not sent to {there}", call.url))
        .hint(format!("if {there} is right, ask it itself: an endpoint of its own, or `url:`"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

    use super::*;

    fn asked(status: u16, location: &'static str, method: Method) -> Result<Option<Next>, Broken> {
        sent(status, location, method, b"")
    }

    fn sent(status: u16, location: &'static str, method: Method, body: &[u8]) -> Result<Option<Next>, Broken> {
        let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
        let reply = Reply { status, headers, body: Vec::new(), elapsed: Duration::ZERO };
        let from = Url::parse("https://a.example/x/y").unwrap();
        next(&reply, &from, &method, |url| Call {
            headers: HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Basic x"))]),
            body: body.into(),
            ..Call::new(method.clone(), url, 10)
        })
    }

    #[test]
    fn only_a_redirect_is_followed() {
        assert!(asked(200, "/z", Method::GET).unwrap().is_none());
        assert!(asked(304, "/z", Method::GET).unwrap().is_none());
        assert_eq!(asked(302, "z", Method::GET).unwrap().unwrap().call.url.as_str(), "https://a.example/x/z");
    }

    #[test]
    fn a_post_is_sent_again_only_where_the_answer_says_so() {
        let see_other = sent(303, "/z", Method::POST, b"body").unwrap().unwrap().call;
        assert_eq!((see_other.method, see_other.body.len()), (Method::GET, 0));
        let again = sent(307, "/z", Method::POST, b"body").unwrap().unwrap().call;
        assert_eq!((again.method, again.body.len()), (Method::POST, 4));
    }

    #[test]
    fn another_server_learns_nothing() {
        let other = asked(302, "https://b.example/", Method::GET).unwrap().unwrap();
        assert!(other.leaves && other.call.headers.is_empty());
        let same = asked(302, "/b", Method::GET).unwrap().unwrap();
        assert!(!same.leaves && same.call.headers.len() == 1);
        assert!(
            asked(302, "http://a.example/", Method::GET).is_err_and(|broken| broken.cause.contains("not encrypted"))
        );
    }

    #[test]
    fn what_was_sent_to_one_server_is_never_sent_to_another() {
        for (status, method, body) in [
            (307, Method::POST, b"body".as_slice()),
            (308, Method::PUT, b"body".as_slice()),
            (307, Method::DELETE, b"".as_slice()),
            (302, Method::GET, b"body".as_slice()),
        ] {
            let refused = sent(status, "https://b.example/", method.clone(), body).err().map(|broken| broken.cause);
            let refused = refused.unwrap_or_default();
            assert!(refused.contains("is for https://a.example and was not sent to https://b.example"), "{refused}");
        }
        // A port is a server of its own; a POST that becomes a GET takes nothing along.
        assert!(sent(308, "https://a.example:8443/", Method::POST, b"body").is_err());
        let see_other = sent(303, "https://b.example/", Method::POST, b"body").unwrap().unwrap();
        assert!(see_other.call.method == Method::GET && see_other.call.body.is_empty());
    }
}
