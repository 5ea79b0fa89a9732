//! The body of a request, as users write it: JSON, text or a form. Knows no answer.

use std::collections::BTreeMap;

use reqwest::Url;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::Value as Json;

/// What is sent; at most one of the three.
pub(super) struct Written<'a> {
    pub json: Option<&'a Json>,
    pub text: Option<&'a str>,
    pub form: Option<&'a BTreeMap<String, String>>,
}

impl Written<'_> {
    /// The bytes; their content type goes into `headers` unless the check has said another.
    pub(super) fn bytes(&self, headers: &mut HeaderMap) -> Vec<u8> {
        let (content_type, body) = match (self.json, self.text, self.form) {
            (Some(json), ..) => ("application/json", json.to_string().into_bytes()),
            (_, Some(text), _) => ("text/plain; charset=utf-8", text.as_bytes().to_vec()),
            (.., Some(form)) => ("application/x-www-form-urlencoded", encoded(form).into_bytes()),
            (None, None, None) => return Vec::new(),
        };
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(content_type));
        body
    }
}

/// `a=1&b=x+y`.
fn encoded(form: &BTreeMap<String, String>) -> String {
    let mut url = Url::parse("http://form.invalid/").expect("a constant URL");
    url.query_pairs_mut().extend_pairs(form);
    url.query().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_content_type_of_the_check_wins() {
        let body = json!({ "a": 1 });
        let written = Written { json: Some(&body), text: None, form: None };
        let mut headers = HeaderMap::new();
        assert_eq!(written.bytes(&mut headers), br#"{"a":1}"#);
        assert_eq!(headers[CONTENT_TYPE], "application/json");
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/vnd.schemaregistry.v1+json"));
        written.bytes(&mut headers);
        assert_eq!(headers[CONTENT_TYPE], "application/vnd.schemaregistry.v1+json");
    }

    #[test]
    fn a_form_is_encoded() {
        let form = BTreeMap::from([("a".into(), "x y&z".into()), ("b".into(), "ö".into())]);
        let written = Written { json: None, text: None, form: Some(&form) };
        assert_eq!(written.bytes(&mut HeaderMap::new()), b"a=x+y%26z&b=%C3%B6");
    }
}
