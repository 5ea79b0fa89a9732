//! What leads into the cluster: logs, forwarded ports, proxies.

use futures::{AsyncBufReadExt as _, StreamExt as _};
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::LogParams;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::stage::{Stage, pod};

fn logs(more: impl FnOnce(&mut LogParams)) -> LogParams {
    let mut params = LogParams::default();
    more(&mut params);
    params
}

#[tokio::test]
async fn logs_are_read_whole_in_part_and_as_they_come() {
    let stage = Stage::plain().await;
    stage.cluster.put(pod("p")).unwrap();
    for line in ["one", "two", "three"] {
        stage.cluster.log("default", "p", "c", line).unwrap();
    }
    let pods: Api<Pod> = Api::default_namespaced(stage.client.clone());
    assert_eq!(pods.logs("p", &LogParams::default()).await.unwrap(), "one\ntwo\nthree\n");
    assert_eq!(pods.logs("p", &logs(|params| params.tail_lines = Some(1))).await.unwrap(), "three\n");
    let stamped = pods.logs("p", &logs(|params| params.timestamps = true)).await.unwrap();
    let (time, text) = stamped.lines().next().unwrap().split_once(' ').unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok() && text == "one");
    let late = logs(|params| params.since_time = Some("2999-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(pods.logs("p", &late).await.unwrap(), "");
    assert!(pods.logs("p", &logs(|params| params.previous = true)).await.is_err());
    let mut lines = pods
        .log_stream("p", &logs(|params| (params.follow, params.tail_lines) = (true, Some(1))))
        .await
        .unwrap()
        .lines();
    assert_eq!(lines.next().await.unwrap().unwrap(), "three");
    stage.cluster.log("default", "p", "c", "four").unwrap();
    assert_eq!(lines.next().await.unwrap().unwrap(), "four");
    stage.cluster.restarted("default", "p", "c").unwrap();
    assert_eq!(pods.logs("p", &LogParams::default()).await.unwrap(), "");
    assert!(pods.logs("p", &logs(|params| params.previous = true)).await.unwrap().ends_with("four\n"));
}

/// A server that says what it was sent, in capitals.
async fn shouter() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut part = [0; 1024];
                while let Ok(read @ 1..) = stream.read(&mut part).await {
                    stream.write_all(&part[..read].to_ascii_uppercase()).await.unwrap();
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn a_forwarded_port_leads_to_the_socket_that_was_exposed() {
    let stage = Stage::secure().await;
    stage.cluster.put(pod("p")).unwrap();
    stage.cluster.expose("default", "p", 80, shouter().await);
    let pods: Api<Pod> = Api::default_namespaced(stage.client.clone());
    let mut forwarder = pods.portforward("p", &[80]).await.unwrap();
    let mut stream = forwarder.take_stream(80).unwrap();
    stream.write_all(b"hello").await.unwrap();
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HELLO");
    let mut none = pods.portforward("p", &[81]).await.unwrap();
    let error = none.take_error(81).unwrap().await.unwrap();
    assert!(error.contains("81") && error.contains("refused"), "{error}");
}

/// An HTTP server that says what it was asked.
async fn teller() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut part = [0; 4096];
            let read = stream.read(&mut part).await.unwrap();
            let text = String::from_utf8_lossy(&part[..read]).into_owned();
            let told = format!("{} {}", text.lines().next().unwrap(), text.contains("uthorization"));
            let answer = format!("HTTP/1.1 418 x\r\nx-told: yes\r\ncontent-length: {}\r\n\r\n{told}", told.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

#[tokio::test]
async fn the_proxy_of_a_service_leads_to_its_pods() {
    let stage = Stage::plain().await;
    stage.cluster.put(pod("p")).unwrap();
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web", "namespace": "default" },
        "spec": { "selector": { "app": "p" }, "ports": [{ "name": "http", "port": 80, "targetPort": 8080 }] },
    });
    stage.cluster.put(service).unwrap();
    let get = |path: &str| {
        let request = http::Request::get(path).body(kube::client::Body::empty()).unwrap();
        let client = stage.client.clone();
        async move {
            let response = client.send(request).await.unwrap();
            let status = response.status().as_u16();
            (status, String::from_utf8_lossy(&response.into_body().collect_bytes().await.unwrap()).into_owned())
        }
    };
    let path = "/api/v1/namespaces/default/services/web:http/proxy/x/y?z=1";
    let (status, text) = get(path).await;
    assert!(status == 503 && text.contains("no endpoints available for service"), "{text}");
    stage.cluster.expose("default", "p", 8080, teller().await);
    // What the client shows the API server is not shown to what stands behind it.
    assert_eq!(get(path).await, (418, "GET /x/y?z=1 HTTP/1.1 false".into()));
}

#[tokio::test]
async fn what_is_not_supported_is_refused_by_name() {
    let stage = Stage::plain().await;
    stage.cluster.put(pod("p")).unwrap();
    for (path, named) in [
        ("/api/v1/namespaces/default/pods/p/exec?command=ls", "pods/exec"),
        ("/api/v1/namespaces/default/pods/p/attach", "pods/attach"),
        ("/api/v1/componentstatuses", "componentstatuses"),
        ("/openapi/v2", "OpenAPI 2"),
        ("/api/v1/namespaces/default/services/https:web:443/proxy/", "TLS"),
    ] {
        let request = http::Request::get(path).body(kube::client::Body::empty()).unwrap();
        let response = stage.client.send(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect_bytes().await.unwrap();
        let text = String::from_utf8_lossy(&body);
        assert!(status == 501 && text.contains(named), "{path}: {status} {text}");
    }
}
