//! A Kafka cluster behind local ports. Brokers advertise addresses that hold only inside their cluster; the relay
//! gives each such address a local port, and puts the port in its place wherever an answer names a broker.
//! It speaks TLS towards the brokers, so that it can read the answers; the way to the client never leaves this process.

mod pump;
mod wire;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use checkrun_model::Broken;
use checkrun_model::kind::BoxFuture;
use rustls::ClientConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::own;

/// Connects to an address that holds inside the cluster.
pub(super) trait Dial: Send + Sync {
    /// A connection to a broker.
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, Result<TcpStream, Broken>>;
}

/// Local ports for the brokers of one cluster. Ends, connections and all, when it is dropped.
pub(super) struct Relay {
    dial: Box<dyn Dial>,
    /// TLS towards brokers; none: in the clear.
    tls: Option<Arc<ClientConfig>>,
    runtime: tokio::runtime::Handle,
    ports: Mutex<HashMap<(String, u16), Port>>,
    problem: Mutex<Option<Broken>>,
}

struct Port {
    address: SocketAddr,
    task: AbortHandle,
}

impl Relay {
    /// A relay on the runtime that this is called on.
    pub(super) fn new(dial: Box<dyn Dial>, tls: Option<ClientConfig>) -> Arc<Self> {
        let runtime = tokio::runtime::Handle::current();
        Arc::new(Self { dial, tls: tls.map(Arc::new), runtime, ports: Mutex::default(), problem: Mutex::default() })
    }

    /// The local address that stands for a broker's.
    ///
    /// # Errors
    /// No local port is free.
    pub(super) fn local(self: &Arc<Self>, host: &str, port: u16) -> std::io::Result<SocketAddr> {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = ports.get(&(host.to_owned(), port)) {
            return Ok(known.address);
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let serving = serve(Arc::downgrade(self), listener, host.to_owned(), port);
        let task = self.runtime.spawn(serving).abort_handle();
        ports.insert((host.to_owned(), port), Port { address, task });
        Ok(address)
    }

    /// What kept the relay from a broker last; none once it reached one again.
    pub(super) fn problem(&self) -> Option<Broken> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, problem: Option<Broken>) {
        *self.problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let ports = self.ports.get_mut().unwrap_or_else(PoisonError::into_inner);
        ports.values().for_each(|port| port.task.abort());
    }
}

/// Takes connections for one broker until the relay is gone.
async fn serve(relay: Weak<Relay>, listener: std::net::TcpListener, host: String, port: u16) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let host: Arc<str> = host.into();
    let mut connections = JoinSet::new();
    while let Ok(client) = own::accept(&listener).await {
        while connections.try_join_next().is_some() {}
        connections.spawn(pump::connection(relay.clone(), client, host.clone(), port));
    }
}

#[cfg(test)]
mod tests;
