//! Answers as HTTP: a status code, a media type, a body that is whole or comes in parts.

use std::convert::Infallible;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WARNING};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use serde_json::Value as Json;

use crate::kube::refusal::Refusal;

/// What is sent.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What is answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(HeaderName, String)>,
    body: Body,
}

impl Answer {
    /// JSON.
    pub(super) fn json(status: u16, value: &Json) -> Self {
        Self::text(status, "application/json", value.to_string())
    }

    /// Whole text of a media type.
    pub(super) fn text(status: u16, media: &str, text: impl Into<Bytes>) -> Self {
        let body = Full::new(text.into()).boxed_unsync();
        Self { status, headers: vec![(CONTENT_TYPE, media.to_owned())], body }
    }

    /// Parts as they come.
    pub(super) fn stream(media: &str, parts: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        let frames = parts.map(|part| Ok::<_, Infallible>(Frame::data(part)));
        let body = StreamBody::new(frames).boxed_unsync();
        Self { status: 200, headers: vec![(CONTENT_TYPE, media.to_owned())], body }
    }

    /// No such path.
    pub(super) fn nowhere() -> Self {
        Self::text(404, "text/plain; charset=utf-8", "404 page not found\n")
    }

    /// Something to be said beside the answer.
    pub(super) fn warn(mut self, warnings: &[String]) -> Self {
        let quoted = warnings.iter().map(|text| (WARNING, format!("299 - {text:?}")));
        self.headers.extend(quoted);
        self
    }

    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn response(self) -> Response<Body> {
        let mut response = Response::new(self.body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let answer = Self::json(refusal.code, &refusal.status());
        match refusal.retry_after() {
            Some(seconds) => answer.header(RETRY_AFTER, seconds.to_string()),
            None => answer,
        }
    }
}
