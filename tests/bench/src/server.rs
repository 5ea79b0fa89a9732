//! A loopback HTTP server that answers `{"status":"ok"}` with keep-alive and counts what it was asked.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A running server.
pub struct Server {
    /// Its port on 127.0.0.1.
    pub port: u16,
    requests: Arc<AtomicU64>,
}

impl Server {
    /// Requests answered so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

/// Starts one; it ends with the process.
pub fn start() -> Result<Server> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let requests = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&requests);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counter = Arc::clone(&counter);
            std::thread::spawn(move || {
                // A client that goes away ends its own connection, nothing else.
                let _ = serve(stream, &counter);
            });
        }
    });
    Ok(Server { port, requests })
}

fn serve(mut stream: TcpStream, counter: &AtomicU64) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut input = BufReader::new(stream.try_clone()?);
    let body = r#"{"status":"ok"}"#;
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut line = String::new();
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            counter.fetch_add(1, Ordering::Relaxed);
            stream.write_all(answer.as_bytes())?;
        }
    }
}
