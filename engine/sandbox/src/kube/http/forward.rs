//! Forwarded ports of a pod, over a WebSocket: each port has a channel for its bytes and one for its trouble; the
//! first byte of a message says which (protocol `v4.channel.k8s.io`).

use std::net::SocketAddr;

use bytes::Bytes;
use futures::stream::SplitSink;
use futures::{SinkExt as _, StreamExt as _};
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc::{Sender, channel};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Message, Role};

use super::answer::Answer;
use super::gate::Desk;
use super::path::Spot;
use super::reach;
use crate::kube::refusal::Refusal;

/// The protocols that are spoken, the first that is offered is taken.
const SPOKEN: [&str; 3] = ["v4.channel.k8s.io", "portforward.k8s.io", "v2.portforward.k8s.io"];

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// A port and the socket behind it.
type Pier = (u16, Option<SocketAddr>);

/// Opens forwarded ports.
pub(super) fn answer(desk: Desk, spot: &Spot) -> Result<Answer, Refusal> {
    reach::object(&desk, "pods", spot.place(), spot.name())?;
    let offered = desk.request.header(SEC_WEBSOCKET_PROTOCOL).to_owned();
    let Some(protocol) = protocol(desk.request.header(UPGRADE), &offered)? else {
        return Err(Refusal::bad_request("unable to upgrade: no protocol that is spoken here is offered"));
    };
    let ports = ports(&desk)?;
    let piers: Vec<Pier> =
        ports.into_iter().map(|port| (port, reach::pod(&desk, spot.place(), spot.name(), port))).collect();
    let key = derive_accept_key(desk.request.header(SEC_WEBSOCKET_KEY).as_bytes());
    let upgrade = desk.upgrade.ok_or_else(|| Refusal::bad_request("unable to upgrade: no upgrade is asked for"))?;
    let (end, server) = (desk.end, desk.server);
    tokio::spawn(async move {
        let mut faults = server.faults.subscribe();
        tokio::select! {
            () = end.cancelled() => {}
            _ = faults.wait_for(crate::kube::interference::Faults::is_down) => {}
            _ = carry(upgrade, piers) => {}
        }
    });
    let answer = Answer::text(101, "", "").header(CONNECTION, "Upgrade").header(UPGRADE, "websocket");
    Ok(answer.header(SEC_WEBSOCKET_ACCEPT, key).header(SEC_WEBSOCKET_PROTOCOL, protocol))
}

/// The protocol that is spoken with this client.
fn protocol(upgrade: &str, offered: &str) -> Result<Option<&'static str>, Refusal> {
    if upgrade.to_ascii_lowercase().starts_with("spdy") || offered.contains("SPDY/") {
        return Err(Refusal::unsupported("port-forward over SPDY, only over WebSocket with v4.channel.k8s.io"));
    }
    let offered: Vec<&str> = offered.split(',').map(str::trim).collect();
    Ok(SPOKEN.into_iter().find(|spoken| offered.contains(spoken)))
}

fn ports(desk: &Desk) -> Result<Vec<u16>, Refusal> {
    let wrong = |text: &str| Refusal::bad_request(format!("query parameter \"ports\": {text:?} is no port"));
    let given = desk.request.parameter("ports").unwrap_or_default();
    let ports = given.split(',').map(|text| text.parse().map_err(|_| wrong(text)));
    ports
        .collect::<Result<Vec<u16>, _>>()
        .and_then(|ports| if ports.len() > 100 { Err(wrong(given)) } else { Ok(ports) })
}

/// Carries bytes both ways until either side is done.
async fn carry(upgrade: OnUpgrade, piers: Vec<Pier>) -> Option<()> {
    let socket: Socket = WebSocketStream::from_raw_socket(TokioIo::new(upgrade.await.ok()?), Role::Server, None).await;
    let (sink, mut messages) = socket.split();
    let (out, outgoing) = channel::<Message>(16);
    let sending = tokio::spawn(send(sink, outgoing));
    let mut writers = Vec::new();
    for (at, (port, address)) in piers.into_iter().enumerate() {
        writers.push(open(u8::try_from(at).ok()?, port, address, &out).await);
    }
    drop(out);
    while let Some(Ok(message)) = messages.next().await {
        match message {
            Message::Binary(bytes) if bytes.len() > 1 && bytes[0] % 2 == 0 => {
                if let Some(Some(writer)) = writers.get_mut(usize::from(bytes[0] / 2)) {
                    writer.write_all(&bytes[1..]).await.ok()?;
                }
            }
            Message::Close(_) => break,
            _ => {}
        }
    }
    for writer in writers.iter_mut().flatten() {
        let _ = writer.shutdown().await;
    }
    // What the pods still have to say is said.
    sending.await.ok()
}

async fn send(mut sink: SplitSink<Socket, Message>, mut outgoing: tokio::sync::mpsc::Receiver<Message>) {
    while let Some(message) = outgoing.recv().await {
        if sink.send(message).await.is_err() {
            return;
        }
    }
    let _ = sink.send(Message::Close(None)).await;
}

/// Opens the two channels of a port; what its socket sends is told from then on.
async fn open(at: u8, port: u16, address: Option<SocketAddr>, out: &Sender<Message>) -> Option<OwnedWriteHalf> {
    let (data, trouble) = (at * 2, at * 2 + 1);
    for channel in [data, trouble] {
        out.send(framed(channel, &port.to_le_bytes())).await.ok()?;
    }
    let connected = match address {
        Some(address) => TcpStream::connect(address).await.map_err(|why| why.to_string()),
        None => Err("connection refused".to_owned()),
    };
    match connected {
        Ok(stream) => {
            let _ = stream.set_nodelay(true);
            let (mut reader, writer) = stream.into_split();
            let out = out.clone();
            tokio::spawn(async move {
                let mut part = vec![0; 16 << 10];
                while let Ok(read @ 1..) = reader.read(&mut part).await {
                    if out.send(framed(data, &part[..read])).await.is_err() {
                        return;
                    }
                }
            });
            Some(writer)
        }
        Err(why) => {
            let text = format!("error forwarding port {port} to pod: {why}");
            let _ = out.send(framed(trouble, text.as_bytes())).await;
            None
        }
    }
}

fn framed(channel: u8, bytes: &[u8]) -> Message {
    let mut message = Vec::with_capacity(bytes.len() + 1);
    message.push(channel);
    message.extend_from_slice(bytes);
    Message::Binary(Bytes::from(message))
}
