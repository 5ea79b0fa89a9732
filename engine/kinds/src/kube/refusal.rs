//! What a refusal of the API server means: whether waiting may help, and what to do. Pure.

use std::time::Duration;

use checkrun_model::Broken;
use checkrun_model::clock::spoken;
use serde_json::Value as Json;

use super::cluster::Site;
use crate::http::trouble::root;

/// Why a request was refused, given status and body of the answer.
pub(super) fn refused(site: &Site, what: &str, status: u16, body: &Json) -> Broken {
    let why = match body["message"].as_str().or_else(|| body.as_str()).map(str::trim) {
        Some(text) if !text.is_empty() => text.chars().take(500).collect(),
        _ => "no reason given".to_owned(),
    };
    let cause = format!("{what}: {status} {why}");
    match status {
        401 => Broken::fatal(cause).hint(format!("{} does not know the user of {}", site.at, site.settings)),
        403 => Broken::fatal(cause)
            .hint(format!("the user of {} lacks the right; `kube.can_i` asks for one", site.settings)),
        // 0: a stranger between us and the cluster, who does not say what is wrong.
        0 | 408 | 429 | 500.. => Broken::transient(cause),
        _ => Broken::fatal(cause),
    }
}

/// Why there was no answer.
pub(super) fn unanswered(site: &Site, what: &str, error: &kube::Error) -> Broken {
    if let kube::Error::Api(status) = error {
        return refused(site, what, status.code, &Json::from(status.message.as_str()));
    }
    let root = root(error);
    let Site { at, settings } = site;
    let cause = format!("{what}: no answer from {at}: {}", root.text);
    let broken = match error {
        kube::Error::Auth(_) => Broken::fatal(cause).hint(format!("no credentials could be made of {settings}")),
        _ if root.certificate => Broken::fatal(cause).hint(format!("look at the CA of the cluster in {settings}")),
        _ => Broken::transient(cause).hint(used(site)),
    };
    broken.outage(at, root.text)
}

/// Why there was no answer in `time`.
pub(super) fn late(site: &Site, what: &str, time: Duration) -> Broken {
    Broken::transient(format!("{what}: no answer from {} within {}", site.at, spoken(time)))
        .hint(used(site))
        .outage(&site.at, "no answer in time")
}

fn used(site: &Site) -> String {
    format!("the address is that of {}; is its API server up, and reachable from here?", site.settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn site() -> Site {
        Site { at: "cluster `apps` at https://10.0.0.1:6443".into(), settings: "context `a` of k.yaml".into() }
    }

    #[test]
    fn where_nobody_answers_the_cluster_its_address_and_its_settings_are_named() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        for broken in [
            unanswered(&site(), "GET /api", &kube::Error::Service(Box::new(refused))),
            late(&site(), "GET /api", Duration::from_secs(30)),
        ] {
            assert!(broken.transient && broken.cause.contains("cluster `apps` at https://10.0.0.1:6443"), "{broken:?}");
            assert!(broken.hint.as_deref().is_some_and(|hint| hint.contains("context `a` of k.yaml")), "{broken:?}");
            assert_eq!(
                broken.outage.map(|outage| outage.at).as_deref(),
                Some("cluster `apps` at https://10.0.0.1:6443")
            );
        }
        assert!(late(&site(), "GET /api", Duration::from_millis(29_998)).cause.ends_with("within 30s"));
    }

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
            assert_eq!(
                refused(&site(), "GET /x", status, &json!({ "message": "why" })).transient,
                transient,
                "{status}"
            );
        }
        assert_eq!(refused(&site(), "GET /x", 400, &json!({ "message": "why" })).cause, "GET /x: 400 why");
        assert_eq!(refused(&site(), "GET /x", 502, &Json::Null).cause, "GET /x: 502 no reason given");
    }
}
