//! Carries TCP connections from a loopback port of the machine to an address inside a room.
//! It looks at no byte of them.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::room::Room;

/// A relay that is open; it closes when this is dropped.
#[derive(Debug)]
pub struct Relay {
    task: JoinHandle<()>,
}

impl Relay {
    /// Opens `127.0.0.1:port`; each connection goes to `to` as `room` sees it.
    pub async fn open(port: u16, room: Room, to: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.with_context(|| format!("listening on 127.0.0.1:{port}"))?;
        let task = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((client, _)) => {
                        tokio::spawn(carry(client, room.clone(), to));
                    }
                    Err(e) => eprintln!("relay 127.0.0.1:{port}: {e}"),
                }
            }
        });
        Ok(Self { task })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A refusal inside becomes a reset outside, not a polite end: a client must not take it for an answer.
async fn carry(mut client: TcpStream, room: Room, to: SocketAddr) {
    match room.connect(to).await {
        Ok(mut server) => {
            let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
            // either side may end when it likes
            let _ = copy_bidirectional(&mut client, &mut server).await;
        }
        Err(_) => {
            let _ = client.set_zero_linger();
        }
    }
}
