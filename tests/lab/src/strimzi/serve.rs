//! A few fixed paths over HTTP, for probes and for the scraper. Anything else is 404.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::telemetry::Telemetry;
use crate::kafka::layout::{CLUSTER, NAMESPACE};

/// Answers on `listener` for ever.
pub async fn serve(listener: TcpListener, telemetry: Arc<Mutex<Telemetry>>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(answer(stream, Arc::clone(&telemetry)));
            }
            Err(e) => eprintln!("http: {e}"),
        }
    }
}

async fn answer(mut stream: TcpStream, telemetry: Arc<Mutex<Telemetry>>) {
    let mut request = [0; 2048];
    let Ok(n) = stream.read(&mut request).await else { return };
    let request = String::from_utf8_lossy(&request[..n]);
    let path = request.split_whitespace().nth(1).unwrap_or_default();
    let (code, body) = match path {
        "/healthy" | "/ready" => ("204 No Content", String::new()),
        "/metrics" => {
            let t = telemetry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            ("200 OK", t.render(NAMESPACE, CLUSTER))
        }
        _ => ("404 Not Found", "no such path\n".into()),
    };
    let head = format!(
        "HTTP/1.1 {code}\r\ncontent-type: text/plain; version=0.0.4\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // the other side may have gone, which is its own business
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn get(port: u16, path: &str) -> String {
        let mut s = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        s.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        let mut out = String::new();
        s.read_to_string(&mut out).await.unwrap();
        out
    }

    #[tokio::test]
    async fn metrics_are_served_and_other_paths_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let telemetry = Arc::new(Mutex::new(Telemetry::default()));
        tokio::spawn(serve(listener, Arc::clone(&telemetry)));
        telemetry.lock().unwrap().reconciled("Kafka", true, true, Duration::ZERO);
        let metrics = get(port, "/metrics").await;
        assert!(metrics.starts_with("HTTP/1.1 200") && metrics.contains("strimzi_reconciliations_total"));
        assert!(get(port, "/healthy").await.starts_with("HTTP/1.1 204"));
        assert!(get(port, "/other").await.starts_with("HTTP/1.1 404"));
    }
}
