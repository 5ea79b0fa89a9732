//! A site as a handler: requests are read whole, answers sent whole. Knows no socket.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::{Request, Response};

use super::{Answer, Asked, Body, Handler, Site};

/// A longer body is refused.
const MOST_BODY: usize = 16 << 20;

/// A site that handles requests.
pub(super) struct Whole(pub(super) Arc<dyn Site>);

impl Handler for Whole {
    fn handle(&self, request: Request<Incoming>) -> BoxFuture<'_, Response<Body>> {
        Box::pin(async move {
            let answer = match asked(request).await {
                Ok(asked) => self.0.answer(asked).await,
                Err(why) => Answer::plain(400, why),
            };
            tokio::time::sleep(answer.delay).await;
            response(answer)
        })
    }
}

async fn asked(request: Request<Incoming>) -> Result<Asked, String> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MOST_BODY).collect().await.map_err(|why| why.to_string())?.to_bytes();
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let form = headers.iter().any(|(name, value)| name == "content-type" && value.contains("x-www-form-urlencoded"));
    let pairs = |text: &[u8]| form_urlencoded::parse(text).into_owned().collect::<Vec<(String, String)>>();
    let mut fields = pairs(head.uri.query().unwrap_or_default().as_bytes());
    if form {
        fields.extend(pairs(&body));
    }
    Ok(Asked { method: head.method.as_str().to_owned(), path: head.uri.path().to_owned(), fields, headers, body })
}

/// The body that is these bytes.
fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

/// An answer as it is sent.
pub(super) fn response(answer: Answer) -> Response<Body> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    response.body(whole(answer.body)).unwrap_or_else(|why| {
        let mut broken = Response::new(whole(Bytes::from(format!("the world's answer cannot be sent: {why}"))));
        *broken.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}
