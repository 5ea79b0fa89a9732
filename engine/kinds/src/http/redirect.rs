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
/// It points to what is no URL, or from TLS to the clear.
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
        call.headers.clear();
    }
    Ok(Some(Next { call, leaves }))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};

    use super::*;

    fn asked(status: u16, location: &'static str, method: Method) -> Result<Option<Next>, Broken> {
        let headers = HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
        let reply = Reply { status, headers, body: Vec::new(), elapsed: Duration::ZERO };
        let from = Url::parse("https://a.example/x/y").unwrap();
        next(&reply, &from, &method, |url| Call {
            headers: HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Basic x"))]),
            body: b"body".into(),
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
        let see_other = asked(303, "/z", Method::POST).unwrap().unwrap().call;
        assert_eq!((see_other.method, see_other.body.len()), (Method::GET, 0));
        let again = asked(307, "/z", Method::POST).unwrap().unwrap().call;
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
}
