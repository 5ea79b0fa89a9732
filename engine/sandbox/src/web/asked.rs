//! A request and an answer as sites see them. Knows no socket.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value as Json;

/// A request, read whole.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// `GET`, …
    pub method: String,
    /// The path as it was sent.
    pub path: String,
    /// Fields of the query and, where the body is a form, of that.
    pub fields: Vec<(String, String)>,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl Asked {
    /// The first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// How long it is held back, by the wall's clock.
    pub delay: Duration,
}

impl Answer {
    /// Text of this type.
    #[must_use]
    pub fn text(status: u16, sort: &str, text: impl Into<String>) -> Self {
        let headers = vec![("content-type".to_owned(), sort.to_owned())];
        Self { status, headers, body: Bytes::from(text.into()), delay: Duration::ZERO }
    }

    /// Plain text.
    #[must_use]
    pub fn plain(status: u16, text: impl Into<String>) -> Self {
        Self::text(status, "text/plain; charset=utf-8", text)
    }

    /// JSON.
    #[must_use]
    pub fn json(status: u16, json: &Json) -> Self {
        Self::text(status, "application/json", json.to_string())
    }
}
