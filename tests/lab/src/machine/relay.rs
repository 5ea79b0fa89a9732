//! Carries TCP connections from a loopback port of the machine to an address inside a room.
//! It looks at no byte of them.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::room::Room;

/// Where a relay leads.
#[derive(Debug, Clone)]
pub struct Way {
    /// Who dials.
    pub room: Room,
    /// What is dialled.
    pub to: SocketAddr,
}

/// A relay that is open; it closes when this is dropped.
#[derive(Debug)]
pub struct Relay {
    way: watch::Sender<Way>,
    task: JoinHandle<()>,
}

impl Relay {
    /// Opens `127.0.0.1:port`; each connection goes `way`.
    pub async fn open(port: u16, way: Way) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener.with_context(|| format!("listening on 127.0.0.1:{port}"))?;
        let (way, seen) = watch::channel(way);
        let task = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((client, _)) => {
                        tokio::spawn(carry(client, seen.clone()));
                    }
                    Err(e) => eprintln!("relay 127.0.0.1:{port}: {e}"),
                }
            }
        });
        Ok(Self { way, task })
    }

    /// From now on connections go another way; those that are under way break.
    pub fn redirect(&self, way: Way) {
        self.way.send_replace(way);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A refusal inside becomes a reset outside, not a polite end: a client must not take it for an answer.
async fn carry(mut client: TcpStream, mut ways: watch::Receiver<Way>) {
    let way = ways.borrow_and_update().clone();
    match way.room.connect(way.to).await {
        Ok(mut server) => {
            let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
            let redirected = async {
                // a relay that is gone redirects nothing any more
                if ways.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                // either side may end when it likes
                _ = copy_bidirectional(&mut client, &mut server) => {}
                () = redirected => {
                    let _ = client.set_zero_linger();
                }
            }
        }
        Err(_) => {
            let _ = client.set_zero_linger();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    fn way(to: SocketAddr) -> Way {
        Way { room: Room::outside().unwrap(), to }
    }

    async fn relay_to(to: SocketAddr) -> (u16, Relay) {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        (free, Relay::open(free, way(to)).await.unwrap())
    }

    #[tokio::test]
    async fn bytes_pass_both_ways_and_an_end_of_one_is_an_end_of_the_other() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, _relay) = relay_to(server.local_addr().unwrap()).await;
        tokio::spawn(async move {
            let (mut s, _) = server.accept().await.unwrap();
            let mut got = String::new();
            s.read_to_string(&mut got).await.unwrap();
            s.write_all(got.to_uppercase().as_bytes()).await.unwrap();
        });
        let mut client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        client.write_all(b"hello").await.unwrap();
        client.shutdown().await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "HELLO");
    }

    #[tokio::test]
    async fn nobody_inside_is_a_reset_outside() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let (port, _relay) = relay_to(gone).await;
        let mut client = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let error = client.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_redirected_relay_breaks_what_is_under_way_and_leads_elsewhere() {
        let (one, two) =
            (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
        let (port, relay) = relay_to(one.local_addr().unwrap()).await;
        let mut before = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let _held = one.accept().await.unwrap();
        relay.redirect(way(two.local_addr().unwrap()));
        let error = before.read(&mut [0; 1]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        let _after = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        two.accept().await.unwrap();
    }
}
