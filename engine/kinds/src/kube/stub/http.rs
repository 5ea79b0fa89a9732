//! The server's side of HTTP: requests to the store, answers and watches from it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::store::{Key, Store};

struct Request {
    method: String,
    path: String,
    query: String,
    body: Json,
}

pub(super) async fn serve(listener: TcpListener, store: Arc<Mutex<Store>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, store.clone()));
    }
}

async fn connection(mut stream: TcpStream, store: Arc<Mutex<Store>>) {
    let mut seen = Vec::new();
    while let Some(request) = request(&mut stream, &mut seen).await {
        let line = format!("{} {}?{}", request.method, request.path, request.query);
        let fault = {
            let mut store = store.lock().unwrap();
            store.log.push(line.clone());
            store.fault(&line)
        };
        if fault.is_none() && request.query.contains("watch=true") {
            return watch(stream, &store, &request).await;
        }
        let (status, body) = match fault {
            Some(status) => (status, json!({ "message": "a fault of the test" })),
            None => answer(&mut store.lock().unwrap(), &request),
        };
        let mut body = body;
        if status >= 400 {
            body["code"] = status.into();
        }
        let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        let head = format!("HTTP/1.1 {status} X\r\nretry-after: 0\r\ncontent-length: {}\r\n\r\n", body.len());
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn request(stream: &mut TcpStream, seen: &mut Vec<u8>) -> Option<Request> {
    loop {
        let text = String::from_utf8_lossy(seen).into_owned();
        if let Some(end) = text.find("\r\n\r\n") {
            let length =
                text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
            if seen.len() >= end + 4 + length {
                let body = serde_json::from_slice(&seen[end + 4..end + 4 + length]).unwrap_or(Json::Null);
                seen.drain(..end + 4 + length);
                let mut words = text.split(' ');
                let (method, uri) = (words.next()?.to_owned(), words.next()?);
                let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
                return Some(Request { method, path: path.to_owned(), query: query.to_owned(), body });
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => seen.extend_from_slice(&part[..read]),
        }
    }
}

/// Namespace, resource, name and part of `/api/v1[/namespaces/N]/R[/NAME[/PART]]`.
fn parts(path: &str) -> (Key, Option<String>) {
    let mut words = path.trim_start_matches("/api/v1/").split('/').map(str::to_owned).peekable();
    let namespaced = words.peek().is_some_and(|word| word == "namespaces");
    let namespace = if namespaced { words.nth(1).unwrap_or_default() } else { String::new() };
    let (plural, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    ((plural, namespace, name), words.next())
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn answer(store: &mut Store, request: &Request) -> (u16, Json) {
    match request.path.as_str() {
        "/api" => return (200, account()),
        "/apis" => return (200, json!({ "kind": "APIGroupDiscoveryList", "items": [] })),
        path if path.ends_with("selfsubjectaccessreviews") => {
            let allowed = request.body["spec"]["resourceAttributes"]["verb"] == "get";
            return (201, json!({ "status": { "allowed": allowed } }));
        }
        _ => {}
    }
    let (key, part) = parts(&request.path);
    if part.as_deref() == Some("log") {
        let container = format!("{}/{}", key.2, parameter(&request.query, "container").unwrap_or_default());
        let all = store.logs.get(&container).cloned();
        let seen = all.map(|all| if request.query.contains("sinceTime") { String::new() } else { all });
        return seen.map_or((400, json!({ "message": "waiting to start" })), |text| (200, text.into()));
    }
    match (request.method.as_str(), key.2.is_empty()) {
        ("GET", true) => {
            let labels =
                parameter(&request.query, "labelSelector").unwrap_or_default().replace("%3D", "=").replace("%2C", ",");
            (200, store.list(&key.0, &key.1, &labels))
        }
        ("GET", false) => {
            store.objects.get(&key).map_or((404, json!({ "message": "not found" })), |object| (200, object.clone()))
        }
        ("POST", _) if request.body["unknown"].is_null() => store.create(&key.0, request.body.clone()),
        ("POST", _) => (400, json!({ "message": "strict decoding error: unknown field \"unknown\"" })),
        ("PATCH", _) => store.patch(&key, &request.body),
        ("DELETE", _) => store.delete(&key, &request.body),
        _ => (405, json!({ "message": "no such method" })),
    }
}

fn account() -> Json {
    let resource = |kind: &str, plural: &str| {
        let verbs = ["get", "list", "watch", "create", "patch", "delete"];
        json!({ "resource": plural, "responseKind": { "kind": kind }, "scope": "Namespaced", "verbs": verbs })
    };
    let resources = [resource("Pod", "pods"), resource("ConfigMap", "configmaps"), resource("Secret", "secrets")];
    let versions = json!([{ "version": "v1", "freshness": "Current", "resources": resources }]);
    json!({ "kind": "APIGroupDiscoveryList", "items": [{ "metadata": {}, "versions": versions }] })
}

/// Tells what happens after the version that is asked for, until the watch is cut.
async fn watch(mut stream: TcpStream, store: &Mutex<Store>, request: &Request) {
    let (key, _) = parts(&request.path);
    let mut version: u64 = parameter(&request.query, "resourceVersion").unwrap().parse().unwrap();
    let (cuts, forgotten) = {
        let store = store.lock().unwrap();
        (store.cuts, store.forgotten)
    };
    stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
    if version < forgotten {
        let status =
            json!({ "kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old" });
        let _ = chunk(&mut stream, &json!({ "type": "ERROR", "object": status })).await;
        return;
    }
    loop {
        let (lines, cut) = {
            let store = store.lock().unwrap();
            let due = store.events.iter().filter(|event| event.at + store.delay <= Instant::now());
            let wanted =
                due.filter(|event| event.version > version && event.key.0 == key.0 && event.key.1.starts_with(&key.1));
            (wanted.cloned().collect::<Vec<_>>(), store.cuts != cuts)
        };
        for event in lines {
            version = event.version;
            if chunk(&mut stream, &event.line).await.is_err() {
                return;
            }
        }
        if cut {
            return;
        }
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

async fn chunk(stream: &mut TcpStream, line: &Json) -> std::io::Result<()> {
    let line = format!("{line}\n");
    stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).await
}
