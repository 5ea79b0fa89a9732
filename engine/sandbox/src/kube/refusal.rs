//! Why a request is refused: the `Status` objects of the Kubernetes API, in the words of the real server.
//! Knows no HTTP.

use serde_json::{Value as Json, json};

/// A refusal. Its text is the message of the `Status`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The status code of HTTP.
    pub code: u16,
    /// `NotFound`, `Conflict`, …; empty where the server has none.
    pub reason: &'static str,
    /// What is wrong.
    pub message: String,
    details: Json,
}

/// What a refusal is about: a resource and, if one is meant, an object of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) group: &'a str,
    pub(super) resource: &'a str,
    pub(super) name: &'a str,
}

impl About<'_> {
    /// `deployments.apps`, `pods`.
    pub(super) fn resource(&self) -> String {
        qualified(self.resource, self.group)
    }

    fn details(&self) -> Json {
        let mut details = json!({});
        for (key, value) in [("name", self.name), ("group", self.group), ("kind", self.resource)] {
            if !value.is_empty() {
                details[key] = value.into();
            }
        }
        details
    }
}

/// A field that is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cause {
    pub(super) reason: &'static str,
    /// `spec.replicas`
    pub(super) field: String,
    /// Without the field.
    pub(super) why: String,
}

impl Cause {
    pub(super) fn required(field: impl Into<String>, why: &str) -> Self {
        let why = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Self { reason: "FieldValueRequired", field: field.into(), why }
    }

    pub(super) fn invalid(field: impl Into<String>, value: &Json, why: &str) -> Self {
        Self {
            reason: "FieldValueInvalid",
            field: field.into(),
            why: format!("Invalid value: {}: {why}", shown(value)),
        }
    }

    pub(super) fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self { reason: "FieldValueForbidden", field: field.into(), why: format!("Forbidden: {why}") }
    }

    fn json(&self) -> Json {
        json!({ "reason": self.reason, "message": self.why, "field": self.field })
    }
}

/// A value as the server shows it: structs and lists as JSON.
fn shown(value: &Json) -> String {
    match value {
        Json::String(text) => format!("{text:?}"),
        other => other.to_string(),
    }
}

/// `Deployment.apps`, `deployments.apps`, `pods`.
pub(super) fn qualified(name: &str, group: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

impl Refusal {
    pub(super) fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: Json::Null }
    }

    fn about(mut self, about: About<'_>) -> Self {
        self.details = about.details();
        self
    }

    fn causes(mut self, causes: Vec<Json>) -> Self {
        self.details["causes"] = causes.into();
        self
    }

    pub(super) fn not_found(about: About<'_>) -> Self {
        Self::new(404, "NotFound", format!("{} {:?} not found", about.resource(), about.name)).about(about)
    }

    pub(super) fn already_exists(about: About<'_>) -> Self {
        Self::new(409, "AlreadyExists", format!("{} {:?} already exists", about.resource(), about.name)).about(about)
    }

    pub(super) fn conflict(about: About<'_>, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {:?}: {why}", about.resource(), about.name);
        Self::new(409, "Conflict", message).about(about)
    }

    /// The object has changed since the client read it.
    pub(super) fn modified(about: About<'_>) -> Self {
        Self::conflict(
            about,
            "the object has been modified; please apply your changes to the latest version and try again",
        )
    }

    /// `causes` are what field managers own already: (field, message).
    pub(super) fn apply_conflict(message: String, owned: Vec<(String, String)>) -> Self {
        let cause = |(field, why)| json!({ "reason": "FieldManagerConflict", "message": why, "field": field });
        Self::new(409, "Conflict", message).causes(owned.into_iter().map(cause).collect())
    }

    /// `kind` is the kind here, not the resource.
    pub(super) fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let texts: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.why)).collect();
        let why = if let [only] = texts.as_slice() { only.clone() } else { format!("[{}]", texts.join(", ")) };
        let message = format!("{} {name:?} is invalid: {why}", qualified(kind, group));
        Self::new(422, "Invalid", message)
            .about(About { group, resource: kind, name })
            .causes(causes.iter().map(Cause::json).collect())
    }

    pub(super) fn bad_request(why: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", why)
    }

    pub(super) fn forbidden(about: About<'_>, why: &str) -> Self {
        let what = about.resource();
        let what = if about.name.is_empty() { what } else { format!("{what} {:?}", about.name) };
        Self::new(403, "Forbidden", format!("{what} is forbidden: {why}")).about(about)
    }

    pub(super) fn terminating(about: About<'_>, namespace: &str) -> Self {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        let cause = json!({
            "reason": "NamespaceTerminating", "message": format!("namespace {namespace} is being terminated"),
            "field": "metadata.namespace",
        });
        Self::forbidden(about, &why).causes(vec![cause])
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    pub(super) fn expired(why: impl Into<String>) -> Self {
        Self::new(410, "Expired", why)
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    }

    pub(super) fn unsupported_media(accepted: &[&str]) -> Self {
        let message = "the body of the request was in an unknown format - accepted media types include: ".to_owned();
        Self::new(415, "UnsupportedMediaType", message + accepted.join(", ").as_str())
    }

    pub(super) fn not_acceptable(accepted: &[&str]) -> Self {
        let message = "only the following media types are accepted: ".to_owned() + accepted.join(", ").as_str();
        Self::new(406, "NotAcceptable", message)
    }

    /// What the sandbox does not do, by name.
    pub(super) fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(501, "NotImplemented", format!("the sandbox does not support {what}"))
    }

    pub(super) fn internal(why: impl std::fmt::Display) -> Self {
        Self::new(500, "InternalError", format!("Internal error occurred: {why}"))
    }

    pub(super) fn too_many(seconds: u64) -> Self {
        let message = "The server has received too many requests and has asked us to try again later";
        let mut refusal = Self::new(429, "TooManyRequests", message);
        refusal.details = json!({ "retryAfterSeconds": seconds });
        refusal
    }

    /// The seconds after which the client may come again, where it is told.
    pub(super) fn retry_after(&self) -> Option<u64> {
        self.details["retryAfterSeconds"].as_u64()
    }

    /// As the API says it.
    pub(super) fn status(&self) -> Json {
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": self.message,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status["code"] = self.code.into();
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_what_the_real_server_says() {
        let about = About { group: "apps", resource: "deployments", name: "web" };
        let status = Refusal::not_found(about).status();
        assert_eq!(status["message"], "deployments.apps \"web\" not found");
        assert_eq!(status["details"], json!({ "name": "web", "group": "apps", "kind": "deployments" }));
        let causes = [Cause::required("spec.a", ""), Cause::invalid("spec.b", &json!("x"), "must be y")];
        let invalid = Refusal::invalid("apps", "Deployment", "web", &causes);
        assert_eq!(
            invalid.message,
            "Deployment.apps \"web\" is invalid: [spec.a: Required value, spec.b: Invalid value: \"x\": must be y]"
        );
        assert_eq!(invalid.status()["details"]["causes"][0]["field"], "spec.a");
    }
}
