//! Where one cluster lives: its addresses, folders and names. Pure, except that it names paths.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// The place of one cluster.
#[derive(Debug, Clone)]
pub struct Site {
    /// The cluster's name, which is its part's.
    pub name: String,
    /// Sets its addresses apart from the other clusters of the lab, 1 to 9.
    pub index: u8,
    /// Its folder.
    pub dir: PathBuf,
    /// Where its API server answers, on loopback outside and inside its room alike.
    pub api_port: u16,
    /// The control group of its pods.
    pub cgroup: String,
}

/// The name of the node of `cluster` that runs pods.
pub fn node(cluster: &str) -> String {
    format!("{cluster}-1")
}

impl Site {
    /// The node's address inside the room. The kubelet takes no address of loopback.
    pub fn node_ip(&self) -> String {
        self.node_address().to_string()
    }

    /// `node_ip` as an address.
    pub fn node_address(&self) -> IpAddr {
        IpAddr::V4(Ipv4Addr::new(10, 99, 0, self.index))
    }

    /// The API server inside the room.
    pub fn api(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.api_port))
    }

    /// The range of the pods' addresses.
    pub fn pods(&self) -> String {
        format!("10.7{}.0.0/16", self.index)
    }

    /// The range of the services' addresses.
    pub fn services(&self) -> String {
        format!("10.9{}.0.0/16", self.index)
    }

    /// The address of the service `kubernetes`, always the range's first.
    pub fn api_service_ip(&self) -> String {
        format!("10.9{}.0.1", self.index)
    }

    /// The node's name.
    pub fn node(&self) -> String {
        node(&self.name)
    }

    /// A user's kubeconfig.
    pub fn kubeconfig(&self, user: &str) -> PathBuf {
        self.dir.join(format!("{user}.kubeconfig"))
    }

    /// containerd's socket.
    pub fn containerd(&self) -> PathBuf {
        self.dir.join("containerd/sock")
    }

    /// What the API server notes of each request.
    pub fn audit_log(&self) -> PathBuf {
        self.dir.join("audit/audit.log")
    }
}
