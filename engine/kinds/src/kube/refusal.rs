//! What a refusal of the API server means: whether waiting may help, and what to do. Pure.

use checkrun_model::Broken;
use serde_json::Value as Json;

use crate::http::trouble::root;

/// Why a request was refused, given status and body of the answer.
pub(super) fn refused(what: &str, status: u16, body: &Json) -> Broken {
    let why = match body["message"].as_str().or_else(|| body.as_str()).map(str::trim) {
        Some(text) if !text.is_empty() => text.chars().take(500).collect(),
        _ => "no reason given".to_owned(),
    };
    let cause = format!("{what}: {status} {why}");
    match status {
        401 => Broken::fatal(cause).hint("the cluster does not know these credentials; look at the context's user"),
        403 => Broken::fatal(cause).hint("the identity of this context lacks the right; `kube.can_i` asks for one"),
        // 0: a stranger between us and the cluster, who does not say what is wrong.
        0 | 408 | 429 | 500.. => Broken::transient(cause),
        _ => Broken::fatal(cause),
    }
}

/// Why there was no answer.
pub(super) fn unanswered(what: &str, error: &kube::Error) -> Broken {
    if let kube::Error::Api(status) = error {
        return refused(what, status.code, &Json::from(status.message.as_str()));
    }
    let root = root(error);
    let cause = format!("{what}: {}", root.text);
    match error {
        kube::Error::Auth(_) => Broken::fatal(cause).hint("the credentials of the context could not be made"),
        _ if root.certificate => Broken::fatal(cause).hint("look at the CA of the cluster in the kubeconfig"),
        _ => Broken::transient(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn waiting_helps_where_the_server_is_at_fault() {
        for (status, transient) in [
            (400, false),
            (401, false),
            (403, false),
            (404, false),
            (422, false),
            (429, true),
            (500, true),
            (503, true),
        ] {
            assert_eq!(refused("GET /x", status, &json!({ "message": "why" })).transient, transient, "{status}");
        }
        assert_eq!(refused("GET /x", 400, &json!({ "message": "why" })).cause, "GET /x: 400 why");
        assert_eq!(refused("GET /x", 502, &Json::Null).cause, "GET /x: 502 no reason given");
    }
}
