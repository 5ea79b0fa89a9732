//! Where clients of one listener find the brokers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::state::Node;

/// A broker's address.
#[derive(Debug)]
struct Address {
    /// What clients are told.
    told: (String, u16),
    /// What they can begin with.
    first: String,
    socket: SocketAddr,
}

/// The addresses of all brokers.
#[derive(Debug, Default)]
pub(super) struct Addresses(BTreeMap<Node, Address>);

impl Addresses {
    /// Notes a broker: its socket, or what it advertises with `{id}` filled in; without a port, the socket's.
    pub(super) fn note(&mut self, node: Node, socket: SocketAddr, advertised: Option<&str>) {
        let written = advertised.map(|pattern| pattern.replace("{id}", &node.to_string()));
        let port = socket.port();
        let (told, first) = match &written {
            None => ((socket.ip().to_string(), port), socket.to_string()),
            Some(text) => match text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?))) {
                // Where that leads is known to whoever configured it; the socket is here.
                Some((host, port)) => ((host.to_owned(), port), socket.to_string()),
                None => ((text.clone(), port), format!("{text}:{port}")),
            },
        };
        self.0.insert(node, Address { told, first, socket });
    }

    /// Host and port of a broker, as clients are told them.
    pub(super) fn of(&self, node: Node) -> (&str, i32) {
        self.0.get(&node).map_or(("", -1), |address| (&address.told.0, i32::from(address.told.1)))
    }

    /// A broker's socket.
    pub(super) fn socket(&self, node: Node) -> Option<SocketAddr> {
        self.0.get(&node).map(|address| address.socket)
    }

    /// What a client on this machine can begin with.
    pub(super) fn bootstrap(&self) -> String {
        let written: Vec<&str> = self.0.values().map(|address| address.first.as_str()).collect();
        written.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_advertised_is_told_and_the_socket_is_where_to_begin() {
        let socket = SocketAddr::from(([127, 0, 0, 1], 4000));
        let mut addresses = Addresses::default();
        addresses.note(0, socket, None);
        addresses.note(1, socket, Some("kafka-{id}.svc:9092"));
        addresses.note(2, socket, Some("localhost"));
        assert_eq!(addresses.bootstrap(), "127.0.0.1:4000,127.0.0.1:4000,localhost:4000");
        assert_eq!((addresses.of(0), addresses.of(1)), (("127.0.0.1", 4000), ("kafka-1.svc", 9092)));
        assert_eq!((addresses.of(2), addresses.of(9)), (("localhost", 4000), ("", -1)));
    }
}
