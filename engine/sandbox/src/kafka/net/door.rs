//! The socket of one broker's listener: open while the broker runs, refused while it is down, its port kept for life.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

use super::connection::serve;
use super::tls::Tls;
use crate::kafka::addresses::Addresses;
use crate::kafka::api::sasl::Users;
use crate::kafka::shared::Shared;
use crate::kafka::state::Node;

/// How many connections may wait to be taken.
const WAITING: u32 = 1024;

/// What is the same for all connections through one door.
pub(in crate::kafka) struct Inside {
    /// The cluster.
    pub(in crate::kafka) shared: Arc<Shared>,
    /// The broker behind the door.
    pub(in crate::kafka) node: Node,
    /// Where clients that came through this listener find all brokers.
    pub(in crate::kafka) addresses: Arc<Addresses>,
    /// What the connection is wrapped in.
    pub(in crate::kafka) tls: Arc<Tls>,
    /// Who may use it.
    pub(in crate::kafka) users: Arc<Users>,
}

/// A socket that is bound and does not listen: who connects is refused, and nobody else gets the port.
pub(in crate::kafka) struct Kept {
    _socket: TcpSocket,
    /// Where it is.
    pub(in crate::kafka) address: SocketAddr,
}

impl Kept {
    /// Takes a port of the loopback interface that is free.
    pub(in crate::kafka) fn take() -> io::Result<Self> {
        let socket = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = socket.local_addr()?;
        Ok(Self { _socket: socket, address })
    }

    fn open(&self) -> io::Result<TcpListener> {
        bound(self.address)?.listen(WAITING)
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// A door that opens and closes.
pub(in crate::kafka) struct Door {
    kept: Kept,
    listener: String,
    inside: Arc<Inside>,
    open: Option<Open>,
}

/// A door that takes connections; all of them end with it.
struct Open {
    listener: Arc<TcpListener>,
    _connections: JoinSet<()>,
}

impl Drop for Open {
    /// Ends the listening at once: its task is told to end, but does so when it is its turn.
    fn drop(&mut self) {
        // It can only fail if nobody listens any more.
        let _ended = rustix::net::shutdown(&*self.listener, rustix::net::Shutdown::Both);
    }
}

impl Door {
    /// A door that is closed.
    pub(in crate::kafka) fn new(kept: Kept, listener: String, inside: Inside) -> Self {
        Self { kept, listener, inside: Arc::new(inside), open: None }
    }

    /// The broker behind it.
    pub(in crate::kafka) fn node(&self) -> Node {
        self.inside.node
    }

    /// The listener that it belongs to.
    pub(in crate::kafka) fn listener(&self) -> &str {
        &self.listener
    }

    /// Takes connections from now on. Needs a runtime around it.
    pub(in crate::kafka) fn open(&mut self) -> io::Result<()> {
        if self.open.is_none() {
            let listener = Arc::new(self.kept.open()?);
            let mut connections = JoinSet::new();
            connections.spawn(welcome(Arc::clone(&listener), Arc::clone(&self.inside)));
            self.open = Some(Open { listener, _connections: connections });
        }
        Ok(())
    }

    /// Ends all connections and refuses new ones.
    pub(in crate::kafka) fn close(&mut self) {
        self.open = None;
    }
}

async fn welcome(listener: Arc<TcpListener>, inside: Arc<Inside>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            taken = listener.accept() => match taken {
                Ok((stream, from)) => drop(connections.spawn(serve(stream, from, Arc::clone(&inside)))),
                // Out of descriptors: give the others time to end.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test]
    async fn a_door_opens_and_closes_at_once_and_keeps_its_port() {
        let kept = Kept::take().unwrap();
        let address = kept.address;
        let refused = || async { TcpStream::connect(address).await.err().map(|why| why.kind()) };
        let mut door = Door::new(kept, "plain".into(), crate::kafka::tests::inside());
        for _ in 0..20 {
            assert_eq!(refused().await, Some(io::ErrorKind::ConnectionRefused));
            door.open().unwrap();
            assert_eq!(refused().await, None);
            door.close();
        }
        assert_eq!(refused().await, Some(io::ErrorKind::ConnectionRefused));
    }
}
