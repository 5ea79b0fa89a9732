//! A request as it was read: who asks, what, in which form. Decides nothing.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Method, Uri};
use serde_json::Value as Json;

use crate::kube::refusal::Refusal;
use crate::kube::rights::people::User;
use crate::kube::store::By;

/// One request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) user: User,
    pub(super) body: Bytes,
    /// As it was written, without the question mark.
    pub(super) query: String,
    /// Name and value of each parameter.
    parameters: Vec<(String, String)>,
}

/// In which form objects are to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Object,
    /// Rows and columns, for people.
    Table,
    /// Only the metadata.
    Partial,
}

impl Request {
    pub(super) fn new(method: Method, uri: &Uri, headers: HeaderMap, user: User, body: Bytes) -> Self {
        let query = uri.query().unwrap_or_default();
        let parameters = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { method, path: uri.path().to_owned(), headers, user, body, query: query.to_owned(), parameters }
    }

    /// A parameter of the query; None also if it is empty.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// A parameter that is written `true` or `1`; a bare name counts as well.
    pub(super) fn says(&self, name: &str) -> bool {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.is_some_and(|(_, value)| !matches!(value.as_str(), "false" | "0"))
    }

    /// A parameter that is a number.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.parameter(name) else { return Ok(None) };
        let wrong = |_| match name {
            "resourceVersion" => Refusal::bad_request(format!(
                "invalid resource version: resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
            )),
            _ => Refusal::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax")),
        };
        text.parse().map(Some).map_err(wrong)
    }

    pub(super) fn header(&self, name: http::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Everything that is to be tried but not done.
    ///
    /// # Errors
    /// Another word than `All`.
    pub(super) fn dry(&self, options: &Json) -> Result<bool, Refusal> {
        let said = self.parameter("dryRun").or_else(|| options["dryRun"][0].as_str());
        match said {
            None => Ok(false),
            Some("All") => Ok(true),
            Some(other) => Err(Refusal::new(
                422,
                "Invalid",
                format!(" \"\" is invalid: dryRun: Unsupported value: {other:?}: supported values: \"All\""),
            )),
        }
    }

    /// Who acts, to those who see what happens.
    pub(super) fn by(&self) -> By {
        By::Client(self.user.name.clone())
    }

    /// The manager of the fields that are written: as it says, or as its program is called.
    pub(super) fn manager(&self) -> String {
        let agent = self.header(http::header::USER_AGENT);
        let program = agent.split('/').next().filter(|program| !program.is_empty()).unwrap_or("unknown");
        self.parameter("fieldManager").unwrap_or(program).to_owned()
    }

    /// The body as an object: JSON or YAML.
    ///
    /// # Errors
    /// It is none, or in a form that is not known.
    pub(super) fn object(&self) -> Result<Json, Refusal> {
        match self.media() {
            "" | "application/json" | "*/*" => serde_json::from_slice(&self.body).map_err(|why| {
                Refusal::bad_request(format!("the object provided is unrecognized (must be JSON): {why}"))
            }),
            "application/yaml" => serde_yaml::from_slice(&self.body)
                .map_err(|why| Refusal::bad_request(format!("error decoding YAML: {why}"))),
            _ => Err(Refusal::unsupported_media(&["application/json", "application/yaml"])),
        }
    }

    /// The media type of the body, without its parameters.
    pub(super) fn media(&self) -> &str {
        self.header(CONTENT_TYPE).split(';').next().unwrap_or_default().trim()
    }

    /// The first form that is asked for and can be given.
    ///
    /// # Errors
    /// None of them can.
    pub(super) fn form(&self) -> Result<Form, Refusal> {
        let accept = self.header(ACCEPT);
        if accept.trim().is_empty() {
            return Ok(Form::Object);
        }
        accept.split(',').find_map(form).ok_or_else(|| Refusal::not_acceptable(&["application/json"]))
    }
}

fn form(accepted: &str) -> Option<Form> {
    let mut words = accepted.split(';').map(str::trim);
    if !matches!(words.next()?, "application/json" | "application/*" | "*/*") {
        return None;
    }
    let (mut wanted, mut version) = (Form::Object, "v1");
    for (key, value) in words.filter_map(|word| word.split_once('=')) {
        match (key, value) {
            ("as", "Table") => wanted = Form::Table,
            ("as", "PartialObjectMetadata" | "PartialObjectMetadataList") => wanted = Form::Partial,
            ("as", _) => return None,
            ("v", other) => version = other,
            _ => {}
        }
    }
    (wanted == Form::Object || version == "v1").then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_can_be_given_is_given() {
        for (accept, expected) in [
            ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", Some(Form::Table)),
            ("application/vnd.kubernetes.protobuf, application/json", Some(Form::Object)),
            ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Some(Form::Partial)),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io, */*", Some(Form::Object)),
            ("application/vnd.kubernetes.protobuf", None),
        ] {
            assert_eq!(accept.split(',').find_map(form), expected, "{accept}");
        }
    }
}
