//! Whether a connection from this machine comes from this very process. Who else may connect to a local port must
//! not get what the process is allowed to do behind it.

use std::net::{SocketAddr, SocketAddrV4};

use tokio::net::{TcpListener, TcpStream};

/// The next connection of this very process; those of others are closed unheard.
///
/// # Errors
/// The listener takes none any more.
pub(crate) async fn accept(listener: &TcpListener) -> std::io::Result<TcpStream> {
    loop {
        let (stream, peer) = listener.accept().await?;
        if is_own(peer) {
            return Ok(stream);
        }
    }
}

/// Whether the other end of a local connection, `peer`, is a socket of this process.
#[cfg(target_os = "linux")]
fn is_own(peer: SocketAddr) -> bool {
    let SocketAddr::V4(peer) = peer else { return false };
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap_or_default();
    inode(&table, peer).is_some_and(|inode| {
        let socket = format!("socket:[{inode}]");
        let open = std::fs::read_dir("/proc/self/fd").into_iter().flatten().flatten();
        open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|link| link.as_os_str() == socket.as_str())
    })
}

/// Elsewhere it cannot be told.
#[cfg(not(target_os = "linux"))]
fn is_own(_: SocketAddr) -> bool {
    true
}

/// The inode of the socket whose own address is `address`, from the kernel's table.
fn inode(table: &str, address: SocketAddrV4) -> Option<u64> {
    // The kernel writes the address as the machine's number, so its bytes are turned round on most machines.
    let written = format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port());
    table.lines().skip(1).find_map(|line| {
        let mut words = line.split_whitespace();
        (words.nth(1)? == written).then(|| words.nth(7)?.parse().ok())?
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Read as _;
    use std::net::{TcpListener, TcpStream};
    use std::process::Command;

    use super::*;

    /// Where [`a_stranger_connects`] connects to.
    const PORT: &str = "CHECKRUN_TEST_STRANGER";

    #[tokio::test(flavor = "multi_thread")]
    async fn a_connection_of_another_process_is_closed_unheard() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stranger = tokio::task::spawn_blocking(move || {
            let this = std::env::current_exe().unwrap();
            let only = ["own::tests::a_stranger_connects", "--exact", "--ignored"];
            Command::new(this).args(only).env(PORT, address.to_string()).output().unwrap()
        });
        let serving = tokio::spawn(async move { super::accept(&listener).await.unwrap().peer_addr().unwrap() });
        let stranger = stranger.await.unwrap();
        assert!(stranger.status.success(), "{}", String::from_utf8_lossy(&stranger.stdout));
        assert!(!serving.is_finished(), "a stranger was served");
        let own = TcpStream::connect(address).unwrap();
        assert_eq!(serving.await.unwrap(), own.local_addr().unwrap());
    }

    /// The other process of the test above.
    #[test]
    #[ignore = "run by another test"]
    fn a_stranger_connects() {
        let Ok(address) = std::env::var(PORT) else { return };
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(10))).unwrap();
        // Closed, or reset: never silent.
        let seen = stream.read(&mut [0]).or_else(|why| match why.kind() {
            std::io::ErrorKind::ConnectionReset => Ok(0),
            _ => Err(why),
        });
        assert_eq!(seen.unwrap(), 0);
    }

    #[test]
    fn our_own_connection_is_known_and_another_address_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (_server, peer) = listener.accept().unwrap();
        assert!(is_own(peer));
        drop(client);
        assert!(!is_own("127.0.0.1:1".parse().unwrap()));
    }

    #[test]
    fn a_line_of_the_table_gives_the_inode() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
                     0: 0100007F:2384 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0\n";
        assert_eq!(
            inode(table, "127.0.0.1:9092".parse().unwrap()),
            Some(4242).filter(|_| cfg!(target_endian = "little"))
        );
        assert_eq!(inode(table, "127.0.0.1:9093".parse().unwrap()), None);
    }
}
