//! `http`: one request, one answer. Knows the client by [`super::client`], the answer by [`super::answer`].

use std::collections::BTreeMap;

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, LockMode, Node, Observation, Place, Repeats, Ruling, Runs,
    Sort, SpecError, Touch, Witness,
};
use reqwest::{Method, Url};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::answer;
use super::body::Written;
use super::client::{Call, Reply, Site, headers};
use super::endpoint::{HttpEndpoint, absolute, exactly_one};
use super::redirect;
use crate::codes::Codes;

/// What a status of HTTP can be.
const STATUS: (i64, i64) = (100, 599);

/// The most that the body of an answer may weigh.
const MOST_BYTES: usize = 16 << 20;

/// Sends one HTTP request and observes the whole answer.
///
/// GET and HEAD are repeated under `within`; any other method is sent once, and counts as a write. A body
/// whose content type says JSON must be JSON. Redirects are answers like any other unless `redirects` says
/// how many to follow. A server that a redirect leads to never sees the headers and credentials of the first,
/// and is asked nothing but a bodiless GET or HEAD: a redirect that would send it more is an error.
/// Proxies of the environment are not used.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH`, `DELETE` or `OPTIONS`.
    #[serde(default)]
    pub method: Verb,
    /// What is asked of the check's endpoint: `/subjects?deleted=true`.
    #[serde(default)]
    pub path: Option<String>,
    /// A whole URL, instead of `path`. It is asked without an endpoint, so without its CA and credentials.
    #[serde(default)]
    pub url: Option<String>,
    /// Parameters that are added to the URL, encoded.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Headers; they win over those of the endpoint.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// A body of JSON.
    #[serde(default)]
    pub json: Option<Json>,
    /// A body of text.
    #[serde(default)]
    pub text: Option<String>,
    /// A body of form fields.
    #[serde(default)]
    pub form: Option<BTreeMap<String, String>>,
    /// The status that is right, or a list of them. Default: any 2xx.
    #[serde(default)]
    pub(crate) status: Option<Codes>,
    /// How many redirects are followed. Default: none.
    #[serde(default)]
    pub redirects: u8,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

