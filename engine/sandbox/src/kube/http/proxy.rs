//! The proxy to a pod or a service: the request is sent on to the socket that was exposed, and its answer comes back.

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING, UPGRADE};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::answer::Answer;
use super::gate::Desk;
use super::path::{Spot, target};
use super::reach;
use crate::kube::refusal::Refusal;

fn unreachable(why: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(503, "ServiceUnavailable", format!("error trying to reach service: {why}"))
}

/// Sends the request on.
pub(super) async fn answer(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let (scheme, name, port) = target(spot.name());
    if scheme == "https" {
        return Err(Refusal::unsupported("a proxy to a port that speaks TLS"));
    }
    if desk.upgrade.is_some() {
        return Err(Refusal::unsupported("another protocol than HTTP through a proxy"));
    }
    let address = match spot.resource.is_core("services") {
        true => reach::service(desk, spot.place(), &name, &port)?,
        false => {
            let pod = reach::object(desk, "pods", spot.place(), &name)?;
            let number = port.parse().ok().or_else(|| reach::container_port(&pod, &port)).or_else(|| {
                let first = &pod["spec"]["containers"][0]["ports"][0]["containerPort"];
                u16::try_from(first.as_u64()?).ok()
            });
            let found = number.and_then(|number| reach::pod(desk, spot.place(), &name, number));
            found.ok_or_else(|| unreachable(&format!("nothing answers at port {port:?} of pod {name:?}")))?
        }
    };
    let stream = TcpStream::connect(address).await.map_err(|why| unreachable(&why))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|why| unreachable(&why))?;
    tokio::spawn(connection);
    let response = sender.send_request(onward(desk, spot, &address.to_string())?).await;
    let response = response.map_err(|why| unreachable(&why))?;
    let (head, body) = response.into_parts();
    let body = body.collect().await.map_err(|why| unreachable(&why))?.to_bytes();
    let media = head.headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    let mut answer = Answer::text(head.status.as_u16(), media, body);
    for (name, value) in &head.headers {
        let ours = [CONTENT_TYPE, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION].contains(name);
        if let (false, Ok(value)) = (ours, value.to_str()) {
            answer = answer.header(name.clone(), value);
        }
    }
    Ok(answer)
}

/// The request as its target gets it: without the path that led here, and without the client's credentials.
fn onward(desk: &Desk, spot: &Spot, host: &str) -> Result<http::Request<Full<Bytes>>, Refusal> {
    let request = &desk.request;
    let path = if spot.rest.is_empty() { "/" } else { &spot.rest };
    let uri = match request.query.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{}", request.query),
    };
    let mut onward = http::Request::builder().method(request.method.clone()).uri(uri).header(HOST, host);
    let ours = [HOST, http::header::AUTHORIZATION, CONNECTION, UPGRADE, CONTENT_LENGTH, TRANSFER_ENCODING];
    for (name, value) in request.headers.iter().filter(|(name, _)| !ours.contains(*name)) {
        onward = onward.header(name, value);
    }
    onward.body(Full::new(request.body.clone())).map_err(|why| Refusal::bad_request(why.to_string()))
}
