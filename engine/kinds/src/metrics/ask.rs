//! One question to a store over HTTP, sent as a form so that a query may be long. Judges no answer.

use checkrun_model::{Broken, Cx, Place, Touch};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use crate::http::client::{Call, Reply, Site};
use crate::http::endpoint::HttpEndpoint;

/// A question to a store.
pub(super) struct Question {
    /// The family that the endpoint must be of.
    pub(super) family: &'static str,
    /// Path behind the endpoint's url.
    pub(super) path: &'static str,
    /// Fields of the form.
    pub(super) form: Vec<(&'static str, String)>,
    /// The most bytes that the answer may have.
    pub(super) most: usize,
}

/// Asks, within the time of the check. The store is told how long it may take.
///
/// # Errors
/// No whole answer.
pub(super) async fn ask(cx: &Cx, question: Question) -> Result<Reply, Broken> {
    let Question { family, path, mut form, most } = question;
    let missing = || Broken::fatal(format!("the check has no endpoint of the family `{family}`"));
    let endpoint = HttpEndpoint::of(cx, family)?.ok_or_else(missing)?;
    let site = Site::of(cx, &endpoint).await?;
    form.push(("timeout", format!("{}s", cx.remaining().as_secs().max(1))));
    let mut call = Call::new(Method::POST, site.url(path)?, most);
    call.body = encoded(&form).into_bytes();
    call.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    call.reads = true;
    site.send(cx, call).await
}

/// `a=1&b=x+y`.
fn encoded(form: &[(&'static str, String)]) -> String {
    let mut url = reqwest::Url::parse("http://form.invalid/").expect("a constant URL");
    url.query_pairs_mut().extend_pairs(form);
    url.query().unwrap_or_default().to_owned()
}

/// What a query touches.
pub(super) fn touch(family: &str, place: &Place, query: &str) -> Touch {
    let endpoint = place.endpoint.as_ref().map_or("", |endpoint| endpoint.name.as_str());
    Touch { system: format!("{family}:{endpoint}"), object: query.to_owned(), verb: "query".into() }
}
