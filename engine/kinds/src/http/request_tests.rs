use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use checkrun_model::{KindEntry, Prepared, RunFacts};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::testing::{context, prepare};

/// A server on a port of its own: answers each request by `answer`, which is given the whole request,
/// keeps connections, counts them.
struct Server {
    url: String,
    connections: Arc<AtomicUsize>,
}

async fn serve(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let (count, answer) = (connections.clone(), Arc::new(answer));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while let Some(request) = request(&mut stream, &mut seen).await {
                    stream.write_all(answer(&request).as_bytes()).await.unwrap();
                }
            });
        }
    });
    Server { url, connections }
}

async fn request(stream: &mut tokio::net::TcpStream, seen: &mut Vec<u8>) -> Option<String> {
    loop {
        let text = String::from_utf8_lossy(seen).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let length =
                text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
            if seen.len() >= end + 4 + length {
                return Some(String::from_utf8(seen.drain(..end + 4 + length).collect()).unwrap());
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => seen.extend_from_slice(&part[..read]),
        }
    }
}

fn reply(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

const JSON: &str = "content-type: application/json\r\n";

fn http(args: Json) -> Arc<dyn Prepared> {
    prepare(&KindEntry::of::<Http>(), &args).unwrap()
}

#[tokio::test]
async fn a_request_says_what_was_written_and_the_answer_is_seen_whole() {
    let server = serve(|request| {
        assert!(request.starts_with("POST /base/subjects?x=1&deleted=true+no HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("authorization: Basic dTpw\r\n") && request.contains("x-one: 012\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n{\"a\":1}"), "{request}");
        reply("201 Created", JSON, r#"{"id":7}"#)
    })
    .await;
    let endpoint = json!({ "url": format!("{}/base/", server.url), "basic": { "user": "u", "password": "p" }, "headers": { "x-one": "1" } });
    let (cx, _) = context(Some(("http", endpoint)));
    let post = http(json!({
        "method": "POST", "path": "/subjects?x=1", "query": { "deleted": "true no" }, "headers": { "x-one": "012" }, "json": { "a": 1 },
    }));
    let seen = post.observe(&cx).await.unwrap().value;
    assert_eq!((&seen["status"], &seen["json"]["id"]), (&json!(201), &json!(7)));
    assert_eq!(post.rule(&seen, Asked::default()), Ruling::Met);
}

#[tokio::test]
async fn checks_one_after_another_share_a_connection() {
    let server = serve(|_| reply("200 OK", JSON, "{}")).await;
    let (cx, _) = context(None);
    let get = http(json!({ "url": server.url }));
    for _ in 0..20 {
        get.observe(&cx).await.unwrap();
    }
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn redirects_are_followed_only_as_far_as_asked() {
    let server = serve(|request| match request.starts_with("GET /to ") {
        true => reply("200 OK", "", "there"),
        false => reply("302 Found", "location: /to\r\n", ""),
    })
    .await;
    let (cx, _) = context(None);
    let stays = http(json!({ "url": server.url }));
    let seen = stays.observe(&cx).await.unwrap().value;
    assert!(matches!(stays.rule(&seen, Asked::default()), Ruling::NotYet(why) if why.contains("points to /to")));
    let follows = http(json!({ "url": server.url, "redirects": 1 }));
    let seen = follows.observe(&cx).await.unwrap().value;
    assert_eq!((&seen["text"], &seen["url"]), (&json!("there"), &json!(format!("{}/to", server.url))));
}

#[tokio::test]
async fn another_server_does_not_get_the_credentials() {
    let other = serve(|request| {
        assert!(!request.contains("authorization"), "{request}");
        reply("200 OK", "", "")
    })
    .await;
    let location = format!("location: {}\r\n", other.url);
    let server = serve(move |_| reply("302 Found", &location, "")).await;
    let (cx, _) = context(Some(("http", json!({ "url": server.url, "bearer": "t" }))));
    let seen = http(json!({ "path": "/", "redirects": 3 })).observe(&cx).await.unwrap().value;
    assert_eq!(seen["status"], 200);
}

#[tokio::test]
async fn another_server_does_not_get_the_body() {
    let other = serve(|_| reply("200 OK", "", "")).await;
    let location = format!("location: {}/in\r\n", other.url);
    let server = serve(move |_| reply("307 Temporary Redirect", &location, "")).await;
    let (cx, _) = context(Some(("http", json!({ "url": server.url }))));
    let post = http(json!({ "path": "/", "method": "POST", "json": { "password": "x" }, "redirects": 3 }));
    let broken = post.observe(&cx).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains(&format!("was not sent to {}", other.url)), "{}", broken.cause);
    assert_eq!(other.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_read_only_run_sends_nothing_that_writes() {
    let server = serve(|_| reply("200 OK", "", "")).await;
    let (mut cx, _) = context(None);
    cx.run = Arc::new(RunFacts { read_only: true, ..(*cx.run).clone() });
    let broken = http(json!({ "url": server.url, "method": "DELETE" })).observe(&cx).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("read-only"), "{}", broken.cause);
    assert_eq!(server.connections.load(Ordering::SeqCst), 0);
    assert!(http(json!({ "url": server.url })).observe(&cx).await.is_ok());
}

#[tokio::test]
async fn no_answer_may_come_later_and_half_an_answer_is_none() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (mut cx, _) = context(None);
    let refused = http(json!({ "url": format!("http://{closed}/") })).observe(&cx).await.unwrap_err();
    assert!(refused.transient && refused.cause.contains("refused"), "{}", refused.cause);

    let half = serve(|_| "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".into()).await;
    cx.deadline = std::time::Instant::now() + std::time::Duration::from_millis(300);
    let cut = http(json!({ "url": half.url })).observe(&cx).await.unwrap_err();
    assert!(cut.transient && cut.cause.contains("no whole answer"), "{}", cut.cause);
}

#[test]
fn what_is_ambiguous_is_refused() {
    let entry = KindEntry::of::<Http>();
    for (wrong, code) in [
        (json!({}), "args::missing-key"),
        (json!({ "url": "http://a/", "path": "/" }), "args::ambiguous"),
        (json!({ "url": "http://a/", "method": "POST", "json": {}, "text": "" }), "args::ambiguous"),
        (json!({ "url": "http://a/", "method": "HEAD", "text": "x" }), "args::ambiguous"),
        (json!({ "url": "a" }), "args::value"),
        (json!({ "url": "http://a/", "headers": { "a b": "c" } }), "args::value"),
        (json!({ "url": "http://a/", "method": "get" }), "args::unknown-value"),
        (json!({ "url": "http://a/", "status": [] }), "args::value"),
        (json!({ "url": "http://a/", "status": 4040 }), "args::value"),
        (json!({ "url": "http://a/", "status": [200, 99] }), "args::value"),
    ] {
        let errors = prepare(&entry, &wrong).err().unwrap_or_default();
        assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), [code], "{wrong}");
    }
}

#[test]
fn only_get_and_head_look() {
    for (method, effect, waits) in
        [("GET", Effect::Read, true), ("HEAD", Effect::Read, true), ("POST", Effect::Write, false)]
    {
        let check = http(json!({ "url": "http://a/b", "method": method }));
        assert_eq!((check.effect(), check.repeats() == Repeats::Observe), (effect, waits), "{method}");
        let touch = &check.touches(&Place::default())[0];
        assert_eq!((touch.system.as_str(), touch.object.as_str()), ("http:http://a", format!("{method} /b").as_str()));
    }
}
