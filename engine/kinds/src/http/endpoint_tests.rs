use serde_json::json;

use super::*;
use crate::testing::node;

fn codes(config: serde_json::Value) -> Vec<&'static str> {
    parse(&node(&config)).err().unwrap_or_default().iter().map(|error| error.code).collect()
}

#[test]
fn an_endpoint_is_somewhere_and_only_there() {
    let through = json!({ "cluster": "apps", "service": "kafka/registry", "port": 8081 });
    assert_eq!(codes(json!({ "url": "https://a.example/x" })), [""; 0]);
    assert_eq!(codes(json!({ "through": through, "tls": true, "prefix": "/apis" })), [""; 0]);
    assert_eq!(codes(json!({})), ["args::missing-key"]);
    assert_eq!(codes(json!({ "url": "http://a", "through": through })), ["args::ambiguous"]);
    assert_eq!(codes(json!({ "url": "http://a", "tls": true })), ["endpoint::keys"]);
}

#[test]
fn every_mistake_is_told() {
    let wrong =
        json!({ "url": "a.example", "basic": { "user": "u", "password": "p" }, "bearer": "t", "key": { "file": "k" } });
    assert_eq!(codes(wrong), ["endpoint::url", "endpoint::keys", "endpoint::keys"]);
    assert_eq!(codes(json!({ "url": "https://u:p@a.example" })), ["endpoint::url"]);
    assert_eq!(
        codes(json!({ "through": { "cluster": "a", "service": "registry", "port": 1 } })),
        ["endpoint::service"]
    );
}
