//! A gate stands before a server inside a room and carries its TCP connections: freely, slowly, or not for a while.
//! It looks at no byte of them.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Result;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::room::Room;

/// How much is carried at once.
const PIECE: usize = 16 << 10;

/// How fast a gate carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it can.
    Free,
    /// Each piece of at most 16 KiB, in either direction, waits so long.
    Slow(Duration),
    /// Nothing passes, and what is under way waits; connections open all the same.
    Held,
}

/// A gate that is open; it closes when this is dropped.
#[derive(Debug)]
pub struct Gate {
    pace: watch::Sender<Pace>,
    task: JoinHandle<()>,
}

impl Gate {
    /// Listens on `at` in `room`; each connection goes to `to` in the same room. Runs in the runtime that calls it.
    pub fn open(room: Room, at: SocketAddr, to: SocketAddr) -> Result<Self> {
        let listener = room.listen(at)?;
        let (pace, seen) = watch::channel(Pace::Free);
        let task = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((client, _)) => {
                        tokio::spawn(carry(client, room.clone(), to, seen.clone()));
                    }
                    Err(e) => eprintln!("gate {at}: {e}"),
                }
            }
        });
        Ok(Self { pace, task })
    }

    /// From now on it carries so, what is under way, too.
    pub fn pace(&self, pace: Pace) {
        self.pace.send_replace(pace);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A refusal behind the gate becomes a reset before it, as if the gate were not there.
async fn carry(client: TcpStream, room: Room, to: SocketAddr, pace: watch::Receiver<Pace>) {
    match room.connect(to).await {
        Ok(server) => {
            let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::join!(one_way(from_client, to_server, pace.clone()), one_way(from_server, to_client, pace));
        }
        Err(_) => {
            let _ = client.set_zero_linger();
        }
    }
}

/// Either side may end when it likes: dropping the writing half tells the other one.
async fn one_way(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut pace: watch::Receiver<Pace>) {
    let mut piece = vec![0; PIECE];
    while let Ok(n) = from.read(&mut piece).await {
        let now = pace.wait_for(|p| *p != Pace::Held).await.map(|p| *p);
        if let Ok(Pace::Slow(wait)) = now {
            tokio::time::sleep(wait).await;
        }
        if n == 0 || to.write_all(&piece[..n]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;
    use tokio::net::TcpListener;

    /// A gate before a server that answers each byte with the same.
    async fn gate() -> (Gate, TcpStream) {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = server.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut s, _) = server.accept().await.unwrap();
            let (mut r, mut w) = s.split();
            tokio::io::copy(&mut r, &mut w).await.unwrap();
        });
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let gate = Gate::open(Room::outside().unwrap(), free, to).unwrap();
        (gate, TcpStream::connect(free).await.unwrap())
    }

    async fn echo(client: &mut TcpStream) -> Duration {
        let start = Instant::now();
        client.write_all(b"x").await.unwrap();
        client.read_exact(&mut [0; 1]).await.unwrap();
        start.elapsed()
    }

    #[tokio::test]
    async fn a_slow_gate_delays_each_way_and_a_free_one_does_not() {
        let (gate, mut client) = gate().await;
        let wait = Duration::from_millis(40);
        gate.pace(Pace::Slow(wait));
        assert!(echo(&mut client).await >= 2 * wait);
        gate.pace(Pace::Free);
        assert!(echo(&mut client).await < 2 * wait);
    }

    #[tokio::test]
    async fn what_is_held_passes_later() {
        let (gate, mut client) = gate().await;
        echo(&mut client).await;
        gate.pace(Pace::Held);
        client.write_all(b"y").await.unwrap();
        let silent = tokio::time::timeout(Duration::from_millis(40), client.read_u8()).await;
        assert!(silent.is_err(), "nothing passes");
        gate.pace(Pace::Free);
        assert_eq!(client.read_u8().await.unwrap(), b'y');
    }

    #[tokio::test]
    async fn an_end_of_one_side_is_an_end_of_the_other() {
        let (_gate, mut client) = gate().await;
        client.write_all(b"bye").await.unwrap();
        client.shutdown().await.unwrap();
        let mut told = String::new();
        client.read_to_string(&mut told).await.unwrap();
        assert_eq!(told, "bye");
    }
}
