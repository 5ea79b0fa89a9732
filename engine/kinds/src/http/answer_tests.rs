use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};

use super::*;

fn reply(status: u16, content_type: &'static str, body: &str) -> Reply {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(content_type))]);
    Reply { status, headers, body: body.into(), elapsed: Duration::from_millis(1500) }
}

fn seen(status: u16, content_type: &'static str, body: &str) -> Json {
    observation(reply(status, content_type, body), "http://a/", false).unwrap()
}

#[test]
fn a_body_that_has_a_key_twice_is_not_judged_by_either() {
    let body = r#"{"items":[{"up":false,"up":true}]}"#;
    let broken = observation(reply(200, "application/json", body), "http://a/", false).unwrap_err();
    let named =
        broken.cause.contains("http://a/") && broken.cause.contains("`up` stands twice in the object `$.items[0]`");
    assert!(named && !broken.transient, "{broken:?}");
    assert_eq!(seen(200, "text/plain", body)["text"], body);
}

#[test]
fn the_content_type_says_what_the_body_is() {
    for json in ["application/json", "application/JSON; charset=utf-8", "application/vnd.schemaregistry.v1+json"] {
        assert_eq!(seen(200, json, r#"{"a":1}"#)["json"]["a"], 1, "{json}");
    }
    for text in ["text/plain", "", "application/stream+json"] {
        assert_eq!(seen(200, text, "{}")["text"], "{}", "{text}");
    }
}

#[test]
fn json_that_is_none_does_not_meet_the_rule() {
    let broken = seen(200, "application/json", "<html>");
    assert_eq!(broken["text"], "<html>");
    assert!(matches!(rule(&broken, None), Ruling::NotYet(why) if why.contains("the body is not")));
    assert!(matches!(rule(&seen(200, "application/json", ""), None), Ruling::NotYet(_)));
    assert_eq!(rule(&seen(204, "application/json", ""), None), Ruling::Met);
    assert_eq!(rule(&observation(reply(200, "application/json", ""), "", true).unwrap(), None), Ruling::Met);
}

#[test]
fn two_hundreds_are_right_unless_others_are_asked() {
    assert_eq!(rule(&seen(201, "", ""), None), Ruling::Met);
    assert!(matches!(rule(&seen(302, "", ""), None), Ruling::NotYet(_)));
    let conflict = Codes(vec![409, 404]);
    assert_eq!(rule(&seen(409, "", ""), Some(&conflict)), Ruling::Met);
    let Ruling::NotYet(why) = rule(&seen(200, "", "fine"), Some(&conflict)) else { panic!("200 met 409") };
    assert_eq!(why, "status is 200, not 409 or 404: fine");
}

#[test]
fn waiting_ends_where_it_cannot_help() {
    for status in [401, 403] {
        assert!(matches!(rule(&seen(status, "", ""), None), Ruling::Final(_)), "{status}");
        assert_eq!(rule(&seen(status, "", ""), Some(&Codes(vec![i64::from(status)]))), Ruling::Met);
    }
    for status in [404, 429, 500, 503] {
        assert!(matches!(rule(&seen(status, "", ""), None), Ruling::NotYet(_)), "{status}");
    }
}

#[test]
fn headers_of_one_name_are_joined_and_bytes_are_measured() {
    let mut reply = reply(200, "image/png", "");
    reply.body = vec![0xff, 0xfe];
    for value in ["a", "b"] {
        reply.headers.append(HeaderName::from_static("via"), HeaderValue::from_static(value));
    }
    let seen = observation(reply, "http://a/", false).unwrap();
    assert_eq!(seen["headers"]["via"], "a, b");
    assert_eq!((seen["size"].as_u64(), seen.get("text")), (Some(2), None));
    assert_eq!(seen["elapsed"], 1.5);
}
