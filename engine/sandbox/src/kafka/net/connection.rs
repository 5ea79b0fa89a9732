//! One connection: frames come in, each is answered before the next is read, as brokers do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use super::door::Inside;
use crate::kafka::api::{Answer, Session};
use crate::kafka::state::brokers::Running;

/// The largest request, as Kafka's `socket.request.max.bytes`.
const LARGEST: usize = 104_857_600;

/// So long a client may take for the TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(30);

/// Longer than any client waits.
const FOREVER: Duration = Duration::from_secs(86_400);

/// Serves a connection until one side ends it.
pub(super) async fn serve(stream: TcpStream, from: SocketAddr, inside: Arc<Inside>) {
    // It only costs speed if that fails.
    drop(stream.set_nodelay(true));
    awake(&inside).await;
    let session = Session::new(Arc::clone(&inside), from.ip());
    match inside.tls.acceptor() {
        None => frames(stream, session).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                frames(stream, session).await;
            }
        }
    }
}

/// Waits until the broker does not pause.
async fn awake(inside: &Inside) {
    let runs = |running| running != Some(Running::Paused);
    let node = inside.node;
    inside.shared.until(FOREVER, |cluster| runs(cluster.brokers.running(node)).then_some(())).await;
}

async fn frames(stream: impl AsyncRead + AsyncWrite + Unpin, mut session: Session) {
    let codec = LengthDelimitedCodec::builder().max_frame_length(LARGEST).new_codec();
    let mut frames = Framed::new(stream, codec);
    while let Some(Ok(frame)) = frames.next().await {
        let answer = answered(&mut session, frame).await;
        let (bytes, last) = match answer {
            Answer::Reply(bytes) => (bytes, false),
            Answer::Last(bytes) => (bytes, true),
            Answer::Silence => continue,
            Answer::Close => break,
        };
        if frames.send(bytes).await.is_err() || last {
            break;
        }
    }
}

async fn answered(session: &mut Session, frame: BytesMut) -> Answer {
    awake(session.inside()).await;
    let answer = session.answer(Bytes::from(frame)).await;
    awake(session.inside()).await;
    tokio::time::sleep(session.inside().shared.slow()).await;
    answer
}