impl Verb {
    fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Head => Method::HEAD,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
            Self::Options => Method::OPTIONS,
        }
    }

    fn reads(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

const EXAMPLE: &str = r#"- id: registry-answers
  title: The schema registry answers with its subjects
  http: { url: "http://127.0.0.1:8081/subjects" }
  expect:
    - json.contains("payments-value")
    - elapsed < 1s
  within: 30s
"#;

impl Http {
    /// Where the check goes, and the whole URL.
    async fn site(&self, cx: &Cx) -> Result<(Site, Url), Broken> {
        let (site, mut url) = match (&self.url, &self.path) {
            (Some(url), _) => {
                let url = absolute(url).map_err(Broken::fatal)?;
                (Site::stranger(cx, &url)?, url)
            }
            (None, path) => {
                let endpoint = HttpEndpoint::of(cx, "http")?.ok_or_else(no_endpoint)?;
                let site = Site::of(cx, &endpoint).await?;
                let url = site.url(path.as_deref().unwrap_or_default())?;
                (site, url)
            }
        };
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok((site, url))
    }

    fn call(&self, url: Url) -> Result<Call, Broken> {
        let mut call = Call::new(self.method.method(), url, MOST_BYTES);
        call.headers = headers(&self.headers)?;
        let written = Written { json: self.json.as_ref(), text: self.text.as_deref(), form: self.form.as_ref() };
        call.body = written.bytes(&mut call.headers);
        Ok(call)
    }

    /// Sends, and follows as many redirects as are wanted. The last answer, and where it came from.
    async fn exchange(&self, cx: &Cx) -> Result<(Reply, Url), Broken> {
        let (mut site, mut url) = self.site(cx).await?;
        let mut call = self.call(url.clone())?;
        let mut left = self.redirects;
        loop {
            let Call { method, headers, body, .. } = &call;
            let (method, headers, body) = (method.clone(), headers.clone(), body.clone());
            let reply = site.send(cx, call).await?;
            if left == 0 {
                return Ok((reply, url));
            }
            left -= 1;
            let again = |url| Call { headers, body, ..Call::new(method.clone(), url, MOST_BYTES) };
            let Some(next) = redirect::next(&reply, &url, &method, again)? else {
                return Ok((reply, url));
            };
            url = next.call.url.clone();
            if next.leaves {
                site = Site::stranger(cx, &url)?;
            }
            call = next.call;
        }
    }
}

fn no_endpoint() -> Broken {
    Broken::fatal("the check has a `path` but no endpoint").hint("name an `endpoint:`, or write the whole `url:`")
}

impl Kind for Http {
    const DOC: KindDoc = KindDoc {
        name: "http",
        summary: "Sends one HTTP request and observes the whole answer.",
        rule: "the status is 2xx, or what `status` says; the body is what its content type says",
        rule_proves: true,
        runs: Runs::EndpointOr("http", "url"),
        lock: Some(LockMode::Shared),
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Write,
        may_say_read: true,
        grafts: &[],
        observation: &[
            Field { path: "status", sort: Sort::Plain, doc: "The status code." },
            Field {
                path: "headers",
                sort: Sort::Plain,
                doc: "Headers by name, in small letters: `headers[\"content-type\"]`.",
            },
            Field { path: "json", sort: Sort::Plain, doc: "The body, if its content type says JSON." },
            Field { path: "text", sort: Sort::Plain, doc: "The body, if it is any other text." },
            Field {
                path: "malformed",
                sort: Sort::Plain,
                doc: "What is wrong with a body that should be JSON; absent if nothing is.",
            },
            Field { path: "size", sort: Sort::Size, doc: "The bytes of the body." },
            Field {
                path: "elapsed",
                sort: Sort::Duration,
                doc: "From the request to the last byte of the answer, without redirects before it.",
            },
            Field { path: "url", sort: Sort::Plain, doc: "Where the answer came from, after redirects." },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &["method"],
        bounds: &[("status", STATUS)],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        let mut errors = exactly_one(node, &["path", "url"]);
        let bodies = ["json", "text", "form"];
        if bodies.iter().any(|key| node.get(key).is_some()) {
            errors.extend(exactly_one(node, &bodies));
        }
        if let (Some(Err(why)), Some(place)) = (self.url.as_deref().map(absolute), node.get("url")) {
            errors.push(SpecError::new("args::value", place.span, why, "not a URL"));
        }
        if let (Err(broken), Some(place)) = (headers(&self.headers), node.get("headers")) {
            errors.push(SpecError::new("args::value", place.span, broken.cause, "not a header"));
        }
        if let Some(status) = &self.status {
            errors.extend(status.errors(node, "status", STATUS, "status of HTTP"));
        }
        if let (Verb::Head, Some(body)) = (self.method, bodies.iter().find_map(|key| node.entry(key))) {
            errors.push(SpecError::new("args::ambiguous", body.key_span, "a HEAD request has no body", "not sent"));
        }
        errors
    }

    fn effect(&self) -> Effect {
        if self.method.reads() { Effect::Read } else { Effect::Write }
    }

    fn repeats(&self) -> Repeats {
        match self.method.reads() {
            true => Repeats::Observe,
            false => Repeats::Refused(
                "a request that writes is sent once; wait for what it does in a GET check that needs this one",
            ),
        }
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        let endpoint = place.endpoint.as_ref().map(|endpoint| endpoint.name.clone());
        let asked = self.url.as_deref().and_then(|url| absolute(url).ok());
        let (system, path) = match &asked {
            Some(url) => (Some(url.origin().ascii_serialization()), url.path().to_owned()),
            None => (endpoint, self.path.clone().unwrap_or_default()),
        };
        let method = self.method.method();
        vec![Touch {
            system: format!("http:{}", system.unwrap_or_default()),
            object: format!("{method} {path}"),
            verb: method.as_str().to_ascii_lowercase(),
        }]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let (reply, url) = self.exchange(cx).await?;
        answer::observation(reply, url.as_str(), self.method == Verb::Head).map(Observation::from)
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        answer::rule(seen, self.status.as_ref())
    }
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
