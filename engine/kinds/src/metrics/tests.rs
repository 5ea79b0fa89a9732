//! Both kinds against a store on loopback: what is sent, and what comes of each answer.

mod live;

use checkrun_model::{Asked, Broken, KindEntry, Ruling};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::logsql::Logsql;
use super::promql::Promql;
use crate::testing::{context, prepare};

/// A store that answers everything with `status` and `body`; gives its url and what it was sent.
async fn store(status: u16, body: &str) -> (String, UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (heard, requests) = unbounded_channel();
    let answer = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = heard.send(request(&mut stream).await);
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, requests)
}

/// One request, head and body.
async fn request(stream: &mut tokio::net::TcpStream) -> String {
    let mut text = String::new();
    let mut bytes = [0; 4096];
    loop {
        let read = stream.read(&mut bytes).await.unwrap_or(0);
        text.push_str(&String::from_utf8_lossy(&bytes[..read]));
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head
                .to_ascii_lowercase()
                .split("content-length: ")
                .nth(1)
                .map(|rest| rest.lines().next().unwrap().to_owned());
            body.len() >= length.map_or(0, |length| length.trim().parse().unwrap())
        });
        if whole || read == 0 {
            return text;
        }
    }
}

async fn observe(entry: &KindEntry, url: &str, args: Json) -> Result<(Json, Ruling), Broken> {
    let kind = prepare(entry, &args).unwrap_or_else(|errors| panic!("{errors:?}"));
    let (cx, _) = context(Some((entry.doc.name, json!({ "url": url }))));
    let seen = kind.observe(&cx).await?.value;
    let ruling = kind.rule(&seen, Asked::default());
    Ok((seen, ruling))
}

const PROMQL: KindEntry = KindEntry::of::<Promql>();
const LOGSQL: KindEntry = KindEntry::of::<Logsql>();

#[tokio::test]
async fn promql_sends_its_query_and_reads_the_series() {
    let answer =
        r#"{"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1,"3"]}]}}"#;
    let (url, mut requests) = store(200, answer).await;
    let args = json!({ "query": "sum(up{job=\"a\"})", "time": "2026-03-01T12:00:00Z" });
    let (seen, ruling) = observe(&PROMQL, &format!("{url}/prometheus/"), args).await.unwrap();
    assert_eq!((&seen["value"], ruling), (&json!(3), Ruling::Met));
    let sent = requests.recv().await.unwrap();
    assert!(sent.starts_with("POST /prometheus/api/v1/query HTTP/1.1"), "{sent}");
    assert!(
        sent.contains("query=sum%28up%7Bjob%3D%22a%22%7D%29&nocache=1&time=2026-03-01T12%3A00%3A00Z&timeout="),
        "{sent}"
    );
}

#[tokio::test]
async fn promql_tells_nothing_from_no_answer() {
    let (url, _requests) = store(200, r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#).await;
    let (_, ruling) = observe(&PROMQL, &url, json!({ "query": "up" })).await.unwrap();
    assert_eq!(ruling, Ruling::NotYet("the query gave no series".into()));
    let (url, _requests) = store(422, r#"{"status":"error","errorType":"422","error":"bad query"}"#).await;
    let broken = observe(&PROMQL, &url, json!({ "query": "up{" })).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("bad query"), "{broken:?}");
    let (url, _requests) = store(503, "no backends").await;
    assert!(observe(&PROMQL, &url, json!({ "query": "up" })).await.unwrap_err().transient);
}

#[tokio::test]
async fn logsql_sends_limit_and_start_and_reads_rows() {
    let (url, mut requests) = store(200, "{\"_msg\":\"one\",\"n\":\"1\"}\n{\"_msg\":\"two\"}\n").await;
    let args = json!({ "query": "error", "since": "2026-03-01T12:00:00Z" });
    let (seen, ruling) = observe(&LOGSQL, &url, args).await.unwrap();
    assert_eq!(seen, json!({ "limited": false, "rows": [{ "_msg": "one", "n": "1" }, { "_msg": "two" }] }));
    assert_eq!(ruling, Ruling::Met);
    let sent = requests.recv().await.unwrap();
    assert!(sent.starts_with("POST /select/logsql/query HTTP/1.1"), "{sent}");
    assert!(sent.contains("query=error&limit=1001&start=2026-03-01T12%3A00%3A00Z&timeout="), "{sent}");
}

#[tokio::test]
async fn logsql_takes_an_empty_body_for_no_rows_and_no_other() {
    let (url, _requests) = store(200, "").await;
    let (_, ruling) = observe(&LOGSQL, &url, json!({ "query": "x" })).await.unwrap();
    assert_eq!(ruling, Ruling::NotYet("the query gave no rows".into()));
    let (url, _requests) = store(200, "<html>welcome</html>").await;
    assert!(!observe(&LOGSQL, &url, json!({ "query": "x" })).await.unwrap_err().transient);
}

#[tokio::test]
async fn a_store_that_is_not_there_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for entry in [PROMQL, LOGSQL] {
        assert!(observe(&entry, &url, json!({ "query": "up" })).await.unwrap_err().transient);
    }
}

#[test]
fn arguments_are_checked_at_load() {
    let first = |entry: &KindEntry, args: Json| prepare(entry, &args).err().map(|errors| errors[0].message.clone());
    assert_eq!(first(&PROMQL, json!({ "query": "up", "time": "5m" })), None);
    assert!(first(&PROMQL, json!({ "query": " " })).unwrap().contains("empty"));
    assert!(first(&PROMQL, json!({ "query": "up", "time": "noon" })).unwrap().contains("neither a time"));
    assert!(first(&PROMQL, json!({})).unwrap().contains("`query` is missing"));
    assert!(first(&LOGSQL, json!({ "query": "x", "limit": 0 })).unwrap().contains("`limit` is 0"));
    assert!(first(&LOGSQL, json!({ "query": "x", "sinse": "5m" })).unwrap().contains("unknown key"));
}
