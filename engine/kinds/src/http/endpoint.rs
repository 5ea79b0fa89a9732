//! An endpoint that speaks HTTP: where it is, what to trust there, who asks. Sends nothing.

use std::collections::BTreeMap;

use checkrun_model::{Broken, Cx, Node, SpecError, de};
use reqwest::Url;
use schemars::JsonSchema;
use serde::Deserialize;

use super::tls::Trust;
use crate::pem::Pem;
use crate::through::Through;

/// An endpoint that speaks HTTP. It has a `url`, or is reached `through` a cluster.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpEndpoint {
    /// What stands before every path: `https://registry.example/`.
    #[serde(default)]
    pub url: Option<String>,
    /// A service inside a cluster, instead of `url`.
    #[serde(default)]
    pub through: Option<Through>,
    /// With `through`: it speaks TLS there, with a certificate for `name.namespace.svc`.
    #[serde(default)]
    pub tls: bool,
    /// With `through`: what stands before every path.
    #[serde(default)]
    pub prefix: Option<String>,
    /// The CA to trust instead of the machine's.
    #[serde(default)]
    pub ca: Option<Pem>,
    /// A certificate of our own (mTLS); needs `key`.
    #[serde(default)]
    pub certificate: Option<Pem>,
    /// The key of that certificate.
    #[serde(default)]
    pub key: Option<Pem>,
    /// Headers that every request carries.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// User and password (`Authorization: Basic`).
    #[serde(default)]
    pub basic: Option<Basic>,
    /// A token (`Authorization: Bearer`).
    #[serde(default)]
    pub bearer: Option<String>,
}

/// User and password.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Basic {
    /// The user.
    pub user: String,
    /// The password: `"{{ secret('name') }}"`.
    pub password: String,
}

/// Checks an `http` entry of the target, or of another family that speaks HTTP.
pub(crate) fn parse(node: &Node) -> Result<(), Vec<SpecError>> {
    let settings: HttpEndpoint = de::from_node(node)?;
    let errors = settings.errors(node);
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// JSON Schema of the settings.
pub(crate) fn schema() -> serde_json::Value {
    schemars::schema_for!(HttpEndpoint).to_value()
}

impl HttpEndpoint {
    /// Settings of the check's endpoint, if it has one of `family`.
    ///
    /// # Errors
    /// The settings, their secrets filled in, are wrong.
    pub(crate) fn of(cx: &Cx, family: &str) -> Result<Option<Self>, Broken> {
        let Some(endpoint) = cx.place.endpoint.as_ref().filter(|endpoint| endpoint.family == family) else {
            return Ok(None);
        };
        let wrong = |errors: Vec<SpecError>| {
            let why: Vec<String> = errors.into_iter().map(|error| error.message).collect();
            Broken::fatal(format!("endpoint `{}`: {}", endpoint.name, why.join("; ")))
        };
        de::from_node(&endpoint.config).map(Some).map_err(wrong)
    }

    /// What a client must know before it connects.
    pub(crate) fn trust(&self) -> Trust {
        Trust { ca: self.ca.clone(), certificate: self.certificate.clone(), key: self.key.clone() }
    }

    /// Mistakes beyond the types, at `node`.
    fn errors(&self, node: &Node) -> Vec<SpecError> {
        let mut errors = exactly_one(node, &["url", "through"]);
        if let (Some(url), Some(place)) = (&self.url, node.get("url").filter(|place| !place.has_deferred())) {
            errors.extend(absolute(url).err().map(|why| SpecError::new("endpoint::url", place.span, why, "not a URL")));
        }
        if let (Some(through), Some(place)) = (&self.through, node.get("through")) {
            errors.extend(through.errors(place));
        }
        for key in ["tls", "prefix"] {
            if let (Some(entry), None) = (node.entry(key), node.get("through")) {
                let label = "only with `through`";
                errors.push(SpecError::new(
                    "endpoint::keys",
                    entry.key_span,
                    format!("`{key}` needs `through`"),
                    label,
                ));
            }
        }
        for (key, other) in [("certificate", "key"), ("key", "certificate")] {
            if let (Some(entry), None) = (node.entry(key), node.get(other)) {
                let message = format!("`{key}` needs `{other}`");
                errors.push(SpecError::new("endpoint::keys", entry.key_span, message, format!("needs `{other}:`")));
            }
        }
        if let (Some(basic), Some(bearer)) = (node.entry("basic"), node.entry("bearer")) {
            let error =
                SpecError::new("endpoint::keys", bearer.key_span, "`basic` and `bearer` are both given", "second");
            errors.push(error.also(basic.key_span, "first"));
        }
        errors
    }
}

/// The mistake that not exactly one of `keys` is there.
pub(crate) fn exactly_one(node: &Node, keys: &[&str]) -> Vec<SpecError> {
    let there: Vec<_> = keys.iter().filter_map(|key| node.entry(key)).collect();
    let list = keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    match there.as_slice() {
        [_] => Vec::new(),
        [] => vec![SpecError::new("args::missing-key", node.span, format!("one of {list} is missing"), "needs one")],
        [first, second, ..] => {
            let message = format!("`{}` and `{}` are both given", first.key, second.key);
            let error = SpecError::new("args::ambiguous", second.key_span, message, "second");
            vec![error.also(first.key_span, "first").help(format!("give one of {list}"))]
        }
    }
}

/// A URL that can be asked.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) fn absolute(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|why| format!("`{text}` is not a URL: {why}"))?;
    match (url.scheme(), url.has_host(), url.password().is_some() || !url.username().is_empty()) {
        ("http" | "https", true, false) => Ok(url),
        ("http" | "https", true, true) => Err("a URL does not hold credentials; use `basic:` with a secret".into()),
        _ => Err(format!("`{text}` is not a URL of http or https")),
    }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
