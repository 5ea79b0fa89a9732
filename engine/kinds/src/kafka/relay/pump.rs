//! One connection: frames to the broker, frames back, addresses changed on the way.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use checkrun_model::Broken;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, split};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Relay;
use super::wire::{Asked, Awaited};

/// An answer that has to be changed is read whole; none is larger than this.
const MOST_BYTES: u64 = 64 << 20;

/// Serves one client of the broker at `host:port` until either side ends.
pub(super) async fn connection(relay: Weak<Relay>, client: TcpStream, host: Arc<str>, port: u16) {
    let Some(strong) = relay.upgrade() else { return };
    let _ = client.set_nodelay(true);
    let reached = reach(&strong, &host, port).await;
    strong.note(reached.as_ref().err().cloned());
    drop(strong);
    // What ends a connection is seen by the client at its own end.
    match reached {
        Ok(Reached::Clear(broker)) => drop(pump(relay, client, broker).await),
        Ok(Reached::Tls(broker)) => drop(pump(relay, client, broker).await),
        Err(_) => {}
    }
}

enum Reached {
    Clear(TcpStream),
    Tls(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

async fn reach(relay: &Relay, host: &str, port: u16) -> Result<Reached, Broken> {
    let stream = relay.dial.dial(host, port).await?;
    let _ = stream.set_nodelay(true);
    let Some(tls) = &relay.tls else { return Ok(Reached::Clear(stream)) };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| Broken::fatal(format!("`{host}` is neither a host name nor an IP address")))?;
    match TlsConnector::from(Arc::clone(tls)).connect(name, stream).await {
        Ok(stream) => Ok(Reached::Tls(Box::new(stream))),
        Err(why) => Err(refused(host, port, &why)),
    }
}

/// Why a broker and we do not agree; a certificate that is not trusted does not get better by waiting.
fn refused(host: &str, port: u16, why: &io::Error) -> Broken {
    let cause = format!("no TLS with {host}:{port}: {why}");
    let rustls = why.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match rustls {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::AlertReceived(_)) => {
            Broken::fatal(cause).hint("look at `tls:` of the endpoint")
        }
        _ => Broken::transient(cause),
    }
}

/// Both directions, until one ends.
async fn pump<S: AsyncRead + AsyncWrite + Unpin>(relay: Weak<Relay>, client: TcpStream, broker: S) -> io::Result<()> {
    let awaited = Mutex::new(Awaited::default());
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_broker, mut to_broker) = split(broker);
    tokio::select! {
        ended = requests(&mut from_client, &mut to_broker, &awaited) => ended,
        ended = answers(&relay, &mut from_broker, &mut to_client, &awaited) => ended,
    }
}

fn note(awaited: &Mutex<Awaited>, number: i32, asked: Asked) {
    awaited.lock().unwrap_or_else(PoisonError::into_inner).note(number, asked);
}

/// Passes requests on, noting those whose answers matter.
async fn requests(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    awaited: &Mutex<Awaited>,
) -> io::Result<()> {
    loop {
        let length = from.read_u32().await?;
        let mut head = Vec::with_capacity(8);
        (&mut *from).take(u64::from(length.min(8))).read_to_end(&mut head).await?;
        if let Ok(head) = <[u8; 8]>::try_from(head.as_slice()) {
            let (number, asked) = Asked::of(head);
            note(awaited, number, asked);
        }
        to.write_u32(length).await?;
        to.write_all(&head).await?;
        whole(from, to, u64::from(length).saturating_sub(8)).await?;
        to.flush().await?;
    }
}

/// Passes answers back, those that name brokers with other addresses.
async fn answers(
    relay: &Weak<Relay>,
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    awaited: &Mutex<Awaited>,
) -> io::Result<()> {
    loop {
        let length = from.read_u32().await?;
        let number = from.read_i32().await?;
        let rest = u64::from(length).checked_sub(4).ok_or(io::ErrorKind::InvalidData)?;
        let asked = awaited.lock().unwrap_or_else(PoisonError::into_inner).take(number);
        match asked {
            Some(asked) => {
                let body = changed(relay, from, rest, asked).await?;
                to.write_u32(u32::try_from(body.len() + 4).map_err(|_| io::ErrorKind::InvalidData)?).await?;
                to.write_i32(number).await?;
                to.write_all(&body).await?;
            }
            None => {
                to.write_u32(length).await?;
                to.write_i32(number).await?;
                whole(from, to, rest).await?;
            }
        }
    }
}

/// Reads the rest of an answer and puts local addresses into it.
async fn changed(
    relay: &Weak<Relay>,
    from: &mut (impl AsyncRead + Unpin),
    rest: u64,
    asked: Asked,
) -> io::Result<Vec<u8>> {
    if rest > MOST_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = Vec::new();
    if from.take(rest).read_to_end(&mut body).await? as u64 != rest {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let relay = relay.upgrade().ok_or(io::ErrorKind::ConnectionAborted)?;
    let mut failed = None;
    let changed = asked.changed(&body, &mut |host, port| match relay.local(host, port) {
        Ok(local) => (local.ip().to_string(), local.port()),
        Err(why) => {
            failed = Some(why);
            (host.to_owned(), port)
        }
    });
    match (failed, changed) {
        (None, Some(changed)) => Ok(changed),
        (Some(why), _) => Err(why),
        (None, None) => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// Exactly `count` bytes.
async fn whole(from: &mut (impl AsyncRead + Unpin), to: &mut (impl AsyncWrite + Unpin), count: u64) -> io::Result<()> {
    match copy(&mut from.take(count), to).await? == count {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
