//! The front of an S3: what is wrong with it is met here, all else goes to the `s3s` crate.

use std::sync::Arc;

use futures::future::BoxFuture;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{HttpResponse, S3Error, s3_error};

use super::Trouble;
use super::api::Api;
use super::keys::Keys;
use super::shared::Shared;
use crate::web::{Body, Handler};

/// The handler of one S3.
pub(super) struct Front {
    shared: Arc<Shared>,
    service: S3Service,
}

impl Front {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let mut builder = S3ServiceBuilder::new(Api(Arc::clone(&shared)));
        builder.set_auth(Keys(Arc::clone(&shared)));
        builder.set_access(Keys(Arc::clone(&shared)));
        Self { shared, service: builder.build() }
    }

    async fn answer(&self, request: Request<Incoming>) -> HttpResponse {
        if self.shared.trouble() == Some(Trouble::Broken) {
            // Read to its end, so that the client gets to hear the answer.
            let _read = request.into_body().collect().await;
            return refused(s3_error!(InternalError, "We encountered an internal error. Please try again."));
        }
        let answer = self.service.call(request.map(s3s::Body::from)).await;
        answer.unwrap_or_else(|why| refused(s3_error!(InternalError, "{why:?}")))
    }
}

impl Handler for Front {
    fn handle(&self, request: Request<Incoming>) -> BoxFuture<'_, Response<Body>> {
        Box::pin(async move {
            tokio::time::sleep(self.shared.slow()).await;
            self.answer(request).await.map(BodyExt::boxed_unsync)
        })
    }
}

/// An error as it is sent.
fn refused(why: S3Error) -> HttpResponse {
    why.to_http_response().unwrap_or_else(|why| {
        let mut broken = Response::new(s3s::Body::from(why.to_string()));
        *broken.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        broken
    })
}
